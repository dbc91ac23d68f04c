"""Stories of the office's clock: working hours of İzmir, stopped by the holidays of both countries."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from students import clock

IZMIR = ZoneInfo("Europe/Istanbul")
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """A moment in İzmir."""
    return datetime.fromisoformat(text).replace(tzinfo=IZMIR)


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ("2026-11-24 10:00", 3, "2026-11-24 13:00"),  # within a Tuesday
        ("2026-11-24 10:00", 7, "2026-11-24 17:00"),  # to the last minute of it
        ("2026-11-24 16:00", 2, "2026-11-25 10:00"),  # over a night
        ("2026-11-24 22:30", 1, "2026-11-25 10:00"),  # asked at night
        ("2026-11-24 07:00", 1, "2026-11-24 10:00"),  # asked before the office opens
        ("2026-11-27 16:00", 2, "2026-11-30 10:00"),  # over a weekend
        ("2026-11-28 12:00", 8, "2026-11-30 17:00"),  # asked on a Saturday
        ("2026-10-28 12:00", 2, "2026-10-30 10:00"),  # Türkiye: an afternoon and the Republic's day
        ("2026-05-26 12:00", 2, "2026-06-01 10:00"),  # both: the feast of sacrifice, with its eve
        ("2026-06-12 16:00", 2, "2026-06-16 10:00"),  # Azerbaijan: the day of national salvation, after a weekend
        ("2026-11-06 16:00", 2, "2026-11-11 10:00"),  # Azerbaijan: two days, one of them put off from a Sunday
        ("2026-03-18 16:00", 6, "2026-03-31 10:00"),  # Novruz and the feast, with the days given instead
        ("2026-12-30 16:00", 2, "2027-01-05 10:00"),  # the year's end: 31 Dec, 1 Jan, a weekend and its Monday
        ("2026-12-30 16:00", 1, "2026-12-30 17:00"),
        ("2028-12-29 16:00", 2, "2029-01-04 10:00"),  # 31 Dec on a Sunday: given instead after both days of New Year
    ],
)
def test_working_hours_pass_on_working_days_alone(since, hours, until):
    assert clock.after(at(since), hours * HOUR) == at(until)
    assert clock.worked(at(since), at(until)) == hours * HOUR


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 11, 24), ("09:00", "17:00")),
        (date(2026, 10, 28), ("09:00", "13:00")),  # the eve of the Republic's day
        (date(2026, 3, 19), ("09:00", "13:00")),  # the eve of the feast
        (date(2026, 3, 20), None),  # the feast, and Novruz
        (date(2027, 3, 8), None),  # an eve in Türkiye, a whole holiday in Azerbaijan: the whole one counts
        (date(2026, 4, 23), None),  # Türkiye alone
        (date(2026, 1, 20), None),  # Azerbaijan alone
        (date(2026, 11, 28), None),  # a Saturday
    ],
)
def test_a_holiday_of_either_country_closes_the_office(day, hours):
    opened = clock.hours_of(day)

    assert opened == (hours and tuple(at(f"{day} {hour}") for hour in hours))


def test_the_office_is_open_from_nine_until_five_and_not_at_five():
    moments = ["08:59", "09:00", "16:59", "17:00"]

    assert [clock.is_open(at(f"2026-11-24 {moment}")) for moment in moments] == [False, True, True, False]


def test_the_association_sets_its_own_hours(settings):
    settings.OFFICE_HOURS = ["10:00", "14:00"]

    assert clock.after(at("2026-11-24 09:00"), 6 * HOUR) == at("2026-11-25 12:00")


def test_a_request_without_a_pause_is_due_after_what_was_promised():
    assert clock.due(at("2026-11-24 10:00"), 16 * HOUR) == at("2026-11-26 10:00")


def test_the_clock_stands_still_while_the_student_is_asked():
    asked = at("2026-11-24 10:00")

    assert clock.due(asked, 16 * HOUR, [(at("2026-11-24 12:00"), None)]) is None


def test_what_the_student_took_to_answer_does_not_count():
    asked, pause = at("2026-11-24 10:00"), (at("2026-11-24 12:00"), at("2026-12-07 12:00"))

    due = clock.due(asked, 16 * HOUR, [pause])

    assert due == clock.after(pause[1], 14 * HOUR) == at("2026-12-09 10:00")


def test_waiting_over_a_weekend_and_a_year_end_stops_the_clock_as_well():
    asked = at("2026-12-28 09:00")
    pauses = [(at("2026-12-28 13:00"), at("2026-12-29 13:00")), (at("2026-12-30 13:00"), at("2027-01-09 20:00"))]

    # Four hours, then eight, and four are left; but a working day is the least.
    assert clock.due(asked, 16 * HOUR, pauses) == at("2027-01-11 17:00")


def test_a_reply_at_the_last_minute_leaves_a_working_day_to_answer():
    pause = (at("2026-11-26 09:59"), at("2026-11-30 10:00"))

    assert clock.due(at("2026-11-24 10:00"), 16 * HOUR, [pause]) == at("2026-12-01 10:00")


def test_a_promise_of_two_hours_stays_one_of_two_hours():
    pause = (at("2026-11-24 11:00"), at("2026-11-24 14:00"))

    assert clock.due(at("2026-11-24 10:00"), 2 * HOUR, [pause]) == at("2026-11-24 16:00")


def test_a_request_that_was_late_before_the_pause_stays_late_by_no_more_than_that():
    """The clock had run out; the pause does not make it young again."""
    pause = (at("2026-12-04 10:00"), at("2026-12-07 10:00"))

    assert clock.due(at("2026-11-24 10:00"), 16 * HOUR, [pause]) == at("2026-12-08 10:00")


def test_nothing_is_promised_for_ten_years():
    with pytest.raises(ValueError, match="ten years"):
        clock.after(at("2026-11-24 10:00"), timedelta(days=20_000))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)),
    st.integers(1, 10_000),
    st.integers(0, 10_000),
)
def test_time_that_has_passed_is_time_that_was_worked(since, minutes, more):
    amount, rest = timedelta(minutes=minutes), timedelta(minutes=more)
    until = clock.after(since, amount)

    assert clock.worked(since, until) == amount
    opened = clock.hours_of(until.astimezone(IZMIR).date())
    assert opened is not None
    assert opened[0] < until <= opened[1]
    assert clock.after(until, rest) == clock.after(since, amount + rest) or not rest
    assert clock.worked(until, since) == timedelta()
