"""The list of events: what answers a question, in groups, and how many each other choice would find."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from events.filters import FACETS, Filters, meets
from events.models import Event, EventQuerySet
from izbaku import times


@dataclass(frozen=True)
class Choice:
    """A value of a filter, and how many events it would find together with the other filters."""

    value: str
    label: str
    count: int | None
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """A filter with its values; `count` is what it finds with none of them chosen."""

    name: str
    count: int | None
    choices: list[Choice]


def uncounted(filters: Filters, name: str) -> Facet:
    """A filter with its values, for pages that do not ask how many there are of each."""
    chosen = getattr(filters, name)
    return Facet(name, None, [Choice(value, label, None, value == chosen) for value, label in filters.choices[name]])


@dataclass(frozen=True)
class Tally:
    """How many events answer, how many of them in each group of the list, and how many with other choices."""

    count: int
    groups: list[tuple[str, int]]
    facets: dict[str, Facet]


def tally(filters: Filters, events: EventQuerySet, now: datetime) -> Tally:
    """All counts: one question, one row, whatever there is to count."""
    today = times.today(now)
    chosen = {name: meets(name, value, today) for name in FACETS if (value := getattr(filters, name))}
    found = Q(*chosen.values())
    past, core = meets("when", "past", today), meets("scope", Event.Scope.CORE, today)
    called_off = Q(state=Event.State.CALLED_OFF)
    headings = [
        (_("Coming up"), ~past & ~called_off & core),
        (_("Coming up, related"), ~past & ~called_off & ~core),
        (_("Called off"), ~past & called_off),
        (_("Past"), past & core),
        (_("Past, related"), past & ~core),
    ]
    asked = {"all": found} | {f"group{number}": found & group for number, (_name, group) in enumerate(headings)}
    for name in FACETS:
        asked[name] = beside = Q(*(condition for other, condition in chosen.items() if other != name))
        asked |= {f"{name}_{value}": beside & meets(name, value, today) for value, _label in filters.choices[name]}
    counts = filters.narrow(events).aggregate(
        **{f"n_{key}": Count("pk", filter=condition or None) for key, condition in asked.items()}
    )
    facets = {
        name: Facet(
            name,
            counts[f"n_{name}"],
            [
                Choice(value, label, counts[f"n_{name}_{value}"], value == getattr(filters, name))
                for value, label in filters.choices[name]
            ],
        )
        for name in FACETS
    }
    groups = [(heading, counts[f"n_group{number}"]) for number, (heading, _group) in enumerate(headings)]
    return Tally(counts["n_all"], groups, facets)


def grouped(cards: list[SafeString], groups: list[tuple[str, int]], start: int) -> list[tuple[str, list[SafeString]]]:
    """The cards of one page, which begin at `start` of the whole list, under the headings of their groups."""
    found = []
    for heading, count in groups:
        on_page = max(0, min(count - start, len(cards)))
        if on_page > 0:
            found.append((heading, cards[:on_page]))
        cards, start = cards[on_page:], max(0, start - count)
    return found
