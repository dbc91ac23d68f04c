"""Tables to which rows are only added: what was noted stays as it was noted."""

from typing import Any

from django.db import models


class Unchanging(RuntimeError):
    """Somebody wants to change or delete what is only ever added to."""


class UnchangingQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> int:
        raise Unchanging(f"{self.model.__name__} rows are not changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Unchanging(f"{self.model.__name__} rows are not deleted.")

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        raise Unchanging(f"{self.model.__name__} rows are not changed.")

    delete.queryset_only = True  # type: ignore[attr-defined]

    def forget_people(self, **values: Any) -> int:
        """Erasure alone: take the person out of the rows."""
        return super().update(**values)

    def outlive(self) -> int:
        """Retention alone: these rows have had their time; returns how many there were."""
        return super().delete()[0]

    outlive.queryset_only = True  # type: ignore[attr-defined]


class UnchangingModel(models.Model):
    objects = UnchangingQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Unchanging(f"{type(self).__name__} rows are not changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Unchanging(f"{type(self).__name__} rows are not deleted.")
