"""A student's account from the first code to the last erasure, in a browser."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation
from playwright.sync_api import Browser, Page, expect

from izbaku.accounts import staffing
from izbaku.accounts.models import User
from izbaku.mail import pump
from tests.browser.test_visitors import complaints

ENTRANCES = ["account_login", "account_signup", "account_request_login_code", "account_reset_password", "privacy:page"]
OWN = ["account_overview", "account_email", "account_set_password", "mfa_index", "mfa_activate_totp"]
OWN += ["usersessions_list", "privacy:my_data", "privacy:ask", "privacy:erase"]


@pytest.fixture(autouse=True)
def _as_migrated(django_db_serialized_rollback, settings, tmp_path: Path) -> Iterator[None]:
    """Notices and roles are there as migrations wrote them; letters go into a folder of this test."""
    settings.MAIL_FOLDER = tmp_path / "inbox"
    settings.MAIL_URL = ""
    cache.clear()
    yield
    cache.clear()


def code() -> str:
    """The code in the newest letter that carries one, once it is delivered."""
    pump.run(timezone.now)
    for path in sorted(Path(settings.MAIL_FOLDER).glob("*.eml"), reverse=True):
        plain = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
        assert plain is not None
        if found := re.search(r"^    (\S+)\s*$", plain.get_content(), re.MULTILINE):
            return found[1]
    raise AssertionError("No letter carries a code.")


def sign_in(page: Page, email: str, language: str = "en") -> None:
    with translation.override(language):
        page.goto(reverse("account_login"))
    page.fill("#code_email", email)
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", code())
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/code/confirm/" not in address)


def prove_again(page: Page) -> None:
    """What cannot be taken back asks for a fresh code; it stands in its field afterwards."""
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", code())


def everywhere() -> str:
    """Every cell of every table, and every file that the portal keeps."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  (our own tables)
            found += [str(row) for row in cursor.fetchall()]
    for folder in (settings.MEDIA_ROOT, settings.VAR_DIR / "private"):
        found += [path.name for path in Path(folder).rglob("*")] if Path(folder).exists() else []
    return "\n".join(found)


def test_a_student_signs_up_sets_a_language_downloads_and_erases(page: Page, tmp_path: Path):
    page.goto("/az/")
    page.get_by_role("link", name="Hesab", exact=True).click()
    page.locator("main").get_by_role("link", name="Hesab açın").click()
    page.fill("[name=email]", "leyla.quliyeva@example.org")
    page.fill("[name=name]", "Leyla Quliyeva")
    page.locator("main form button[type=submit]").click()
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", code())
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Hesabım")

    page.select_option("[name=language]", "en")
    page.locator("main form").first.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("My account")
    assert User.objects.get().language == "en"

    page.goto("/en/")
    expect(page.locator(".me a").first).to_have_text("Leyla Quliyeva")
    page.goto("/en/account/my-data/")
    page.get_by_role("button", name="Download everything").click()
    prove_again(page)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    saved = tmp_path / "data.zip"
    download.value.save_as(saved)
    assert saved.read_bytes()[:2] == b"PK"

    assert "leyla.quliyeva" in everywhere()
    page.goto("/en/account/my-data/")
    page.get_by_role("link", name="Erase my account").click()
    page.check("[name=sure]")
    page.get_by_role("button", name="Erase my account now").click()
    expect(page.locator("h1")).to_have_text("Your account is erased")

    left = everywhere()
    assert "leyla.quliyeva" not in left
    assert "Quliyeva" not in left


def test_a_second_factor_is_set_up_and_asked_for(page: Page):
    totp = pytest.importorskip("allauth.mfa.totp.internal.auth")
    user = User.objects.create_user("nar@example.org", "right-horse-battery", language="en")
    staffing.know_address(user)
    sign_in(page, user.email)
    page.goto("/en/account/2fa/totp/activate/")
    if page.locator("[name=password]").count():  # signing in with a code may have been proof enough
        page.fill("[name=password]", "right-horse-battery")
        page.keyboard.press("Enter")
    secret = page.input_value("#authenticator_secret")
    number = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    page.fill("[name=code]", number)
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("main")).to_contain_text("recovery codes")

    assert secret not in everywhere()
    page.context.clear_cookies()
    sign_in(page, user.email)
    expect(page).to_have_url(re.compile("2fa/authenticate"))


@pytest.fixture
def inspected_page(browser: Browser, live_server, scheme: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=live_server.url, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_axe_finds_no_barrier_on_the_pages_of_an_account(inspected_page: Page, language: str, scheme: str):
    found: list[str] = []
    with translation.override(language):
        entrances, own = [[reverse(name) for name in names] for names in (ENTRANCES, OWN)]
    for path in entrances:
        inspected_page.goto(path)
        found += complaints(inspected_page)
    inspected_page.goto(entrances[1])
    inspected_page.locator("main form button[type=submit]").click()  # with everything missing
    found += complaints(inspected_page)
    staffing.know_address(User.objects.create_user("leyla@example.org", language=language))
    sign_in(inspected_page, "leyla@example.org", language)
    for path in own:
        answer = inspected_page.goto(path)
        assert answer is not None
        assert answer.status == 200
        found += complaints(inspected_page)

    assert found == [], "\n".join(found)
