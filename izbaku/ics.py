"""Calendar entries (RFC 5545): each made once, a whole calendar assembled from ready ones.

Nothing here reads a clock: DTSTAMP and LAST-MODIFIED come from the row, so that a feed is the same,
byte for byte, until its content changes.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import icalendar

from izbaku.text import sendable

PRODID = "-//İZAZDER//izbaku//TR"
ZONES = ("Europe/Istanbul", "Asia/Baku")
END = datetime(2038, 1, 1, tzinfo=UTC)


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
    organizer: str = "",
    attendee: str = "",
) -> str:
    """A VEVENT, folded, with CRLF line ends. A day's end is exclusive, as RFC 5545 has it.

    `organizer` and `attendee` are mail addresses: an entry that is sent to one person carries both (RFC 5546).
    Without `uid` and `attendee` it is one for many, which `addressed` makes one person's.
    """
    event = icalendar.Event()
    if uid:
        event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("last-modified", stamp)
    event.add("sequence", sequence)
    event.add("status", status)
    event.add("summary", sendable(summary))
    event.add("dtstart", _local(starts, zone))
    if ends:
        event.add("dtend", _local(ends, zone))
    if not isinstance(starts, datetime):
        event.add("transp", "TRANSPARENT")
    for name, value in (("description", description), ("location", location), ("url", url)):
        if value:
            event.add(name, sendable(value))
    if categories := list(categories):
        event.add("categories", categories)
    if geo:
        event.add("geo", geo)
    if organizer:
        event.add("organizer", f"mailto:{organizer}")
    if attendee:
        event.add("attendee", f"mailto:{attendee}", {"PARTSTAT": "ACCEPTED", "ROLE": "REQ-PARTICIPANT"})
    return event.to_ical().decode()


def addressed(entry: str, *, uid: str, attendee: str, partstat: str = "ACCEPTED") -> str:
    """A ready entry as one person’s; made anew for each reader of an event it would cost more than the whole letter.

    With NEEDS-ACTION the person's program is asked to answer.
    """
    asks = ";RSVP=TRUE" if partstat == "NEEDS-ACTION" else ""
    own = _folded(f"UID:{uid}") + _folded(f"ATTENDEE;PARTSTAT={partstat};ROLE=REQ-PARTICIPANT{asks}:mailto:{attendee}")
    return entry.replace("BEGIN:VEVENT\r\n", f"BEGIN:VEVENT\r\n{own}", 1)


def _folded(line: str) -> str:
    """ASCII in lines of 75 octets (RFC 5545, 3.1)."""
    rest = [line[at : at + 74] for at in range(75, len(line), 74)]
    return "\r\n ".join([line[:75], *rest]) + "\r\n"


def _local(moment: datetime | date, zone: str) -> datetime | date:
    return moment.astimezone(icalendar.timezone.tzp.timezone(zone)) if isinstance(moment, datetime) else moment


@cache
def _zone(name: str) -> str:
    # From the year of the tie on: both countries once kept summer time, and the archive goes back.
    zone = icalendar.Timezone.from_tzid(name, first_date=date(1985, 1, 1), last_date=END.date())
    # Readers that pass over lists of dates (vobject, Outlook) would stay in the 1980s: what holds today stands alone.
    zone.add_component(_since_the_last_change(ZoneInfo(name)))
    return zone.to_ical().decode()


def _since_the_last_change(zone: ZoneInfo) -> icalendar.TimezoneStandard | icalendar.TimezoneDaylight:
    def kept(at: datetime) -> tuple[timedelta | None, timedelta | None, str | None]:
        local = at.astimezone(zone)
        return local.utcoffset(), local.dst(), local.tzname()

    change = END
    for step in (timedelta(days=1), timedelta(minutes=1)):
        while change.year > 1985 and kept(change - step) == kept(END):
            change -= step
    (before, _dst, _name), (offset, summer, name) = kept(change - step), kept(END)
    part = icalendar.TimezoneDaylight() if summer else icalendar.TimezoneStandard()
    part.add("dtstart", (change + (before or timedelta())).replace(tzinfo=None))
    part.add("tzname", name)
    part.add("tzoffsetfrom", before)
    part.add("tzoffsetto", offset)
    return part


def itip(entry: str, method: str) -> bytes:
    """One entry as a message to one person: REQUEST or CANCEL (RFC 5546)."""
    head = icalendar.Calendar()
    head.add("version", "2.0")
    head.add("prodid", PRODID)
    head.add("calscale", "GREGORIAN")
    head.add("method", method)
    shell = head.to_ical().decode().removesuffix("END:VCALENDAR\r\n")
    zones = [_zone(zone) for zone in ZONES if f"TZID={zone}" in entry]
    return "".join([shell, *zones, entry, "END:VCALENDAR\r\n"]).encode()


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
