"""The programme for programs: iCalendar, Atom, JSON, JSON-LD."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils import feedgenerator
from django.utils.translation import gettext as _

from events.models import Event, Session
from izbaku import ics, times
from izbaku.freshness import next_midnight
from izbaku.text import sendable

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def until(now: datetime) -> datetime:
    """How long a public page stays true: to the next midnight, or until an event appears."""
    return true_until(now, Event.objects.appearing(now).aggregate(at=Min("publish_at"))["at"])


def true_until(now: datetime, appearing: datetime | None) -> datetime:
    """The same, where the moment at which the next event appears is known already."""
    return min(next_midnight(now), appearing or next_midnight(now))


def calendar(events: QuerySet[Event], language: str, name: str, url: str) -> bytes:
    """RFC 5545, from ready entries; vague dates have none."""
    rows = events.filter(lines__language=language).exclude(lines__entry="").order_by("pk")
    return ics.calendar(rows.values_list("lines__entry", flat=True), name=name, url=url)


class _Atom(feedgenerator.Atom1Feed):
    def latest_post_date(self) -> datetime:
        """Of an empty feed too: the moment of asking would make it another one each time."""
        return super().latest_post_date() if self.items else datetime(settings.PROGRAMME_YEAR, 1, 1, tzinfo=UTC)


def atom(events: Iterable[Event], language: str, address: str) -> tuple[str, str]:
    """RFC 4287: the text and its content type; vague dates are in, as text."""
    feed = _Atom(
        title=_("İzmir–Baku 40: the programme"),
        link=settings.SITE_ADDRESS + reverse("events:list"),
        description="",
        author_name=settings.CONTACT["name"],
        author_link=settings.SITE_ADDRESS + reverse("about"),
        language=language,
        feed_url=address,
    )
    for event in events:
        reading = times.reading(event, language)
        feed.add_item(
            title=sendable(event.title),
            link=settings.SITE_ADDRESS + reverse("events:event", args=[event.slug]),
            description=sendable(" ".join(filter(None, [f"{reading.days}. {reading.times}", event.summary]))),
            unique_id=uuid5(NAMESPACE_URL, event.uid).urn,
            updateddate=event.changed_at,
            pubdate=event.publish_at,
        )
    return feed.writeString("utf-8"), feed.content_type


def open_data(events: QuerySet[Event]) -> dict[str, Any]:
    """All three languages, vague dates as they are; documented by static/open-data/events.schema.json."""
    return {
        "licence": LICENCE,
        "schema": settings.SITE_ADDRESS + settings.STATIC_URL + "open-data/events.schema.json",
        "events": [_row(event) for event in events.select_related("venue").prefetch_related("organisers", "sessions")],
    }


def _row(event: Event) -> dict[str, Any]:
    venue = event.venue
    return {
        "slug": event.slug,
        "url": settings.SITE_ADDRESS + reverse("events:event", args=[event.slug]),
        "kind": event.kind,
        "scope": event.scope,
        "state": event.state,
        "certainty": event.certainty,
        "title": _texts(event, "title"),
        "summary": _texts(event, "summary"),
        "description": _texts(event, "description"),
        "city": event.city or None,
        "place": event.where or None,
        "venue": venue
        and {
            "name": venue.name,
            "district": venue.district or None,
            "address": venue.address or None,
            "latitude": venue.latitude,
            "longitude": venue.longitude,
        },
        "organisers": [organisation.name for organisation in event.organisers.all()],
        **_dates(event),
        "first_planned_for": event.previous_starts_on and event.previous_starts_on.isoformat(),
        "sessions": [
            {
                "title": _texts(part, "title"),
                "summary": _texts(part, "summary"),
                "place": _texts(part, "place"),
                **_dates(part),
            }
            for part in event.sessions.all()
        ],
        "spoken": event.spoken,
        "interpreting": event.interpreted,
        "accessibility": event.access,
        "admission": event.admission or None,
        "ticket_url": event.ticket_url or None,
        "stream_url": event.stream_url or None,
        "sample": event.is_sample,
        "sources": event.source_list,
        "changed_at": event.changed_at.isoformat(),
    }


def _texts(row: Event | Session, name: str) -> dict[str, str | None]:
    return {code: getattr(row, f"{name}_{code}") or None for code, _name in settings.LANGUAGES}


def _dates(row: Event | Session) -> dict[str, Any]:
    return {
        "precision": row.precision,
        "basis": row.basis,
        "starts_on": row.starts_on and row.starts_on.isoformat(),
        "ends_on": row.ends_on and row.ends_on.isoformat(),
        "starts_at": row.starts_at and row.starts_at.isoformat(),
        "ends_at": row.ends_at and row.ends_at.isoformat(),
    }


def json_ld(event: Event, address: str, picture: str) -> str:
    """schema.org Event with its true status, safe inside a script element."""
    status = {Event.State.CALLED_OFF: "EventCancelled", Event.State.POSTPONED: "EventPostponed"}
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "description": event.summary,
        "url": address,
        "image": picture,
        "eventStatus": f"https://schema.org/{status.get(Event.State(event.state), 'EventScheduled')}",
        "organizer": [{"@type": "Organization", "name": o.name} for o in event.organisers.all()],
        "location": {"@type": "Place", "name": event.where or event.get_city_display()},
    }
    if event.has_exact_day and event.starts_on and event.ends_on:
        start, end = event.local_start, event.ends_at
        data["startDate"] = start.isoformat() if start else event.starts_on.isoformat()
        if end or not start:
            data["endDate"] = (
                end.astimezone(times.zone_of(event.city)).isoformat() if end else event.ends_on.isoformat()
            )
    if event.previous_starts_on:
        data["previousStartDate"] = event.previous_starts_on.isoformat()
        if event.state == Event.State.PUBLIC:
            data["eventStatus"] = "https://schema.org/EventRescheduled"
    text = json.dumps(data, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def add_links(event: Event, address: str) -> dict[str, str]:
    """Where the event can be added to a calendar by a link; none for a vague date."""
    if not event.has_exact_day or event.starts_on is None or event.ends_on is None:
        return {}
    if event.starts_at:
        stamp = "%Y%m%dT%H%M%SZ"
        first, last = event.starts_at, event.ends_at or event.starts_at + timedelta(hours=1)
    else:
        stamp = "%Y%m%d"
        first = datetime.combine(event.starts_on, time())
        last = datetime.combine(event.ends_on + timedelta(days=1), time())
    google = {"action": "TEMPLATE", "text": event.title, "dates": f"{first:{stamp}}/{last:{stamp}}"}
    outlook = {"path": "/calendar/action/compose", "rru": "addevent", "subject": event.title}
    outlook |= {"startdt": first.isoformat(), "enddt": last.isoformat()}
    if not event.starts_at:
        outlook["allday"] = "true"
    common = {"location": event.where}
    return {
        "google": "https://calendar.google.com/calendar/render?" + _query(google | common | {"details": address}),
        "outlook": "https://outlook.live.com/calendar/0/deeplink/compose?"
        + _query(outlook | common | {"body": address}),
    }


def _query(values: dict[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
