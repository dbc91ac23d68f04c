"""What to watch: how letters fare, without a word about anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q

from izbaku.mail import kinds
from izbaku.mail.models import Hold, Message, Pulse, Suppression

State = Message.State
DAY = timedelta(days=1)
DEAD_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class OfRoom:
    """A figure that a room adds: `name` for machines, `label` for staff, both of what `count` finds."""

    name: str
    label: Any
    count: Callable[[datetime], int]


_of_rooms: list[OfRoom] = []


def also(name: str, label: Any, count: Callable[[datetime], int]) -> None:
    """Show this, too; by one question to the database."""
    _of_rooms.append(OfRoom(name, label, count))


@dataclass(frozen=True)
class Figures:
    """A constant number of questions, however many letters there are. Ages and lateness are in seconds."""

    states: dict[str, int]
    oldest_due: dict[str, float]  # by kind
    uncertain_age: float
    deferred: dict[str, int]  # by the server's code
    sent_last_minute: int
    sent_last_hour: int
    lateness: dict[str, float]  # of timed letters of the last day: "p50", "p99"
    expired_reminders: int
    suppressed: dict[str, int]  # by reason
    holds: list[Hold]
    last_sweep: datetime | None
    bells_failed: int
    of_rooms: list[tuple[OfRoom, int]]

    def is_swept(self, now: datetime) -> bool:
        return self.last_sweep is not None and now - self.last_sweep < DEAD_AFTER


def collect(now: datetime) -> Figures:
    letters = Message.objects.order_by()
    waiting = letters.filter(state__in=(State.PENDING, State.DEFERRED), due_at__lte=now)
    oldest = waiting.values_list("kind").annotate(first=Min("due_at"))
    uncertain = letters.filter(state=State.UNCERTAIN).aggregate(first=Min("due_at"))["first"]
    sent = letters.filter(state=State.SENT, settled_at__gt=now - timedelta(hours=1)).aggregate(
        hour=Count("pk"), minute=Count("pk", filter=Q(settled_at__gt=now - timedelta(minutes=1)))
    )
    timed = [name for name in kinds.all_names() if kinds.get(name).rank is kinds.Rank.REMINDER]
    pulses = {pulse.name: pulse for pulse in Pulse.objects.all()}
    swept, failed = pulses.get(Pulse.SWEEP), pulses.get(Pulse.BELL_FAILED)
    return Figures(
        states=_counted(letters.values_list("state").annotate(n=Count("pk")), State.values),
        oldest_due={kind: (now - first).total_seconds() for kind, first in oldest},
        uncertain_age=(now - uncertain).total_seconds() if uncertain else 0.0,
        deferred={
            str(code or "lost"): n
            for code, n in letters.filter(state=State.DEFERRED).values_list("code").annotate(n=Count("pk"))
        },
        sent_last_minute=sent["minute"],
        sent_last_hour=sent["hour"],
        lateness=_lateness(timed, now),
        expired_reminders=letters.filter(state=State.EXPIRED, kind__in=timed).count(),
        suppressed=_counted(
            Suppression.objects.filter(Q(until=None) | Q(until__gt=now)).values_list("reason").annotate(n=Count("pk")),
            Suppression.Reason.values,
        ),
        holds=list(Hold.objects.filter(until__gt=now).order_by("what")),
        last_sweep=swept.at if swept else None,
        bells_failed=int(failed.number) if failed else 0,
        of_rooms=[(one, one.count(now)) for one in _of_rooms],
    )


def _counted(rows: Any, names: list[str]) -> dict[str, int]:
    return dict.fromkeys(names, 0) | dict(rows)


def _lateness(names: list[str], now: datetime) -> dict[str, float]:
    sent = Message.objects.filter(kind__in=names, state=State.SENT, settled_at__gt=now - DAY)
    late = sent.annotate(late=F("settled_at") - F("due_at")).order_by("late").values_list("late", flat=True)
    count = late.count()
    return {
        name: late[count * share // 100].total_seconds() if count else 0.0 for name, share in (("p50", 50), ("p99", 99))
    }


def as_text(now: datetime) -> str:
    """Prometheus' exposition format 0.0.4."""
    return "\n".join(_lines(collect(now), now)) + "\n"


def _lines(figures: Figures, now: datetime) -> Iterator[str]:
    def metric(name: str, about: str, values: dict[str, float] | dict[str, int], label: str = "") -> Iterator[str]:
        yield f"# HELP mail_{name} {about}"
        yield f"# TYPE mail_{name} gauge"
        for key, value in values.items():
            yield f'mail_{name}{{{label}="{key}"}} {value:g}' if label else f"mail_{name} {value:g}"

    swept = (now - figures.last_sweep).total_seconds() if figures.last_sweep else float("inf")
    yield from metric("letters", "Rows per state.", figures.states, "state")
    yield from metric("oldest_due_seconds", "Age of the oldest letter that is due.", figures.oldest_due, "kind")
    yield from metric("uncertain_age_seconds", "Age of the oldest uncertain letter.", {"": figures.uncertain_age})
    yield from metric("deferred", "Letters put off, by the server's code.", figures.deferred, "code")
    yield from metric("sent_last_minute", "Letters taken by the relay.", {"": figures.sent_last_minute})
    yield from metric("reminder_late_seconds", "Lateness of reminders of the last day.", figures.lateness, "quantile")
    yield from metric("expired_reminders", "Reminders that came too late; must be 0.", {"": figures.expired_reminders})
    yield from metric("suppressed", "Addresses that take no letters.", figures.suppressed, "reason")
    yield from metric("held", "Servers that are given a rest.", {"": len(figures.holds)})
    yield from metric("sweep_age_seconds", "Since the last sweep; alert at 120.", {"": swept})
    yield from metric("bells_failed", "Bells that the broker did not take.", {"": figures.bells_failed})
    for one, number in figures.of_rooms:
        yield from metric(one.name, one.name.replace("_", " ").capitalize() + ".", {"": number})
