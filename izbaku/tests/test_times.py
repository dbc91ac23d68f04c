from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from izbaku import times

MARCH_21 = date(2026, 3, 21)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@dataclass
class Something:
    precision: str = "time"
    basis: str = "stated"
    starts_on: date | None = MARCH_21
    ends_on: date | None = MARCH_21
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    city: str = "izmir"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("tr", "13.30–16.30 İzmir · 14.30–17.30 Bakü"),
        ("az", "13:30–16:30 İzmir · 14:30–17:30 Bakı"),
        ("en", "13:30–16:30 İzmir · 14:30–17:30 Baku"),
    ],
)
def test_a_time_is_read_in_both_cities(language, text):
    assert times.both(utc(2026, 3, 21, 10, 30), utc(2026, 3, 21, 13, 30), "izmir", language) == text


def test_the_events_own_city_comes_first():
    assert times.both(utc(2026, 3, 21, 10, 30), None, "baku", "tr") == "14.30 Bakü · 13.30 İzmir"


def test_an_event_without_a_city_is_told_in_izmirs_time_first():
    assert times.both(utc(2026, 3, 21, 10, 30), None, "", "tr") == "13.30 İzmir · 14.30 Bakü"


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "city", "text"),
    [
        (utc(2026, 3, 21, 20, 30), None, "izmir", "23.30 İzmir · 00.30 (22 Mart) Bakü"),
        (utc(2026, 3, 20, 20, 30), None, "baku", "00.30 Bakü · 23.30 (20 Mart) İzmir"),
        (utc(2026, 4, 30, 20, 30), None, "izmir", "23.30 İzmir · 00.30 (1 Mayıs) Bakü"),
        (utc(2026, 12, 31, 20, 30), None, "izmir", "23.30 İzmir · 00.30 (1 Ocak 2027) Bakü"),
        (
            utc(2026, 3, 21, 20, 30),
            utc(2026, 3, 21, 22, 0),
            "izmir",
            "23.30–01.00 (22 Mart) İzmir · 00.30–02.00 (22 Mart) Bakü",
        ),
        (
            utc(2026, 3, 21, 18, 0),
            utc(2026, 3, 21, 20, 30),
            "izmir",
            "21.00–23.30 İzmir · 22.00–00.30 (22 Mart) Bakü",
        ),
    ],
)
def test_the_date_stands_wherever_it_differs(starts_at, ends_at, city, text):
    assert times.both(starts_at, ends_at, city, "tr") == text


def test_the_zone_in_which_a_moment_arrives_does_not_matter():
    tokyo = timezone(timedelta(hours=9))

    assert times.both(datetime(2026, 3, 21, 19, 30, tzinfo=tokyo), None, "izmir", "en") == "13:30 İzmir · 14:30 Baku"


def test_a_day_reads_as_the_language_writes_it():
    assert [times.day(MARCH_21, language) for language in ("tr", "az", "en")] == [
        "21 Mart 2026 Cumartesi",
        "21 mart 2026-cı il, şənbə",
        "Saturday 21 March 2026",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1986-cı",
        "1991-ci",
        "1993-cü",
        "1994-cü",
        "1995-ci",
        "1997-ci",
        "1998-ci",
        "1999-cu",
        "2000-ci",
        "2001-ci",
        "2002-ci",
        "2010-cu",
        "2016-cı",
        "2020-ci",
        "2026-cı",
        "2027-ci",
        "2030-cu",
        "2040-cı",
        "2050-ci",
        "2060-cı",
        "2070-ci",
        "2080-ci",
        "2090-cı",
        "2100-cü",
    ],
)
def test_azerbaijani_years_carry_the_suffix_of_their_last_spoken_word(text):
    assert times.year_text(int(text[:4]), "az") == f"{text} il"


