"""Writing the trail by itself, in the transaction of what it tells of.

It listens where Django tells (saved, deleted, put on a list) and steps into the two acts of which Django tells nobody:
`QuerySet.update` and `QuerySet.bulk_create`. Signals are no way to wire rooms to each other; here they are the only
way to hear of every model, also of those that come with libraries, without one of them being forgotten.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, time
from functools import partial, wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import signals
from django.db.models.functions import Cast
from django.db.models.query import QuerySet
from django.utils.functional import Promise

from izbaku import sealing
from izbaku.audit import doing, scope
from izbaku.audit.models import Entry

Values = dict[str, Any]  # by column
Changes = dict[str, Any]  # as the trail holds them
Model = Any  # a class of rows
EMPTY: tuple[Any, ...] = (None, "", [], {})
AT_ONCE = 500  # rows


def record(model: Model, pk: Any, act: str, changes: Changes, *, under: str = "") -> None:
    """One line, for what is written past Django: `changes` as `Entry` explains them, personal values left out."""
    _entry(model, pk, act, changes, under, doing.now()).save()


def begin() -> None:
    model: Any
    for model in scope.tracked():
        name = model._meta.label
        signals.pre_save.connect(_look, sender=model, dispatch_uid=f"trail.look.{name}")
        signals.post_save.connect(_saved, sender=model, dispatch_uid=f"trail.saved.{name}")
        signals.post_delete.connect(_deleted, sender=model, dispatch_uid=f"trail.deleted.{name}")
        for field in model._meta.local_many_to_many:
            through = field.remote_field.through
            if through._meta.auto_created:
                signals.m2m_changed.connect(
                    partial(_listed, field), sender=through, weak=False, dispatch_uid=f"trail.{name}.{field.name}"
                )
    if not hasattr(QuerySet.update, "is_trailed"):
        QuerySet.update = _trailed_update(QuerySet.update)  # type: ignore[method-assign]
        QuerySet.bulk_create = _trailed_bulk_create(QuerySet.bulk_create)  # type: ignore[method-assign]


# One row


def _look(sender: Model, instance: models.Model, raw: bool, using: str, update_fields: Any, **kwargs: Any) -> None:
    """Before a row is saved: what the database says of it."""
    instance.__dict__.pop("_trail", None)
    if instance.pk is not None and not raw:
        names = _names(sender, instance, update_fields)
        rows = _rows(QuerySet(sender, using=using).filter(pk=instance.pk), names) if names else {}
        instance.__dict__["_trail"] = rows.get(instance.pk)


def _saved(
    sender: Model, instance: models.Model, created: bool, raw: bool, using: str, update_fields: Any, **kwargs: Any
) -> None:
    if raw:  # put back from a copy, which brings the trail of these rows along
        return
    before = instance.__dict__.pop("_trail", None)
    if created and scope.comes_along(sender):
        return
    names = list(before) if before else _names(sender, instance, update_fields)
    after = _said(sender, instance, names)
    if after is None:  # it was saved with an expression: only the database knows what came of it
        after = _rows(QuerySet(sender, using=using).filter(pk=instance.pk), names).get(instance.pk, {})
    changes = difference(sender, None if created else before, after)
    if created or changes:
        act = Entry.Act.ADDED if created else Entry.Act.CHANGED
        _entry(sender, instance.pk, act, changes, _under(sender, instance), doing.now()).save(using=using)


def _deleted(sender: Model, instance: models.Model, using: str, **kwargs: Any) -> None:
    before = _said(sender, instance, _names(sender, instance, None)) or {}
    changes = difference(sender, before, None)
    _entry(sender, instance.pk, Entry.Act.DELETED, changes, _under(sender, instance), doing.now()).save(using=using)


def _names(model: Model, instance: models.Model, update_fields: Any) -> list[str]:
    deferred = instance.get_deferred_fields()
    return [
        name
        for name, field in scope.columns(model).items()
        if field.attname not in deferred
        and (update_fields is None or name in update_fields or field.attname in update_fields)
    ]


def _said(model: Model, instance: models.Model, names: Iterable[str]) -> Values | None:
    """What the instance says of itself, in the kinds that the database would answer with."""
    columns = scope.columns(model)
    values: Values = {}
    for name in names:
        value = columns[name].value_from_object(instance)
        if hasattr(value, "resolve_expression"):
            return None
        try:
            values[name] = columns[name].to_python(value)
        except (ValidationError, TypeError, ValueError):
            values[name] = value
    return values


# Lists


def _listed(
    field: Any, sender: Any, instance: models.Model, action: str, reverse: bool, pk_set: Any, using: str, **kwargs: Any
) -> None:
    if action == "post_add":
        how, others = "added", pk_set
    elif action in ("pre_remove", "pre_clear"):
        mine, theirs = field.m2m_column_name(), field.m2m_reverse_name()
        if reverse:
            mine, theirs = theirs, mine
        mine, theirs = (_attname(sender, column) for column in (mine, theirs))
        there: Any = QuerySet(sender, using=using).filter(**{mine: instance.pk})
        how, others = "removed", set(there.values_list(theirs, flat=True))
        if pk_set is not None:
            others &= pk_set
    else:
        return
    if not others:
        return
    pairs = [(other, [instance.pk]) for other in sorted(others)] if reverse else [(instance.pk, sorted(others))]
    at_work = doing.now()
    act = Entry.Act.CHANGED
    _write([_entry(field.model, pk, act, {field.name: {how: _plain(pks)}}, "", at_work) for pk, pks in pairs], using)


def _attname(through: Any, column: str) -> str:
    return next(field.attname for field in through._meta.concrete_fields if field.column == column)


# Many rows at once


def _trailed_update(original: Callable[..., int]) -> Callable[..., int]:
    @wraps(original)
    def update(self: QuerySet[Any], **kwargs: Any) -> int:
        model: Any = self.model
        if model not in scope.tracked() or self.query.is_sliced or self.query.combinator:
            return original(self, **kwargs)
        columns = scope.columns(model).items()
        names = [name for name, field in columns if name in kwargs or field.attname in kwargs]
        if not names:
            return original(self, **kwargs)
        self._for_write = True  # type: ignore[attr-defined]
        with transaction.atomic(using=self.db):
            # A plain set: that of translated models would answer in the language of the moment.
            before = _rows(QuerySet(model, query=self.query.chain(), using=self.db).order_by(), names)
            count = original(self, **kwargs)
            pks, at_work = list(before), doing.now()
            for start in range(0, len(pks), AT_ONCE):
                few = pks[start : start + AT_ONCE]
                parent = scope.parents().get(scope.label(model))
                rows: Any = QuerySet(model, using=self.db).filter(pk__in=few)
                owners = dict(rows.values_list("pk", parent[0])) if parent else {}
                entries = []
                for pk, after in _rows(rows, names).items():
                    if changes := difference(model, before[pk], after):
                        under = f"{parent[1]}:{owners[pk]}" if parent else ""
                        entries.append(_entry(model, pk, Entry.Act.CHANGED, changes, under, at_work))
                _write(entries, self.db)
            return count

    update.is_trailed = True  # type: ignore[attr-defined]
    return update


def _trailed_bulk_create(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def bulk_create(self: QuerySet[Any], objs: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        model: Any = self.model
        if model not in scope.tracked() or scope.comes_along(model):
            return original(self, objs, *args, **kwargs)
        if any(args[1:3]) or kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            raise NotImplementedError("Nobody can tell which rows this writes: leave conflicts to `get_or_create`.")
        self._for_write = True  # type: ignore[attr-defined]
        with transaction.atomic(using=self.db):
            made = original(self, list(objs), *args, **kwargs)
            at_work = doing.now()
            entries = []
            for row in made:
                names = list(scope.columns(model))
                changes = difference(model, None, _said(model, row, names) or {})
                entries.append(_entry(model, row.pk, Entry.Act.ADDED, changes, _under(model, row), at_work))
            _write(entries, self.db)
        return made

    return bulk_create


# What is told


def difference(model: Model, before: Values | None, after: Values | None) -> Changes:
    """`{column: [old, new]}` of what differs; `None` instead of both where the value is nobody's business."""
    masked = scope.masked(model)
    changes: Changes = {}
    for name in after if after is not None else before or {}:
        old, new = (before or {}).get(name), (after or {}).get(name)
        if old == new or (old in EMPTY and new in EMPTY):  # a form sends "" where nothing was ever said
            continue
        if name in masked:
            changes[name] = None
        elif (pair := [_plain(old), _plain(new)])[0] != pair[1]:
            changes[name] = pair
    return changes


