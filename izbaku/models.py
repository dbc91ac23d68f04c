"""The floor's own tables: two counters."""

from django.db import models

from izbaku.freshness import ProgrammeVersion

__all__ = ["Knock", "ProgrammeVersion"]


class Knock(models.Model):
    """How often one visitor did one thing within one window of time; the key is a hash of all three."""

    key = models.CharField(max_length=64, unique=True)
    times = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.times}"
