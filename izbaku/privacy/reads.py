"""Noting who read whose data; and, after a breach, telling it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from izbaku.holdings import Person, hash_of
from izbaku.privacy.models import Reading
from izbaku.privacy.unchanging import UnchangingQuerySet

ONE_LOOK = timedelta(hours=1)
HEADINGS = ["when", "whose", "record", "fields", "by whom"]


def note(record: models.Model, *, by: Any, what: str | Iterable[str], now: datetime | None = None) -> Reading:
    """Write down that `by` opened these fields of the record.

    `Personal.whose` names the record's field that leads to its person: an account, or an address.
    """
    row = _row(record, by, what if isinstance(what, str) else ", ".join(what), now or timezone.now())
    row.save()
    return row


def note_many(
    records: Iterable[models.Model], *, by: Any, what: Iterable[str], now: datetime | None = None, again: bool = False
) -> int:
    """The same for what stands on one page or in one file, by two questions; returns how many rows were written.

    Turning pages and coming back is one look: what `by` has opened within the hour is not noted anew, unless `again`.
    """
    at, fields = now or timezone.now(), ", ".join(what)
    rows = [_row(record, by, fields, at) for record in records]
    if rows and not again:
        just = Reading.objects.filter(by=by, at__gt=at - ONE_LOOK, what=fields)
        known = set(just.filter(record__in=[row.record for row in rows]).values_list("record", flat=True))
        rows = [row for row in rows if row.record not in known]
    Reading.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _row(record: models.Model, by: Any, what: str, at: datetime) -> Reading:
    whose = _whose(record)
    address = whose if isinstance(whose, str) else getattr(whose, "email", "")
    return Reading(
        record=f"{record._meta.label_lower} {record.pk}",
        what=what,
        whose=None if isinstance(whose, str) else whose,
        whose_hash=hash_of(address) if address else "",
        by=by,
        by_hash=hash_of(by.email),
        at=at,
    )


def _whose(record: models.Model) -> Any:
    if isinstance(record, get_user_model()):
        return record
    return getattr(record, getattr(getattr(record, "Personal", None), "whose", "user"), None)


def of(who: Any) -> UnchangingQuerySet:
    """Everything read of one person (an account or an address), the latest first."""
    person = Person.of(who)
    mine = Q(whose_hash__in=person.hashes)
    if person.user is not None:
        mine |= Q(whose=person.user)
    return Reading.objects.filter(mine)


def to_csv(readings: QuerySet[Reading]) -> Iterator[str]:
    """Line by line: when, whose, record, fields, by whom. Erased people stand as the beginning of their hash."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(HEADINGS)
    for row in readings.select_related("whose", "by").iterator(chunk_size=2000):
        cells = [row.at.isoformat(), told(row.whose, row.whose_hash), row.record, row.what, told(row.by, row.by_hash)]
        yield writer.writerow([harmless(cell) for cell in cells])


def in_words(reading: Reading) -> tuple[str, str]:
    """(record, fields) as people say it: `user 7`, `e-mail address, name`; what is no model or field stays."""
    label, _space, key = reading.record.partition(" ")
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return reading.record, reading.what
    names = {field.name: str(getattr(field, "verbose_name", field.name)) for field in model._meta.get_fields()}
    fields = ", ".join(names.get(name, name) for name in reading.what.split(", "))
    return f"{model._meta.verbose_name} {key}", fields


def told(person: Any, address_hash: str) -> str:
    return person.email if person else f"#{address_hash[:12]}" if address_hash else ""


def harmless(cell: str) -> str:
    """A spreadsheet must not take what people typed for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


class _Line:
    """`csv` writes into it and gets the line back."""

    def write(self, line: str) -> str:
        return line
