"""How long a request is kept, when each of its files goes, and what remains: class of topic and dates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models, transaction

from izbaku import history
from izbaku.privacy import retention
from izbaku.privacy.models import RetentionRule
from students.models import Case, CaseFile
from students.topics import Topic

ORDINARY, SENSITIVE, IDENTITY, DRAFT = "ordinary_request", "sensitive_request", "identity_scan", "abandoned_request"
REMAINS = {"id", "reference", "state", "topic_class", "created_at", "closed_at", "erased_at"}


def class_of(case: Case) -> str:
    """Legal matters and emergencies are kept longer."""
    return SENSITIVE if case.is_sensitive or case.topic_class == Topic.Class.SAFETY else ORDINARY


def closed(case: Case, *, now: datetime) -> None:
    """From now on its days are counted. Call it beside every move to closed or duplicate."""
    case.closed_at = now
    retention.start(case, class_of(case), now)
    case.save(update_fields=["closed_at", "kept_as", "kept_since", "destroy_after"])


def reopened(case: Case) -> None:
    """It is open again: nothing is counted. Call it beside every move that opens it again."""
    case.closed_at = None
    retention.stop(case)
    case.save(update_fields=["closed_at", "kept_as", "kept_since", "destroy_after"])


def goes_at(file: CaseFile, case: Case, rules: dict[str, RetentionRule]) -> datetime | None:
    """When this file is destroyed; None while the request is open."""
    if case.kept_since is None:
        return None
    if file.is_identity and IDENTITY in rules:
        early = case.kept_since + rules[IDENTITY].period
        return min(early, case.destroy_after) if case.destroy_after else early
    return case.destroy_after


@transaction.atomic
def entomb(case: Case, *, now: datetime) -> None:
    """Erase a request: what remains says of which class of topic it was, and when. Every other column is emptied and
    every row that hangs on it is deleted, also of tables that are added later."""
    if case.state != Case.State.ERASED:
        history.move(case, "erase", by=None, now=now)
    for relation in case._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            _forget(relation, case)
    for field in case._meta.concrete_fields:
        if field.name not in REMAINS:
            setattr(case, field.name, _empty(field))
    case.erased_at = now
    case.save()


def _forget(relation: Any, case: Case) -> None:
    """Delete what hangs on the request; another request that only points to it loses the pointer."""
    rows = relation.related_model._base_manager.filter(**{relation.field.name: case})
    if relation.related_model is Case:
        rows.update(**{relation.field.name: None})
    else:
        rows.delete()


def _empty(field: models.Field[Any, Any]) -> Any:
    if field.null:
        return None
    return "" if isinstance(field, models.CharField | models.TextField) else field.get_default()
