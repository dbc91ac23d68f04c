"""A change is told once, to those whom staff name, and never by itself."""

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import icalendar
import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from events import publishing, registration, telling, work
from events.attendance import Allotment, Registration, RegistrationPolicy
from events.changes import Change
from events.importing import Report, bring_in
from events.models import Event
from events.tests.desk import staff, typed
from events.tests.make import make_event
from izbaku.mail import pump
from izbaku.mail.models import Message

pytestmark = pytest.mark.django_db
BEFORE = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHANGED = ("event_changed", "event_called_off")


def make_open(slug: str = "gala", seats: int | None = None, **fields) -> Event:
    """An event at 19.00 in İzmir on 21 March 2026 that one can register for."""
    event = make_event(slug, **{"title_en": "Gala"} | fields)
    RegistrationPolicy.objects.create(event=event, mode="open")
    Allotment.objects.create(event=event, capacity=seats)
    return event


def come(event: Event, name: str = "ada", language: str = "en", now: datetime = BEFORE) -> Registration:
    return registration.register(event, name="X", email=f"{name}@example.org", language=language, now=now)


def move(event: Event, days: float = 1, now: datetime = NOW) -> None:
    event.refresh_from_db()
    publishing.move(event, now=now, starts_at=event.starts_at + timedelta(days=days))


def letters() -> dict[str, list[str]]:
    """Who is told of a change, by the state of the letter."""
    told: dict[str, list[str]] = {}
    for letter in Message.objects.filter(kind__in=CHANGED).order_by("pk"):
        told.setdefault(letter.state, []).append(letter.recipient.partition("@")[0])
    return told


@pytest.fixture
def inbox(settings, tmp_path):
    """Sends what is due, and returns what has arrived since the last look."""
    settings.MAIL_URL, settings.MAIL_FOLDER = "", tmp_path
    seen: set[str] = set()

    def read(now: datetime) -> list[EmailMessage]:
        pump.run(lambda: now)
        new = sorted(path for path in tmp_path.glob("*.eml") if path.name not in seen)
        seen.update(path.name for path in new)
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in new]

    return read


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body
    return body.get_content().replace("\r\n", "\n")


def entry_of(letter: EmailMessage) -> tuple[str, icalendar.Event] | None:
    for part in letter.walk():
        if part.get_content_type() == "text/calendar":
            [entry] = icalendar.Calendar.from_ical(part.get_content()).walk("VEVENT")
            return part.get_param("method"), entry
    return None


# --- Nobody is told by itself -----------------------------------------------------------------------------


def by_saving(event: Event) -> None:
    event.starts_at += DAY
    event.save()


