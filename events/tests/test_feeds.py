"""The whole shipped programme, as calendar programs, newsreaders and other people's programs receive it."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import icalendar
import jsonschema
import pytest
import time_machine
import vobject
from django.conf import settings
from django.db import connection
from django.utils import translation

from events import publishing
from events.models import Event
from events.tests.make import make_event
from izbaku import kept
from izbaku.portal import programme

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
FEEDS = {"tr": "/tr/takvim.ics", "az": "/az/teqvim.ics", "en": "/en/calendar.ics"}
ATOM = "{http://www.w3.org/2005/Atom}"
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "static" / "open-data" / "events.schema.json").read_text(encoding="utf-8")
)


@pytest.fixture
def loaded(db):
    """The programme, a called-off and a postponed event beside it."""
    programme.load(programme.read())
    make_event("gala", title_tr="Gala; “ışık”, " + "ə" * 90, summary_tr="Bir satır\nikinci, üçüncü; " + "şə" * 60)
    for slug, act in (("called", publishing.call_off), ("moved", publishing.postpone)):
        act(make_event(slug), now=NOW)
    with time_machine.travel(NOW, tick=False):
        yield


def get(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer


def of_the_feed():
    return Event.objects.public(NOW).filter(precision__in=("time", "day"))


def read_by_icalendar(body):
    calendar = icalendar.Calendar.from_ical(body)
    return {str(event["uid"]): (event["dtstart"].dt, str(event["summary"])) for event in calendar.events}


def read_by_vobject(body):
    calendar = vobject.readOne(body.decode())
    return {event.uid.value: (event.dtstart.value, event.summary.value) for event in calendar.vevent_list}


@pytest.mark.parametrize("language", FEEDS)
def test_two_readers_find_the_same_events_with_their_starts_and_titles(loaded, client, language):
    body = get(client, FEEDS[language]).content
    with translation.override(language):
        expected = {event.uid: (event.starts_at or event.starts_on, event.title) for event in of_the_feed()}

    found, again = read_by_icalendar(body), read_by_vobject(body)

    assert found == again
    assert found.keys() == expected.keys()
    assert len(found) == 22 + 3
    for uid, (starts, title) in expected.items():
        assert found[uid][0] == starts
        assert found[uid][1].endswith(title)


@pytest.mark.parametrize("language", FEEDS)
def test_every_line_ends_in_crlf_and_is_folded_at_75_octets_between_letters(loaded, client, language):
    body = get(client, FEEDS[language]).content
    lines = body.split(b"\r\n")

    assert lines[-1] == b""
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 75
    assert any(len(line) > 75 for line in body.replace(b"\r\n ", b"").split(b"\r\n"))  # there was something to fold
    for line in lines:
        line.decode()


def test_what_is_called_off_or_postponed_stays_and_says_so(loaded, client):
    events = {
        str(e["url"]).split("/")[-2]: e for e in icalendar.Calendar.from_ical(get(client, FEEDS["tr"]).content).events
    }

    assert (events["called"]["status"], str(events["called"]["summary"])) == ("CANCELLED", "İptal edildi: Called")
    assert (events["moved"]["status"], str(events["moved"]["summary"])) == ("CANCELLED", "Ertelendi: Moved")
    assert events["called"]["sequence"] == events["moved"]["sequence"] == 1
    assert (events["gala"]["status"], events["gala"]["sequence"]) == ("CONFIRMED", 0)


def test_a_whole_day_ends_on_the_next_one_and_stamps_come_from_the_row(loaded, client):
    events = {str(e["uid"]): e for e in icalendar.Calendar.from_ical(get(client, FEEDS["en"]).content).events}

    days = list(of_the_feed().filter(precision="day"))
    assert len(days) == 21
    for event in days:
        entry = events[event.uid]
        assert (entry["dtstart"].dt, entry["dtend"].dt) == (event.starts_on, event.ends_on + timedelta(days=1))
    for event in of_the_feed():
        stamp = event.changed_at.replace(microsecond=0)
        assert events[event.uid]["dtstamp"].dt == events[event.uid]["last-modified"].dt == stamp
    assert {type(day.starts_on) for day in days} == {date}


@pytest.mark.parametrize("address", [*FEEDS.values(), "/en/events.atom", "/en/events.json"])
def test_a_feed_is_the_same_bytes_until_it_changes_and_304_says_so(loaded, client, address):
    first = get(client, address)
    kept.forget()
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        second = get(client, address)
        unchanged = client.get(address, headers={"If-None-Match": second["ETag"]})

    assert first.content == second.content
    assert first["ETag"] == second["ETag"]
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    event = Event.objects.get(slug="gala")
    event.title_tr = "Yeni"
    event.save()
    kept.forget()
    changed = client.get(address, headers={"If-None-Match": second["ETag"]})
    assert changed.status_code == 200
    assert changed.content != first.content


PRINT_DIGESTS = """
import django, hashlib, sys
django.setup()
from django.test import Client
for address in sys.argv[1:]:
    answer = Client().get(address, headers={"host": "localhost"})
    print(answer.status_code, hashlib.sha256(answer.content).hexdigest())
