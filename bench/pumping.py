"""One pump, as a process: sends for so long, and prints how many letters left and what it held in memory."""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from izbaku.mail import claims, pump  # noqa: E402
from izbaku.mail.smtp import Relay  # noqa: E402


def resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1_000_000


def main(url: str, letters: int, seconds: float) -> None:
    from collections import Counter

    tally: Counter[str] = Counter()
    held = []
    with Relay(url) as by:
        pump._Batch(claims.claim(timezone.now(), 50), by, timezone.now, tally).send()  # connected, imported, compiled
        print("ready", flush=True)
        sys.stdin.readline()
        tally.clear()
        begun = time.perf_counter()
        while tally.total() < letters and time.perf_counter() - begun < seconds:
            batch = claims.claim(timezone.now())
            if not batch:
                break
            pump._Batch(batch, by, timezone.now, tally).send()
            held.append(resident())
        took = time.perf_counter() - begun
    print(json.dumps({"sent": tally["sent"], "others": tally.total() - tally["sent"], "seconds": took, "held": held}))


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
