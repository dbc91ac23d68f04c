"""What the trail holds of a person: numbers alone, which erasing takes out as well."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from izbaku.audit import doors
from izbaku.audit.models import Entry
from izbaku.holdings import Person, RecordClass, Room, Told, keep, register


def held(person: Person) -> Iterable[Told]:
    """Nothing that could be told: which fields changed, and when, stands there without a name or a value."""
    return ()


def erase(person: Person, now: datetime) -> int:
    own = {(model, key) for model, key, _words in (person.records or person.with_records().records)}
    return sum(doors.forget(model, key) for model, key in own) + doors.forget_addresses(person.addresses)


def _due(now: datetime, period: timedelta) -> int:
    return Entry.objects.filter(at__lt=now - period).count()


def _destroy(now: datetime, period: timedelta) -> int:
    return doors.destroy_before(now - period)


# Last: what the other rooms erase is a change too, and its old values must not survive here.
register(Room("trail", _("Trail of changes"), (Entry,), held=held, erase=erase, is_last=True))
keep(RecordClass("trail", _("Trail of changes"), due=_due, destroy=_destroy))
