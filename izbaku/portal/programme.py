"""Loading the shipped programme: events, observances, venues and the forty years, each fact with its sources."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_datetime

from events.importing import Report, bring_in
from events.models import Event, Observance, Session, Venue
from izbaku.accounts.models import Organisation
from izbaku.portal.models import Milestone

FILE = Path(__file__).resolve().parents[2] / "events" / "data" / "programme.json"
LANGUAGES = ("tr", "az", "en")
STATUS = {"held": "held", "announced": "announced", "planned_unconfirmed": "planned", "planned": "planned"}
PRECISION = {
    "day": ("day", "stated"),
    "inferred_day": ("day", "inferred"),
    "reported_on": ("day", "reported"),
    "month": ("month", "stated"),
    "year": ("year", "stated"),
    "unknown": ("unknown", "stated"),
}
PLACES = {"Gence": {"tr": "Gence", "az": "Gəncə", "en": "Ganja"}}
CITIES = {"İzmir": "izmir", "Aliağa (İzmir)": "izmir", "Bakü": "baku"}
# Where an event's place in words surely is one of the venues.
VENUES = {
    "Kültürpark, Konak": "kulturpark",
    "Ege Üniversitesi Türk Dünyası Araştırmaları Enstitüsü": "ege-tdae",
    "Bornova Atatürk Amfitiyatrosu": "bornova-ataturk-amfitiyatrosu",
    "Ege Üniversitesi MÖTBE Kültür Merkezi": "ege-motbe",
    "DEÜ Rektörlük 15 Temmuz Şehitler Salonu": "deu-15-temmuz-salonu",
}


def read(path: Path = FILE) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def load(data: dict[str, Any], progress: Any = None) -> Report:
    """Bring everything in; can be repeated. Returns what was added, changed, left unchanged, skipped."""
    report = Report()
    collected = datetime.fromisoformat(f"{data['meta']['collected']}T00:00:00+00:00")
    for row in data["venues"]:
        _venue(row, report)
    for row in data["observances"]:
        month, day = map(int, row["month_day"].split("-"))
        values = {**_texts("title", row["title"]), "sources": _lines(row["sources"])}
        lookup = {"month": month, "day": day, "country": row["country"]}
        bring_in(Observance, f"observance:{row['month_day']}:{row['country']}", lookup, values, report)
    for number, row in enumerate(data["milestones"], 1):
        key = f"{row['date'] or row['year']}-{number}"
        values = {
            **_texts("text", row["text"]),
            "year": int(row["year"]),
            "when": row["date"] or "",
            "is_approximate": row.get("approx", False),
            "sources": _lines(row["sources"]),
        }
        bring_in(Milestone, f"milestone:{key}", {"key": key}, values, report)
    rows = [row for row in data["events"] if not row.get("part_of")] + data["archive_events"]
    for row in rows:
        event = _event(row, collected, report)
        if event:
            for part in [part for part in data["events"] if part.get("part_of") == row["slug"]]:
                _session(event, part, part["slug"], part["title"], report)
            for number, part in enumerate(row.get("programme", []), 1):
                _session(event, part, f"{row['slug']}-{number}", {"tr": part["what"]}, report)
        if progress:
            progress()
    return report


def _lines(addresses: list[str]) -> str:
    return "\n".join(addresses)


def _texts(name: str, texts: dict[str, str]) -> dict[str, str]:
    return {f"{name}_{language}": texts.get(language, "") for language in LANGUAGES}


def _venue(row: dict[str, Any], report: Report) -> None:
    values = {
        "name": row["name"],
        "city": CITIES.get(row["city"], ""),
        "district": row["district"] or "",
        "address": row["address"] or "",
        "latitude": row["lat"],
        "longitude": row["lon"],
        "facts": row["facts"] or "",
        "sources": _lines(row["sources"]),
    }
    bring_in(Venue, f"venue:{row['slug']}", {"slug": row["slug"]}, values, report)


def _dates(row: dict[str, Any]) -> dict[str, Any]:
    """Precision and days as the source has them; a time only where the source had one."""
    start, end = row.get("start"), row.get("end")
    if start and "T" in start:
        return {
            "precision": "time",
            "basis": "stated",
            "starts_at": parse_datetime(start),
            "ends_at": parse_datetime(end) if end and "T" in end else None,
        }
    precision, basis = PRECISION[row.get("date_precision") or "day"]
    return {"precision": precision, "basis": basis, "starts_on": _day(start), "ends_on": _day(end)}


def _day(text: str | None) -> date | None:
    """`2026-04` is stored as its first day; the precision says that only the month is known."""
    return date.fromisoformat(f"{text}-01-01"[:10]) if text else None


def _event(row: dict[str, Any], collected: datetime, report: Report) -> Event | None:
    city = CITIES.get(row["city"], "")
    place = row.get("venue") or ""
    venue = Venue.objects.filter(slug=VENUES.get(place, "")).first()
    town = PLACES.get(row["city"], {})
    values: dict[str, Any] = {
        **_texts("title", row["title"]),
        **_texts("summary", row.get("summary", {})),
        **_dates(row),
        "kind": row.get("type", "other"),
        "scope": row.get("scope", "izmir"),
        "certainty": STATUS[row.get("status", "held")],
        "city": city,
        "venue": venue,
        "sources": _lines(row["sources"]),
        "state": Event.State.PUBLIC,
        "publish_at": collected,
        "changed_at": collected,
    }
    for language in LANGUAGES:
        where = "" if venue else ", ".join(filter(None, [place, town.get(language)]))
        values[f"place_{language}"] = where if language == "tr" or town else ""
    event: Event | None = bring_in(Event, f"event:{row['slug']}", {"slug": row["slug"]}, values, report)
    if event and not event.organisers.exists() and row["organisers"]:
        event.organisers.set(
            Organisation.objects.get_or_create(name=name)[0] for name in dict.fromkeys(row["organisers"])
        )
        event.save()
    return event


def _session(event: Event, row: dict[str, Any], slug: str, title: dict[str, str], report: Report) -> None:
    values = {
        **_texts("title", title),
        **_texts("summary", row.get("summary", {})),
        **_dates(row),
        "place_tr": (row.get("venue") or "") if "what" in row else "",
    }
    bring_in(Session, f"session:{slug}", {"event": event, "slug": slug}, values, report)
