"""Taking a seat, waiting for one, giving it back."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, BrokenBarrierError, Thread

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.db.models import F
from django.utils import translation

from events import mails, registration, seats
from events.attendance import Allotment, Registration, RegistrationPolicy
from events.models import Event
from events.tests.make import make_event
from izbaku import freshness
from izbaku.mail import reconciling
from izbaku.mail.models import Message

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english():
    """Refusals are told by their words here."""
    with translation.override("en"):
        yield


def make_open(seats: int | None = 2, mode: str = "open", **policy) -> Event:
    """An event at 19.00 in İzmir on 21 March 2026 that one can register for."""
    event = make_event()
    RegistrationPolicy.objects.create(event=event, mode=mode, **policy)
    Allotment.objects.create(event=event, capacity=seats)
    return event


def come(event: Event, email: str = "ada@example.org", now: datetime = NOW, **more) -> Registration:
    return registration.register(event, name="Ada", email=email, language="en", now=now, **more)


def taken(event: Event) -> int:
    return Allotment.objects.get(event=event).taken


def letters() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("pk").values_list("kind", "recipient"))


def test_a_free_seat_is_confirmed_at_once_and_a_letter_says_so():
    event = make_open()

    registered = come(event)

    assert registered.state == "confirmed"
    assert taken(event) == 1
    assert letters() == [("registration_confirmed", "ada@example.org")]


def test_a_second_try_returns_the_same_seat_and_the_same_letter_once_an_hour():
    event = make_open()
    first = come(event)

    at_once = come(event)
    assert len(letters()) == 1  # a double click is no second try

    later = NOW + timedelta(minutes=5)
    again = [come(event, "ADA@example.org", now=later), come(event, now=later)]

    assert [at_once, *again] == [first] * 3
    assert taken(event) == 1
    assert len(letters()) == 2


def test_the_night_finds_who_was_never_told_what_they_are_now():
    event = make_open(seats=1)
    ada, _ben = come(event), come(event, "ben@example.org")
    registration.change_party(ada, 1, now=NOW)
    registration.cancel(ada, now=NOW)
    assert not mails.unwritten().exists()

    Message.objects.filter(dedupe_key=f"conf:{ada.pk}:2").delete()

    assert list(mails.unwritten()) == [ada]
    assert reconciling.run(NOW)["registrations without their letter"] == 1


def test_when_all_seats_are_taken_one_waits():
    event = make_open(seats=1)
    come(event)

    waiting = come(event, "ben@example.org")

    assert waiting.state == "waiting"
    assert taken(event) == 1
    assert letters()[-1] == ("registration_waiting", "ben@example.org")


def test_a_cancelled_seat_is_offered_to_the_first_in_line():
    event = make_open(seats=1)
    ada, ben, cem = (come(event, f"{name}@example.org", NOW + timedelta(minutes=n)) for n, name in enumerate("abc"))

    assert registration.cancel(ada, now=NOW)

    ben.refresh_from_db()
    cem.refresh_from_db()
    assert (ben.state, cem.state, taken(event)) == ("offered", "waiting", 1)
    assert ben.offered_until == NOW + timedelta(hours=24)
    assert letters()[-1] == ("registration_offered", "b@example.org")


def test_cancelling_twice_frees_one_seat():
    event = make_open(seats=3)
    ada = come(event)
    come(event, "ben@example.org")

    assert registration.cancel(ada, now=NOW)
    assert not registration.cancel(ada, now=NOW)

    assert taken(event) == 1


def test_an_offer_that_is_taken_is_a_seat_and_a_used_one_is_dead():
    event = make_open(seats=1)
    ada, ben = come(event), come(event, "ben@example.org")
    registration.cancel(ada, now=NOW)
    ben.refresh_from_db()

    registration.accept_offer(ben, now=NOW + timedelta(hours=1))

    assert (ben.state, taken(event)) == ("confirmed", 1)
    with pytest.raises(ValidationError):
        registration.accept_offer(ben, now=NOW + timedelta(hours=2))


def test_an_offer_that_is_declined_or_lapses_goes_to_the_next():
    event = make_open(seats=1)
    ada, ben, cem, dan = (come(event, f"{n}@example.org", NOW + timedelta(minutes=i)) for i, n in enumerate("abcd"))
    registration.cancel(ada, now=NOW)
    ben.refresh_from_db()

    assert registration.decline_offer(ben, now=NOW)
    cem.refresh_from_db()
    assert cem.state == "offered"

    assert registration.lapse_due(NOW + timedelta(hours=24)) == 1
    dan.refresh_from_db()
    cem.refresh_from_db()
    assert (ben.state, cem.state, dan.state, taken(event)) == ("declined", "lapsed", "offered", 1)
    with pytest.raises(ValidationError):
        registration.accept_offer(cem, now=NOW + timedelta(hours=24))


def test_nobody_overtakes_the_line():
    event = make_open(seats=2)
    come(event, "a@example.org", party=1)
    waiting = come(event, "b@example.org", party=2)
    assert waiting.state == "waiting"

    assert come(event, "c@example.org").state == "waiting"
    assert taken(event) == 1


def test_a_party_comes_as_a_whole_and_one_that_is_too_large_keeps_its_place():
    event = make_open(seats=3)
    ada = come(event, "a@example.org", party=1)
    come(event, "b@example.org", party=2)
    family = come(event, "c@example.org", party=2)
    single = come(event, "d@example.org", NOW + timedelta(minutes=1))

    registration.cancel(ada, now=NOW + timedelta(minutes=2))

    family.refresh_from_db()
    single.refresh_from_db()
    assert (family.state, single.state) == ("waiting", "offered")
    assert registration.why_nobody(Allotment.objects.get(), now=NOW) == "full"


def test_shortly_before_the_start_nothing_is_offered_any_more():
    event = make_open(seats=1, quiet_hours=3)
    ada, ben = come(event), come(event, "ben@example.org")

    registration.cancel(ada, now=event.starts_at - timedelta(hours=2))

    ben.refresh_from_db()
    assert ben.state == "waiting"
    assert registration.why_nobody(Allotment.objects.get(), now=event.starts_at - timedelta(hours=2)) == "quiet"


def test_an_offer_ends_where_the_quiet_hours_begin():
    event = make_open(seats=1, quiet_hours=3)
    ada, ben = come(event), come(event, "ben@example.org")

    registration.cancel(ada, now=event.starts_at - timedelta(hours=10))

    ben.refresh_from_db()
    assert ben.offered_until == event.starts_at - timedelta(hours=3)


def test_with_approval_nobody_has_a_seat_until_somebody_says_so():
    event = make_open(seats=1, mode="approval")
    ada, ben = come(event), come(event, "ben@example.org")
    assert (ada.state, taken(event)) == ("pending", 0)

    assert registration.approve(ada, now=NOW)
    assert registration.approve(ben, now=NOW)

    assert (ada.state, ben.state, taken(event)) == ("confirmed", "waiting", 1)
    assert not registration.reject(ada, now=NOW)


def test_more_seats_only_where_they_are_left():
    event = make_open(seats=3)
    ada = come(event)
    come(event, "ben@example.org")

    registration.change_party(ada, 2, now=NOW)
    assert taken(event) == 3
    with pytest.raises(ValidationError):
        registration.change_party(ada, 3, now=NOW)

    ada.refresh_from_db()
    assert (ada.party, taken(event)) == (2, 3)


@pytest.mark.parametrize("party", [0, -1, 5, 10**9])
def test_a_party_that_is_none_is_refused(party):
    event = make_open(seats=None)
    with pytest.raises(ValidationError):
        come(event, party=party)
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "called_off"}, "not take place"),
        ({"starts_at": NOW - timedelta(days=3), "ends_at": None}, "begun"),
        ({"precision": "month", "starts_on": date(2026, 4, 1), "ends_on": None}, "day of the event is known"),
    ],
)
def test_one_cannot_register_for_what_is_over_or_off(change, words):
    event = make_open()
    for name, value in change.items():
        setattr(event, name, value)
    event.save()

    with pytest.raises(ValidationError, match=words):
        come(event)


def test_people_of_each_city_have_seats_of_their_own():
    event = make_open(seats=1)
    Allotment.objects.create(event=event, city="baku", capacity=1)

    states = [come(event, f"{n}@example.org", city=city).state for n, city in enumerate(["baku", "izmir", "baku"])]

    assert states == ["confirmed", "confirmed", "waiting"]


def test_the_database_itself_refuses_more_than_there_is():
    event = make_open(seats=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Allotment.objects.update(taken=F("taken") + 2)
    come(event)
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.create(event=event, email="Ada@Example.org", name="B", language="en", state="waiting")


def race(event: Event, people: int) -> None:
    """So many people at once, from eight threads."""

    def work(numbers: range) -> None:
        try:
            for number in numbers:
                come(event, f"p{number}@example.org", party=1)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=(range(start, people, 8),)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_two_hundred_race_for_fifty_seats_and_the_rest_stands_in_line():
    event = make_open(seats=50)

    race(event, 200)

    assert taken(event) == 50
    assert Registration.objects.filter(state="confirmed").count() == 50
    assert Registration.objects.filter(state="waiting").count() == 150
    assert Message.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_the_same_race_oversells(monkeypatch):
    """The guard earns its place: count first, take afterwards, and fifty seats become more."""

    together = Barrier(8)

    def take(allotment: Allotment, party: int, *, before_the_line: bool = False) -> bool:
        seen = Registration.objects.filter(allotment=allotment, state="confirmed").count()
        with suppress(BrokenBarrierError):
            together.wait(timeout=2)  # everybody has counted before anybody takes
        return seen + party <= 50

    def unguarded(event: Event, email: str) -> None:
        allotment = Allotment.objects.get(event=event)
        state = "confirmed" if seats.take(allotment, 1) else "waiting"
        Registration.objects.create(
            event=event, allotment=allotment, name="A", email=email, language="en", state=state, waiting_since=NOW
        )

    monkeypatch.setattr(seats, "take", take)
    monkeypatch.setattr(registration, "register", lambda event, *, email, **_rest: unguarded(event, email))
    event = make_open(seats=50)

    race(event, 200)

    assert Registration.objects.filter(state="confirmed").count() > 50


def test_the_word_for_what_is_left_makes_kept_pages_old(client, django_capture_on_commit_callbacks):
    event = make_open(seats=2)
    with time_machine.travel(NOW):
        assert "Register" in client.get(f"/en/events/{event.slug}/").content.decode()
        with django_capture_on_commit_callbacks(execute=True):
            come(event)
            come(event, "ben@example.org")
        page = client.get(f"/en/events/{event.slug}/", HTTP_COOKIE=f"fresh={freshness.sealed(999999)}").content.decode()

    assert "waiting list" in page
