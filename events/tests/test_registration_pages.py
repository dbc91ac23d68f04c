"""The pages of registering and one's own page: what they say, refuse, and keep to themselves."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import icalendar
import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from events import own_calendars, registration
from events.attendance import Allotment, OwnCalendar, Question, Registration, RegistrationPolicy
from events.models import Event
from events.tests.make import make_event
from events.tests.test_registration import NOW, come, make_open, taken
from izbaku import holdings
from izbaku.holdings import Person
from izbaku.mail import pump
from izbaku.mail.models import Message
from izbaku.privacy import retention
from izbaku.privacy.models import Notice, RetentionRule

pytestmark = pytest.mark.django_db
TYPED = {"name": "Ada Lovelace", "email": "ada@example.org", "party": "1"}


@pytest.fixture(autouse=True)
def then():
    """Three weeks before the event; nobody has knocked yet."""
    cache.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock
    cache.clear()


def form_of(client: Client, address: str = "/en/events/gala/register/") -> dict[str, str]:
    """What a browser would send back unasked: the hidden fields of the page."""
    page = client.get(address).content.decode()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return dict(hidden)


def send(client: Client, typed: dict[str, str] | None = None, hidden: dict[str, str] | None = None):
    hidden = form_of(client) if hidden is None else hidden
    return client.post("/en/events/gala/register/", hidden | TYPED | (typed or {}))


def text_of(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def own(registered: Registration, act: str = "") -> str:
    return f"/en/registrations/{registered.code}/{act}"


# --- The form ---------------------------------------------------------------------------------------------


def test_sending_the_form_takes_a_seat_and_remembers_the_notice(client):
    make_open()

    answer = send(client, {"name": "  Ada \t Lovelace "})

    assert answer["Location"] == "/en/events/gala/registered/"
    seat = Registration.objects.get()
    assert (seat.name, seat.email, seat.state, seat.language) == ("Ada Lovelace", "ada@example.org", "confirmed", "en")
    assert (seat.notice.purpose, seat.notice_language) == ("registration", "en")


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_the_notice_stands_in_each_language_as_a_draft_for_the_lawyer(language):
    notice = Notice.objects.get(purpose="registration")

    assert notice.confirmed_on is None
    for part in ("title", "summary", "controller", "aims", "recipients", "grounds", "keeping", "rights"):
        assert getattr(notice, f"{part}_{language}")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "required"),
        ({"name": " \u200b\u202e "}, "required"),
        ({"name": "x" * 121}, "at most 120"),
        ({"name": "a\x00b"}, "Null characters"),
        ({"email": ""}, "required"),
        ({"email": "ada"}, "valid email"),
        ({"email": "ada@example.org\nBcc: eve@example.org"}, "valid email"),
        ({"email": "ada@example.org\r\nX: y"}, "valid email"),
        ({"email": "a" * 308 + "@example.org"}, "at most 254"),
        ({"email": '"a b"@example.org'}, "address"),
        ({"email": "ada@example.org, eve@example.org"}, "valid email"),
        ({"party": "0"}, "greater than or equal to 1"),
        ({"party": "-1"}, "greater than or equal to 1"),
        ({"party": "1000000000"}, "less than or equal to 4"),
        ({"party": "9" * 400}, "less than or equal to 4"),
        ({"party": "two"}, "whole number"),
        ({"party": ""}, "required"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_typed_is_lost(client, typed, said):
    make_open()

    answer = send(client, typed)

    assert answer.status_code == 200
    assert said in text_of(answer)
    assert not Registration.objects.exists()
    form = answer.context["form"]
    assert {name: form[name].value() for name in TYPED} == TYPED | typed
    page = answer.content.decode()
    for field in re.findall(r'<li><a href="#([^"]+)">', page):
        assert f'id="{field}"' in page


@pytest.mark.parametrize(
    "name",
    [
        "Bcc: eve@example.org",
        "{{ settings.SECRET_KEY }} {% debug %}",
        "<script>alert(1)</script>",
        '=HYPERLINK("https://evil.example")',
        "Robert'); DROP TABLE events_event;--",
        "#panic() $x$ \\",
        "Gülşən Əliyeva Iğdır",
        "王小明",
    ],
)
def test_any_name_is_a_name_and_nothing_else(client, name):
    """It is kept as it was typed, shown escaped on the own page, and stands in no letter."""
    make_open()

    assert send(client, {"name": name}).status_code == 302
    seat = Registration.objects.get()
    page = client.get(own(seat))
    pump.run(timezone.now)

    assert seat.name == name
    assert "<script>alert" not in page.content.decode()
    assert client.get(own(seat, "ticket.pdf")).status_code == 200
    letter = Message.objects.get()
    assert letter.state == "sent"
    assert name not in letter.subject + letter.text


def test_an_address_of_a_country_is_written_as_mail_needs_it(client):
    make_open()

    assert send(client, {"email": "leyla@çiçək.example"}).status_code == 302
    send(client, {"email": "leyla@xn--iek-yla40q.example"})

    seats = Registration.objects.all()
    assert all("@xn--" in seat.email for seat in seats)


def test_a_reversed_writing_direction_is_taken_out_of_a_name(client):
    make_open()

    send(client, {"name": "Ada\u202e gpj.exe\u2066"})

    assert Registration.objects.get().name == "Ada gpj.exe"


def test_a_robot_is_thanked_and_forgotten(client):
    make_open()

    answer = send(client, {"website": "https://spam.example"})

    assert answer["Location"] == "/en/events/gala/registered/"
    assert not Registration.objects.exists()
    assert not Message.objects.exists()


def test_two_tabs_and_a_double_click_give_one_seat(client):
    make_open()
    first, second = form_of(client), form_of(client)

    answers = [send(client, hidden=hidden) for hidden in (first, first, second)]

    assert [answer.status_code for answer in answers] == [302, 302, 302]
    assert Registration.objects.count() == 1
    assert taken(Event.objects.get()) == 1


def test_a_registration_that_closed_meanwhile_says_so(client):
    event = make_open()
    hidden = form_of(client)
    RegistrationPolicy.objects.filter(event=event).update(closes_at=NOW - timedelta(minutes=1))

    answer = client.get(send(client, hidden=hidden)["Location"])

    assert "Registration is closed." in text_of(answer)
    assert not Registration.objects.exists()


def test_why_nobody_can_register_is_kept_until_it_opens(client, then, django_assert_num_queries):
    make_open(opens_at=NOW + timedelta(minutes=10))
    address = "/en/events/gala/register/"
    answer = client.get(address)

    with django_assert_num_queries(0):
        again = client.get(address)
    then.move_to(NOW + timedelta(minutes=10))

    assert "Registration has not opened yet." in text_of(answer)
    assert again.content == answer.content
    assert form_of(client)["seen"] == "0:free"


def test_the_form_is_never_kept(client):
    make_open()

    answer = client.get("/en/events/gala/register/")

    assert "no-store" in answer["Cache-Control"]


def test_seats_that_went_meanwhile_are_told_before_anybody_is_put_into_the_line(client):
    event = make_open(seats=1)
    hidden = form_of(client)
    come(event, "ben@example.org")

    answer = send(client, hidden=hidden)
    assert "The last seats were taken meanwhile." in text_of(answer)
    assert "Put me on the waiting list" in text_of(answer)
    assert answer.context["form"]["name"].value() == "Ada Lovelace"
    assert Registration.objects.count() == 1

    shown = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.content.decode()))
    assert send(client, hidden=shown).status_code == 302
    assert Registration.objects.get(email="ada@example.org").state == "waiting"


def test_an_event_that_moved_meanwhile_is_read_again_before_it_is_registered_for(client):
    event = make_open()
    hidden = form_of(client)
    Event.objects.filter(pk=event.pk).update(sequence=event.sequence + 1)

    answer = send(client, hidden=hidden)

    assert "The event has changed meanwhile." in text_of(answer)
    assert not Registration.objects.exists()
    shown = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.content.decode()))
    assert send(client, hidden=shown).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "eyJ.forged.token"])
def test_without_the_notice_that_was_shown_nothing_is_taken(client, token):
    make_open()

    answer = send(client, hidden=form_of(client) | {"notice": token})

    assert answer.status_code == 200
    assert not Registration.objects.exists()


def test_who_knocks_too_often_is_told_to_wait_and_loses_nothing(client):
    make_open()
    for _again in range(5):
        send(client)

    answer = send(client)

    assert answer.status_code == 429
    assert "Wait a minute" in text_of(answer)
    assert answer.context["form"]["name"].value() == "Ada Lovelace"


def test_questions_are_kept_with_their_words_and_required_ones_asked(client):
    event = make_open()
    policy = event.registration_policy
    meal = Question.objects.create(
        policy=policy, text="Meal <b>", kind="choice", choices="Fish\nBeans", is_required=True
    )
    ramp = Question.objects.create(policy=policy, text="A ramp?", kind="yes_no")

    assert "required" in text_of(send(client))
    assert send(client, {f"question_{meal.pk}": "Meat"}).status_code == 200
    assert send(client, {f"question_{meal.pk}": "Beans", f"question_{ramp.pk}": "no"}).status_code == 302

    assert Registration.objects.get().answers == [
        {"question": "Meal <b>", "answer": "Beans"},
        {"question": "A ramp?", "answer": "no"},
    ]


def test_where_cities_have_seats_of_their_own_the_city_is_asked(client):
    event = make_open()
    Allotment.objects.filter(event=event).update(city="izmir")
    Allotment.objects.create(event=event, city="baku", capacity=5)

    refused = send(client)
    assert '<li><a href="#id_city_0">' in refused.content.decode()
    assert send(client, {"city": "baku"}).status_code == 302

    assert Registration.objects.get().allotment.city == "baku"


WORDS = {
    "approval": {"tr": "onay", "az": "təsdiq", "en": "approval"},
    "waiting": {"tr": "yedek liste", "az": "gözləmə siyahısı", "en": "waiting list"},
}


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_waiting_for_approval_and_standing_in_line_are_different_words(client, language):
    approved = make_open(mode="approval")
    pending = come(approved)
    other = make_event("other")
    RegistrationPolicy.objects.create(event=other, mode="open")
    Allotment.objects.create(event=other, capacity=0)
    waiting = come(other)
    prefix = {"tr": "/tr/kayitlar/", "az": "/az/qeydiyyatlar/", "en": "/en/registrations/"}[language]

    heads = [
        re.search(r"<h1>(.*?)</h1>", client.get(f"{prefix}{row.code}/").content.decode())[1].replace("İ", "i").lower()
        for row in (pending, waiting)
    ]

    assert WORDS["approval"][language] in heads[0]
    assert WORDS["waiting"][language] in heads[1]
    assert WORDS["waiting"][language] not in heads[0]


@pytest.mark.parametrize(("mode", "said"), [("invitation", "By invitation only."), ("none", "no registration")])
def test_where_one_cannot_register_the_page_says_why(client, mode, said):
    make_open(mode=mode)

    assert said in text_of(client.get("/en/events/gala/register/"))


@pytest.mark.parametrize(("seats", "word"), [(100, "Seats free"), (1, "Few seats left"), (0, "Full: waiting list")])
def test_the_event_says_in_a_word_what_is_left_and_never_how_many(client, seats, word):
    make_open(seats=seats)

    page = text_of(client.get("/en/events/gala/"))

    assert word in page
    assert f"{seats} seat" not in page


# --- A form without its cookie ----------------------------------------------------------------------------


def test_a_form_that_was_open_for_too_long_gets_our_own_page_with_a_way_back():
    make_open()
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post("/en/events/gala/register/", TYPED)

    assert answer.status_code == 403
    assert "Nothing was changed" in text_of(answer)
    assert 'href="/en/events/gala/register/"' in answer.content.decode()


def test_that_page_never_leads_out_of_the_portal():
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post("//evil.example/en/events/gala/register/", TYPED)

    assert "evil.example" not in re.sub(r'rel="(canonical|alternate)"[^>]*', "", answer.content.decode())


def test_a_form_of_the_own_page_comes_back_to_it(client):
    seat = come(make_open())
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(own(seat, "cancel/"))
    back = re.search(r'<a class="button" href="([^"]+)"', answer.content.decode())[1]

    assert client.get(back, follow=True).redirect_chain == [(own(seat), 302)]
    assert Registration.objects.get().state == "confirmed"


# --- One's own page ---------------------------------------------------------------------------------------


def test_the_own_page_is_nobody_elses(client):
    seat = come(make_open())

    answer = client.get(own(seat))

    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    # The address of the page goes nowhere; "no-referrer" would make browsers send our own forms with Origin: null.
    assert answer["Referrer-Policy"] == "strict-origin"
    for wrong in (seat.code[:-1], seat.code + "A", "x" * 5000, seat.code.swapcase()):
        assert client.get(f"/en/registrations/{wrong}/").status_code == 404


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_a_letter_opens_the_page_in_the_language_of_the_registration(client, language):
    registration.register(make_open(), name="Ada", email="ada@example.org", language=language, now=NOW)
    pump.run(timezone.now)

    link = re.search(r"https?://[^/]+(/\S+/)\s", Message.objects.get().text + " ")[1]

    assert language == client.get(link).wsgi_request.LANGUAGE_CODE


@pytest.mark.parametrize("act", ["cancel", "accept", "decline", "change"])
def test_whoever_only_opens_an_address_changes_nothing(client, act):
    seat = come(make_open())

    answer = client.get(own(seat, f"{act}/"))

    assert answer["Location"] == own(seat)
    assert Registration.objects.get().state == "confirmed"


def test_cancelling_twice_is_cancelling_once(client):
    seat = come(make_open())

    first = client.post(own(seat, "cancel/"), follow=True)
    second = client.post(own(seat, "cancel/"), follow=True)

    assert "Your registration is cancelled." in text_of(first)
    assert "A letter confirms it" not in text_of(second)
    assert taken(seat.event) == 0
    assert Message.objects.filter(kind="registration_cancelled").count() == 1


def test_a_seat_cannot_be_cancelled_from_a_page_that_stayed_open_until_after_the_event(client, then):
    seat = come(make_open())
    then.move_to(seat.event.starts_at + timedelta(hours=3))

    answer = client.post(own(seat, "cancel/"), follow=True)

    assert "The event has begun or is over." in text_of(answer)
    assert Registration.objects.get().state == "confirmed"


def offered() -> Registration:
    event = make_open(seats=1)
    first, second = come(event), come(event, "ben@example.org")
    registration.cancel(first, now=NOW)
    second.refresh_from_db()
    assert second.state == "offered"
    return second


def test_an_offer_is_taken_once_and_a_second_click_does_not_call_it_over(client):
    seat = offered()
    assert "A seat is kept for you until" in text_of(client.get(own(seat)))

    first = client.post(own(seat, "accept/"), follow=True)
    second = client.post(own(seat, "accept/"), follow=True)

    assert "The seat is yours." in text_of(first)
    assert "no longer open" not in text_of(second)
    assert Registration.objects.get(pk=seat.pk).state == "confirmed"


def test_after_taking_it_another_tab_cannot_give_it_away_by_declining(client):
    seat = offered()
    client.post(own(seat, "accept/"), follow=True)

    answer = client.post(own(seat, "decline/"), follow=True)

    assert 'class="messages"' not in answer.content.decode()
    assert Registration.objects.get(pk=seat.pk).state == "confirmed"


def test_an_offer_that_lapsed_is_not_taken(client, then):
    seat = offered()
    then.move_to(seat.offered_until + timedelta(seconds=1))

    answer = client.post(own(seat, "accept/"), follow=True)

    assert "This offer is no longer open." in text_of(answer)
    assert Registration.objects.get(pk=seat.pk).state == "offered"


def test_a_declined_offer_stays_declined(client):
    seat = offered()
    client.post(own(seat, "decline/"))

    answer = client.post(own(seat, "accept/"), follow=True)

    assert "This offer is no longer open." in text_of(answer)
    assert Registration.objects.get(pk=seat.pk).state == "declined"


@pytest.mark.parametrize("party", ["0", "-1", "1000000000", "", "two", "5"])
def test_a_number_of_seats_that_cannot_be_is_refused_where_it_was_typed(client, party):
    seat = come(make_open(seats=3))

    answer = client.post(own(seat, "change/"), {"party": party})

    assert answer.status_code == 200
    assert answer.context["party_form"]["party"].value() == party
    assert "Something is still missing" in text_of(answer)
    assert Registration.objects.get().party == 1


def test_more_seats_than_are_left_are_refused_and_the_ones_one_has_are_kept(client):
    seat = come(make_open(seats=2))

    answer = client.post(own(seat, "change/"), {"party": "3"})

    assert "So many seats are not left." in text_of(answer)
    assert answer.context["party_form"]["party"].value() == "3"
    assert taken(seat.event) == 1


def test_who_comes_along_is_a_number_of_seats(client):
    seat = come(make_open(seats=3))

    answer = client.post(own(seat, "change/"), {"party": "3"}, follow=True)

    assert "Changed." in text_of(answer)
    assert (Registration.objects.get().party, taken(seat.event)) == (3, 3)


# --- A calendar of one's own ------------------------------------------------------------------------------


def feed(email: str = "ada@example.org") -> str:
    return urlsplit(own_calendars.address_of(email)).path


def entries(client: Client, address: str) -> list[tuple[str, str]]:
    found = icalendar.Calendar.from_ical(client.get(address).content)
    return [(str(entry["summary"]), str(entry["status"])) for entry in found.walk("VEVENT")]


def test_the_own_calendar_holds_what_its_address_registered_for_and_nothing_else(client):
    gala = make_open(seats=1)
    talk = make_event("talk")
    RegistrationPolicy.objects.create(event=talk, mode="approval")
    come(gala)
    come(gala, "ben@example.org")
    come(talk, "ADA@example.org")

    assert entries(client, feed()) == [("Talk (Waiting for approval)", "TENTATIVE"), ("Gala", "CONFIRMED")]
    assert entries(client, feed("ben@example.org")) == [("Gala (On the waiting list)", "TENTATIVE")]


def test_the_own_calendar_follows_what_is_called_off_and_what_is_given_up(client):
    gala = make_open()
    seat = come(gala)
    Event.objects.filter(pk=gala.pk).update(state=Event.State.CALLED_OFF)
    assert entries(client, feed()) == [("Called off: Gala", "CANCELLED")]

    registration.cancel(seat, now=NOW)
    assert entries(client, feed()) == []


def test_the_own_calendar_is_the_same_until_something_changes(client):
    come(make_open())

    first = client.get(feed())
    again = client.get(feed(), headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first["Cache-Control"] == "private, no-cache"
    assert first["X-Robots-Tag"] == "noindex"


def test_only_the_letter_to_an_address_knows_where_its_calendar_is(client):
    seat = come(make_open())
    pump.run(timezone.now)
    key = OwnCalendar.objects.get().token

    assert key in Message.objects.get().text
    assert key not in client.get(own(seat)).content.decode()
    assert client.get(f"/calendars/{seat.code}.ics").status_code == 404
    for wrong in (key[:-1], key.swapcase(), "%00", "ə"):
        assert client.get(f"/calendars/{wrong}.ics").status_code == 404


@pytest.mark.parametrize("events", [1, 5])
def test_the_own_calendar_asks_a_constant_number_of_questions(client, django_assert_num_queries, events):
    for number in range(events):
        event = make_event(f"event-{number}")
        RegistrationPolicy.objects.create(event=event, mode="open")
        come(event)
    address = feed()

    with django_assert_num_queries(3):
        assert client.get(address).content.count(b"BEGIN:VEVENT") == events


# --- What is held, and for how long -----------------------------------------------------------------------


def test_registrations_are_told_and_exported_with_their_words():
    registration.register(
        make_open(), name="Ada", email="ada@example.org", language="en", now=NOW,
        answers=[{"question": "A ramp?", "answer": "no"}],
    )  # fmt: skip
    room = next(room for room in holdings.rooms() if room.name == "registrations")

    (told,) = room.held(Person.of("ADA@example.org"))

    values = {name: value for name, _label, value in told.values}
    assert values["answers"] == "A ramp? no"
    assert values["email"] == "ada@example.org"
    assert list(room.held(Person.of("eve@example.org"))) == []


def test_a_registration_under_the_other_spelling_of_the_domain_is_told_and_erased():
    registered = come(make_open(), "ayse@şəhər.az")
    assert "xn--" in registered.email
    ayse = Person.of(get_user_model().objects.create_user("ayse@şəhər.az", name="Ayşe"))
    room = next(room for room in holdings.rooms() if room.name == "registrations")
    assert len([each for each in room.held(ayse) if each.record == registered]) == 1

    room.erase(ayse, NOW)

    assert not Registration.objects.filter(email=registered.email).exists()


def test_erasing_frees_the_seat_for_the_line_and_ends_the_calendar_without_a_letter_to_the_erased(client):
    event = make_open(seats=1)
    come(event)
    ben = come(event, "ben@example.org")
    address = feed()
    room = next(room for room in holdings.rooms() if room.name == "registrations")

    assert room.erase(Person.of("ada@example.org"), NOW) == 2

    ben.refresh_from_db()
    assert ben.state == "offered"
    assert taken(event) == 1
    assert client.get(address).status_code == 404
    assert not Message.objects.filter(recipient="ada@example.org", kind="registration_cancelled").exists()


def test_registrations_end_six_months_after_the_event_and_an_event_that_moves_takes_the_day_along():
    event = make_open()
    come(event)
    own_calendars.address_of("ada@example.org")
    period = RetentionRule.objects.get(record_class="registration").period
    kept = holdings.classes()["registration"]
    last = event.starts_at + period

    assert kept.due(last, period) == 0
    assert kept.due(last + timedelta(days=1), period) == 1

    event.starts_at += timedelta(days=10)
    event.save()
    assert kept.due(last + timedelta(days=1), period) == 0

    lines = {line.record_class: line for line in retention.destroy_due(last + timedelta(days=12))}
    assert (lines["registration"].count, lines["registration"].trouble) == (1, "")
    assert not Registration.objects.exists()
    assert not OwnCalendar.objects.exists()


def test_whoever_comes_to_a_later_event_too_keeps_their_calendar():
    come(make_open())
    later = make_event("later", starts_at=NOW + timedelta(days=300))
    RegistrationPolicy.objects.create(event=later, mode="open")
    come(later)
    address = feed()

    retention.destroy_due(NOW + timedelta(days=250))

    assert [row.event.slug for row in Registration.objects.all()] == ["later"]
    assert Client().get(address).status_code == 200
