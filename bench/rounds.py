"""Rounds of letters: an audience of a hundred thousand counted and written in pieces, what a pause costs, and the
questions of the round's page with few and with many readers.

python -m bench rounds              about two minutes
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

os.environ["STATIC_STORAGE"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # nothing need be collected
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.reminding import _forget_the_most, _most  # noqa: E402
from bench.table import row, say  # noqa: E402
from events.attendance import Registration  # noqa: E402
from events.models import Event  # noqa: E402
from izbaku.accounts.models import User  # noqa: E402
from izbaku.mail import claims, expanding, mailings  # noqa: E402
from izbaku.mail.rounds import Mailing  # noqa: E402

FEW, READERS = 100, 100_000


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = act()
    return time.perf_counter() - begun, result


def prepare(slug: str, readers: int, by: User) -> Mailing:
    """A round to those registered for an event of its own, in three languages, that waits for approval."""
    now = timezone.now()
    event = Event.objects.create(
        slug=slug,
        title_tr="Söyleşi",
        title_az="Söhbət",
        title_en="Talk",
        kind=Event.Kind.CONCERT,
        city="izmir",
        precision="time",
        starts_at=now + timedelta(days=20),
        state=Event.State.PUBLIC,
        publish_at=now - timedelta(days=1),
        changed_at=now,
    )
    for first in range(0, readers, 10_000):
        Registration.objects.bulk_create(
            Registration(
                event=event,
                email=f"reader{number}@d{number % 200}.example",
                name="Ada Lovelace",
                language=("tr", "az", "en")[number % 3],
                state=Registration.State.CONFIRMED,
            )
            for number in range(first, min(first + 10_000, readers))
        )
    mailing = mailings.draft("registered", about=event.pk, name=slug, by=by, now=now)
    texts = dict.fromkeys(("tr", "az", "en"), ("{{ event }}", "{{ date }}\n\n{{ place }}\n\nSee:\n{{ link }}"))
    mailings.write(mailing, texts, by=by, now=now)
    mailings.test(mailing, by=by, now=now)
    mailings.hold(mailing, by=by, now=now)
    return mailing


def let_go(mailing: Mailing, readers: int, by: User) -> None:
    mailings.approve(mailing, by=by, now=timezone.now(), version=mailing.version, readers=readers)


def page(client: Client, mailing: Mailing) -> tuple[int, float]:
    """Questions and milliseconds of the round's page, once it is warm."""
    address = f"/admin/mail/mailing/{mailing.pk}/change/"
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        seconds, answer = timed(lambda: client.get(address))
    if answer.status_code != 200:
        raise RuntimeError(f"The page answered {answer.status_code}.")
    return len(asked), seconds * 1000


def main() -> None:
    call_command("migrate", verbosity=0)
    by = User.objects.create_superuser(email="bench@example.org", language="en")
    client = Client(SERVER_NAME="localhost")
    client.force_login(by)
    small, large = prepare("bench-few", FEW, by), prepare("bench-many", READERS, by)
    say(f"Rounds of letters. {connection.vendor}.")
    seconds, found = timed(lambda: expanding.census(large, timezone.now()))
    row(f"{READERS:,} readers counted, with whoever is left out", f"{seconds:.1f} s", "")

    let_go(small, FEW, by)
    mailings.advance(timezone.now())
    few = page(client, small)
    let_go(large, READERS, by)
    before = _forget_the_most()
    seconds, pieces = timed(lambda: mailings.advance(timezone.now()))
    if found.number != READERS or large.letters.count() != READERS:
        raise RuntimeError("Not everybody was written to.")
    row(f"{READERS:,} letters written in {pieces} restartable pieces", f"{seconds:.1f} s", "")
    row("", f"{seconds / pieces * 1000:.0f} ms a piece, {_most() - before:.0f} MB more", "")
    many = page(client, large)
    same = "as many" if few[0] == many[0] else "NOT AS MANY"
    row(f"the round's page, {FEW} and {READERS:,} readers", f"{few[0]} and {many[0]} queries", f"{same}; constant")
    row("", f"{few[1]:.0f} and {many[1]:.0f} ms", "")

    running, letters = timed(lambda: claims.claim(timezone.now()))
    claims.let_go(letters)
    seconds, _nothing = timed(lambda: mailings.pause(large, by=by, now=timezone.now()))
    row("pausing it", f"{seconds * 1000:.0f} ms", "≤ 1 letter a process")
    paused, letters = timed(lambda: claims.claim(timezone.now()))
    claims.let_go(letters)
    if any(letter.mailing_id == large.pk for letter in letters):
        raise RuntimeError("A paused letter was claimed.")
    row("claiming while it runs, and past it while it is paused", f"{running * 1000:.0f}, {paused * 1000:.0f} ms", "")
    seconds, count = timed(lambda: mailings.cancel(large, by=by, now=timezone.now()))
    row(f"calling back {count:,} letters", f"{seconds:.1f} s", "")


if __name__ == "__main__":
    main()
    sys.exit(0)
