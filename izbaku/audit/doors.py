"""The two doors through which lines leave the trail: somebody is erased, or their time is over.

PostgreSQL itself refuses every other way (a trigger); here too, nothing but a plain queryset gets past the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Cast

from izbaku.audit import doing, scope
from izbaku.audit.models import Entry
from izbaku.holdings import standing_alone


@contextmanager
def _open() -> Iterator[QuerySet[Entry]]:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('trail.door', 'open', true)")
        yield QuerySet(Entry)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('trail.door', '', true)")


def destroy_before(moment: datetime) -> int:
    """Retention: lines older than that are destroyed; returns how many."""
    with _open() as entries:
        return entries.filter(at__lt=moment).delete()[0]


def forget(model: type[models.Model], key: Any) -> int:
    """Erasure: nothing of the record remains but that it was changed, and when; returns how many lines were rewritten.

    Of an account also what it did becomes the work of somebody who is not named. What Django's own log of the admin
    says of the record is rewritten as well.
    Call it in the transaction of the erasure, once the records themselves are clean.
    """
    count = 0
    with _open() as entries:
        count += _blank(entries, entries.filter(model=scope.label(model), object_id=str(key)))
        if issubclass(model, get_user_model()):
            doing.now().erased.add(key)
            count += entries.filter(actor=key).update(actor=None)
    own = Q(content_type=ContentType.objects.get_for_model(model), object_id=str(key))
    LogEntry.objects.filter(own).update(object_repr=f"{model._meta.model_name} {key}", change_message="")
    return count


def forget_addresses(addresses: Iterable[str]) -> int:
    """A value of any record in which one of these addresses stands goes. Names are not looked for: everybody chooses
    their own, and whoever called themselves `public` would empty the trail."""
    addresses = set(addresses)
    alone = standing_alone(addresses)
    begin = {address.rpartition("@")[0] for address in addresses} - {""}
    count = 0
    for local in begin:  # in ASCII, so however JSON and the database write the rest
        with _open() as entries:
            told = entries.annotate(text=Cast("changes", models.TextField()))
            count += _blank(entries, told.filter(text__icontains=f"{local}@"), alone)
    return count


def _blank(entries: QuerySet[Entry], found: QuerySet[Entry], holding: re.Pattern[str] | None = None) -> int:
    """Take the values out of these lines; with `holding`, only those in which it is found."""
    count = 0
    for pk, changes in list(found.values_list("pk", "changes")):
        kept = {name: None if _holds(value, holding) else value for name, value in changes.items()}
        if kept != changes:
            count += entries.filter(pk=pk).update(changes=kept)
    return count


def _holds(value: Any, holding: re.Pattern[str] | None) -> bool:
    return holding is None or bool(holding.search(json.dumps(value, ensure_ascii=False)))
