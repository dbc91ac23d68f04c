"""What the portal holds about a person, told room by room: how it is shown, exported, erased, and how long it is kept.

Each room offers a `personal.py` that registers itself; `izbaku.privacy` finds these and asks them.

    holdings.register(Room("registrations", _("Registrations"), (Registration,), held=held, erase=erase))
    holdings.keep(RecordClass("registration", _("Registrations"), due=due, destroy=destroy))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, gettext

from izbaku import times

ERASED = "–"


def spellings(address: str) -> tuple[str, str]:
    """(in ASCII, as people write it): one address may stand as `ad@xn--…` in one room, as `ad@şəhər.az` in another."""
    local, at, domain = address.strip().lower().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode().lower()
        return f"{local}{at}{ascii_domain}", f"{local}{at}{ascii_domain.encode().decode('idna')}"
    except UnicodeError:  # no domain that could exist
        return (f"{local}{at}{domain}",) * 2


def hash_of(address: str) -> str:
    """A keyed hash: the same person can be recognised by it, by nobody without the portal's key."""
    return salted_hmac("privacy.address", spellings(address)[0], algorithm="sha256").hexdigest()


def standing_alone(addresses: Iterable[str]) -> re.Pattern[str]:
    """Finds these addresses in a text, in any letter case, and never within a longer one: not `a@x.co` in
    `lea@x.com`. Nothing is found for no addresses."""
    any_of = "|".join(re.escape(address) for address in sorted(addresses, key=len, reverse=True)) or r"(?!)"
    return re.compile(rf"(?<![\w.+%-])(?<!\w['&])(?:{any_of})(?![\w@-]|\.\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """Somebody the portal may know: by an account, by addresses, or both.

    `addresses` holds each in both spellings. `records` are those that the rooms tell of, as (model, key, words): what
    is somebody's is found by key, never by a name, which everybody chooses freely.
    """

    user: Any = None
    addresses: frozenset[str] = frozenset()
    name: str = ""
    records: frozenset[tuple[type[models.Model], Any, str]] = frozenset()

    @classmethod
    def of(cls, who: Any) -> Person:
        """Of an account or of an address."""
        if isinstance(who, Person):
            return who
        if isinstance(who, str):
            return cls(addresses=frozenset(spellings(who)))
        own = {who.email} | {address for room in rooms() for address in room.addresses(who)}
        both = frozenset(spelling for address in own if address for spelling in spellings(address))
        return cls(who, both, getattr(who, "name", ""))

    def with_records(self) -> Person:
        """The same, with what every room tells of: to be asked before anything is erased."""
        found = {
            (type(each.record), each.record.pk, str(each.record))
            for room in rooms()
            for each in room.held(self)
            if each.record is not None
        }
        own = {(type(self.user), self.user.pk, str(self.user))} if self.user is not None else set()
        return replace(self, records=frozenset(found | own))

    def hidden_in(self, text: str) -> str:
        """The text with a dash for the addresses and the whole name. Only for what is known by key to be about this
        person: the name may be any word."""
        text = standing_alone(self.addresses).sub(ERASED, text)
        return re.sub(rf"(?<!\w){re.escape(self.name)}(?!\w)", ERASED, text) if self.name else text

    @property
    def hashes(self) -> list[str]:
        return sorted({hash_of(address) for address in self.addresses})


@dataclass(frozen=True)
class Told:
    """One record as its person may read it: `values` are (name, label, value) for the file, `shown` (label, words) for
    the page, in the language of the page. `kind` names the record in the file, in every language the same."""

    title: str
    values: list[tuple[str, str, Any]]
    files: list[tuple[str, Callable[[], bytes]]] = field(default_factory=list)
    record: models.Model | None = None
    shown: list[tuple[str, str]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.record._meta.label_lower if self.record is not None else self.title


def told(
    record: models.Model,
    *names: str,
    values: dict[str, Any] | None = None,
    files: Iterable[tuple[str, Callable[[], bytes]]] = (),
    title: Any = "",
    labels: dict[str, Any] | None = None,
    words: dict[str, Any] | None = None,
) -> Told:
    """These fields of the record, with the labels of its model, and `values` as they are given.

    `title`, `labels` and `words` (how a value reads) are for models of others, which speak English alone.
    """
    given, lines, shown = values or {}, [], []
    for name in (*given, *names):
        column = record._meta.get_field(name)
        label = str((labels or {}).get(name) or getattr(column, "verbose_name", name))
        value = given.get(name) or getattr(record, name)
        if isinstance(value, models.Model | models.Manager):
            value = str(value)
        lines.append((name, label, value))
        choice = getattr(record, f"get_{name}_display", None)
        text = (words or {}).get(name) or (choice() if choice and name not in given else in_words(value, name))
        if text:
            shown.append((label, str(text)))
    return Told(str(title or record._meta.verbose_name), lines, list(files), record, shown)


def in_words(value: Any, name: str = "") -> str:
    """As the page's reader says it: a moment with its zone, a language by its name, yes or no."""
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        there = value.astimezone(times.zone_of(""))
        day = times.day(there.date(), language, weekday=False)
        return f"{day}, {times.clock(there, language)} ({gettext('İzmir time')})"
    if isinstance(value, date):
        return times.day(value, language, weekday=False)
    if name == "language" or name.endswith("_language"):
        return str(gettext(dict(settings.LANGUAGES).get(value, value)))
    return "" if value is None else str(value)


def _nothing(_: Any) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Room:
    """What one room holds. `models` are those that `held` tells and `erase` reaches.

    `erase` returns how many records it has destroyed; it runs in the transaction of the whole erasure.
    `addresses` adds addresses of an account; `obstacles` says in whole sentences why it cannot be erased at once.
    `is_last` is for the room that deletes the account's own row.
    """

    name: str
    label: Any
    models: tuple[type[models.Model], ...]
    held: Callable[[Person], Iterable[Told]]
    erase: Callable[[Person, datetime], int]
    addresses: Callable[[Any], Iterable[str]] = _nothing
    obstacles: Callable[[Person], Iterable[Any]] = _nothing
    is_last: bool = False


@dataclass(frozen=True)
class RecordClass:
    """A kind of record that is kept for a time. Both functions take the moment and the period of its rule.

    `due` counts what has had its time at that moment; `destroy` destroys it (rows, files, words) and returns how many.
    """

    name: str
    label: Any
    due: Callable[[datetime, timedelta], int]
    destroy: Callable[[datetime, timedelta], int]
    changed: Callable[[timedelta], Any] | None = None


_rooms: dict[str, Room] = {}
_classes: dict[str, RecordClass] = {}


def register(room: Room) -> Room:
    if room.name in _rooms:
        raise ValueError(f"Two rooms hold {room.name}.")
    _rooms[room.name] = room
    return room


def keep(record_class: RecordClass) -> RecordClass:
    if record_class.name in _classes:
        raise ValueError(f"Two classes of records are called {record_class.name}.")
    _classes[record_class.name] = record_class
    return record_class


def rooms() -> list[Room]:
    """In the order in which they erase."""
    return sorted(_rooms.values(), key=lambda room: room.is_last)


def classes() -> dict[str, RecordClass]:
    return dict(_classes)