"""


@pytest.mark.django_db(transaction=True)
def test_every_process_and_every_start_sends_the_same_bytes(client, tmp_path):
    programme.load(programme.read())
    addresses = [*FEEDS.values(), "/tr/etkinlikler.atom", "/en/events.json"]
    here = connection.settings_dict
    if connection.vendor == "sqlite":
        database = f"sqlite:///{here['NAME']}"
    else:
        database = f"postgres://{here['USER']}:{here['PASSWORD']}@{here['HOST']}:{here['PORT'] or 5432}/{here['NAME']}"

    said = [
        subprocess.run(
            [sys.executable, "-c", PRINT_DIGESTS, *addresses],
            check=True,
            capture_output=True,
            text=True,
            cwd=settings.BASE_DIR,
            env=os.environ
            | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "izbaku.settings", "PYTHONHASHSEED": seed}
            | {"PORTAL_VAR": str(tmp_path), "STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        ).stdout.splitlines()
        for seed in ("1", "2")
    ]
    ours = [f"200 {hashlib.sha256(get(client, address).content).hexdigest()}" for address in addresses]

    assert said == [ours, ours]


@pytest.mark.parametrize("address", ["/tr/etkinlikler.atom", "/az/tedbirler.atom", "/en/events.atom"])
def test_the_atom_feed_holds_what_rfc_4287_asks_for(loaded, client, address):
    feed = ET.fromstring(get(client, address).content)  # noqa: S314  (our own feed)

    assert feed.tag == f"{ATOM}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == address[1:3]
    assert [feed.findtext(f"{ATOM}{name}", "") != "" for name in ("id", "title", "updated")] == [True] * 3
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "İZAZDER"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == settings.SITE_ADDRESS + address
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == Event.objects.public(NOW).count() == 30
    for entry in entries:
        assert len(entry.findall(f"{ATOM}id")) == len(entry.findall(f"{ATOM}title")) == 1
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated")).tzinfo
        assert entry.find(f"{ATOM}link").get("href").startswith(settings.SITE_ADDRESS)
    updated = {entry.findtext(f"{ATOM}updated") for entry in entries}
    assert feed.findtext(f"{ATOM}updated") == max(
        updated | {entry.findtext(f"{ATOM}published") for entry in entries}, key=datetime.fromisoformat
    )


def test_an_atom_id_outlives_a_new_address_and_is_the_same_in_every_language(loaded, client):
    def ids():
        kept.forget()
        feeds = [get(client, address).content for address in ("/tr/etkinlikler.atom", "/en/events.atom")]
        found = [{e.findtext(f"{ATOM}id") for e in ET.fromstring(f).iter(f"{ATOM}entry")} for f in feeds]  # noqa: S314
        assert found[0] == found[1]
        return found[0]

    before = ids()
    event = Event.objects.get(slug="gala")
    event.slug = "buyuk-gala"
    event.save()

    assert ids() == before
    assert len(before) == 30
    assert all(name.startswith("urn:uuid:") for name in before)


def test_an_empty_feed_is_valid_and_the_same_each_time(client, db):
    with time_machine.travel(NOW, tick=False):
        first = get(client, "/en/events.atom?q=nothing-of-that-name").content
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        second = get(client, "/en/events.atom?q=nothing-of-that-name").content

    assert first == second
    assert ET.fromstring(first).findtext(f"{ATOM}updated")  # noqa: S314


@pytest.mark.parametrize("address", ["/tr/etkinlikler.json", "/az/tedbirler.json", "/en/events.json"])
def test_the_open_data_is_what_its_schema_says(loaded, client, address):
    make_event(
        "full",
        spoken=["tr", "az"],
        interpreted=["en"],
        access=["step_free"],
        admission="free",
        ticket_url="https://ornek.example/",
        ends_at=datetime(2026, 3, 21, 18, tzinfo=UTC),
    )
    data = get(client, address).json()

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    checker = jsonschema.FormatChecker(["date"])
    jsonschema.Draft202012Validator(SCHEMA, format_checker=checker).validate(data)
    assert len(data["events"]) == 31
    spring = next(event for event in data["events"] if event["slug"] == "bahar-bayrami-kulturpark-2026")
    assert len(spring["sessions"]) == 3
    assert spring["organisers"]
    assert data["schema"].endswith("/static/open-data/events.schema.json")


def test_the_page_on_open_data_names_every_field_and_links_the_schema(client, db):
    page = get(client, "/en/open-data/").content.decode()

    assert "open-data/events.schema" in page
    for name in SCHEMA["$defs"]["event"]["properties"]:
        assert name in page


@pytest.mark.parametrize("events", [1, 30])
def test_the_open_data_asks_a_constant_number_of_questions(client, db, events, django_assert_max_num_queries):
    for number in range(events):
        make_event(f"event-{number}").sessions.create(title_tr="Bölüm")

    with django_assert_max_num_queries(6):
        get(client, "/en/events.json")


def test_what_a_word_processor_left_in_a_text_breaks_no_feed(client, db):
    make_event("gala", title_tr="Büyük\x0bGala", summary_tr="Bir\x07 akşam\nikinci satır")

    ET.fromstring(get(client, "/tr/etkinlikler.atom").content)  # noqa: S314
    body = get(client, FEEDS["tr"]).content

    assert b"\x0b" not in body
    assert b"\x07" not in body
    assert icalendar.Calendar.from_ical(body).events[0]["description"] == "Bir akşam\nikinci satır"
