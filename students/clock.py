"""The clock of the office: it runs in the working hours of İzmir, and stops on both countries' public holidays.

    clock.after(now, timedelta(hours=16))       # when sixteen working hours have passed
    clock.worked(asked_at, answered_at)         # working time between two moments
    clock.due(asked_at, PROMISED, pauses)       # when an answer is due, the waiting left out

The afternoons that the law of Türkiye gives (the eves of the feasts, 28 October) count as holidays from one o'clock.
Dates of the feasts in years to come are the `holidays` library's estimates until they are announced: what is due is
computed anew whenever a request moves, so that a release with better dates corrects the running clocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import holidays
from django.conf import settings

from izbaku import times

FROM_ONE_O_CLOCK = time(13)
WEEKEND = (5, 6)  # Saturday, Sunday
# Whoever hears back from the student is not late at once, however little was left when the clock stopped.
LEAST_AFTER_A_PAUSE = timedelta(hours=8)
FURTHEST = 3660  # days to look ahead: a promise of ten years is a mistake, not a promise

Pause = tuple[datetime, datetime | None]  # from, to; None while it lasts


def hours_of(day: date) -> tuple[datetime, datetime] | None:
    """When the office opens and closes on that day, as instants; None when it does not open."""
    closed_from = _closed(day.year).get(day)
    if day.weekday() in WEEKEND or closed_from == time.min:
        return None
    opens, closes = _office_hours()
    zone = times.zone_of("")
    last = min(closes, closed_from) if closed_from else closes
    return datetime.combine(day, opens, zone).astimezone(UTC), datetime.combine(day, last, zone).astimezone(UTC)


def is_open(now: datetime) -> bool:
    hours = hours_of(times.today(now))
    return hours is not None and hours[0] <= now < hours[1]


def after(since: datetime, amount: timedelta) -> datetime:
    """The moment at which that much working time has passed."""
    left = amount
    for opens, closes in _working(since):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise ValueError("No such amount of working time lies within ten years.")


def worked(since: datetime, until: datetime) -> timedelta:
    """The working time between two moments; none when they stand the other way round."""
    total = timedelta()
    for opens, closes in _working(since):
        if opens >= until:
            break
        total += min(closes, until) - opens
    return total


def due(since: datetime, promised: timedelta, pauses: Iterable[Pause] = ()) -> datetime | None:
    """When the answer is due that was promised at `since`; None while the clock stands still.

    What passes in a pause does not count. Pauses come in order and do not overlap.
    """
    at, left = since, promised
    for begins, ends in pauses:
        left -= min(left, worked(at, begins))
        if ends is None:
            return None
        at, left = ends, max(left, min(promised, LEAST_AFTER_A_PAUSE))
    return after(at, left)


def _working(since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of working time from that moment on, one a day."""
    first = times.today(since)
    for days in range(FURTHEST):
        hours = hours_of(first + timedelta(days=days))
        if hours and since < hours[1]:
            yield max(hours[0], since), hours[1]


def _office_hours() -> tuple[time, time]:
    opens, closes = settings.OFFICE_HOURS
    return time.fromisoformat(opens), time.fromisoformat(closes)


@lru_cache(maxsize=64)
def _closed(year: int) -> dict[date, time]:
    """Each holiday of the year, and from when on it is one: from the day's first moment, or from one o'clock."""
    closed: dict[date, time] = dict.fromkeys(
        holidays.country_holidays("TR", years=year, categories=(holidays.HALF_DAY,)), FROM_ONE_O_CLOCK
    )
    for country in ("TR", "AZ"):  # a whole holiday of one country outweighs the other's afternoon
        closed |= dict.fromkeys(holidays.country_holidays(country, years=year), time.min)
    return closed
