"""What a visitor may ask of the list, in the address."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.models import SPOKEN, Event, EventQuerySet
from izbaku import times
from izbaku.kept import is_passed_on
from izbaku.text import words

# Filters with a short list of values; each value is shown with how many events it would find.
FACETS = ("when", "scope", "city", "type", "language", "accessible")


class BadFilter(ValueError):
    """A filter or value that the portal does not know; the message says which."""


@dataclass(frozen=True)
class Filters:
    """A checked question. Empty fields ask for nothing."""

    q: str = ""
    type: str = ""
    city: str = ""
    scope: str = ""
    language: str = ""
    accessible: str = ""
    when: str = ""
    first: date | None = None
    last: date | None = None
    page: int = 1
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        """The filters in an address; raises BadFilter for what it does not know."""
        allowed = choices(get_language() or "tr")
        values: dict[str, object] = {}
        for name in query:
            if is_passed_on(name):
                continue
            given = {value.strip() for value in query.getlist(name)} - {""}
            if len(given) > 1:
                raise BadFilter(_("The filter “%(name)s” stands there more than once.") % {"name": called(name)})
            if not given:
                continue
            value = given.pop()
            # U+FFFD: bytes that were no text.
            if "\0" in value or "\ufffd" in value or len(value) > 200:
                raise BadFilter(_("The value of “%(name)s” cannot be searched for.") % {"name": called(name)})
            if name == "q":
                values["q"] = value
            elif name == "page":
                values["page"] = _page(value)
            elif name in ("from", "to"):
                values["first" if name == "from" else "last"] = _day(value)
            elif name in allowed:
                if value not in dict(allowed[name]):
                    raise BadFilter(
                        _("“%(value)s” is no known value of “%(name)s”.")
                        % {"value": value[:40], "name": labels()[name]}
                    )
                values[name] = value
            else:
                raise BadFilter(_("The filter “%(name)s” is not known.") % {"name": name[:40]})
        filters = cls(**values, choices=allowed)  # type: ignore[arg-type]
        if filters.first and filters.last and filters.last < filters.first:
            raise BadFilter(_("The last day is before the first day."))
        return filters

    @property
    def is_free_text(self) -> bool:
        return bool(self.q)

    def address(self, **changes: object) -> str:
        """The query of this question with changes, canonical; `?` included where there is one."""
        named = {
            "q": self.q,
            "type": self.type,
            "city": self.city,
            "scope": self.scope,
            "language": self.language,
            "accessible": self.accessible,
            "when": self.when,
            "from": self.first or "",
            "to": self.last or "",
        } | changes
        pairs = [(name, str(value)) for name, value in named.items() if value]
        return f"?{urlencode(pairs)}" if pairs else ""

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """What was asked for, in words, each with the address without it."""
        language = get_language()
        found = [(f"“{self.q}”", self.address(q=""))] if self.q else []
        found += [
            (dict(self.choices[name])[value], self.address(**{name: ""}))
            for name in FACETS
            if (value := getattr(self, name))
        ]
        if self.first:
            day = times.day(self.first, language, weekday=False)
            found.append((_("from %(day)s") % {"day": day}, self.address(**{"from": ""})))
        if self.last:
            day = times.day(self.last, language, weekday=False)
            found.append((_("to %(day)s") % {"day": day}, self.address(to="")))
        return found

    def narrow(self, events: EventQuerySet) -> EventQuerySet:
        """Those with the words asked for, on the days asked for: all but the filters with values to choose from."""
        if self.first or self.last:
            events = events.between(self.first or date.min, self.last or date.max)
        if self.q:
            events = events.containing(self.q) if words(self.q) else events.none()
        return events

    def select(self, events: EventQuerySet, now: datetime) -> EventQuerySet:
        """The events that answer."""
        today = times.today(now)
        found = self.narrow(events)
        for name in FACETS:
            if value := getattr(self, name):
                found = found.filter(meets(name, value, today))
        return found

    def apply(self, events: EventQuerySet, now: datetime) -> EventQuerySet:
        """The events that answer: what is ahead first, the anniversary's own before related ones."""
        return self.select(events, now).for_visitors(times.today(now))


def meets(name: str, value: str, today: date) -> Q:
    """Whether an event has this value of a filter."""
    if name == "when":
        undated_past = Q(starts_on=None, certainty=Event.Certainty.HELD)
        if value == "past":
            return Q(ends_on__lt=today) | undated_past
        return Q(ends_on__gte=today) | Q(starts_on=None) & ~Q(certainty=Event.Certainty.HELD)
    if name in ("language", "accessible"):
        column = "spoken" if name == "language" else "access"
        return Q(**{f"{column}__contains": f" {value} "})
    return Q(**{"kind" if name == "type" else name: value})


@cache
def choices(language: str) -> dict[str, list[tuple[str, str]]]:
    """The values of each filter, with their names in the language that is active."""
    return {
        "type": [(value, str(label)) for value, label in Event.Kind.choices],
        "city": [(value, str(label)) for value, label in times.City.choices],
        "scope": [(value, str(label)) for value, label in Event.Scope.choices],
        "language": [(value, str(label)) for value, label in SPOKEN],
        "accessible": [(value, str(label)) for value, label in Event.ACCESS],
        "when": [("upcoming", _("Coming")), ("past", _("Past"))],
    }


def labels() -> dict[str, str]:
    """What the filters with a list of values are called on the page."""
    return {
        "type": _("Kind"),
        "city": _("City"),
        "scope": _("Programme"),
        "language": _("Language"),
        "accessible": _("Accessibility"),
        "when": _("When"),
    }


def called(name: str) -> str:
    """What a visitor knows a parameter as."""
    return (labels() | {"q": _("Words"), "from": _("From"), "to": _("To")}).get(name, name[:40])


def _page(value: str) -> int:
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:7]) <= 100_000:
        raise BadFilter(_("There is no such page."))
    return int(value[:7])


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadFilter(_("“%(value)s” is no date; write it like 2026-03-21.") % {"value": value[:40]}) from error
