"""The programme laid out by year, month and week, from ready lines."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Max, Min, QuerySet, Subquery
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from events.lines import AHEAD, PAST
from events.models import Event, EventQuerySet, Observance
from events.ready import Line
from izbaku import times
from izbaku.freshness import ProgrammeVersion

FIRST_YEAR, LAST_YEAR = 1986, 2100
A_DAY = timedelta(days=1)
SHOWN_A_DAY = 3
VAGUE = (times.Precision.MONTH, times.Precision.YEAR)


@dataclass(frozen=True)
class Day:
    on: date
    label: str
    is_today: bool
    is_outside: bool
    cells: SafeString  # list items: the first few
    more: SafeString  # and the others
    more_label: str
    observances: list[str]

    def __getitem__(self, name: str) -> Any:
        """A template asks for an item first: answered, it is spared an exception for each field of each day."""
        return getattr(self, name)

    @property
    def number(self) -> str:
        return str(self.on.day)

    @property
    def classes(self) -> str:
        named = {
            "today": self.is_today,
            "outside": self.is_outside,
            "empty-day": not self.cells and not self.observances,
        }
        return " ".join(["day", *(name for name, is_so in named.items() if is_so)])


@dataclass(frozen=True)
class Month:
    first: date
    title: str
    weeks: list[list[Day]]
    vague: SafeString  # list items
    count: int


def unconfirmed_label() -> SafeString:
    return format_html(' <span class="status-label">{}</span>', _("Was announced; not confirmed as held"))


def cards(
    events: QuerySet[Event], language: str, now: datetime, start: int = 0, stop: int | None = None
) -> list[SafeString]:
    """The ready list rows of these events from `start` up to `stop`, in their order, in one query."""
    today, label = times.today(now), unconfirmed_label()
    rows = events.filter(lines__language=language).values_list("lines__card", "certainty", "ends_on", "state")
    return [
        # The line was rendered by a template, which escaped what people typed.
        mark_safe(_shown(card, certainty, ends_on, state, today, label))
        for card, certainty, ends_on, state in rows[start:stop]
    ]


def _shown(line: str, certainty: str, ends_on: date | None, state: str, today: date, label: str) -> str:
    is_over = ends_on is not None and ends_on < today
    unconfirmed = is_over and certainty != Event.Certainty.HELD and state == Event.State.PUBLIC
    if is_over and AHEAD in line:  # nothing that is over is still planned
        before, _planned, after = line.split(AHEAD)
        line = before + after
    return line.replace(PAST, label if unconfirmed else "")


def _items(lines: list[str]) -> SafeString:
    """Lines as list items: joined here, because a template takes ten times as long over hundreds of them."""
    return mark_safe("".join([f"<li>{line}</li>" for line in lines]))


def _cells(
    first: date, last: date, language: str, now: datetime, among: EventQuerySet | None
) -> list[tuple[date, date, str, str]]:
    today, label = times.today(now), unconfirmed_label()
    lines = Line.objects.filter(
        language=language,
        event__state__in=Event.PUBLIC_STATES,
        event__publish_at__lte=now,
        event__starts_on__lte=last,
        event__ends_on__gte=first,
    )
    if among is not None:
        lines = lines.filter(event__in=among.values("pk"))
    rows = lines.order_by("event__starts_on", F("event__starts_at").asc(nulls_first=True), "event_id").values_list(
        "event__starts_on",
        "event__ends_on",
        "event__precision",
        "cell",
        "event__certainty",
        "event__state",
    )
    return [
        (starts, ends, precision, _shown(cell, certainty, ends, state, today, label))
        for starts, ends, precision, cell, certainty, state in rows
        if starts and ends
    ]


def _kept_days(months: Iterable[int]) -> dict[tuple[int, int], list[str]]:
    kept = defaultdict(list)
    for observance in Observance.objects.filter(month__in=set(months)):
        kept[observance.month, observance.day].append(observance.title)
    return kept


def days(
    first: date,
    last: date,
    language: str,
    now: datetime,
    month: date | None = None,
    among: EventQuerySet | None = None,
) -> tuple[list[Day], SafeString, int]:
    """Each day from `first` to `last` with its events and observances; vague ones apart; and how many there are.

    With `month` (its first day), days of other months are marked as outside and their vague events left out.
    With `among`, only these events are shown.
    """
    today = times.today(now)
    by_day: dict[date, list[str]] = defaultdict(list)
    vague: list[str] = []
    inner_first = month or first
    inner_last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1) if month else last
    count = 0
    for starts, ends, precision, cell in _cells(first, last, language, now, among):
        inside = starts <= inner_last and ends >= inner_first
        count += inside
        if precision in VAGUE:
            if inside:
                vague.append(cell)
            continue
        on, until = max(starts, first), min(ends, last)
        while on <= until:
            by_day[on].append(cell)
            on += A_DAY
    kept = _kept_days({first.month, last.month, inner_first.month})
    more_label = _("+%(count)s more")
    listed = []
    for number in range((last - first).days + 1):
        on = first + timedelta(days=number)
        cells = by_day.get(on, [])
        cut = SHOWN_A_DAY if len(cells) > SHOWN_A_DAY + 1 else len(cells)
        listed.append(
            Day(
                on,
                times.day(on, language),
                on == today,
                month is not None and on.month != month.month,
                _items(cells[:cut]),
                _items(cells[cut:]),
                more_label % {"count": len(cells) - cut},
                kept.get((on.month, on.day), []),
            )
        )
    return listed, _items(vague), count


def month_grid(year: int, month: int, language: str, now: datetime, among: EventQuerySet | None = None) -> Month:
    """A month in whole weeks from Monday on; two queries, whatever it holds."""
    weeks = Calendar().monthdatescalendar(year, month)
    first = date(year, month, 1)
    listed, vague, count = days(weeks[0][0], weeks[-1][-1], language, now, first, among)
    return Month(
        first,
        times.month(year, month, language),
        [listed[at : at + 7] for at in range(0, len(listed), 7)],
        vague,
        count,
    )


def month_of_interest(now: datetime) -> date:
    """The month of the next event, or of the latest one when nothing is ahead."""
    today = times.today(now)
    events = Event.objects.public(now).with_a_day()
    upcoming = events.filter(ends_on__gte=today).aggregate(first=Min("starts_on"))["first"]
    found = max(upcoming, today) if upcoming else events.aggregate(last=Max("starts_on"))["last"]
    return (found or today).replace(day=1)


def neighbours(
    first: date, last: date, now: datetime, among: EventQuerySet | None = None
) -> tuple[date | None, date | None, datetime | None]:
    """The nearest days with an event before `first` and after `last`, so that empty stretches are jumped over,
    and the moment at which the next event appears by itself."""
    days = (Event.objects.public(now) if among is None else among).values("starts_on")
    before = days.filter(starts_on__lt=first).order_by("-starts_on")[:1]
    after = days.filter(starts_on__gt=last).order_by("starts_on")[:1]
    appearing = Event.objects.appearing(now).order_by("publish_at").values("publish_at")[:1]
    # One question for all: subqueries that each walk an index to its first row.
    row = ProgrammeVersion.objects.values_list(Subquery(before), Subquery(after), Subquery(appearing)).first()
    return row or (None, None, None)
