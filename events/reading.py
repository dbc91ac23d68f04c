"""Reading other people's programmes: a calendar file, and the municipal culture feed of İzmir.

What is new comes in as a draft, for staff to publish. A file that cannot be read raises `Unreadable`, and nothing of
it is written; an event that cannot be read is a line in the report, and the others come in.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import icalendar
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.html import strip_tags

from events.importing import Progress, Report, bring_in, imported, quietly
from events.models import Event, Venue
from izbaku import times
from izbaku.text import fold, slug, words
from izbaku.times import City, Precision

_PAGE = "https://kultursanat.izmir.bel.tr/Etkinlikler/"
_KINDS = {
    "konser": Event.Kind.CONCERT,
    "sergi": Event.Kind.EXHIBITION,
    "panel": Event.Kind.CONFERENCE,
    "soylesi": Event.Kind.CONFERENCE,
    "cocuk": Event.Kind.YOUTH,
}
_LINE_END = re.compile(r"<(?:br|/p|/div|/li)\b[^>]*>", re.IGNORECASE)
_YEARS = range(1900, 2200)  # outside them stand the dates that programs write for "none"
_is_address = URLValidator(schemes=["http", "https"])


class Unreadable(ValueError):
    """The whole file is not what it should be; the message says why, in one line."""


class _Bad(ValueError):
    """One event cannot be read; the message says why."""


def from_ics(data: bytes, report: Report, progress: Progress = quietly) -> None:
    """Bring in the events of a calendar file (RFC 5545), each known by its UID; can be repeated."""
    text = _decoded(data)
    try:
        calendars = icalendar.Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise Unreadable("This is not a calendar file, or it is damaged.") from error
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise Unreadable("This is not a calendar file: it holds no complete VCALENDAR.")
    items = [item for part in calendars for item in part.walk("VEVENT")]
    seen: set[str] = set()
    with transaction.atomic():
        for number, item in enumerate(items, 1):
            name = f"event {number}"
            try:
                uid = _line(_one(item, "UID"))
                if not uid:
                    raise _Bad("it has no UID")
                name = f"ics:{uid}"
                if any(name in item for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
                    raise _Bad("it repeats; enter its days by hand")
                if uid in seen:
                    raise _Bad("its UID stands in the file twice; the first one was read")
                seen.add(uid)
                _bring_in_ics(_key("ics", uid), item, report)
            except (ValueError, TypeError, OverflowError) as error:
                report.skipped.append(f"{name}: {_reason(error)}")
            progress(number, len(items))


def from_culture_feed(data: bytes, report: Report, progress: Progress = quietly) -> None:
    """Bring in the events of the open culture feed (docs/imports.md), each known by its Id; can be repeated."""
    text = _decoded(data)
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("This is not JSON, or it is damaged.") from error
    if not isinstance(rows, list):
        raise Unreadable("This is JSON, but not a list of events.")
    seen: set[int] = set()
    venues = {fold(venue.name): venue for venue in Venue.objects.filter(city=City.IZMIR)}
    with transaction.atomic():
        for number, row in enumerate(rows, 1):
            name = f"event {number}"
            try:
                if not isinstance(row, dict):
                    raise _Bad("it is not an object")
                if type(row.get("Id")) is not int:
                    raise _Bad("it has no Id")
                name = _key("izmir-culture", str(row["Id"]))
                if row["Id"] in seen:
                    raise _Bad("its Id stands in the feed twice; the first one was read")
                seen.add(row["Id"])
                _bring_in_culture(name, row, venues, report)
            except (ValueError, SuspiciousOperation) as error:
                report.skipped.append(f"{name}: {_reason(error)}")
            progress(number, len(rows))


def _bring_in_ics(key: str, item: icalendar.Component, report: Report) -> None:
    values = {
        "description_tr": _text(_one(item, "DESCRIPTION")),
        "place_tr": _line(_one(item, "LOCATION")),
        "sources": _address(_one(item, "URL"), key, report),
    }
    values |= _ics_dates(item)
    if _line(_one(item, "STATUS")).upper() == "CANCELLED":
        row = imported(Event, key)
        if not row or row.state == Event.State.DRAFT:
            # Called off is a public state: a draft must not become public by it.
            raise _Bad("it was called off before it was published here")
        values["state"] = Event.State.CALLED_OFF
    _bring_in(key, _line(_one(item, "SUMMARY")), values, {"kind": Event.Kind.OTHER}, report)


def _bring_in_culture(key: str, row: dict[str, Any], venues: dict[str, Venue], report: Report) -> None:
    place = _line(row.get("EtkinlikMerkezi"))
    venue = venues.get(fold(place))
    page = _line(row.get("EtkinlikUrl"))
    kinds = [_KINDS[word] for word in words(_line(row.get("Tur")))[:1] if word in _KINDS]
    is_free = {True: Event.Admission.FREE, False: Event.Admission.TICKETED}
    free = row.get("UcretsizMi")
    values = {
        "kind": kinds[0] if kinds else Event.Kind.OTHER,
        "summary_tr": _without_html(row.get("KisaAciklama")),
        "venue": venue,
        "place_tr": "" if venue else place,
        "admission": is_free[free] if isinstance(free, bool) else Event.Admission.UNKNOWN,
        "ticket_url": _address(row.get("BiletSatisLinki"), key, report),
        "sources": _PAGE + quote(page, safe="") if page else "",
    }
    values |= _culture_dates(row)
    first = {"city": City.IZMIR, "scope": Event.Scope.IZMIR}
    _bring_in(key, _line(row.get("Adi")), values, first, report)


def _bring_in(key: str, title: str, values: dict[str, Any], first: dict[str, Any], report: Report) -> None:
    """A draft where it is new; `first` is what an import proposes once and then leaves to staff."""
    if not title:
        raise _Bad("it has no title")
    # The key's digest keeps events of one title apart; the address stays when the title changes.
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    address = f"{slug(title)[:80].strip('-') or 'etkinlik'}-{digest}"
    if imported(Event, key) is None:
        values = first | values
    bring_in(Event, key, {"slug": address}, values | {"title_tr": title}, report)


def _ics_dates(item: icalendar.Component) -> dict[str, Any]:
    start, end, length = (_moment(item, name) for name in ("DTSTART", "DTEND", "DURATION"))
    if not isinstance(start, date) or isinstance(end, timedelta):
        raise _Bad("it has no readable start")
    if end is None and isinstance(length, timedelta):
        end = start + length
    if isinstance(start, datetime):
        if end is not None and not isinstance(end, datetime):
            raise _Bad("it starts at a time and ends on a day")
        return _timed(start, end)
    if isinstance(end, datetime):
        raise _Bad("it starts on a day and ends at a time")
    if end is not None and end > start:
        end -= timedelta(days=1)  # a calendar names the day after the last one
    return _days(start, end)


def _moment(item: icalendar.Component, name: str) -> Any:
    value = _one(item, name)
    if value is None:
        return None
    moment = value.dt
    zone = value.params.get("TZID")
    if zone and isinstance(moment, datetime) and moment.tzinfo is None:
        raise _Bad(f"its time zone {zone} is not known")
    return moment


def _culture_dates(row: dict[str, Any]) -> dict[str, Any]:
    texts = [_line(row.get(name)) for name in ("EtkinlikBaslamaTarihi", "EtkinlikBitisTarihi")]
    try:
        start, end = (datetime.fromisoformat(text) if text else None for text in texts)
    except ValueError as error:
        raise _Bad("its date cannot be read") from error
    if start is None:
        raise _Bad("it has no start")
    # The feed has no field for "the time is not known": it writes midnight.
    if start.time() == datetime.min.time() and start.tzinfo is None:
        return _days(start.date(), end.date() if end else None)
    return _timed(start, end)


def _timed(start: datetime, end: datetime | None) -> dict[str, Any]:
    return {"precision": Precision.TIME, "starts_at": _instant(start), "ends_at": _instant(end) if end else None}


def _days(first: date, last: date | None) -> dict[str, Any]:
    for day in filter(None, (first, last)):
        _check_year(day)
    # The whole period, as it is stored: otherwise a repeated import would see a difference.
    first, last = times.whole_period(first, last, Precision.DAY)
    return {"precision": Precision.DAY, "starts_on": first, "ends_on": last}


def _instant(moment: datetime) -> datetime:
    """In UTC; a time that names no zone is İzmir's."""
    _check_year(moment)
    return (moment if moment.tzinfo else moment.replace(tzinfo=times.zone_of(City.IZMIR))).astimezone(UTC)


