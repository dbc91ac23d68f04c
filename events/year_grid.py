"""A year at a glance: twelve months, their days that hold something, and what is only known by its year."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.utils.safestring import SafeString

from events import calendars
from events.models import EventQuerySet, Observance
from izbaku import times
from izbaku.times import Precision


@dataclass(frozen=True)
class Day:
    number: int
    classes: str


@dataclass(frozen=True)
class Month:
    first: date
    name: str
    count: int
    blanks: range
    days: list[Day]
    observances: list[Observance]


def months(year: int, language: str, now: datetime, among: EventQuerySet) -> list[Month]:
    """Twelve months with how much is in each; three questions, whatever the year holds."""
    begin, end = date(year, 1, 1), date(year, 12, 31)
    events = among.exclude(precision=Precision.YEAR).between(begin, end)
    firsts = [date(year, number, 1) for number in range(1, 13)]
    touches = {f"n{first.month}": Q(starts_on__lte=_last(first), ends_on__gte=first) for first in firsts}
    counts = events.aggregate(**{name: Count("pk", filter=condition) for name, condition in touches.items()})
    busy = set(_busy_days(events, begin, end))
    kept = list(Observance.objects.all())
    today = times.today(now)
    return [
        Month(
            first,
            times.month(year, first.month, language).removesuffix(f" {year}"),
            counts[f"n{first.month}"],
            range(first.weekday()),
            [
                Day(on.day, " ".join(name for name, so in (("busy", on in busy), ("today", on == today)) if so))
                for on in _each(first, _last(first))
            ],
            [observance for observance in kept if observance.month == first.month],
        )
        for first in firsts
    ]


def known_by_year(year: int, language: str, now: datetime, among: EventQuerySet) -> list[SafeString]:
    """Events of which no more than this year is known, as rows of the list."""
    events = among.filter(precision=Precision.YEAR).between(date(year, 1, 1), date(year, 12, 31))
    return calendars.cards(events.in_order(), language, now, stop=20)


def _busy_days(events: EventQuerySet, first: date, last: date) -> Iterator[date]:
    """Each day that an event of an exact day touches; one row for each different span."""
    spans = events.filter(precision__in=(Precision.TIME, Precision.DAY)).order_by().values_list("starts_on", "ends_on")
    for starts, ends in spans.distinct():
        if starts and ends:
            yield from _each(max(starts, first), min(ends, last))


def _each(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _last(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
