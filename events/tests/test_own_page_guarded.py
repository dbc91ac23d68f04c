"""One's own page when the event, the offer or the registration itself has gone meanwhile; and a hand that never rests."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache

from events import own_calendars, publishing, registration, registration_views
from events.attendance import Registration
from events.tests.test_registration import NOW, come, make_open
from izbaku.mail import kinds
from izbaku.mail.models import Message

pytestmark = pytest.mark.django_db
State = Registration.State


@pytest.fixture(autouse=True)
def then():
    cache.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock
    cache.clear()


def own(one: Registration, act: str = "") -> str:
    return f"/en/registrations/{one.code}/{act}"


def withdrawn(one: Registration) -> None:
    event = one.event
    publishing.withdraw(event, now=NOW)
    event.title_en = event.title_tr = "The secret guest"
    event.save()


def test_who_had_registered_learns_nothing_of_the_draft(client):
    one = come(make_open())
    calendar = own_calendars.address_of(one.email).split("/", 3)[3]
    assert "Cancel the registration" in client.get(own(one)).content.decode()
    withdrawn(one)

    page = client.get(own(one)).content.decode()
    assert "not public any more" in page
    assert "secret guest" not in page
    for paper in ("event.ics", "ticket.png", "ticket.pdf"):
        assert client.get(own(one, paper)).headers["Location"] == own(one), paper
    assert b"secret guest" not in client.get(f"/{calendar}").content
    assert client.post(own(one, "change/"), {"party": 2}).status_code == 200
    one.refresh_from_db()
    assert one.party == 1


def test_who_had_registered_can_still_cancel_and_the_letter_tells_nothing(client):
    one = come(make_open())
    withdrawn(one)

    page = client.post(own(one, "cancel/"), follow=True).content.decode()

    one.refresh_from_db()
    assert one.state == State.CANCELLED
    assert "Your registration is cancelled." in page
    assert "secret guest" not in page
    for message in Message.objects.all():
        assert not kinds.get(message.kind).still_wanted(message, NOW)


def test_as_many_seats_as_before_are_no_change_and_no_letter(client):
    one = come(make_open())
    before = Message.objects.count()

    for _again in range(3):
        client.post(own(one, "change/"), {"party": one.party})

    assert Message.objects.count() == before
    one.refresh_from_db()
    assert one.version == 1


def test_a_hand_that_never_rests_is_stopped(client):
    one = come(make_open())
    before = Message.objects.count()

    answers = [client.post(own(one, "change/"), {"party": 1 + turn % 2}) for turn in range(1, 31)]

    assert answers[-1].status_code == 429
    assert "Wait an hour" in answers[-1].content.decode()
    assert Message.objects.count() - before == registration_views.ACTS_AN_HOUR


@pytest.mark.parametrize("act", ["change/", "cancel/", "accept/", "decline/"])
def test_what_was_erased_in_the_same_moment_is_a_page_with_a_way_on(client, monkeypatch, act):
    event = make_open(1)
    come(event)
    one = come(event, "grace@example.org")
    Registration.objects.filter(pk=one.pk).update(state=State.OFFERED, offered_until=NOW + timedelta(days=1))
    original = registration_views.is_too_often

    def meanwhile(*args, **kwargs):
        Registration.objects.filter(pk=one.pk).delete()  # as the other page does, between reading and acting
        return original(*args, **kwargs)

    monkeypatch.setattr(registration_views, "is_too_often", meanwhile)
    answer = client.post(own(one, act), {"party": 2}, follow=True)

    assert answer.status_code == 404
    assert "<a href=" in answer.content.decode()


@pytest.mark.parametrize("change", ["withdrawn", "begun"])
def test_an_offer_ends_with_the_event(change):
    one = come(make_open())
    Registration.objects.filter(pk=one.pk).update(state=State.OFFERED, offered_until=NOW + timedelta(days=1))
    one.refresh_from_db()
    if change == "withdrawn":
        publishing.withdraw(one.event, now=NOW)
    else:
        one.event.starts_at = NOW - timedelta(hours=1)
        one.event.ends_at = None
        one.event.save()

    with pytest.raises(registration.ValidationError, match="no longer open"):
        registration.accept_offer(one, now=NOW)
    one.refresh_from_db()
    assert one.state == State.OFFERED
