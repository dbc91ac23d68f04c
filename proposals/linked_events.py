"""The one door from proposals into the programme: which events belong to a project, and how they are named.

Nothing else here knows the programme; the programme knows nothing of proposals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from events.models import Event
from izbaku import times


@dataclass(frozen=True)
class Linked:
    title: str
    when: str
    address: str


def told(keys: Iterable[int], language: str, now: datetime) -> list[Linked]:
    """The public ones among these events, soonest first, as the language says them. One query."""
    events = Event.objects.filter(pk__in=list(keys)).public(now).in_order()
    return [
        Linked(event.title, times.reading(event, language).days, reverse("events:event", args=[event.slug]))
        for event in events
    ]


def to_choose_from(user: Any) -> Any:
    """The events that this person may link: those on which they may look."""
    return Event.objects.editable_by(user).newest_first()
