"""Calendar entries (RFC 5545): each made once, a whole calendar assembled from ready ones.

Nothing here reads a clock: DTSTAMP and LAST-MODIFIED come from the row, so that a feed is the same,
byte for byte, until its content changes.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache

import icalendar

PRODID = "-//İZAZDER//izbaku//TR"
ZONES = ("Europe/Istanbul", "Asia/Baku")


def entry(
    *,
    uid: str,
    summary: str,
    starts: datetime | date,
    ends: datetime | date | None,
    zone: str,
    stamp: datetime,
    sequence: int,
    status: str,
    description: str = "",
    location: str = "",
    url: str = "",
    categories: Iterable[str] = (),
    geo: tuple[float, float] | None = None,
) -> str:
    """A VEVENT, folded, with CRLF line ends. A day's end is exclusive, as RFC 5545 has it."""
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("last-modified", stamp)
    event.add("sequence", sequence)
    event.add("status", status)
    event.add("summary", summary)
    event.add("dtstart", _local(starts, zone))
    if ends:
        event.add("dtend", _local(ends, zone))
    if not isinstance(starts, datetime):
        event.add("transp", "TRANSPARENT")
    for name, value in (("description", description), ("location", location), ("url", url)):
        if value:
            event.add(name, value)
    if categories := list(categories):
        event.add("categories", categories)
    if geo:
        event.add("geo", geo)
    return event.to_ical().decode()


def _local(moment: datetime | date, zone: str) -> datetime | date:
    return moment.astimezone(icalendar.timezone.tzp.timezone(zone)) if isinstance(moment, datetime) else moment


@cache
def _zone(name: str) -> str:
    # From the year of the tie on: both countries once kept summer time, and the archive goes back.
    first, last = date(1985, 1, 1), date(2038, 1, 1)
    return icalendar.Timezone.from_tzid(name, first_date=first, last_date=last).to_ical().decode()


def calendar(entries: Iterable[str], *, name: str, language: str = "", url: str = "") -> bytes:
    """The whole file, with the zones of both cities. `url` is where it is found again (RFC 7986)."""
    parameters = {"LANGUAGE": language} if language else {}
    head = icalendar.Calendar()
    head.add("version", "2.0")
    head.add("prodid", PRODID)
    head.add("calscale", "GREGORIAN")
    head.add("method", "PUBLISH")
    head.add("name", icalendar.vText(name), parameters)
    head.add("x-wr-calname", icalendar.vText(name))
    head.add("refresh-interval", timedelta(hours=1), {"VALUE": "DURATION"})
    head.add("x-published-ttl", "PT1H")
    if url:
        head.add("source", url, {"VALUE": "URI"})
    shell = head.to_ical().decode().removesuffix("END:VCALENDAR\r\n")
    return "".join([shell, *map(_zone, ZONES), *entries, "END:VCALENDAR\r\n"]).encode()
