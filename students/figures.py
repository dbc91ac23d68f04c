"""Figures of a year's requests, for everybody: of which kind, how soon answered, with what outcome.

Nobody is to be found in them: what is under five is not told, nor what could be found by subtracting, and they count
up to the last finished month, so that nobody sees today's request appear. Of an erased request its class and dates
still count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext as _

from izbaku import times
from students import clock
from students.models import Case
from students.topics import Topic

FEWEST = 5  # under that, no number is told
State = Case.State
BANDS = (("day", 8), ("two_days", 16), ("week", 40))  # working hours until the first answer


@dataclass(frozen=True)
class Bar:
    """One line of a chart; `count` is None where it is not told."""

    label: str
    count: int | None
    share: float = 0.0  # of the longest bar


@dataclass(frozen=True)
class Chart:
    name: str
    title: str
    bars: list[Bar]
    total: int | None

    @property
    def hides(self) -> bool:
        return any(bar.count is None for bar in self.bars)


def years(now: datetime) -> list[int]:
    """Those of which there are figures, the latest first."""
    first = Case.objects.aggregate(first=Min("created_at"))["first"]
    end = _end(now)
    return list(range(end.year, times.today(first).year - 1, -1)) if first and first < _instant(end) else []


def of_year(year: int, now: datetime) -> list[Chart]:
    """Three charts of what was asked in that year, up to the last finished month."""
    rows = Case.objects.filter(created_at__gte=_instant(date(year, 1, 1)), created_at__lt=_until(year, now))
    rows = rows.exclude(state=State.DUPLICATE)
    classes = Counter(rows.order_by().values_list("topic_class", flat=True))
    return [
        chart("topics", _("What was asked about"), classes, dict(Topic.Class.choices)),
        chart("times", _("Until the first answer, in working time"), _answered(rows), _bands()),
        chart("outcomes", _("What became of it"), _outcomes(rows), _outcome_names()),
    ]


def last_day(year: int, now: datetime) -> date:
    return times.today(_until(year, now)) - timedelta(days=1)


def chart(name: str, title: str, counted: Mapping[str, int], labels: Mapping[str, Any]) -> Chart:
    """In the order of the labels, what must not be told left out."""
    told = told_of(counted)
    longest = max((count for count in told.values() if count), default=0)
    bars = [
        Bar(str(labels[key]), told[key], (told[key] or 0) / longest if longest else 0.0)
        for key in labels
        if key in told
    ]
    total = sum(counted.values())
    return Chart(name, title, bars, total if total >= FEWEST else None)


def told_of(counted: Mapping[str, int]) -> dict[str, int | None]:
    """Each count, or None where it must not be told.

    Under five none is; and as the total is known, what is hidden must be at least two lines that come to five
    together: else the smallest that is still told is hidden as well.
    """
    there = {key: count for key, count in counted.items() if count}
    hidden = {key for key, count in there.items() if count < FEWEST}
    while hidden and len(hidden) < len(there) and (len(hidden) < 2 or sum(there[key] for key in hidden) < FEWEST):
        hidden.add(min((key for key in there if key not in hidden), key=lambda key: (there[key], key)))
    return {key: None if key in hidden else count for key, count in there.items()}


def _bands() -> dict[str, str]:
    return {
        "day": _("within one working day"),
        "two_days": _("within two working days"),
        "week": _("within five working days"),
        "later": _("later"),
        "none": _("without an answer, or no longer known"),
    }


def _answered(rows: QuerySet[Case]) -> Counter[str]:
    first = Min("messages__at", filter=Q(messages__is_from_student=False))
    counted: Counter[str] = Counter()
    for asked_at, answered_at in rows.order_by().annotate(first=first).values_list("created_at", "first"):
        if answered_at is None:
            counted["none"] += 1
            continue
        hours = clock.worked(asked_at, answered_at) / timedelta(hours=1)
        counted[next((name for name, most in BANDS if hours <= most), "later")] += 1
    return counted


def _outcome_names() -> dict[str, str]:
    return {
        "solved": _("solved, as the student says"),
        "closed": _("closed; the student did not say"),
        "withdrawn": _("taken back by the student"),
        "open": _("still being worked on"),
        "erased": _("no longer known: erased after its time"),
    }


def _outcomes(rows: QuerySet[Case]) -> Counter[str]:
    states = Counter(rows.order_by().values_list("state", flat=True))
    closed = rows.filter(state=State.CLOSED)
    solved = closed.filter(surveys__is_solved=True).distinct().count()
    withdrawn = closed.filter(steps__move="withdraw").exclude(surveys__is_solved=True).distinct().count()
    return Counter(
        {
            "solved": solved,
            "withdrawn": withdrawn,
            "closed": states[State.CLOSED] - solved - withdrawn,
            "open": sum(states[state] for state in (*Case.OPEN, State.RESOLVED)),
            "erased": states[State.ERASED],
        }
    )


def _end(now: datetime) -> date:
    """The last day of the last finished month."""
    return times.today(now).replace(day=1) - timedelta(days=1)


def _until(year: int, now: datetime) -> datetime:
    return min(_instant(date(year + 1, 1, 1)), _instant(_end(now) + timedelta(days=1)))


def _instant(day: date) -> datetime:
    return datetime.combine(day, time.min, times.zone_of(""))
