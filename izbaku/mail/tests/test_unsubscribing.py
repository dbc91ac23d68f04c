"""No more reminders: by one click of a mail program, or by a button on a page; never by opening a link."""

import re
from email import message_from_bytes, policy

import pytest
from django.test import Client

from izbaku.mail import claims, kinds, pump
from izbaku.mail.kinds import Kind
from izbaku.mail.models import Suppression
from izbaku.mail.tests import relay
from izbaku.mail.tests.test_outbox import NOON, build, clock, registered_kinds, states, write

__all__ = ["clock", "registered_kinds"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post(settings):
    kinds.register(Kind("reminder_of_tea", build, is_optional=True))
    with relay.running() as server:
        settings.MAIL_URL = server.url
        yield server


def button(post, at: int = 0) -> str:
    header = post.letters[at]["List-Unsubscribe"]
    return re.fullmatch(r"<http://localhost:8000(/unsubscribe/\S+/)>", header)[1]


def one_click(address: str):
    """As mail programs do it (RFC 8058): no cookie, no form of ours, no second request."""
    client = Client(enforce_csrf_checks=True)
    answer = client.post(address, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not answer.cookies
    return answer


def test_one_click_stops_reminders_and_nothing_else(post, clock):
    write("r:1", kind="reminder_of_tea")
    pump.run(clock)
    assert post.letters[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    one_click(button(post))
    write("r:2", kind="reminder_of_tea")
    write("c:1", kind="confirmation")
    write("s:1", kind="code")
    write("o:1", "ben@example.org", kind="reminder_of_tea")
    pump.run(clock)

    assert states() == {"r:1": "sent", "r:2": "suppressed", "c:1": "sent", "s:1": "sent", "o:1": "sent"}


def test_it_counts_for_letters_that_a_pump_holds_already(post, clock):
    write("r:1", kind="reminder_of_tea")
    pump.run(clock)
    write("r:2", kind="reminder_of_tea")
    [held] = claims.claim(NOON)
    one_click(button(post))
    assert claims.obstacle(held, NOON) == "suppressed"


def test_answers_and_secrets_carry_no_way_to_unsubscribe(post, clock):
    write("c:1", kind="confirmation")
    write("s:1", kind="code")
    pump.run(clock)
    assert [letter["List-Unsubscribe"] for letter in post.letters] == [None, None]
    assert "unsubscribe" not in post.received[0][1].decode()


def test_the_way_stands_in_the_words_too(post, clock):
    write("r:1", kind="reminder_of_tea")
    pump.run(clock)
    [letter] = post.letters
    assert button(post) in letter.get_body(("plain",)).get_content()
    assert button(post) in letter.get_body(("html",)).get_content()


def test_a_long_header_stays_readable(post, clock):
    write("r:1", kind="reminder_of_tea")
    pump.run(clock)
    assert b"List-Unsubscribe: <http" in post.received[0][1]
    assert message_from_bytes(post.received[0][1], policy=policy.default).defects == []


def test_opening_the_page_changes_nothing_and_its_button_does(post, clock):
    write("r:1", kind="reminder_of_tea", language="tr")
    pump.run(clock)
    address = button(post)
    client = Client(enforce_csrf_checks=True)

    page = client.get(address)
    assert 'lang="tr"' in page.content.decode()
    assert not Suppression.objects.exists()
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Suppression.objects.get().scope == "optional"
    assert client.post(address, {"again": "1"}).status_code == 200
    assert not Suppression.objects.exists()


def test_what_staff_have_set_is_undone_by_no_button(post, clock):
    write("r:1", kind="reminder_of_tea")
    pump.run(clock)
    Suppression.objects.create(
        address_hash=Suppression.hash_of("ada@example.org"), scope="optional", reason="complaint", since=NOON
    )
    Client().post(button(post), {"again": "1"})
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: token.replace("en.", "tr."), lambda _: "x"])
def test_a_token_that_is_none_of_ours_opens_nothing(post, clock, change):
    write("r:1", kind="reminder_of_tea")
    pump.run(clock)
    token = button(post).split("/")[2]
    assert Client().post(f"/unsubscribe/{change(token)}/").status_code == 404
    assert not Suppression.objects.exists()


def test_the_token_names_nobody(post, clock):
    write("r:1", kind="reminder_of_tea")
    pump.run(clock)
    assert "ada" not in button(post)
