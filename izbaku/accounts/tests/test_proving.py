"""An account belongs to whoever proves its address, and what cannot be taken back is proven again."""

import time
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import Client

from izbaku.accounts.models import User
from izbaku.accounts.tests.test_signing_in import code_in, make_person, post, token  # noqa: F401

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PASSWORD = "strangers-horse-battery"
pytestmark = pytest.mark.django_db


def sign_up(client, **more):
    page = "/en/account/signup/"
    typed = {"email": "leyla@example.org", "name": "Leyla", "notice": token(client, page)}
    return client.post(page, typed | more, follow=True)


def sign_in_by_code(client, post, email="leyla@example.org"):  # noqa: F811
    client.post("/en/account/login/code/", {"email": email})
    return client.post("/en/account/login/code/confirm/", {"code": code_in(post)}, follow=True)


def signs_in_with(password) -> bool:
    visitor = Client()
    visitor.post("/en/account/login/", {"login": "leyla@example.org", "password": password})
    return visitor.get("/me").json()["signed_in"]


def test_signing_up_asks_for_no_password_and_takes_none(client, post):  # noqa: F811
    assert 'type="password"' not in client.get("/en/account/signup/").content.decode()

    sign_up(client, password1=PASSWORD)

    assert not User.objects.get().has_usable_password()
    assert 'name="password"' in Client().get("/en/account/login/").content.decode()


def test_who_signed_up_with_a_strangers_address_is_out_once_its_owner_proves_it(client, post):  # noqa: F811
    thief = Client()
    sign_up(thief, name="Thief")
    user = User.objects.get()
    user.set_password(PASSWORD)  # as accounts of earlier days have one
    user.save()

    answer = sign_in_by_code(client, post)

    assert answer.context["user"].email == "leyla@example.org"
    assert client.get("/me").json()["name"] == "leyla"
    assert not signs_in_with(PASSWORD)
    assert not thief.get("/me").json()["signed_in"]


def test_a_reset_password_is_the_owners_alone(client, post):  # noqa: F811
    sign_up(Client(), name="Thief")
    user = User.objects.get()
    user.set_password(PASSWORD)
    user.save()
    answer = client.post("/en/account/password/reset/", {"email": "leyla@example.org"}, follow=True)
    answer = client.post(answer.redirect_chain[-1][0], {"code": code_in(post)}, follow=True)
    own = "owners-horse-battery"
    client.post(answer.redirect_chain[-1][0], {"password1": own, "password2": own})

    assert signs_in_with(own)
    assert not signs_in_with(PASSWORD)


def test_who_types_password_and_code_in_one_go_keeps_the_password(client, post):  # noqa: F811
    User.objects.create_superuser("leyla@example.org", PASSWORD)  # at the console: the address is yet to be proven
    answer = client.post("/en/account/login/", {"login": "leyla@example.org", "password": PASSWORD}, follow=True)
    client.post(answer.redirect_chain[-1][0], {"code": code_in(post)}, follow=True)

    assert client.get("/me").json()["signed_in"]
    assert signs_in_with(PASSWORD)


def test_a_changed_address_leaves_the_password_as_it_is(client, post):  # noqa: F811
    make_person("old@example.org", PASSWORD)
    client.post("/en/account/login/", {"login": "old@example.org", "password": PASSWORD})
    answer = client.post("/en/account/email/", {"email": "leyla@example.org", "action_add": ""}, follow=True)
    if "reauthenticate" in answer.redirect_chain[-1][0]:
        answer = client.post(answer.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    client.post("/en/account/confirm-email/", {"code": code_in(post)}, follow=True)

    assert EmailAddress.objects.get().email == "leyla@example.org"
    assert client.get("/me").json()["signed_in"]
    assert signs_in_with(PASSWORD)


def test_a_known_and_an_unknown_address_cost_signing_up_the_same(client, post, monkeypatch):  # noqa: F811
    """Counting the slow work, not seconds: a password is hashed for neither."""
    make_person("known@example.org", PASSWORD)
    hashed = []
    encode = PBKDF2PasswordHasher.encode
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", lambda *given: hashed.append(1) or encode(*given))

    sign_up(Client(), email="known@example.org", password1=PASSWORD)
    sign_up(Client(), email="unknown@example.org", password1=PASSWORD)

    assert hashed == []


def test_an_account_without_a_password_has_none_that_is_asked_for():
    user = User(email="leyla@example.org")
    user.save()
    assert not user.has_usable_password()

    User.objects.update(password="")
    assert User.objects.get().has_usable_password()
    import_module("izbaku.accounts.migrations.0004_no_empty_passwords").close(apps, connection.schema_editor())
    assert not User.objects.get().has_usable_password()


@pytest.fixture
def later(monkeypatch):
    """Some time passes."""
    began = time.time()

    def wait(seconds):
        monkeypatch.setattr(time, "time", lambda: began + seconds)

    return wait


def grave_acts():
    return {
        "erase": lambda client: client.get("/en/account/my-data/erase/"),
        "download": lambda client: client.post("/en/account/my-data/download/"),
        "set a password": lambda client: client.get("/en/account/password/set/"),
        "another address": lambda client: client.post(
            "/en/account/email/", {"email": "new@example.org", "action_add": ""}
        ),
        "second factor": lambda client: client.get("/en/account/2fa/totp/activate/"),
        "passkey": lambda client: client.get("/en/account/2fa/webauthn/add/"),
    }


@pytest.mark.parametrize("act", grave_acts())
def test_a_browser_left_open_is_not_enough_for_somebody_who_only_has_codes(client, post, later, act):  # noqa: F811
    make_person()
    sign_in_by_code(client, post)
    go = grave_acts()[act]
    assert "prove-again" not in go(client).headers.get("Location", "")

    later(3600)
    answer = go(client)
    asked = answer.headers["Location"]
    assert "/account/prove-again/" in asked
    letters = len(post.letters)
    assert client.get(asked).status_code == 200
    assert len(post.letters) == letters  # looking sends nothing
    client.post(asked, {"action": "send"})
    answer = client.post(asked, {"code": code_in(post)})

    assert "prove-again" not in answer.headers.get("Location", "")
    assert "prove-again" not in go(client).headers.get("Location", "")


def test_three_wrong_codes_prove_nothing_and_neither_does_the_right_one_then(client, post, later):  # noqa: F811
    make_person()
    sign_in_by_code(client, post)
    later(3600)
    page = "/en/account/prove-again/?next=/en/account/my-data/erase/"
    client.post(page, {"action": "send"})
    code = code_in(post)
    for _attempt in range(3):
        client.post(page, {"code": "AAAA-AAAA"})

    answer = client.post(page, {"code": code}, follow=True)

    assert "no longer works" in answer.content.decode()
    assert "/prove-again/" in client.get("/en/account/my-data/erase/").headers["Location"]


def test_acts_on_many_at_the_desk_ask_too(client, post, later):  # noqa: F811
    make_person(is_staff=True, is_superuser=True)
    sign_in_by_code(client, post)
    later(3600)

    answer = client.post("/admin/events/event/", {"action": "delete_selected", "_selected_action": [1]})

    assert "/prove-again/" in answer.headers["Location"]


def test_who_has_a_second_factor_cannot_pass_it_by_with_a_code(client, post, later):  # noqa: F811
    user = make_person()
    client.force_login(user, BACKEND)
    user.authenticator_set.create(type="totp", data={})

    asked = client.get("/en/account/my-data/erase/").headers["Location"]

    assert "/2fa/reauthenticate/" in asked
    assert client.get("/en/account/prove-again/").headers["Location"].startswith("/en/account/2fa/reauthenticate/")
