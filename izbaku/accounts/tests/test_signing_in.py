"""Signing up and in, by code and by password, without telling a stranger who has an account."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.utils import timezone

from izbaku.accounts.models import User
from izbaku.mail import pump
from izbaku.mail.models import Message
from izbaku.mail.tests import relay
from izbaku.privacy.models import NoticeShown
from izbaku.privacy.tests.make import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def post(settings):
    cache.clear()
    with relay.running() as server:
        settings.MAIL_URL = server.url
        yield server
    cache.clear()


def code_in(post) -> str:
    """The code of the latest letter, as the reader sees it."""
    pump.run(timezone.now)
    body = post.letters[-1].get_body(("plain",)).get_content()
    found = re.search(r"^    (\S+)\s*$", body, re.MULTILINE)
    assert found, body
    return found[1]


def make_person(email="leyla@example.org", password=None, **fields) -> User:
    """An account whose address is confirmed."""
    user = User.objects.create_user(email, password, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def sign_up(client, email="leyla@example.org", name="Leyla", language="az"):
    address = {"az": "/az/hesab/signup/", "en": "/en/account/signup/"}[language]
    return client.post(address, {"email": email, "name": name, "notice": token(client, address)}, follow=True)


def token(client, address: str) -> str:
    """What the form carries to say which notice was shown."""
    found = re.search(r'name="notice" value="([^"]+)"', client.get(address).content.decode())
    assert found
    return found[1]


def test_a_student_signs_up_with_a_code_and_is_greeted_in_the_language_of_the_page(client, post):
    answer = sign_up(client)
    assert "kod" in answer.content.decode().lower()

    answer = client.post(answer.redirect_chain[-1][0], {"code": code_in(post)}, follow=True)

    user = User.objects.get()
    assert (user.name, user.language, user.is_staff) == ("Leyla", "az", False)
    assert answer.context["user"] == user
    assert client.get("/me").json()["name"] == "Leyla"
    assert client.cookies["signed_in"].value == "1"


def test_a_person_signs_in_with_a_code_that_works_once(client, post):
    make_person("leyla@example.org", name="Leyla", language="en")
    client.post("/en/account/login/code/", {"email": "leyla@example.org"})
    code = code_in(post)

    answer = client.post("/en/account/login/code/confirm/", {"code": code}, follow=True)
    assert answer.context["user"].email == "leyla@example.org"

    client.post("/en/account/logout/")
    assert "signed_in" not in {name for name, morsel in client.cookies.items() if morsel.value}
    answer = client.post("/en/account/login/code/confirm/", {"code": code}, follow=True)
    assert not answer.context["user"].is_authenticated


def test_the_letter_is_in_the_readers_language_and_shows_the_code_in_no_subject(client, post):
    make_person("leyla@example.org", language="az")
    client.post("/tr/hesap/login/code/", {"email": "leyla@example.org"})
    code = code_in(post)

    assert post.letters[-1]["Content-Language"] == "az"
    assert code not in post.letters[-1]["Subject"]


def test_the_code_stands_nowhere_once_it_has_left(client, post):
    make_person("leyla@example.org")
    client.post("/en/account/login/code/", {"email": "leyla@example.org"})
    code = code_in(post)

    assert code not in str(list(Message.objects.values()))


def test_a_forged_notice_is_refused_and_nothing_typed_is_lost(client, post):
    answer = client.post("/en/account/signup/", {"email": "leyla@example.org", "name": "Leyla", "notice": "forged"})

    assert not User.objects.exists()
    assert 'value="leyla@example.org"' in answer.content.decode()
    assert 'value="Leyla"' in answer.content.decode()


def test_which_notice_somebody_saw_is_remembered(client, post):
    answer = sign_up(client)
    client.post(answer.redirect_chain[-1][0], {"code": code_in(post)}, follow=True)

    [shown] = NoticeShown.objects.all()
    assert (shown.notice.purpose, shown.language) == ("account", "az")


def test_three_wrong_codes_end_the_attempt(client, post):
    make_person("leyla@example.org")
    client.post("/en/account/login/code/", {"email": "leyla@example.org"})
    code = code_in(post)
    for _attempt in range(3):
        client.post("/en/account/login/code/confirm/", {"code": "AAAAAA"})

    answer = client.post("/en/account/login/code/confirm/", {"code": code}, follow=True)

    assert not answer.context["user"].is_authenticated


@pytest.mark.parametrize("path", ["/en/account/login/code/", "/en/account/password/reset/", "/en/account/signup/"])
def test_a_stranger_cannot_tell_who_has_an_account(client, post, path):
    make_person(name="Leyla")

    notice = token(client, path) if "signup" in path else ""
    known = client.post(path, {"email": "leyla@example.org", "name": "X", "notice": notice}, follow=True)
    client.cookies.clear()
    unknown = client.post(path, {"email": "nobody@example.org", "name": "X", "notice": notice}, follow=True)

    def words(answer):
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
        return re.sub(r"\w+@example\.org", "…", page)

    assert known.redirect_chain == unknown.redirect_chain
    assert words(known) == words(unknown)


def guess(client, count, network="192.0.2"):
    for attempt in range(count):
        client.post(
            "/en/account/login/",
            {"login": "leyla@example.org", "password": f"wrong-{attempt}"},
            headers={"host": f"localhost:{1000 + attempt}"},
            REMOTE_ADDR=f"{network}.{attempt}",
        )


def owner_signs_in(client):
    typed = {"login": "leyla@example.org", "password": "right-horse-battery"}
    return client.post("/en/account/login/", typed, follow=True).context["user"].is_authenticated


def test_two_hundred_guesses_a_minute_are_stopped_wherever_they_come_from(client, post):
    make_person("leyla@example.org", "right-horse-battery")
    guess(client, 25)

    assert not owner_signs_in(client)


def test_six_guesses_from_one_network_are_stopped_whatever_host_they_name(client, post):
    make_person("leyla@example.org", "right-horse-battery")
    for attempt in range(6):
        guess(client, 1, "127.0.0")
        client.post(
            "/en/account/login/",
            {"login": "leyla@example.org", "password": "wrong"},
            headers={"host": f"localhost:{2000 + attempt}"},
        )

    assert not owner_signs_in(client)


def test_a_stranger_with_wrong_passwords_does_not_lock_the_owner_out(client, post):
    make_person("leyla@example.org", "right-horse-battery")
    for _attempt in range(8):
        guess(client, 1)

    assert owner_signs_in(client)


def ask_for_codes(client, count, network, email="leyla@example.org"):
    for attempt in range(count):
        client.cookies.clear()
        client.post("/en/account/login/code/", {"email": email}, REMOTE_ADDR=network.format(attempt))


def test_codes_are_not_sent_by_the_hundred(client, post):
    make_person("leyla@example.org")
    ask_for_codes(client, 10, "192.0.2.1")
    assert Message.objects.count() == 3

    ask_for_codes(client, 60, "198.51.100.{}")
    assert Message.objects.count() <= 30


def test_a_stranger_who_asks_for_codes_does_not_keep_the_owner_out(client, post):
    make_person("leyla@example.org")
    ask_for_codes(client, 10, "192.0.2.1")
    client.cookies.clear()

    client.post("/en/account/login/code/", {"email": "leyla@example.org"})
    answer = client.post("/en/account/login/code/confirm/", {"code": code_in(post)}, follow=True)

    assert answer.context["user"].is_authenticated


@pytest.mark.parametrize("path", ["/en/account/login/code/", "/en/account/password/reset/", "/en/account/signup/"])
def test_who_asks_too_often_is_told_why_and_keeps_what_was_typed(client, post, path):
    typed = {"email": "leyla@example.org", "name": "Leyla"}
    if "signup" in path:
        typed["notice"] = token(client, path)
    for _attempt in range(3):
        assert client.post(path, typed).status_code == 302
        client.cookies.clear()

    answer = client.post(path, typed)

    assert answer.status_code == 200
    assert "the code of the last one works" in answer.content.decode()
    assert 'value="leyla@example.org"' in answer.content.decode()


def test_letters_lead_to_the_portal_whatever_host_was_asked(client, post, settings):
    settings.SITE_ADDRESS = "https://portal.example"
    client.post("/tr/hesap/login/code/", {"email": "nobody@example.org"}, headers={"host": "localhost:6666"})

    text = Message.objects.get().payload["text"]
    assert "https://portal.example/tr/hesap/signup/" in text
    assert "localhost" not in text


def test_a_stranger_cannot_have_a_letter_a_minute_sent_to_somebody_without_an_account(client, post):
    ask_for_codes(client, 10, "192.0.2.{}", "nobody@example.org")

    assert Message.objects.count() == 3


@pytest.mark.parametrize("path", ["/en/account/login/code/", "/en/account/signup/"])
def test_a_disabled_colleague_is_told_the_truth(client, post, settings, path):
    settings.CONTACT = {**settings.CONTACT, "email": "office@example.org"}
    make_person("leyla@example.org", language="en", is_active=False)
    client.post(path, {"email": "leyla@example.org", "name": "L", "notice": token(client, "/en/account/signup/")})

    message = Message.objects.get()
    assert message.kind == "account_notice"
    assert "disabled" in message.payload["text"]
    assert "office@example.org" in message.payload["text"]
    assert "/signup/" not in message.payload["text"]


def test_a_robot_that_fills_in_every_field_gets_no_account(client, post):
    filled_in = {"email": "bot@example.org", "name": "B", "website": "http://x"}
    client.post("/en/account/signup/", filled_in | {"notice": token(client, "/en/account/signup/")}, follow=True)

    assert not User.objects.exists()


def test_a_disabled_account_is_out_at_its_next_request(client, post):
    user = make_person("leyla@example.org", "right-horse-battery")
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/me").json()["signed_in"]

    User.objects.update(is_active=False)

    assert not client.get("/me").json()["signed_in"]


def test_a_new_address_counts_only_once_its_code_was_typed(client, post):
    user = make_person()
    sign_in(client, user)
    answer = client.post("/en/account/email/", {"email": "new@example.org", "action_add": ""}, follow=True)
    user.refresh_from_db()
    assert user.email == "leyla@example.org"

    client.post(answer.redirect_chain[-1][0], {"code": code_in(post)}, follow=True)

    user.refresh_from_db()
    assert user.email == "new@example.org"