def by_a_bulk_update(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(starts_at=event.starts_at + DAY)


def by_an_import(event: Event) -> None:
    bring_in(Event, "sheet:gala", {"slug": event.slug}, {"starts_at": event.starts_at}, Report())
    bring_in(Event, "sheet:gala", {"slug": event.slug}, {"starts_at": event.starts_at + DAY}, Report())


def by_another_place(event: Event) -> None:
    event.place_tr = "Kültürpark"
    event.save()


@pytest.mark.parametrize(
    "change",
    [
        move,
        by_saving,
        by_a_bulk_update,
        by_an_import,
        by_another_place,
        lambda event: publishing.postpone(event, now=NOW),
        lambda event: publishing.call_off(event, now=NOW),
    ],
)
def test_a_change_is_noted_and_written_to_nobody(change, inbox):
    event = make_open()
    come(event)
    inbox(BEFORE)
    sequence = event.sequence

    change(event)

    assert inbox(datetime.now(UTC)) == []
    assert letters() == {}
    noted = Change.objects.get(event=event)
    assert noted.sequence == Event.objects.get(pk=event.pk).sequence > sequence
    assert list(noted.audience()) == list(Registration.objects.all())


def test_other_edits_and_events_without_people_need_no_telling():
    quiet, full = make_open("quiet"), make_open("full")
    come(full)
    move(quiet)
    full.summary_tr, full.title_tr = "Yeni", "Yeni"
    full.save()

    assert not Change.objects.exists()


def test_what_is_changed_back_needs_no_telling():
    event = make_open()
    come(event)
    move(event, 1)
    move(event, -1)

    assert not Change.objects.exists()


# --- Whom, once -------------------------------------------------------------------------------------------


def three_people() -> Event:
    """Two with a seat, and one who waits."""
    event = make_open(seats=2)
    come(event, "ada", "tr")
    come(event, "ben", "az")
    come(event, "cem", "tr")
    return event


@pytest.mark.parametrize(
    ("whom", "told"), [("standing", ["ada", "ben", "cem"]), ("confirmed", ["ada", "ben"]), ("nobody", [])]
)
def test_those_are_told_whom_staff_name(whom, told):
    event = three_people()
    move(event)

    assert telling.tell(event, whom=whom, now=NOW) == len(told)

    assert letters() == ({"pending": told} if told else {})
    assert telling.to_be_decided([event], NOW) == []


def test_the_numbers_are_shown_by_language():
    event = three_people()
    move(event)

    assert telling.audience([event]) == {"standing": {"tr": 2, "az": 1}, "confirmed": {"tr": 1, "az": 1}}


def test_who_registers_after_the_change_knows_it():
    event = make_open()
    come(event, "ada")
    move(event)
    come(event, "ben", now=NOW + MINUTE)

    telling.tell(event, whom="standing", now=NOW + 2 * MINUTE)

    assert letters() == {"pending": ["ada"]}


def test_two_changes_within_half_an_hour_are_one_letter_about_the_last_state(inbox):
    event = make_open()
    come(event)
    inbox(BEFORE)
    move(event, 1)
    telling.tell(event, whom="standing", now=NOW)
    move(event, 6, now=NOW + 20 * MINUTE)
    assert inbox(NOW + 25 * MINUTE) == []
    telling.tell(event, whom="standing", now=NOW + 25 * MINUTE)
    assert inbox(NOW + 54 * MINUTE) == []

    [letter] = inbox(NOW + 55 * MINUTE)

    assert letter["Subject"] == "Changed: Gala"
    assert "Saturday 28 March 2026\n19:00 İzmir · 20:00 Baku" in text_of(letter)
    assert "Until now it was to be:\nSaturday 21 March 2026\n19:00 İzmir · 20:00 Baku" in text_of(letter)
    assert letters() == {"cancelled": ["ada"], "sent": ["ada"]}


def test_a_later_change_is_told_from_what_people_were_told_last(inbox):
    event = make_open()
    come(event)
    move(event, 1)
    telling.tell(event, whom="standing", now=NOW, at_once=True)
    inbox(NOW)
    move(event, 6, now=NOW + DAY)
    telling.tell(event, whom="standing", now=NOW + DAY, at_once=True)

    [letter] = inbox(NOW + DAY)

    assert "Until now it was to be:\nSunday 22 March 2026" in text_of(letter)


def test_a_small_edit_does_not_take_the_letters_back(inbox):
    event = make_open()
    come(event)
    inbox(BEFORE)
    move(event)
    telling.tell(event, whom="standing", now=NOW)
    event.refresh_from_db()
    event.summary_tr, event.sequence = "Yeni", event.sequence + 1
    event.save()

    assert len(inbox(NOW + 30 * MINUTE)) == 1


def test_whom_to_tell_can_be_decided_anew_until_the_letters_leave(inbox):
    event = three_people()
    inbox(BEFORE)
    move(event)
    telling.tell(event, whom="standing", now=NOW)
    telling.tell(event, whom="nobody", now=NOW + MINUTE)
    move_on = telling.change_of(event, NOW + MINUTE)
    assert letters() == {"cancelled": ["ada", "ben", "cem"]}
    assert move_on is None  # nobody is told: that is settled
    with pytest.raises(ValidationError):
        telling.tell(event, whom="standing", now=NOW + 2 * MINUTE)


def test_the_letters_can_be_hurried_and_fewer_be_chosen(inbox):
    event = three_people()
    inbox(BEFORE)
    move(event)
    telling.tell(event, whom="standing", now=NOW)
    telling.tell(event, whom="confirmed", now=NOW + MINUTE, at_once=True)

    arrived = inbox(NOW + MINUTE)

    assert sorted(letter["To"] for letter in arrived) == ["ada@example.org", "ben@example.org"]
    assert inbox(NOW + DAY) == []


def test_who_was_told_is_not_told_again(inbox):
    event = make_open()
    come(event)
    inbox(BEFORE)
    move(event)
    telling.tell(event, whom="standing", now=NOW, at_once=True)
    inbox(NOW)

    with pytest.raises(ValidationError):
        telling.tell(event, whom="standing", now=NOW + MINUTE)

    assert letters() == {"sent": ["ada"]}


def test_who_gives_up_meanwhile_is_not_told(inbox):
    event = make_open()
    person = come(event)
    move(event)
    telling.tell(event, whom="standing", now=NOW)
    registration.cancel(person, now=NOW + MINUTE)
    inbox(NOW + MINUTE)

    assert inbox(NOW + 30 * MINUTE) == []
    assert letters() == {"cancelled": ["ada"]}


# --- What they read ---------------------------------------------------------------------------------------


def test_a_change_goes_into_the_calendar_of_those_who_come(inbox):
    event = three_people()
    inbox(BEFORE)
    move(event)
    telling.tell(event, whom="standing", now=NOW, at_once=True)

    entries = {letter["To"].partition("@")[0]: entry_of(letter) for letter in inbox(NOW)}

    assert entries["cem"] is None  # who waits for a seat has no entry
    assert entries["ada"]
    method, entry = entries["ada"]
    event.refresh_from_db()
    assert (method, int(entry["SEQUENCE"]), entry["UID"]) == (
        "REQUEST",
        event.sequence,
        Registration.objects.get(email="ada@example.org").uid,
    )
    assert entry["DTSTART"].dt == event.starts_at


def test_calling_off_takes_the_entry_from_those_who_had_got_it(inbox):
    event = make_open()
    come(event, "ada")
    inbox(BEFORE)
    come(event, "ben")  # the confirmation has not left yet
    publishing.call_off(event, now=NOW)
    telling.tell(event, whom="standing", now=NOW, at_once=True)

    letters = inbox(NOW)
    arrived = {letter["To"].partition("@")[0]: letter for letter in letters}

    assert [letter["Subject"] for letter in letters] == ["Called off: Gala"] * 2
    ada, ben = entry_of(arrived["ada"]), entry_of(arrived["ben"])
    assert ada
    assert (ada[0], ada[1]["STATUS"]) == ("CANCEL", "CANCELLED")
    assert ben is None


def test_who_gives_a_seat_up_has_the_entry_taken_out_and_who_stood_in_line_has_none(inbox):
    event = make_open(seats=1)
    ada, cem = come(event, "ada"), come(event, "cem")
    [first] = [entry_of(letter) for letter in inbox(BEFORE) if letter["To"].startswith("ada")]
    registration.cancel(cem, now=NOW)
    registration.cancel(ada, now=NOW)

    entries = {letter["To"].partition("@")[0]: entry_of(letter) for letter in inbox(NOW)}

    assert entries["cem"] is None
    assert first
    assert entries["ada"]
    method, last = entries["ada"]
    assert (method, last["UID"], last["STATUS"]) == ("CANCEL", first[1]["UID"], "CANCELLED")
    assert last["SEQUENCE"] > first[1]["SEQUENCE"]  # RFC 5546, 2.1.4: else a calendar may keep what it has


def test_who_is_not_accepted_is_led_to_the_whole_programme(inbox, settings):
    event = make_open()
    RegistrationPolicy.objects.filter(event=event).update(mode="approval")
    registration.reject(come(event), now=BEFORE)

    [letter] = inbox(BEFORE)

    assert text_of(letter).rstrip().endswith(f"The whole programme:\n{settings.SITE_ADDRESS}/en/events/")


def test_a_postponed_event_says_so_and_names_the_day_that_it_was_to_be(inbox):
    event = make_open()
    come(event)
    inbox(BEFORE)
    publishing.postpone(event, now=NOW)
    telling.tell(event, whom="standing", now=NOW, at_once=True)

    [letter] = inbox(NOW)

    assert "postponed; the new date is not known yet" in text_of(letter)
    assert "It was to be:\nGala\nSaturday 21 March 2026" in text_of(letter)
    assert entry_of(letter) is None


# --- At the desk ------------------------------------------------------------------------------------------


def ask(*events: Event) -> str:
    query = "&".join(f"event={event.pk}" for event in events)
    return f"{reverse('admin:events_event_act', args=['tell'])}?{query}"


def page_of(event: Event) -> str:
    return reverse("admin:events_event_change", args=[event.pk])


def in_a_month(slug: str = "gala") -> Event:
    starts_at = (datetime.now(UTC) + 30 * DAY).replace(microsecond=0)
    return make_open(slug, starts_at=starts_at)


def test_after_an_act_staff_are_asked_whom_to_tell_with_numbers():
    event, client = in_a_month(), staff()
    come(event, "ada", "tr", datetime.now(UTC) - DAY)
    come(event, "ben", "az", datetime.now(UTC) - DAY)

    response = client.post(reverse("admin:events_event_act", args=["call_off"]), {"event": event.pk}, follow=True)

    assert response.redirect_chain == [(ask(event), 302)]
    assert "Everybody who registered: 2 (Türkçe 1, Azərbaycanca 1)" in response.content.decode()
    assert letters() == {}


def test_of_many_only_those_are_asked_about_that_people_registered_for():
    known, unknown, client = in_a_month("known"), in_a_month("unknown"), staff()
    come(known, now=datetime.now(UTC) - DAY)

    response = client.post(
        reverse("admin:events_event_act", args=["postpone"]), {"event": [known.pk, unknown.pk]}, follow=True
    )

    assert response.redirect_chain == [(ask(known), 302)]


def test_looking_at_the_question_tells_nobody_and_an_answer_is_required():
    event, client = in_a_month(), staff()
    come(event, now=datetime.now(UTC) - DAY)
    move(event, now=datetime.now(UTC))

    client.get(ask(event))
    response = client.post(ask(event), {"event": event.pk})

    assert list(response.context["form"].errors) == ["whom"]
    assert letters() == {}


def test_the_answer_writes_the_letters_and_the_page_says_when_they_leave():
    event, client = in_a_month(), staff()
    come(event, now=datetime.now(UTC) - DAY)
    with time_machine.travel(datetime.now(UTC), tick=False):
        move(event, now=datetime.now(UTC))
        assert "1 person has not been told of the last change." in client.get(page_of(event)).content.decode()

        response = client.post(ask(event), {"event": event.pk, "whom": "standing"}, follow=True)

        page = response.content.decode()
        assert "1 letter will leave." in page
        assert "has not been told" not in page
        at = (datetime.now(UTC) + timedelta(hours=3, minutes=30)).strftime("%H:%M")
        assert f"1 letter about the last change leaves at {at}." in page
    assert letters() == {"pending": ["ada"]}


def test_a_dismissed_change_is_told_to_nobody_and_the_notice_goes():
    event, client = in_a_month(), staff()
    come(event, now=datetime.now(UTC) - DAY)
    move(event, now=datetime.now(UTC))
    assert work.counts(datetime.now(UTC))["untold"] == 1

    client.post(ask(event), {"event": event.pk, "whom": "nobody"})

    assert 'class="untold"' not in client.get(page_of(event)).content.decode()
    assert work.counts(datetime.now(UTC))["untold"] == 0
    assert letters() == {}


def test_moving_it_in_the_form_is_noted_and_said():
    event, client = in_a_month(), staff()
    come(event, now=datetime.now(UTC) - DAY)
    form = typed(client.get(page_of(event)), place_tr="Kültürpark")

    response = client.post(page_of(event), form, follow=True)

    page = response.content.decode()
    assert "1 person has not been told of the last change." in page
    assert ask(event) in page
    assert letters() == {}


def test_an_event_that_begins_within_a_day_is_told_of_at_once_unless_staff_say_otherwise():
    soon, later, client = make_open("soon", starts_at=datetime.now(UTC) + DAY / 2), in_a_month("later"), staff()
    for event in (soon, later):
        come(event, now=datetime.now(UTC) - DAY)
        move(event, 40, now=datetime.now(UTC))

    offered = [client.get(ask(event)).context["form"].initial["at_once"] for event in (soon, later)]

    assert offered == [True, False]


def test_who_may_not_change_events_tells_nobody():
    event = in_a_month()
    come(event, now=datetime.now(UTC) - DAY)
    move(event, now=datetime.now(UTC))

    assert staff("view_event").post(ask(event), {"event": event.pk, "whom": "standing"}).status_code == 403
    assert letters() == {}


def test_days_stay_days_in_what_people_know():
    event = make_event(precision="day", starts_on=date(2026, 3, 21), ends_on=date(2026, 3, 22))
    RegistrationPolicy.objects.create(event=event, mode="open")
    come(event)
    publishing.move(event, now=NOW, precision="day", starts_on=date(2026, 4, 1))

    was = Change.objects.get().was

    assert (was.precision, was.starts_on, was.ends_on, was.starts_at) == (
        "day",
        date(2026, 3, 21),
        date(2026, 3, 22),
        None,
    )
