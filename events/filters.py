"""What a visitor may ask of the list, in the address."""

from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from events.models import SPOKEN, Event, EventQuerySet
from izbaku import times

# Added by messengers, newsletters and search engines to links that people pass on.
IGNORED = ("fbclid", "gclid", "igshid", "mc_cid", "mc_eid", "ref")


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
        allowed = choices()
        values: dict[str, object] = {}
        for name in query:
            value = query.get(name, "").strip()
            if name in IGNORED or name.startswith("utm_") or not value:
                continue
            if "\0" in value or len(value) > 200:
                raise BadFilter(_("The value of “%(name)s” cannot be searched for.") % {"name": name[:40]})
            if name == "q":
                values["q"] = value
            elif name == "page":
                values["page"] = _page(value)
            elif name in ("from", "to"):
                values["first" if name == "from" else "last"] = _day(value)
            elif name in allowed:
                if value not in dict(allowed[name]):
                    raise BadFilter(
                        _("“%(value)s” is no known value of “%(name)s”.") % {"value": value[:40], "name": name}
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

    def apply(self, events: EventQuerySet, now: datetime) -> EventQuerySet:
        """The events that answer, in the order of the question: upcoming soonest first, past newest first."""
        today = times.today(now)
        if self.type:
            events = events.filter(kind=self.type)
        if self.city:
            events = events.filter(city=self.city)
        if self.scope:
            events = events.filter(scope=self.scope)
        if self.language:
            events = events.filter(spoken__contains=f" {self.language} ")
        if self.accessible:
            events = events.filter(access__contains=f" {self.accessible} ")
        if self.first or self.last:
            events = events.between(self.first or date.min, self.last or date.max)
        if self.q:
            events = events.containing(self.q)
        if self.when == "past":
            return events.past(today).newest_first()
        if self.when == "upcoming":
            return events.upcoming(today).in_order()
        return events.newest_first()


def choices() -> dict[str, list[tuple[str, str]]]:
    return {
        "type": [(value, str(label)) for value, label in Event.Kind.choices],
        "city": [(value, str(label)) for value, label in times.City.choices],
        "scope": [(value, str(label)) for value, label in Event.Scope.choices],
        "language": [(value, str(label)) for value, label in SPOKEN],
        "accessible": [(value, str(label)) for value, label in Event.ACCESS],
        "when": [("upcoming", _("Coming")), ("past", _("Past"))],
    }


def _page(value: str) -> int:
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:7]) <= 100_000:
        raise BadFilter(_("There is no such page."))
    return int(value[:7])


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadFilter(_("“%(value)s” is no date; write it like 2026-03-21.") % {"value": value[:40]}) from error
