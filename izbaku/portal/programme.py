"""Loading the shipped programme: events, observances, venues and the forty years, each fact with its sources."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_datetime

from events.importing import Progress, Report, bring_in, quietly
from events.models import Event, Observance, Session, Venue
from izbaku import times
from izbaku.accounts.models import Organisation
from izbaku.portal.models import Milestone

FILE = Path(__file__).resolve().parents[2] / "events" / "data" / "programme.json"
LANGUAGES = ("tr", "az", "en")


def read(path: Path = FILE) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def load(data: dict[str, Any], progress: Progress = quietly) -> Report:
    """Bring everything in; can be repeated. Returns what was added, changed, left unchanged, skipped."""
    report = Report()
    # What the file holds has been public since the day it was gathered.
    collected = datetime.combine(date.fromisoformat(data["meta"]["collected"]), datetime.min.time(), UTC)
    for row in data["venues"]:
        names = ("name", "city", "district", "address", "latitude", "longitude", "facts")
        blank = dict.fromkeys(names, "") | {"latitude": None, "longitude": None}
        values = {name: row[name] if row[name] is not None else blank[name] for name in names}
        bring_in(Venue, f"venue:{row['slug']}", {"slug": row["slug"]}, values | _sources(row), report)
    for row in data["observances"]:
        lookup = {name: row[name] for name in ("month", "day", "country")}
        key = "observance:{month}-{day}:{country}".format(**lookup)
        bring_in(Observance, key, lookup, _texts(row, "title") | _sources(row), report)
    for row in data["milestones"]:
        values = {name: row[name] for name in ("year", "when", "is_approximate")}
        values |= _texts(row, "text") | _sources(row)
        bring_in(Milestone, f"milestone:{row['key']}", {"key": row["key"]}, values, report)
    rows = data["events"] + data["archive_events"]
    for number, row in enumerate(rows, 1):
        event = _event(row, collected, report)
        if event:
            for part in row["sessions"]:
                values = _texts(part, "title", "summary", "place") | _dates(part)
                bring_in(Session, f"session:{part['slug']}", {"event": event, "slug": part["slug"]}, values, report)
        progress(number, len(rows))
    return report


def _texts(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {f"{name}_{language}": row[name].get(language) or "" for name in names for language in LANGUAGES}


def _sources(row: dict[str, Any]) -> dict[str, Any]:
    return {"sources": "\n".join(row["sources"])}


def _dates(row: dict[str, Any]) -> dict[str, Any]:
    """Precision and days as the source has them; a time only where the source had one."""
    values: dict[str, Any] = {"precision": row["precision"], "basis": row["basis"]}
    if row["starts_at"]:
        return values | {
            "starts_at": parse_datetime(row["starts_at"]),
            "ends_at": parse_datetime(row["ends_at"]) if row["ends_at"] else None,
        }
    if not row["starts_on"]:
        return values
    first = date.fromisoformat(row["starts_on"])
    last = date.fromisoformat(row["ends_on"]) if row["ends_on"] else None
    # The whole period, as it is stored: otherwise the second load would see a difference.
    return values | dict(zip(("starts_on", "ends_on"), times.whole_period(first, last, row["precision"]), strict=True))


def _event(row: dict[str, Any], collected: datetime, report: Report) -> Event | None:
    values = {name: row[name] for name in ("kind", "scope", "certainty", "city")}
    values |= _texts(row, "title", "summary", "place") | _dates(row) | _sources(row)
    values |= {"venue": Venue.objects.filter(slug=row["venue_slug"]).first()}
    values |= {"state": Event.State.PUBLIC, "publish_at": collected, "changed_at": collected}
    event: Event | None = bring_in(Event, f"event:{row['slug']}", {"slug": row["slug"]}, values, report)
    if event and row["organisers"] and not event.organisers.exists():
        names = dict.fromkeys(row["organisers"])
        event.organisers.set(Organisation.objects.get_or_create(name=name)[0] for name in names)
        event.save()  # so that it is found by their names
    return event
