"""A guest's own page: what it shows, takes and refuses; and links that machines follow before people do."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import icalendar
import pytest
import time_machine
from django.apps import apps
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from events import invitations, publishing
from events.courtesies import message
from events.guests import Invitation
from events.tests.guests import BY, invited, make_gala, make_guest, officer
from events.tests.test_registration import NOW
from events.tests.test_registration_pages import text_of
from izbaku.accounts.models import User
from izbaku.mail import expanding, kinds, mailings
from izbaku.mail.models import Message
from izbaku.mail.rounds import Mailing
from izbaku.privacy.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def then():
    cache.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock
    cache.clear()


def own(one: Invitation, part: str = "") -> str:
    return f"/en/invitations/{one.code}/{part}"


def hidden(client: Client, one: Invitation) -> dict[str, str]:
    page = client.get(own(one)).content.decode()
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def send(client: Client, one: Invitation, typed: dict, with_hidden: dict[str, str] | None = None):
    return client.post(own(one), (hidden(client, one) if with_hidden is None else with_hidden) | typed)


def fresh(one: Invitation) -> Invitation:
    return Invitation.objects.get(pk=one.pk)


def test_a_guest_answers_and_reads_what_is_noted(client):
    one = invited(make_gala(), make_guest(title="Dr."), companions=2)
    page = text_of(client.get(own(one)))
    assert "Dear Dr. Leyla Məmmədova" in page
    assert "Please answer by" in page

    typed = {"answer": "coming", "companions": "1", "needs": ["interpreting", "step_free"], "remark": "Thank you"}
    answer = send(client, one, typed)

    assert answer["Location"] == own(one)
    assert "You are coming." in text_of(client.get(own(one)))
    one = fresh(one)
    assert (one.state, one.companions, one.needs) == ("coming", 1, ["interpreting", "step_free"])
    assert (one.notice.purpose, one.answered_how) == ("invitation", "page")


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_the_notice_stands_in_each_language_as_a_draft_for_the_lawyer(language):
    notice = Notice.objects.get(purpose="invitation")
    assert notice.confirmed_on is None
    for part in ("title", "summary", "controller", "aims", "recipients", "grounds", "keeping", "rights"):
        assert getattr(notice, f"{part}_{language}")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "This field is required"),
        ({"answer": "withdrawn"}, "not one of the available choices"),
        ({"answer": "proxy", "proxy": " \u200b "}, "Write who comes instead."),
        ({"answer": "coming", "companions": "3"}, "less than or equal to 2"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(client, typed, said):
    one = invited(make_gala(), companions=2)
    answer = send(client, one, {"remark": "A long story"} | typed)
    assert said in text_of(answer)
    assert "A long story" in answer.content.decode()
    assert fresh(one).state == "silent"


def test_an_old_page_overwrites_no_newer_answer_and_a_replay_changes_nothing(client):
    one = invited(make_gala())
    old = hidden(client, one) | {"answer": "coming"}
    client.post(own(one), old)
    send(client, one, {"answer": "declined"})

    answer = client.post(own(one), old)

    assert "has changed meanwhile" in text_of(answer)
    assert fresh(one).state == "declined"
    assert Message.objects.filter(kind="invitation_answered").count() == 2


def test_a_code_opens_one_invitation_and_a_shortened_or_invented_one_none(client):
    event = make_gala()
    one = invited(event, make_guest("Ada"), make_guest("Ben"))
    other = Invitation.objects.get(guest__name="Ben")
    send(client, one, {"answer": "declined"})
    assert fresh(other).state == "silent"
    for code in (one.code[:-1], one.code.swapcase(), one.code + "x", "x", "%00", "ə"):
        assert client.get(f"/en/invitations/{code}/").status_code == 404
        assert client.post(f"/en/invitations/{code}/", {"answer": "coming"}).status_code == 404


def test_a_forwarded_page_shows_neither_address_nor_telephone(client):
    one = invited(make_gala(), make_guest(phone="+994 50 111 22 33", note="VIP"))
    page = client.get(own(one)).content.decode()
    for secret in ("leyla@example.org", "111 22 33", "VIP"):
        assert secret not in page
    assert "This invitation is personal" in page
    assert client.get(own(one))["Referrer-Policy"] == "strict-origin"


def test_after_the_deadline_the_page_says_whom_to_call_and_takes_nothing(client, then):
    one = invited(make_gala())
    before = hidden(client, one)
    then.move_to(BY + timedelta(seconds=1))
    answer = client.post(own(one), before | {"answer": "coming"})
    assert answer.status_code == 409
    assert "The time to answer here is over. Please call İZAZDER" in text_of(answer)
    assert fresh(one).state == "silent"


def test_of_an_event_that_was_called_off_or_hidden_nobody_answers(client):
    one = invited(make_gala())
    publishing.call_off(one.event, now=NOW)
    assert "The event will not take place." in text_of(client.get(own(one)))
    publishing.withdraw(one.event, now=NOW)
    page = text_of(client.get(own(one)))
    assert "Nothing can be shown" in page
    assert one.event.title not in page


def test_the_entry_for_the_calendar_asks_for_no_answer_that_was_given(client):
    one = invited(make_gala())
    [entry] = icalendar.Calendar.from_ical(client.get(own(one, "event.ics")).content).walk("VEVENT")
    assert entry["UID"] == one.uid
    assert entry["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"


def test_a_hand_that_never_rests_is_stopped(client):
    one = invited(make_gala())
    for _again in range(20):
        client.post(own(one), {})
    assert client.post(own(one), {}).status_code == 429


# --- Rounds -----------------------------------------------------------------------------------------------


def make_round(event, **fields):
    by = officer()
    mailing = mailings.draft("invitation", about=event.pk, name="Davet", by=by, now=NOW, **fields)
    mailings.test(mailing, by=by, now=NOW)
    mailings.hold(mailing, by=by, now=NOW)
    number = expanding.census(mailing, NOW).number
    mailings.approve(mailing, by=by, now=NOW, version=mailing.version, readers=number)
    mailings.advance(NOW)
    return mailing


def built(one: Message):
    kind = kinds.get(one.kind)
    assert kind.still_wanted(one, NOW)
    return kind.build(one)


def test_a_round_writes_to_those_who_have_not_answered_each_with_their_own_link():
    event = make_gala()
    people = [make_guest("Ada"), make_guest("Ben", language="az", second_language="tr"), make_guest("Can")]
    people += [make_guest("Deniz", email=""), make_guest("Ece")]
    invited(event, *people)
    ada, ben, can, deniz, ece = Invitation.objects.order_by("pk")
    invitations.answer(can, "coming", now=NOW)
    invitations.withdraw(ece, by=officer(), now=NOW)

    mailing = make_round(event)

    letters = {letter.reader: letter for letter in Message.objects.filter(mailing=mailing)}
    assert set(letters) == {ada.pk, ben.pk}
    assert letters[ada.pk].dedupe_key == f"inv:{event.pk}:{ada.pk}:1"
    letter = built(letters[ben.pk])
    assert letter.text.count(ben.code) == 2
    assert ada.code not in letter.text
    assert letter.calendar.method == "REQUEST"
    assert b"RSVP=TRUE" in letter.calendar.body.replace(b"\r\n ", b"")
    left = dict(mailing.left_out.values_list("reader", "reason"))
    assert left == {can.pk: "answered", ece.pk: "withdrawn", deniz.pk: "no_address"}


def test_a_follow_up_reaches_the_silent_alone_and_one_that_was_answered_meanwhile_is_dropped():
    event = make_gala()
    one = invited(event, make_guest("Ada"), make_guest("Ben"))
    first = make_round(event)
    invitations.answer(one, "declined", now=NOW)
    [dropped] = Message.objects.filter(mailing=first, reader=one.pk)
    assert not kinds.get("invitation").still_wanted(dropped, NOW)

    second = mailings.follow_up(first, by=officer(), now=NOW)

    found = expanding.census(second, NOW)
    assert (found.number, list(found.readers)) == (1, [Invitation.objects.get(guest__name="Ben").pk])
    assert "henüz" in second.texts.get(language="tr").body


def test_a_round_to_an_event_that_was_called_off_is_refused():
    event = make_gala()
    invited(event)
    mailing = mailings.draft("invitation", about=event.pk, name="Davet", by=officer(), now=NOW)
    mailings.test(mailing, by=officer(), now=NOW)
    publishing.call_off(event, now=NOW)
    with pytest.raises(Exception, match="called off"):
        mailings.hold(mailing, by=officer(), now=NOW)


@pytest.mark.parametrize("leaves", [{"is_active": False}, {"is_superuser": False}])
def test_a_round_whose_writer_left_stops_and_says_so(leaves):
    """Disabled, or without the right, before it starts: it must not finish as if it had been sent."""
    event = make_gala()
    invited(event, make_guest("Ada"), make_guest("Ben"))
    by = officer()
    mailing = mailings.draft("invitation", about=event.pk, name="Davet", by=by, now=NOW)
    tomorrow = NOW + timedelta(days=1)
    mailings.write(mailing, {}, by=by, now=NOW, starts_at=tomorrow)
    mailings.test(mailing, by=by, now=NOW)
    mailings.hold(mailing, by=by, now=NOW)
    mailings.approve(mailing, by=by, now=NOW, version=mailing.version, readers=2)
    User.objects.filter(pk=by.pk).update(**leaves)

    mailings.advance(tomorrow)

    mailing = Mailing.objects.get(pk=mailing.pk)
    assert (mailing.state, mailing.letters.count()) == ("paused", 0)
    assert "may not write to these guests any more" in mailing.steps.last().why


# --- Links ------------------------------------------------------------------------------------------------


def everything() -> dict[str, list]:
    """Every row of every table."""
    with translation.override("en"):  # columns of texts are named for the language that is active
        return {
            model._meta.label: list(model._base_manager.order_by("pk").values())
            for model in apps.get_models()
            if model._meta.managed
        }


def test_every_link_of_every_letter_changes_nothing_however_often_a_machine_follows_it(client):
    event = make_gala()
    one = invited(event, make_guest(second_language="az", language="tr"), make_guest("Ben"))
    make_round(event)
    invitations.answer(one, "coming", now=NOW)
    invitations.answer_by_calendar(one.uid, "DECLINED", now=NOW)
    texts = [message(each) for each in Invitation.objects.select_related("event", "guest")]
    for letter in Message.objects.filter(kind__startswith="invitation"):
        built_letter = kinds.get(letter.kind).build(letter)
        texts += [built_letter.text, (built_letter.calendar.body if built_letter.calendar else b"").decode()]
    links = {link.rstrip(".,") for text in texts for link in re.findall(r"https?://\S+", text.replace("\r\n ", ""))}
    assert len(links) >= 4
    before = everything()

    for _again in range(2):
        for link in sorted(links):
            for ask in (client.get, client.head):
                assert ask(urlsplit(link).path).status_code == 200, link

    assert everything() == before
    assert timezone.now() == NOW
