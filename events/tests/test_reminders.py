"""Reminders: each offset, whatever happens to the event, the clocks and the sweep."""

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import moments, publishing, registration, reminders
from events.attendance import Allotment, Registration, RegistrationPolicy
from events.models import Event, refresh_outdated
from events.moments import Reminder
from events.tests.make import make_event
from izbaku import times
from izbaku.mail import figures, pump
from izbaku.mail.models import Message

pytestmark = pytest.mark.django_db

LONG_BEFORE = datetime(2026, 9, 1, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFFSETS = ["7d", "1d", "2h"]


def make_dated(city: str = "izmir", on: datetime = datetime(2026, 10, 21, 19), **fields) -> Event:
    """An event at this time of its own city's clock, which one can register for."""
    starts_at = on.replace(tzinfo=times.zone_of(city)).astimezone(UTC)
    event = make_event(city=city, **{"starts_at": starts_at} | fields)
    RegistrationPolicy.objects.create(event=event, mode="open")
    Allotment.objects.create(event=event)
    return event


def come(event: Event, email: str = "ada@example.org", now: datetime = LONG_BEFORE) -> Registration:
    return registration.register(event, name="Ada", email=email, language="en", now=now)


def moment(event: Event, offset: str) -> datetime:
    at = Reminder.objects.get(event=event, offset=offset).at
    assert at is not None
    return at


def reminded(offset: str) -> list[str]:
    """Who is, or will be, reminded by letters of this offset."""
    letters = Message.objects.filter(kind="event_reminder", dedupe_key__contains=f":{offset}:")
    return list(letters.exclude(state="cancelled").order_by("pk").values_list("recipient", flat=True))


def minutes_around(*instants: datetime) -> list[datetime]:
    """When the sweep comes by: shortly before, at, and shortly after each of these."""
    return sorted(at + step * MINUTE for at in instants for step in (-1, 0, 1, 20))


# Each case: what happens to an event for which somebody registered long before, and what they then get of an offset.


def as_planned(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    assert reminders.send_due(at - MINUTE) == 0
    assert reminders.send_due(at) == 1
    return ["ada@example.org"]


def moved_by(days: int):
    def case(event: Event, offset: str) -> list[str]:
        old = moment(event, offset)
        publishing.move(event, now=LONG_BEFORE + DAY, starts_at=event.starts_at + days * DAY)
        new = moment(event, offset)
        assert new == old + days * DAY
        for now in minutes_around(old, new):
            assert reminders.send_due(now) == (now == new)
        return ["ada@example.org"]

    return case


def moved_after_the_reminder(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    reminders.send_due(at)
    Message.objects.update(state="sent")
    publishing.move(event, now=at + MINUTE, starts_at=event.starts_at + 30 * DAY)
    for now in minutes_around(at, moment(event, offset)):
        reminders.send_due(now)
    return ["ada@example.org"] * 2


def moved_while_the_letter_waits(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    reminders.send_due(at)
    publishing.move(event, now=at + MINUTE, starts_at=event.starts_at + 30 * DAY)
    assert list(Message.objects.filter(kind="event_reminder").values_list("state", flat=True)) == ["cancelled"]
    return []


def moved_so_near_that_the_moment_has_passed(event: Event, offset: str) -> list[str]:
    now = moment(event, offset) - 2 * DAY
    publishing.move(event, now=now, starts_at=event.starts_at - 2 * DAY - HOUR)
    assert moment(event, offset) < now
    for step in range(20):
        assert reminders.send_due(now + step * MINUTE) == 0
    return []


def called_off(event: Event, offset: str) -> list[str]:
    publishing.call_off(event, now=LONG_BEFORE + DAY)
    for now in minutes_around(moment(event, offset)):
        reminders.send_due(now)
    return []


def called_off_by_mistake_for_ten_minutes(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    publishing.call_off(event, now=at - 5 * MINUTE)
    assert reminders.send_due(at) == 0
    publishing.publish(event, now=at + 5 * MINUTE)
    reminders.send_due(at + 6 * MINUTE)
    return ["ada@example.org"]


def registered_late(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    come(event, "late@example.org", at + 30 * MINUTE)
    for now in (at + 31 * MINUTE, *minutes_around(*(moment(event, other) for other in OFFSETS))):
        reminders.send_due(now)
    ahead = OFFSETS[OFFSETS.index(offset) + 1 :]
    assert [other for other in OFFSETS if "late@example.org" in reminded(other)] == ahead
    return ["ada@example.org"]


def three_hours_down(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    reminders.send_due(at - MINUTE)
    reminders.send_due(at + 3 * HOUR)
    missed = Reminder.objects.get(event=event, offset=offset).missed
    if offset == "2h":  # three hours later the event has begun
        assert missed == 1
        return []
    assert missed == 0
    return ["ada@example.org"]


def the_beat_twice(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    Reminder.objects.update(done_for=None)
    assert reminders.send_due(at) == 1
    Reminder.objects.update(done_for=None)  # the other beat had looked before the first had finished
    assert reminders.send_due(at) == 0
    return ["ada@example.org"]


def corrected_after_the_reminder(event: Event, offset: str) -> list[str]:
    at = moment(event, offset)
    reminders.send_due(at)
    event.refresh_from_db()
    event.summary_tr, event.sequence, event.changed_at = "Düzeltildi", event.sequence + 1, at + MINUTE
    event.save()
    reminders.send_due(at + 2 * MINUTE)
    return ["ada@example.org"]


def turned_off(event: Event, offset: str) -> list[str]:
    moments.choose(event, [other for other in OFFSETS if other != offset], now=LONG_BEFORE)
    for now in minutes_around(moment(event, offset)):
        reminders.send_due(now)
    return []


CASES = [
    as_planned,
    moved_by(-2),
    moved_by(+2),
    moved_after_the_reminder,
    moved_while_the_letter_waits,
    moved_so_near_that_the_moment_has_passed,
    called_off,
    called_off_by_mistake_for_ten_minutes,
    registered_late,
    three_hours_down,
    the_beat_twice,
    corrected_after_the_reminder,
    turned_off,
]
NAMES = [
    {"case": "moved earlier" if number == 1 else "moved later"}.get(case.__name__, case.__name__)
    for number, case in enumerate(CASES)
]


@pytest.mark.parametrize("on", [datetime(2026, 10, 21, 19), datetime(2027, 1, 1, 0, 30)], ids=["autumn", "year end"])
@pytest.mark.parametrize("city", ["izmir", "baku"])
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_matrix(case, offset, city, on):
    event = make_dated(city, on)
    come(event)

    expected = case(event, offset)

    assert reminded(offset) == expected


# --- Moments ----------------------------------------------------------------------------------------------


def of(event: Event) -> dict[str, str]:
    zone = times.zone_of(event.city)
    rows = Reminder.objects.filter(event=event, at__isnull=False)
    return {row.offset: f"{row.at.astimezone(zone):%Y-%m-%d %H:%M}" for row in rows if row.at}


@pytest.mark.parametrize("city", ["izmir", "baku"])
def test_days_are_the_same_time_of_the_clock_across_the_year_s_end(city):
    event = make_dated(city, datetime(2027, 1, 1, 0, 30))

    assert of(event) == {"7d": "2026-12-25 00:30", "1d": "2026-12-31 00:30", "2h": "2026-12-31 22:30"}


@pytest.mark.parametrize("city", ["izmir", "baku"])
@pytest.mark.parametrize("day", [date(2015, 3, 30), date(2015, 10, 26), date(2015, 11, 9)])
def test_days_are_the_same_time_of_the_clock_when_the_clocks_change(city, day):
    """Both countries changed their clocks until 2016: the hour of the day stays, the hours in between do not."""
    event = make_dated(city, datetime(day.year, day.month, day.day, 19))

    week, eve = day - 7 * DAY, day - DAY
    assert of(event) == {"7d": f"{week} 19:00", "1d": f"{eve} 19:00", "2h": f"{day} 17:00"}
    assert moment(event, "2h") == event.starts_at - 2 * HOUR


def test_a_changed_clock_changes_the_hours_between():
    """So that the test above has something to tell: seven days were an hour shorter in that week."""
    event = make_dated("izmir", datetime(2015, 3, 30, 19))

    assert event.starts_at - moment(event, "7d") == 7 * DAY - HOUR


def test_a_whole_day_is_reminded_of_at_nine_in_the_morning_and_not_by_hours():
    event = make_event(city="baku", precision="day", starts_on=date(2026, 10, 21))

    assert of(event) == {"7d": "2026-10-14 09:00", "1d": "2026-10-20 09:00"}
    assert moment(event, "1d").astimezone(ZoneInfo("Asia/Baku")).hour == 9


@pytest.mark.parametrize("precision", ["month", "year", "unknown"])
def test_a_vague_date_has_no_moments(precision):
    event = make_event(precision=precision, starts_on=date(2026, 10, 1))

    assert of(event) == {}


def test_moments_follow_every_way_in_which_an_event_can_move():
    event = make_dated()
    there = event.starts_at

    Event.objects.filter(pk=event.pk).update(starts_at=there + DAY)
    assert moment(event, "2h") == there + DAY - 2 * HOUR

    event.refresh_from_db()
    event.starts_at = there + 2 * DAY
    Event.objects.bulk_update([event], ["starts_at"])
    assert moment(event, "2h") == there + 2 * DAY - 2 * HOUR

    event.refresh_from_db()
    event.city, event.precision, event.starts_on = "baku", "day", date(2026, 10, 21)
    event.save()
    assert of(event) == {"7d": "2026-10-14 09:00", "1d": "2026-10-20 09:00"}

    [other] = Event.objects.bulk_create([Event(slug="other", kind="forum", starts_at=there, publish_at=LONG_BEFORE)])
    assert moment(other, "2h") == there - 2 * HOUR


def test_an_imported_programme_has_moments():
    call_command("load_programme", verbosity=0)

    timed = Event.objects.filter(precision__in=["time", "day"]).count()
    assert timed
    assert Reminder.objects.filter(offset="1d", at__isnull=False).count() == timed


def test_events_of_an_earlier_release_get_their_moments():
    event = make_dated()
    Reminder.objects.all().delete()

    refresh_outdated()

    assert len(of(event)) == 3


# --- The sweep --------------------------------------------------------------------------------------------


def many(event: Event, number: int, start: int = 0) -> None:
    Registration.objects.bulk_create(
        Registration(
            event=event,
            name="Ada",
            email=f"n{event.pk}-{key}@example.org",
            language=("tr", "az", "en")[key % 3],
            state="confirmed",
            created_at=LONG_BEFORE,
            state_at=LONG_BEFORE,
        )
        for key in range(start, start + number)
    )


def asked(now: datetime) -> list[str]:
    """What one sweep asks the database."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        reminders.send_due(now)
    return [query["sql"] for query in queries.captured_queries]


def test_an_idle_sweep_asks_the_programme_only_however_many_registered():
    event = make_dated()
    idle_at = moment(event, "7d") + 2 * DAY
    many(event, 3)
    reminders.send_due(moment(event, "7d"))
    few = asked(idle_at)
    many(event, 600, start=3)

    lots = asked(idle_at)

    assert len(few) == len(lots) == 2
    assert not any("events_registration" in sql for sql in few + lots)


def test_what_was_written_is_not_looked_through_again_within_the_grace():
    event = make_dated()
    many(event, 3)
    reminders.send_due(moment(event, "7d"))

    again = asked(moment(event, "7d") + HOUR)

    assert len(again) == 2


def test_letters_are_written_by_the_thousand():
    small, large = make_dated(), make_event("large", starts_at=datetime(2026, 10, 22, 16, tzinfo=UTC))
    many(small, 3)
    many(large, 1200)

    few = asked(moment(small, "7d"))
    lots = asked(moment(large, "7d"))

    assert Message.objects.filter(kind="event_reminder").count() == 1203
    inserts = [sum(sql.startswith("INSERT") for sql in queries) for queries in (few, lots)]
    if connection.vendor == "postgresql":
        assert inserts[0] == inserts[1] == 1
    assert len(lots) - len(few) == inserts[1] - inserts[0]


def test_a_sweep_that_broke_off_is_finished_by_the_next():
    event = make_dated()
    many(event, 5)
    reminders.send_due(moment(event, "1d"))
    Message.objects.filter(recipient__contains="-3@").delete()
    Reminder.objects.update(done_for=None)

    assert reminders.send_due(moment(event, "1d") + MINUTE) == 1
    assert len(reminded("1d")) == len(set(reminded("1d"))) == 5


def test_only_those_who_come_are_reminded():
    event = make_dated()
    people = {state: come(event, f"{state}@example.org") for state in Registration.State.values}
    for state, person in people.items():
        Registration.objects.filter(pk=person.pk).update(state=state, offered_until=LONG_BEFORE)

    reminders.send_due(moment(event, "1d"))

    assert reminded("1d") == ["confirmed@example.org"]


def test_an_address_that_is_none_stops_nobody_else():
    event = make_dated()
    many(event, 3)
    Registration.objects.filter(email__contains="-1@").update(email="no address\nBcc: all@example.org")

    assert reminders.send_due(moment(event, "1d")) == 2


def test_a_letter_is_of_no_use_after_the_start_or_its_grace():
    event = make_dated()
    come(event)
    for offset in OFFSETS:
        reminders.send_due(moment(event, offset))

    ends = {
        letter.dedupe_key.split(":")[2]: letter.expires_at for letter in Message.objects.filter(kind="event_reminder")
    }

    assert ends == {
        "7d": moment(event, "7d") + 12 * HOUR,
        "1d": moment(event, "1d") + 6 * HOUR,
        "2h": moment(event, "2h") + 75 * MINUTE,
    }
    assert max(ends.values()) < event.starts_at


def test_what_nobody_sent_in_time_is_counted_once_and_never_sent():
    event = make_dated()
    many(event, 4)
    at = moment(event, "1d")

    for now in (at + 7 * HOUR, at + 7 * HOUR + MINUTE):
        assert reminders.send_due(now) == 0

    assert Reminder.objects.get(event=event, offset="1d").missed == 4
    assert reminded("1d") == []
    assert "\nmail_missed_reminders 8\n" in figures.as_text(at + 7 * HOUR)
    assert "\nmail_missed_reminders 0\n" in figures.as_text(at + timedelta(days=31))


def test_a_hidden_event_reminds_nobody():
    event = make_dated()
    come(event)
    publishing.withdraw(event, now=LONG_BEFORE)

    assert reminders.send_due(moment(event, "1d")) == 0


def test_a_reminder_turned_on_after_its_moment_is_not_made_up_for():
    event = make_dated()
    come(event)
    moments.choose(event, [], now=LONG_BEFORE)

    moments.choose(event, OFFSETS, now=moment(event, "1d") + MINUTE)

    assert reminders.send_due(moment(event, "1d") + 2 * MINUTE) == 0
    assert reminders.send_due(moment(event, "2h")) == 1


# --- At the last moment -----------------------------------------------------------------------------------


@pytest.fixture
def inbox(settings, tmp_path):
    """Sends what is due, and reads what has arrived."""
    settings.MAIL_URL, settings.MAIL_FOLDER = "", tmp_path

    def read(now: datetime) -> list:
        pump.run(lambda: now)
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(tmp_path.glob("*.eml"))]

    return read


def test_a_reminder_names_both_cities_times_and_can_be_unsubscribed(inbox):
    event = make_dated(title_en="Mugham evening")
    come(event)
    inbox(LONG_BEFORE)
    reminders.send_due(moment(event, "1d"))

    *_confirmed, letter = inbox(moment(event, "1d"))

    assert letter["Subject"] == "Reminder: Mugham evening, Wednesday 21 October 2026"
    text = letter.get_body(("plain",)).get_content()
    assert "19:00 İzmir · 20:00 Baku" in text
    assert "You have a seat at this event." in text
    assert letter["List-Unsubscribe"]


@pytest.mark.parametrize("what", ["cancelled", "called off", "hidden", "moved", "turned off", "nothing"])
def test_it_is_asked_once_more_before_it_leaves(inbox, what):
    event = make_dated()
    person = come(event)
    inbox(LONG_BEFORE)
    at = moment(event, "1d")
    reminders.send_due(at)
    match what:
        case "cancelled":
            Registration.objects.update(state="cancelled")
        case "called off":
            Event.objects.update(state="called_off")
        case "hidden":
            Event.objects.update(state="draft")
        case "moved":
            Reminder.objects.update(at=at + DAY)
        case "turned off":
            Reminder.objects.update(is_on=False)

    subjects = [letter["Subject"] for letter in inbox(at + MINUTE)]

    assert person.email == "ada@example.org"
    assert sum(subject.startswith("Reminder") for subject in subjects) == (what == "nothing")
