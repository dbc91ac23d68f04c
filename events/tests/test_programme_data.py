"""The programme file keeps what its sources say, and no more."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings

from events.models import Event, Observance, Session, Venue
from izbaku import times
from izbaku.portal import programme
from izbaku.portal.models import Milestone

PROGRAMME = json.loads((Path(__file__).parents[1] / "data" / "programme.json").read_text(encoding="utf-8"))
EVENTS, ARCHIVE = PROGRAMME["events"], PROGRAMME["archive_events"]
SESSIONS = [session for event in EVENTS for session in event["sessions"]]
ARCHIVE_SESSIONS = [session for event in ARCHIVE for session in event["sessions"]]
DATED = EVENTS + ARCHIVE + SESSIONS + ARCHIVE_SESSIONS

WITH_A_TIME = {
    "bahar-bayrami-kulturpark-2026": "2026-03-21T13:30:00+03:00",
    "bahar-bayrami-2026-ogrenci-topluluklari": "2026-03-21T13:30:00+03:00",
    "bahar-bayrami-2026-cocuk-atolyeleri": "2026-03-21T15:30:00+03:00",
    "bahar-bayrami-2026-ana-sahne": "2026-03-21T16:30:00+03:00",
    "azerbaycanli-ressamlar-sergisi-2022": "2022-05-21T16:00:00+03:00",
    "azerbaycan-bestecileri-konseri-2022": "2022-05-24T20:00:00+03:00",
}


def test_everything_gathered_is_there():
    assert len(EVENTS) + len(SESSIONS) == 24
    assert len(SESSIONS) == 3
    assert len(ARCHIVE) == 6
    assert [len(PROGRAMME[part]) for part in ("observances", "milestones", "venues")] == [17, 14, 21]


def test_only_what_a_source_timed_has_a_time():
    assert {row["slug"]: row["starts_at"] for row in DATED if row["starts_at"]} == WITH_A_TIME
    assert {row["slug"] for row in DATED if row["precision"] == "time"} == set(WITH_A_TIME)
    assert not [row["slug"] for row in DATED if row["ends_at"] and not row["starts_at"]]


def test_dates_are_as_exact_as_the_source():
    assert Counter((row["precision"], row["basis"]) for row in EVENTS) == {
        ("day", "stated"): 7,
        ("day", "reported"): 10,
        ("day", "inferred"): 2,
        ("time", "stated"): 1,
        ("month", "stated"): 1,
    }
    assert Counter(row["precision"] for row in ARCHIVE) == {"day": 2, "month": 2, "year": 1, "unknown": 1}


@pytest.mark.parametrize("row", DATED, ids=lambda row: row["slug"])
def test_a_date_can_be_read(row):
    for name in ("starts_at", "ends_at"):
        assert row[name] is None or datetime.fromisoformat(row[name]).utcoffset() is not None
    for name in ("starts_on", "ends_on"):
        assert row[name] is None or date.fromisoformat(row[name])
    assert (row["precision"] in ("time", "unknown")) == (row["starts_on"] is None)


@pytest.mark.parametrize("row", DATED, ids=lambda row: row["slug"])
def test_every_entry_has_a_title_in_three_languages_a_known_venue_and_a_source(row):
    venues = {venue["slug"] for venue in PROGRAMME["venues"]}

    assert all(row["title"][language] for language in ("tr", "az", "en"))
    assert row["venue_slug"] in venues | {""}
    assert len({bool(text) for text in row["place"].values()}) == 1
    assert row["sources"]


def test_keys_are_unique():
    for keys in (
        [row["slug"] for row in DATED],
        [venue["slug"] for venue in PROGRAMME["venues"]],
        [milestone["key"] for milestone in PROGRAMME["milestones"]],
        [(day["month"], day["day"], day["country"]) for day in PROGRAMME["observances"]],
    ):
        assert len(set(keys)) == len(keys)


# Other people's news and dates that were found on the way: no part of the programme.
BACKGROUND = {
    "izazder-zafer-gunu-mesaji-2025",
    "turkiye-azerbaycan-karma-ekonomik-komisyon-12",
    "ii-azerbaycan-turkiye-yatirim-forumu-2025",
    "tr-yos-2026-1-basvuru",
    "azerbaycan-diaspor-gencleri-forumu-istanbul-2026",
    "tr-yos-2026-1-sinavi",
    "wuf13-baku-2026",
}


@pytest.fixture
def report(db):
    return programme.load(programme.read())


def texts(row, name):
    return {code: getattr(row, f"{name}_{code}") or "" for code, _name in settings.LANGUAGES}


def as_shipped(values):
    return {code: values.get(code) or "" for code, _name in settings.LANGUAGES}


def dates(row):
    """What is known of its date; a period in the portal as the file writes it: by its first day."""
    return (
        row.precision,
        row.basis,
        row.starts_at and row.starts_at.isoformat(),
        row.ends_at and row.ends_at.isoformat(),
        None if row.starts_at else row.starts_on and row.starts_on.isoformat(),
    )


def shipped_dates(row):
    in_utc = [
        moment and datetime.fromisoformat(moment).astimezone(UTC).isoformat()
        for moment in (row["starts_at"], row["ends_at"])
    ]
    return (row["precision"], row["basis"], *in_utc, row["starts_on"])


def test_every_event_is_in_the_portal_with_the_words_and_the_date_of_its_source(report):
    shipped = {
        row["slug"]: (
            as_shipped(row["title"]),
            as_shipped(row["summary"]),
            as_shipped(row["place"]),
            shipped_dates(row),
            (row["kind"], row["scope"], row["certainty"], row["city"], row["venue_slug"]),
            row["sources"],
            sorted(set(row["organisers"])),
            sorted(part["slug"] for part in row["sessions"]),
        )
        for row in EVENTS + ARCHIVE
    }
    here = {
        event.slug: (
            texts(event, "title"),
            texts(event, "summary"),
            texts(event, "place"),
            dates(event),
            (event.kind, event.scope, event.certainty, event.city, event.venue.slug if event.venue else ""),
            event.source_list,
            sorted(organisation.name for organisation in event.organisers.all()),
            sorted(part.slug for part in event.sessions.all()),
        )
        for event in Event.objects.all()
    }

    assert here == shipped
    assert set(Event.objects.values_list("state", flat=True)) == {Event.State.PUBLIC}


def test_every_session_is_in_its_event_with_the_words_and_the_time_of_its_source(report):
    shipped = {row["slug"]: (as_shipped(row["title"]), shipped_dates(row)) for row in SESSIONS + ARCHIVE_SESSIONS}

    assert {row.slug: (texts(row, "title"), dates(row)) for row in Session.objects.all()} == shipped
    assert {row.slug for row in Session.objects.filter(event__slug="bahar-bayrami-kulturpark-2026")} == {
        row["slug"] for row in SESSIONS
    }


def test_every_observance_milestone_and_venue_is_in_the_portal_with_its_sources(report):
    assert {
        (day.month, day.day, day.country): (texts(day, "title"), day.sources.splitlines())
        for day in Observance.objects.all()
    } == {
        (row["month"], row["day"], row["country"]): (as_shipped(row["title"]), row["sources"])
        for row in PROGRAMME["observances"]
    }
    assert {
        row.key: (row.year, row.when, row.is_approximate, texts(row, "text"), row.sources.splitlines())
        for row in Milestone.objects.all()
    } == {
        row["key"]: (row["year"], row["when"], row["is_approximate"], as_shipped(row["text"]), row["sources"])
        for row in PROGRAMME["milestones"]
    }
    assert {
        row.slug: (row.name, row.city, row.district, row.address, row.latitude, row.longitude)
        for row in Venue.objects.all()
    } == {
        row["slug"]: (row["name"], row["city"], row["district"], row["address"], row["latitude"], row["longitude"])
        for row in PROGRAMME["venues"]
    }


def test_no_page_shows_a_time_that_no_source_gave(report):
    timed = {row["slug"] for row in DATED if row["starts_at"]}

    for event in Event.objects.all():
        for language in ("tr", "az", "en"):
            assert times.reading(event, language).has_time == (event.slug in timed), event.slug


def test_what_was_only_found_on_the_way_is_not_in_the_portal(report):
    assert "background_items" not in PROGRAMME
    assert not BACKGROUND & {row["slug"] for row in DATED}
    assert not Event.objects.filter(slug__in=BACKGROUND).exists()


def test_loading_counts_what_it_did_and_a_second_time_finds_all_unchanged(report):
    everything = len(DATED) + 17 + 14 + 21

    assert (report.added, report.changed, report.unchanged, report.skipped) == (everything, 0, 0, [])
    again = programme.load(programme.read())
    assert (again.added, again.changed, again.unchanged, again.skipped) == (0, 0, everything, [])


def test_what_staff_have_moved_edited_or_deleted_stays_theirs(report):
    spring = Event.objects.get(slug="bahar-bayrami-kulturpark-2026")
    spring.slug = "bahar"
    spring.save()
    venue = Venue.objects.exclude(address="").first()
    venue.address = "Başka bir yer"
    venue.save()
    Observance.objects.first().delete()
    Milestone.objects.first().delete()

    again = programme.load(programme.read())

    assert (again.added, again.changed) == (0, 0)
    assert len(again.skipped) == 3
    assert f"venue:{venue.slug}: address was edited here" in again.skipped
    assert sum(line.endswith(": deleted here by staff") for line in again.skipped) == 2
    assert Event.objects.get(slug="bahar").sessions.count() == 3
    assert not Event.objects.filter(slug="bahar-bayrami-kulturpark-2026").exists()


def test_what_staff_had_made_under_the_same_name_is_left_alone(db):
    Venue.objects.create(slug=PROGRAMME["venues"][0]["slug"], name="Bizim salon")

    report = programme.load(programme.read())

    assert Venue.objects.get(slug=PROGRAMME["venues"][0]["slug"]).name == "Bizim salon"
    assert report.skipped == [f"venue:{PROGRAMME['venues'][0]['slug']}: staff have made one of that name here"]
