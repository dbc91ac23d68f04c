"""The programme file keeps what its sources say, and no more."""

import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

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
