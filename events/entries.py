"""An event as an entry of one person's calendar, to be answered there (RFC 5546)."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import reverse

from events.models import Event
from izbaku import ics, times
from izbaku.mail.kinds import CalendarPart


def personal_entry(
    event: Event, method: str, *, uid: str, attendee: str, sequence: int, partstat: str
) -> CalendarPart | None:
    """In the language that is active; nothing where the date is vague."""
    if not event.has_exact_day or event.starts_on is None or event.ends_on is None:
        return None
    entry = _entry_for_all(
        organizer=settings.MAIL_FROM,
        summary=event.title,
        starts=event.starts_at or event.starts_on,
        ends=event.ends_at or (None if event.starts_at else event.ends_on + timedelta(days=1)),
        zone=times.zone_of(event.city).key,
        stamp=event.changed_at,
        sequence=sequence,
        status="CANCELLED" if method == "CANCEL" else "CONFIRMED",
        location=event.where,
        url=settings.SITE_ADDRESS + reverse("events:event", args=[event.slug]),
    )
    return CalendarPart(method, ics.itip(ics.addressed(entry, uid=uid, attendee=attendee, partstat=partstat), method))


@lru_cache(maxsize=64)
def _entry_for_all(**said: Any) -> str:
    """Made once for all readers of an event in a language; whatever it says is part of the key."""
    return ics.entry(uid="", **said)
