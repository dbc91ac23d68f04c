"""How one event reads in a grid, in a list and in a calendar program: made ready when it is saved.

A line depends on the event and the language alone. What depends on the day (a past event that was only announced)
is added by whoever shows the line, at the place marked `PAST`; what is only true before it (planned) stands between
two marks `AHEAD`.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from izbaku import ics, times

if TYPE_CHECKING:
    from events.models import Event

PAST, AHEAD = "<!--past-->", "<!--ahead-->"
LANGUAGES = [code for code, _name in settings.LANGUAGES]


@cache
def maker() -> str:
    """Names what lines are made from: templates, catalogues and the code beside them. Another name, another line."""
    folders = [settings.BASE_DIR / "templates" / "events" / "parts", *settings.LOCALE_PATHS]
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".mo")]
    digest = hashlib.sha256(settings.SITE_ADDRESS.encode())
    for path in [*files, Path(__file__), Path(times.__file__), Path(ics.__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cell(event: Event, language: str) -> str:
    """A short line for month, week and year."""
    return _render("events/parts/cell.html", event, language)


def card(event: Event, language: str) -> str:
    """A row of the list."""
    return _render("events/parts/card.html", event, language)


def _render(template: str, event: Event, language: str) -> str:
    with translation.override(language):
        context = {
            "event": event,
            "reading": times.reading(event, language),
            "begins": times.unbroken(times.both(event.starts_at, None, event.city, language))
            if event.starts_at
            else "",
            "city_name": times.city_name(event.city, language) if event.city else event.place,
            "past_mark": PAST,
            "ahead_mark": AHEAD,
            "fallback": event.is_fallback("title", language),
        }
        return " ".join(render_to_string(template, context).split())


def entry(event: Event, language: str) -> str:
    """The VEVENT (RFC 5545), or nothing where the date is vague: there is no honest DTSTART."""
    if not event.has_exact_day or event.starts_on is None or event.ends_on is None:
        return ""
    with translation.override(language):
        title = event.title
        if event.state in (event.State.CALLED_OFF, event.State.POSTPONED):
            title = f"{event.get_state_display()}: {title}"
        cancelled = event.state in (event.State.CALLED_OFF, event.State.POSTPONED)
        return ics.entry(
            uid=event.uid,
            summary=title,
            starts=event.starts_at or event.starts_on,
            ends=event.ends_at or (None if event.starts_at else event.ends_on + timedelta(days=1)),
            zone=times.zone_of(event.city).key,
            stamp=event.changed_at,
            sequence=event.sequence,
            status="CANCELLED" if cancelled else "CONFIRMED" if event.is_certain else "TENTATIVE",
            description=event.summary,
            location=event.where,
            url=settings.SITE_ADDRESS + reverse("events:event", args=[event.slug]),
            categories=[str(event.get_kind_display())],
            geo=event.venue.position if event.venue else None,
        )
