"""The pages about oneself."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils import translation

from izbaku.accounts import staffing
from izbaku.accounts.models import User
from izbaku.privacy.tests.make import sign_in

pytestmark = pytest.mark.django_db
PASSWORD, SECRET = "right-horse-battery", "JBSWY3DPEHPK3PXP"
PAGES = [
    "account_overview",
    "account_email",
    "account_set_password",
    "mfa_index",
    "mfa_activate_totp",
    "usersessions_list",
    "account_logout",
]
ENTRANCES = ["account_login", "account_signup", "account_request_login_code", "account_reset_password"]


@pytest.fixture
def leyla(client):
    user = User.objects.create_user("leyla@example.org", name="Leyla", language="tr")
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return user


def test_a_person_chooses_name_language_and_city(client, leyla):
    answer = client.post("/tr/hesap/", {"name": "  Leyla  M. ", "language": "az", "city": "baku"}, follow=True)

    leyla.refresh_from_db()
    assert (leyla.name, leyla.language, leyla.city) == ("Leyla M.", "az", "baku")
    assert answer.redirect_chain == [("/az/hesab/", 302)]


def test_a_language_that_is_none_is_refused_and_the_rest_is_kept(client, leyla):
    answer = client.post("/en/account/", {"name": "Leyla M.", "language": "xx", "city": ""})

    leyla.refresh_from_db()
    assert leyla.name == "Leyla"
    assert 'value="Leyla M."' in answer.content.decode()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_a_page_about_oneself_is_for_oneself(client, name, language):
    with translation.override(language):
        path = reverse(name)
    answer = client.get(path)

    assert answer.status_code == 302
    user = User.objects.create_user("leyla@example.org")
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(path, follow=True)
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.content.decode()


@pytest.mark.parametrize("name", ENTRANCES)
def test_an_entrance_is_open_to_strangers(client, name):
    assert client.get(reverse(name)).status_code == 200


def test_nobody_is_remembered_by_a_cache(client, leyla):
    assert "no-store" in client.get("/tr/hesap/")["Cache-Control"]


def test_a_name_of_signs_that_nobody_sees_is_no_name(client, leyla):
    answer = client.post("/en/account/", {"name": "\u2062\u061c", "language": "en"})
    leyla.refresh_from_db()
    assert (answer.status_code, leyla.name) == (200, "Leyla")

    client.post("/en/account/", {"name": "\u202eLeyla\u2062 M.", "language": "en"})
    leyla.refresh_from_db()
    assert leyla.name == "Leyla M."


def test_the_language_that_was_chosen_counts_where_an_address_names_none(client, leyla):
    client.post("/tr/hesap/", {"name": "Leyla", "language": "az", "city": ""})

    assert client.get("/", headers={"accept-language": "en"}).headers["Location"] == "/az/"


NO_PASSKEYS = ['{"id": 1}', "1" * 5000, "[" * 5000, '{"id": "x", "response": 7}', "[]", "x"]


@pytest.mark.parametrize("credential", NO_PASSKEYS)
def test_an_answer_that_no_passkey_gives_is_refused(client, credential):
    assert client.post("/en/account/2fa/webauthn/login/", {"credential": credential}).status_code < 500


@pytest.mark.parametrize("credential", NO_PASSKEYS)
def test_so_it_is_as_a_second_step_and_where_passkeys_are_added(client, credential):
    leyla = User.objects.create_user("leyla@example.org", PASSWORD)
    staffing.know_address(leyla)
    EmailAddress.objects.update(verified=True)
    sign_in(client, leyla)
    client.get("/en/account/2fa/webauthn/add/")
    answer = client.post("/en/account/2fa/webauthn/add/", {"name": "Phone", "credential": credential})
    assert (answer.status_code, leyla.authenticator_set.count()) == (200, 0)

    TOTP.activate(leyla, SECRET)
    client.logout()
    client.post("/en/account/login/", {"login": "leyla@example.org", "password": PASSWORD})
    client.get("/en/account/2fa/authenticate/")
    assert client.post("/en/account/2fa/authenticate/", {"credential": credential}).status_code == 200
    assert not client.get("/me").json()["signed_in"]


def test_whoever_sets_a_password_is_back_at_the_account(client, leyla):
    sign_in(client, leyla)
    answer = client.post("/en/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.headers["Location"] == "/en/account/"


def test_recovery_codes_say_what_they_are_for(client, leyla):
    sign_in(client, leyla)
    codes = RecoveryCodes.activate(leyla).get_unused_codes()
    client.post("/en/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/en/account/2fa/recovery-codes/").content.decode()
    assert "signs you in once" in page
    assert "&#10;".join(codes) in page


def test_passkeys_are_listed_with_what_became_of_them(client, leyla):
    Authenticator.objects.create(user=leyla, type="webauthn", data={"name": "Telefon", "credential": {}})
    page = client.get("/az/hesab/2fa/webauthn/").content.decode()
    assert "<b>Telefon</b>" in page
    assert "Not used" not in page


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox · Windows"),
        ("curl", "curl"),
        ("", "Unknown device"),
    ],
)
def test_the_list_of_sessions_names_a_browser_in_words_people_know(client, leyla, sent, read):
    key = client.session.session_key
    UserSession.objects.create(user=leyla, session_key=key, ip="192.0.2.8", user_agent=sent)
    answer = client.get("/en/account/sessions/")
    assert f"<b>{read}</b>" in answer.content.decode()


def test_a_message_stays_in_the_session_and_its_cookie_says_nothing(client, leyla):
    stranger = Client()
    answer = stranger.post("/en/account/login/code/", {"email": "leyla@example.org"})
    assert answer.cookies["messages"].value == "1"
    page = stranger.get("/en/account/login/code/confirm/")
    assert "leyla@example.org" in page.content.decode()
    assert page.cookies["messages"]["max-age"] == 0


def test_a_public_page_opens_no_session_to_look_for_messages(client):
    answer = client.get("/en/privacy/")
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not answer.cookies


def test_every_cookie_that_is_set_is_named_on_the_page(client, leyla):
    stranger = Client()
    stranger.get("/en/account/login/")
    stranger.post("/en/account/login/code/", {"email": "leyla@example.org"})
    set_here = {*stranger.cookies, *client.cookies}
    page = client.get("/en/privacy/").content.decode()
    assert [name for name in sorted(set_here) if f">{name}<" not in page] == []
