"""Passkeys with a real browser and an authenticator of its own: added, used to sign in, and taken away again."""

import pytest
from playwright.sync_api import Page, expect

from izbaku.accounts import staffing
from izbaku.accounts.models import User
from tests.browser.test_account import _as_migrated, sign_in  # noqa: F401
from tests.browser.test_visitors import complaints

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def authenticator(page: Page):
    """What a phone or a laptop has built in (WebAuthn): it knows its owner and keeps keys by itself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def keys(authenticator):
    session, number = authenticator
    return session.send("WebAuthn.getCredentials", {"authenticatorId": number})["credentials"]


def test_somebody_adds_a_passkey_signs_in_with_it_alone_and_takes_it_away(page: Page, authenticator):
    leyla = User.objects.create_user("leyla@example.org", name="Leyla", language="en")
    staffing.know_address(leyla)
    leyla.emailaddress_set.update(verified=True)  # type: ignore[attr-defined]
    sign_in(page, leyla.email)
    page.goto("/en/account/2fa/webauthn/add/")
    assert complaints(page) == []
    page.get_by_label("What you call it").fill("Phone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/")
    assert len(keys(authenticator)) == 1

    page.context.clear_cookies()
    page.goto("/en/account/login/")
    page.get_by_text("With a passkey", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/en/account/")
    page.goto("/en/account/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("Phone")
    assert complaints(page) == []

    page.get_by_role("link", name="Remove").click()
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_role("button", name="Use a security key").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("No security keys have been added")
    assert not leyla.authenticator_set.filter(type="webauthn").exists()  # type: ignore[attr-defined]


def test_a_key_that_the_portal_does_not_know_opens_nothing(page: Page, authenticator):
    leyla = User.objects.create_user("leyla@example.org", language="en")
    staffing.know_address(leyla)
    leyla.emailaddress_set.update(verified=True)  # type: ignore[attr-defined]
    sign_in(page, leyla.email)
    page.goto("/en/account/2fa/webauthn/add/")
    page.get_by_label("What you call it").fill("Phone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/")
    leyla.authenticator_set.filter(type="webauthn").delete()  # type: ignore[attr-defined]

    page.context.clear_cookies()
    page.goto("/en/account/login/")
    page.get_by_text("With a passkey", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in with a passkey").click()
    page.goto("/en/account/")
    assert "/login/" in page.url
