"""What is ready before anybody asks: an event's lines in each language, the words it is found by, its reminders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models

from events import lines, moments

if TYPE_CHECKING:
    from events.models import Event


class Line(models.Model):
    """What is ready to be shown of an event in one language: written with the event, read by the thousand."""

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="lines")
    language = models.CharField(max_length=2)
    cell = models.TextField()
    card = models.TextField()
    entry = models.TextField()
    made_by = models.CharField(max_length=16, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["language", "event"], name="one_line_per_language")]

    def __str__(self) -> str:
        return f"{self.event_id} ({self.language})"


class EventWord(models.Model):
    """A folded word by which an event is found."""

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="found_by")
    word = models.CharField(max_length=60, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["event", "word"], name="event_word")]

    def __str__(self) -> str:
        return self.word


def refresh(events: Iterable[Event]) -> None:
    """Write the lines, words and reminders of these events anew."""
    events = list(events)
    keys = [event.pk for event in events]
    made_by = lines.maker()
    Line.objects.filter(event__in=keys).delete()
    EventWord.objects.filter(event__in=keys).delete()
    Line.objects.bulk_create(
        Line(
            event=event,
            language=language,
            cell=lines.cell(event, language),
            card=lines.card(event, language),
            entry=lines.entry(event, language),
            made_by=made_by,
        )
        for event in events
        for language in lines.LANGUAGES
    )
    EventWord.objects.bulk_create(
        (EventWord(event=event, word=word[:60]) for event in events for word in event.find_words()),
        batch_size=1000,
    )
    moments.follow(events)