@pytest.mark.parametrize(
    ("last", "language", "text"),
    [
        (MARCH_21, "tr", "21 Mart 2026 Cumartesi"),
        (date(2026, 3, 23), "tr", "21–23 Mart 2026"),
        (date(2026, 4, 2), "tr", "21 Mart – 2 Nisan 2026"),
        (date(2026, 4, 2), "az", "21 mart – 2 aprel 2026-cı il"),
        (date(2027, 1, 2), "en", "21 March 2026 – 2 January 2027"),
    ],
)
def test_a_span_names_month_and_year_once_where_it_can(last, language, text):
    assert times.days(MARCH_21, last, language) == text


def test_a_month_alone_has_a_capital_with_its_dot():
    assert [times.month(2026, 6, language) for language in ("tr", "az", "en")] == [
        "Haziran 2026",
        "İyun 2026",
        "June 2026",
    ]


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "city", "expected"),
    [
        (utc(2026, 3, 21, 10), None, "izmir", (MARCH_21, MARCH_21)),
        (utc(2026, 3, 21, 20, 30), utc(2026, 3, 22, 1), "izmir", (MARCH_21, MARCH_21)),
        (utc(2026, 3, 20, 21, 30), utc(2026, 3, 20, 23), "izmir", (MARCH_21, MARCH_21)),
        (utc(2026, 3, 20, 20, 30), None, "baku", (MARCH_21, MARCH_21)),
        (utc(2026, 3, 21, 7), utc(2026, 3, 22, 15), "izmir", (MARCH_21, date(2026, 3, 22))),
        (utc(2026, 12, 31, 17), utc(2026, 12, 31, 23), "izmir", (date(2026, 12, 31), date(2026, 12, 31))),
    ],
)
def test_a_night_belongs_to_the_evening_on_which_it_began(starts_at, ends_at, city, expected):
    assert times.calendar_days(starts_at, ends_at, city) == expected


def test_today_comes_an_hour_earlier_in_baku():
    now = utc(2026, 12, 31, 20, 30)

    assert times.today(now, "izmir") == date(2026, 12, 31)
    assert times.today(now, "baku") == date(2027, 1, 1)


def test_a_known_time_is_read_with_its_day():
    timed = Something(starts_at=utc(2026, 3, 21, 10, 30))

    assert times.reading(timed, "en") == times.Reading(
        "Saturday 21 March 2026", "13:30 İzmir · 14:30 Baku", "", has_time=True
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("tr", "Saati yayımlanmadı"),
        ("az", "Saatı açıqlanmayıb"),
        ("en", "The time was not published"),
    ],
)
def test_a_day_without_a_time_says_so(language, words):
    assert times.reading(Something(precision="day"), language) == times.Reading(
        times.day(MARCH_21, language), words, "", has_time=False
    )


@pytest.mark.parametrize("language", ["tr", "az", "en"])
@pytest.mark.parametrize("basis", ["inferred", "reported"])
def test_a_day_that_nobody_stated_says_where_it_is_from(basis, language):
    assert times.reading(Something(precision="day", basis=basis), language).note


@pytest.mark.parametrize(
    ("precision", "first", "last", "text"),
    [
        ("month", date(2026, 4, 1), date(2026, 4, 30), "Nisan 2026"),
        ("month", date(2026, 4, 1), date(2026, 5, 31), "Nisan 2026 – Mayıs 2026"),
        ("year", date(2026, 1, 1), date(2026, 12, 31), "2026"),
        ("unknown", None, None, "Tarihi açıklanacak"),
    ],
)
def test_a_vague_date_is_never_made_to_look_exact(precision, first, last, text):
    vague = Something(precision=precision, basis="inferred", starts_on=first, ends_on=last)

    assert times.reading(vague, "tr") == times.Reading(text, "", "", has_time=False)


def test_a_vague_date_may_mean_any_day_of_its_period():
    assert times.whole_period(date(2028, 2, 5), None, "month") == (date(2028, 2, 1), date(2028, 2, 29))
    assert times.whole_period(MARCH_21, None, "year") == (date(2026, 1, 1), date(2026, 12, 31))
