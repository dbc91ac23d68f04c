from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject

from izbaku import ics

TITLE = "Şəki, İzmir; “Qarabağ” \\ gün"
SEVERAL_LINES = "Birinci sətir\nİkinci satır, üçüncü; " + "ə" * 100


def make_entry(**changes: Any) -> str:
    facts: dict[str, Any] = {
        "uid": "novruz-2026@example.org",
        "summary": TITLE,
        "description": SEVERAL_LINES,
        "starts": datetime(2026, 3, 21, 10, 30, tzinfo=UTC),
        "ends": datetime(2026, 3, 21, 13, 30, tzinfo=UTC),
        "zone": "Asia/Baku",
        "stamp": datetime(2026, 2, 1, 9, 0, tzinfo=UTC),
        "sequence": 3,
        "status": "CONFIRMED",
        "categories": ["Konser, gösteri", "Forum"],
        "geo": (38.4237, 27.1428),
    }
    return ics.entry(**facts | changes)


def make_calendar(*entries: str) -> bytes:
    return ics.calendar(entries, name="İzmir, Bakı", language="az", url="https://example.org/az/teqvim.ics")


def read_back(entry: str) -> icalendar.Event:
    return icalendar.Calendar.from_ical(make_calendar(entry)).events[0]


def test_what_went_in_comes_out():
    event = read_back(make_entry())

    assert (str(event["summary"]), str(event["description"])) == (TITLE, SEVERAL_LINES)
    assert event["categories"].cats == ["Konser, gösteri", "Forum"]
    assert (event["geo"].latitude, event["geo"].longitude) == (38.4237, 27.1428)
    assert (event["status"], event["sequence"]) == ("CONFIRMED", 3)


def test_another_reader_finds_the_same():
    event = vobject.readOne(make_calendar(make_entry()).decode()).vevent

    assert (event.summary.value, event.description.value) == (TITLE, SEVERAL_LINES)
    assert event.dtstart.value == datetime(2026, 3, 21, 10, 30, tzinfo=UTC)


def test_a_time_is_written_in_the_events_own_zone():
    entry = make_entry()

    assert "DTSTART;TZID=Asia/Baku:20260321T143000\r\n" in entry
    assert "DTEND;TZID=Asia/Baku:20260321T173000\r\n" in entry


def test_a_day_is_written_as_a_day_and_leaves_people_free():
    entry = make_entry(starts=date(2026, 12, 31), ends=date(2027, 1, 1))

    assert "DTSTART;VALUE=DATE:20261231\r\n" in entry
    assert "DTEND;VALUE=DATE:20270101\r\n" in entry
    assert "TRANSP:TRANSPARENT\r\n" in entry


def test_stamps_come_from_the_row():
    entry = make_entry()

    assert "DTSTAMP:20260201T090000Z\r\n" in entry
    assert "LAST-MODIFIED:20260201T090000Z\r\n" in entry


@pytest.mark.parametrize("status", ["CONFIRMED", "TENTATIVE", "CANCELLED"])
def test_the_status_is_told(status):
    assert read_back(make_entry(status=status))["status"] == status


def test_lines_end_in_crlf_and_hold_no_more_than_75_octets():
    lines = make_calendar(make_entry()).split(b"\r\n")

    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert lines[-1] == b""


def test_line_ends_typed_in_a_browser_cannot_begin_a_new_property():
    event = read_back(make_entry(summary="Konser\r\nATTENDEE:mailto:ada@example.org"))

    assert "attendee" not in event
    assert str(event["summary"]) == "Konser\nATTENDEE:mailto:ada@example.org"


def test_the_same_content_gives_the_same_bytes():
    assert make_calendar(make_entry()) == make_calendar(make_entry())


def test_the_head_names_the_calendar_and_when_to_look_again():
    head = make_calendar().decode().split("BEGIN:VTIMEZONE")[0]

    assert head.split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//İZAZDER//izbaku//TR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "NAME;LANGUAGE=az:İzmir\\, Bakı",
        "X-WR-CALNAME:İzmir\\, Bakı",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "SOURCE;VALUE=URI:https://example.org/az/teqvim.ics",
        "X-PUBLISHED-TTL:PT1H",
        "",
    ]


def test_both_zones_travel_with_every_calendar():
    read = icalendar.Calendar.from_ical(make_calendar())

    offsets = {zone.tz_name: zone.to_tz().utcoffset(datetime(2026, 3, 21)) for zone in read.timezones}
    assert offsets == {"Europe/Istanbul": timedelta(hours=3), "Asia/Baku": timedelta(hours=4)}


def test_the_zones_remember_the_summer_time_of_earlier_years():
    read = icalendar.Calendar.from_ical(make_calendar())

    izmir, baku = (zone.to_tz() for zone in read.timezones)
    assert [izmir.utcoffset(datetime(2010, month, 15)) for month in (1, 7)] == [
        timedelta(hours=2),
        timedelta(hours=3),
    ]
    assert [baku.utcoffset(datetime(2010, month, 15)) for month in (1, 7)] == [
        timedelta(hours=4),
        timedelta(hours=5),
    ]


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Istanbul", 3), ("Asia/Baku", 4)])
@pytest.mark.parametrize("month", [1, 7, 11])
def test_a_reader_that_passes_over_lists_of_dates_finds_the_right_hour(zone, hours, month):
    starts = datetime(2026, month, 21, 16, tzinfo=UTC)

    event = vobject.readOne(make_calendar(make_entry(zone=zone, starts=starts)).decode()).vevent

    assert event.dtstart.value == starts
    assert event.dtstart.value.utcoffset() == timedelta(hours=hours)
