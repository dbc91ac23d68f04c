"""One line of the trail."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AppendOnly(RuntimeError):
    """Somebody wants to change or delete what is only ever added to."""


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, record: models.Model) -> EntryQuerySet:
        """What happened to the record and to what is edited on its page."""
        model, pk = record._meta.concrete_model._meta.label_lower, str(record.pk)  # type: ignore[union-attr]
        return self.filter(models.Q(model=model, object_id=pk) | models.Q(under=f"{model}:{pk}")).order_by("-pk")

    def update(self, **kwargs: Any) -> int:
        raise AppendOnly("The trail is not changed.")

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        raise AppendOnly("The trail is not changed.")

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[Entry]:
        if any(args[1:]) or kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            raise AppendOnly("The trail is not changed.")
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly("The trail is not deleted.")

    delete.queryset_only = True  # type: ignore[attr-defined]


class Entry(models.Model):
    """Who did what to which record, and what each of its fields said before and after.

    It names records and people by number alone, and looks their names up when it is read: whoever is erased
    is nowhere in it. `changes` holds `{field: [old, new]}`, `{field: null}` where the value is nobody's business,
    `{field: {"added": […], "removed": […]}}` for lists.
    """

    class Act(models.TextChoices):
        ADDED = "added", pgettext_lazy("trail", "added")
        CHANGED = "changed", pgettext_lazy("trail", "changed")
        DELETED = "deleted", pgettext_lazy("trail", "deleted")

    class Via(models.TextChoices):
        PERSON = "person", _("a person")
        VISITOR = "visitor", _("a visitor")
        IMPORT = "import", _("the import")
        COMMAND = "command", _("a command")
        TASK = "task", _("the portal itself")

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    model = models.CharField(_("kind of record"), max_length=100)
    object_id = models.CharField(_("number"), max_length=64)
    under = models.CharField(max_length=165, blank=True)
    act = models.CharField(_("what"), max_length=7, choices=Act)
    changes = models.JSONField(_("changes"), default=dict, encoder=DjangoJSONEncoder)
    # No foreign key: the trail neither keeps an account from being deleted nor changes when it is.
    actor = models.BigIntegerField(_("who"), null=True, blank=True, db_index=True)
    via = models.CharField(_("through"), max_length=7, choices=Via)
    origin = models.CharField(_("where"), max_length=100, blank=True)
    request = models.UUIDField(_("request"), null=True, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("trail", "change")
        verbose_name_plural = _("trail of changes")
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["model", "object_id"], name="trail_of_record"),
            models.Index(fields=["under"], name="trail_under_record", condition=~models.Q(under="")),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id} {self.act}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("The trail is not changed.")
        super().save(force_insert=True, using=kwargs.get("using"))

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("The trail is not deleted.")
