"""Due reminders: a hundred thousand people of twenty events in one sweep, and a sweep with nothing to do.

By itself: `python -m bench.reminding`, with DATABASE_URL naming a migrated database that may be filled.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

if __name__ == "__main__":
    django.setup()

from events import reminders
from events.attendance import Registration
from events.models import Event
from izbaku.mail.models import Message

EVENTS, PEOPLE, FEW = 20, 100_000, 100
STARTS = datetime(2032, 6, 10, 16, tzinfo=UTC)
LONG_BEFORE = datetime(2032, 1, 1, tzinfo=UTC)
DUE = STARTS - timedelta(days=7)
IDLE = DUE + timedelta(days=2)


def prepare(people: int) -> None:
    """Events that begin at the same time, with so many confirmed registrations among them."""
    Registration.objects.filter(event__slug__startswith="reminding-").delete()
    events = list(Event.objects.filter(slug__startswith="reminding-"))
    if not events:
        events = Event.objects.bulk_create(
            Event(
                slug=f"reminding-{number}",
                title_tr=f"Hatırlatma {number}",
                kind="concert",
                city="izmir",
                starts_at=STARTS,
                state="public",
                publish_at=LONG_BEFORE,
                changed_at=LONG_BEFORE,
            )
            for number in range(EVENTS)
        )
    for first in range(0, people, 10_000):
        Registration.objects.bulk_create(
            Registration(
                event=events[number % EVENTS],
                name="Ada",
                email=f"n{number}@example.org",
                language=("tr", "az", "en")[number % 3],
                state="confirmed",
                created_at=LONG_BEFORE,
                state_at=LONG_BEFORE,
            )
            for number in range(first, min(first + 10_000, people))
        )


def idle() -> tuple[float, int, int]:
    """Milliseconds (the best of five), questions and rows of a sweep with nothing due."""
    counted = {"queries": 0, "rows": 0}

    def count(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        counted["queries"] += 1
        counted["rows"] += max(0, context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(count):
        reminders.send_due(IDLE)
    best = min(_seconds(IDLE)[0] for _turn in range(5))
    return best * 1000, counted["queries"], counted["rows"]


def _seconds(now: datetime) -> tuple[float, int]:
    begun = time.perf_counter()
    written = reminders.send_due(now)
    return time.perf_counter() - begun, written


def measure() -> list[tuple[str, str]]:
    """What was measured, in words and figures."""
    prepare(FEW)
    reminders.send_due(DUE)
    few = idle()
    Message.objects.all().delete()
    Event.objects.filter(slug__startswith="reminding-").delete()
    prepare(PEOPLE)
    before, busy = _forget_the_most(), time.process_time()
    seconds, written = _seconds(DUE)
    grown, busy = _most() - before, time.process_time() - busy
    again, none = _seconds(DUE + timedelta(minutes=1))
    many = idle()
    assert (written, none) == (PEOPLE, 0)
    return [
        (
            f"{PEOPLE:,} due reminders of {EVENTS} events, written",
            f"{seconds:.1f} s ({busy:.1f} of them ours), {grown:.0f} MB more",
        ),
        ("the next sweep, a minute later", f"{again * 1000:.1f} ms"),
        (f"an idle sweep, {FEW} registrations", "{:.1f} ms, {} questions, {} rows".format(*few)),
        (f"an idle sweep, {PEOPLE:,} registrations", "{:.1f} ms, {} questions, {} rows".format(*many)),
    ]


def _forget_the_most() -> float:
    """What this process holds now, in MB; the most it has held is counted anew from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return _most()


def _most() -> float:
    """The most that this process has held, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    sys.stdout.write(f"{connection.vendor}.\n")
    for what, measured in measure():
        sys.stdout.write(f"  {what:<58} {measured}\n")
