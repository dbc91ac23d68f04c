"""Keeping records for a time, and destroying them on their day."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connection, models, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from izbaku import holdings
from izbaku.holdings import RecordClass
from izbaku.privacy.models import Destroyed, Kept, RetentionRule

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """One class in the report: how many were (or would be) destroyed; why not, if something went wrong."""

    record_class: str
    label: Any
    count: int
    rule: RetentionRule | None
    trouble: str = ""


# What rooms that are still to come will keep; and what erasing counts beside the rooms.
LABELS = {
    "abandoned_draft": _("Drafts that were never sent"),
    "identity_scan": _("Pictures of identity papers"),
    "ordinary_request": _("Requests of students"),
    "sensitive_request": _("Legal matters and emergencies"),
    "guest_list": _("Guest lists"),
    "sessions": _("Sign-ins"),
    "desk_log": _("Log of the admin site"),
}
RULES = {"by the person": _("by the person"), "at the person's request": _("at the person’s request")}


def label_of(name: str) -> str:
    """A class of records, or a room that erased, in the reader's words."""
    known = holdings.classes().get(name)
    rooms = {room.name: room.label for room in holdings.rooms()}
    return str(known.label if known else rooms.get(name) or LABELS.get(name, name))


def rule_in_words(rule: str) -> str:
    days = re.fullmatch(r"(\d+) days", rule)
    if days:
        n = int(days[1])
        return ngettext("%(n)d day", "%(n)d days", n) % {"n": n}
    return str(RULES.get(rule, rule))


def start(record: Kept, kept_as: str, at: datetime) -> None:
    """The record is closed: from now on its days are counted. The caller saves it."""
    rule = RetentionRule.objects.get(record_class=kept_as)
    record.kept_as, record.kept_since, record.destroy_after = kept_as, at, at + rule.period


def stop(record: Kept) -> None:
    """It is open again. The caller saves it."""
    record.kept_as, record.kept_since, record.destroy_after = "", None, None


def of_kept(
    name: str, label: Any, model: type[Kept], *, destroy: Callable[[models.QuerySet[Any]], int] | None = None
) -> RecordClass:
    """The class of records of a `Kept` model. `destroy` gets the due rows and returns how many; without it they are
    deleted with what hangs on them, their files included (each sees its `post_delete`)."""

    def rows(now: datetime) -> models.QuerySet[Any]:
        return model._default_manager.filter(kept_as=name, destroy_after__lte=now)

    def delete(due: models.QuerySet[Any]) -> int:
        count = due.count()
        due.delete()
        return count

    def changed(period: timedelta) -> int:
        day = ExpressionWrapper(F("kept_since") + Value(period), output_field=DateTimeField())
        return model._default_manager.filter(kept_as=name).update(destroy_after=day)

    return RecordClass(
        name,
        label,
        due=lambda now, period: rows(now).count(),
        destroy=lambda now, period: (destroy or delete)(rows(now)),
        changed=changed,
    )


def change(rule: RetentionRule) -> None:
    """Save a rule; records that are counted already follow it."""
    with transaction.atomic():
        rule.full_clean()
        rule.save()
        known = holdings.classes().get(rule.record_class)
        if known and known.changed:
            known.changed(rule.period)


def report(now: datetime) -> list[Line]:
    """What would be destroyed at this moment; nothing is."""
    rules = RetentionRule.objects.in_bulk(field_name="record_class")
    return [
        Line(name, known.label, known.due(now, rules[name].period), rules[name])
        if name in rules
        else Line(name, known.label, 0, None, "no rule")
        for name, known in holdings.classes().items()
    ]


def destroy_due(now: datetime) -> list[Line]:
    """Destroy what has had its time, each class in a transaction of its own: trouble in one holds up no other."""
    rules = RetentionRule.objects.in_bulk(field_name="record_class")
    lines = [_destroy(known, rules.get(name), now) for name, known in holdings.classes().items()]
    sweep_cache(now)
    wipe()
    return lines


def sweep_cache(now: datetime) -> int:
    """Counters of rate limits tell of people; the database's cache drops expired ones only when it is full."""
    if not isinstance(caches["default"], BaseDatabaseCache):
        return 0
    table = connection.ops.quote_name(caches["default"]._table)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(now.replace(microsecond=0))
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [moment])  # noqa: S608
        return cursor.rowcount


def wipe() -> None:
    """SQLite: what was erased also leaves the log of writes beside the file (`secure_delete` blanks the file)."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if cursor.fetchone()[0]:
            logger.warning("The log of writes could not be emptied now; the next checkpoint does it.")


def _destroy(known: RecordClass, rule: RetentionRule | None, now: datetime) -> Line:
    if rule is None:
        logger.error("No rule says how long %s is kept.", known.name)
        return Line(known.name, known.label, 0, None, "no rule")
    try:
        with transaction.atomic():
            count = known.destroy(now, rule.period)
            if count:
                note(known.name, count, now=now, rule=f"{rule.days} days")
    except Exception as error:
        logger.exception("%s could not be destroyed.", known.name)
        return Line(known.name, known.label, 0, rule, type(error).__name__)
    return Line(known.name, known.label, count, rule)


def note(record_class: str, count: int, *, now: datetime, rule: str) -> None:
    """Into the log of destructions, without anything of whom."""
    Destroyed.objects.create(record_class=record_class, count=count, at=now, rule=rule)