def _plain(value: Any) -> Any:
    """The value as JSON holds it; a moment in UTC, so that one moment is always one text."""
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    return str(value) if isinstance(value, Promise) or not isinstance(value, str) else str.__str__(value)


def _rows(rows: QuerySet[Any], names: Collection[str]) -> dict[Any, Values]:
    """Key → what the database says. A sealed text that no key opens is no reason not to save a better one."""
    model: Any = rows.model
    columns = scope.columns(model)
    sealed = {name for name in names if isinstance(columns[name], sealing.SealedTextField)}
    asked = [Cast(name, models.TextField()) if name in sealed else columns[name].attname for name in names]
    told = {}
    for pk, *values in rows.values_list("pk", *asked):
        told[pk] = {
            name: _unsealed(value) if name in sealed else value for name, value in zip(names, values, strict=True)
        }
    return told


def _unsealed(token: str | None) -> Any:
    try:
        return sealing.unseal(token.encode()).decode() if token else token
    except sealing.SealBroken:
        return object()  # unlike anything


def _under(model: Model, instance: models.Model) -> str:
    column, parent = scope.parents().get(scope.label(model), ("", ""))
    return f"{parent}:{getattr(instance, column)}" if parent else ""


def _entry(model: Model, pk: Any, act: str, changes: Changes, under: str, at_work: doing.Doing) -> Entry:
    return Entry(
        model=scope.label(model),
        object_id=str(pk),
        under=under,
        act=act,
        changes=changes,
        actor=at_work.actor,
        via=at_work.via,
        origin=at_work.origin,
        request=at_work.number,
    )


def _write(entries: list[Entry], using: str) -> None:
    if len(entries) == 1:
        entries[0].save(using=using)
    elif entries:
        Entry.objects.using(using).bulk_create(entries, batch_size=AT_ONCE)
