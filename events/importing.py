"""Bringing events in: what is new, what has changed, what staff have edited and is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from events.models import Event, Imported

Progress = Callable[[int, int], None]  # how many are done, of how many


def quietly(done: int, total: int) -> None:
    """The progress of whoever does not want to hear of it."""


@dataclass
class Report:
    """What an import did, a line for each thing it left out."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"{self.added} added, {self.changed} changed, {self.unchanged} unchanged, {len(self.skipped)} skipped"
        return "\n".join([head, *(f"  skipped: {line}" for line in self.skipped)])

    def __add__(self, other: Report) -> Report:
        return Report(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.skipped + other.skipped,
        )


def _plain(value: Any) -> Any:
    """The value as JSON remembers it; an instant in UTC, so that one moment is always one text."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def imported(model: type[models.Model], key: str) -> Any:
    """The row that an import once made under this key, or None; also when staff have changed its address."""
    memory = Imported.objects.filter(key=key).first()
    return memory and model._default_manager.filter(pk=memory.row).first()


def bring_in(
    model: type[models.Model], key: str, lookup: dict[str, Any], values: dict[str, Any], report: Report
) -> Any:
    """One row: added, or brought up to date where nobody has edited it since the last import.

    `key` is its name at the source, and the import's memory of it; `lookup` is where it stands at first.
    A field whose value differs from what was last imported has been edited by staff and is kept, and said so.
    A row that staff have deleted stays deleted, and one that they made themselves is theirs; both are said.
    Returns the row, or None where it is left out; then nothing of it is written.
    """
    with transaction.atomic():
        memory = Imported.objects.filter(key=key).first() or Imported(key=key)
        place = lookup if memory.row is None else {"pk": memory.row}
        row = model._default_manager.filter(**place).first()
        if row is None and memory.pk:
            report.skipped.append(f"{key}: deleted here by staff")
            return None
        if row and not memory.pk and any(_plain(getattr(row, name)) != _plain(values[name]) for name in values):
            report.skipped.append(f"{key}: staff have made one of that name here")
            return None
        is_new = row is None
        row = row or model(**lookup)
        changed = []
        for name, value in values.items():
            if is_new:
                setattr(row, name, value)
                continue
            here = _plain(getattr(row, name))
            if here == _plain(value):
                continue
            if name in memory.values and here != memory.values[name]:
                report.skipped.append(f"{key}: {name} was edited here")
                continue
            setattr(row, name, value)
            changed.append(name)
        try:
            row.full_clean(validate_unique=is_new, validate_constraints=False)
        except ValidationError as error:
            report.skipped.append(f"{key}: {'; '.join(error.messages)}")
            return None
        if changed and isinstance(row, Event):
            # Subscribers' calendar programs look at these to notice a change (RFC 5545 SEQUENCE).
            row.sequence += 1
            row.changed_at = values.get("changed_at") or timezone.now()
        if is_new or changed:
            row.save()
        if is_new:
            report.added += 1
        elif changed:
            report.changed += 1
        else:
            report.unchanged += 1
        remembered = {name: _plain(getattr(row, name)) for name in values if is_new or name not in memory.values}
        remembered = memory.values | remembered | {name: _plain(getattr(row, name)) for name in changed}
        if (memory.row, memory.values) != (row.pk, remembered):
            memory.row, memory.values = row.pk, remembered
            memory.save()
        return row
