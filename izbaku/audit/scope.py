"""What is kept track of: every model, and every column, that the settings do not leave out with a reason."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.forms.models import _get_foreign_key  # type: ignore[attr-defined]

from izbaku.audit.models import Entry
from izbaku.sealing import SealedTextField

SECRET_NAMES = ("password", "secret", "token", "hash")
SECRET_KINDS = (SealedTextField, models.EmailField, models.GenericIPAddressField, models.BinaryField)


def label(model: Any) -> str:
    return str(model._meta.concrete_model._meta.label_lower)


@cache
def tracked() -> frozenset[type[models.Model]]:
    """The models of the trail. Asked by class: what migrations work with is a class of their own, and is not in it."""
    return frozenset(
        model
        for model in apps.get_models()
        if model is not Entry and model._meta.managed and label(model) not in settings.AUDIT_LEAVES_OUT
    )


def comes_along(model: Any) -> bool:
    """Whether such rows are made with another by the programme itself, so that nobody has added them."""
    return label(model) in settings.AUDIT_COMES_ALONG


@cache
def columns(model: Any) -> dict[str, models.Field[Any, Any]]:
    """The columns that are told, by name. Of a translated field the languages, not the copy of the first one."""
    copies = {
        field.translated_field.name for field in model._meta.concrete_fields if hasattr(field, "translated_field")
    }
    return {
        field.name: field
        for field in model._meta.concrete_fields
        if not field.primary_key
        and field.name not in copies
        and f"{label(model)}.{field.name}" not in settings.AUDIT_LEAVES_OUT
    }


@cache
def masked(model: Any) -> frozenset[str]:
    """The columns of which only that they changed is told."""
    personal = set(getattr(getattr(model, "Personal", None), "fields", ()))
    return frozenset(
        name
        for name, field in columns(model).items()
        if name in personal
        or name.endswith(SECRET_NAMES)
        or getattr(getattr(field, "translated_field", None), "name", "") in personal
        or isinstance(field, SECRET_KINDS)
        or f"{label(model)}.{name}" in settings.AUDIT_MASKS
    )


@cache
def parents() -> dict[str, tuple[str, str]]:
    """Model → (column, parent model): what is edited on the page of its parent belongs to the parent's history."""
    found: dict[str, tuple[str, str]] = {}
    for parent, page in admin.site._registry.items():
        for inline in page.inlines:
            model: type[models.Model] = inline.model
            if not model._meta.auto_created and hasattr(inline, "fk_name"):
                # None for what hangs on the page by something between: it has a history of its own.
                key: Any = _get_foreign_key(parent, model, fk_name=inline.fk_name, can_fail=True)
                if key:
                    found.setdefault(label(model), (key.attname, label(parent)))
    return found