def _check_year(day: date) -> None:
    if day.year not in _YEARS:
        raise _Bad(f"its year is {day.year}")


def _decoded(data: bytes) -> str:
    """What names its encoding, UTF-8, or else what Turkish Windows writes (ISO 8859-9 is a part of it)."""
    marks = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    named = [encoding for mark, encoding in marks.items() if data.startswith(mark)]
    for encoding in named or ("utf-8", "cp1254"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
            raise Unreadable("This is a web page; the address of the file itself is needed.")
        return text
    raise Unreadable("The file is not text in UTF-8, UTF-16 or Windows-1254.")


def _one(item: icalendar.Component, name: str) -> Any:
    value = item.get(name)
    if isinstance(value, list):
        raise _Bad(f"it has more than one {name}")
    return value


def _text(value: Any) -> str:
    """The text without what a database refuses; anything but a text is none."""
    # JSON can spell NUL and half a character; no database keeps either.
    return value.replace("\0", "").encode(errors="ignore").decode().strip() if isinstance(value, str) else ""


def _line(value: Any) -> str:
    return " ".join(_text(value).split())


def _without_html(value: Any) -> str:
    text = unescape(strip_tags(_LINE_END.sub("\n", _text(value))))
    return "\n".join(filter(None, map(_line, text.splitlines())))


def _address(value: Any, key: str, report: Report) -> str:
    """The web address, or none: a wrong one is said, and does not keep the event out."""
    address = _text(value)
    try:
        if address:
            _is_address(address)
            Event._meta.get_field("ticket_url").run_validators(address)
    except ValidationError:
        report.skipped.append(f"{key}: the address {address[:80]!r} is not one")
        return ""
    return address


def _key(source: str, name: str) -> str:
    """The name under which an event is remembered: a very long one by its digest."""
    key = f"{source}:{name}"
    return key if len(key) <= 150 else f"{source}:{hashlib.sha256(name.encode()).hexdigest()}"


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, _Bad) else "it cannot be read"
