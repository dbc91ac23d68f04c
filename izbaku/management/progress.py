"""How far a long piece of work is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from events.importing import Progress

EVERY = 1000


@contextmanager
def shown() -> Iterator[Progress]:
    """A bar in a terminal; elsewhere a line for each thousand, so that a log of a short import stays empty."""
    if not sys.stderr.isatty():
        yield _a_line_per_thousand
        return
    with tqdm(unit="", leave=False, file=sys.stderr) as bar:

        def move(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield move


def _a_line_per_thousand(done: int, total: int) -> None:
    if done % EVERY == 0:
        sys.stderr.write(f"{done} of {total}\n")
        sys.stderr.flush()
