"""A student asks for help in a browser: in Azerbaijani, on a small phone; the draft survives signing up."""

import os
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from izbaku.accounts.models import User
from izbaku.mail import pump
from izbaku.mail.models import Message
from izbaku.privacy import reads
from students import loading
from students.models import Case, CaseDraft
from tests.browser.test_account import code
from tests.browser.test_visitors import complaints, visit

ASKED = "İkamət icazəmin vaxtı bitir, nə etməliyəm?"


@pytest.fixture(autouse=True)
def _as_migrated(django_db_serialized_rollback, live_server, settings, tmp_path: Path) -> Iterator[None]:
    settings.MAIL_FOLDER = tmp_path / "inbox"
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.MAIL_URL = ""
    settings.SITE_ADDRESS = live_server.url
    cache.clear()
    loading.load(loading.read())
    yield
    cache.clear()


@pytest.fixture
def phone(browser: Browser, live_server) -> Iterator[Page]:
    yield from visit(browser, live_server, locale="az-AZ", viewport={"width": 320, "height": 640})


@pytest.fixture
def plain_phone(browser: Browser, live_server) -> Iterator[Page]:
    """The same without scripts."""
    small = {"width": 320, "height": 640}
    yield from visit(browser, live_server, locale="az-AZ", viewport=small, java_script_enabled=False)


@pytest.fixture
def inspected_page(browser: Browser, live_server) -> Iterator[Page]:
    """A page that lets axe in: our content policy would refuse its script, as it should."""
    yield from visit(browser, live_server, bypass_csp=True, reduced_motion="reduce")


def at(name: str, *args: str, language: str = "az") -> str:
    with translation.override(language):
        return reverse(f"students:{name}", args=args)


def fits(page: Page) -> None:
    assert page.locator("html").evaluate("root => root.scrollWidth <= root.clientWidth"), page.url


def shot(page: Page, name: str) -> None:
    """A picture for whoever wants to look: only where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/students-{name}.png", full_page=True)


def fill_in(page: Page, *, permit: str = "no") -> None:
    page.check("[name=asked_as][value=student]")
    page.check("[name=is_minor][value=no]")
    page.select_option("[name=citizenship]", "az")
    page.check("[name=q_held][value=no]")
    page.check(f"[name=q_permit][value={permit}]")
    page.fill("[name=question]", ASKED)


def press(page: Page) -> None:
    """The first button of the form that the page is about."""
    page.locator("main form button[type=submit]").first.click()


def test_a_student_asks_on_a_phone_in_azerbaijani_and_signs_up_on_the_way(phone: Page):
    phone.goto(at("support"))
    expect(phone.locator("#who-reads")).to_be_visible()
    fits(phone)
    shot(phone, "support")
    phone.locator(f'a[href="{at("topic", "ikamet")}"]').click()
    expect(phone.locator(".official")).to_contain_text("e-ikamet.goc.gov.tr")
    fits(phone)
    shot(phone, "topic")
    phone.locator(f'main a[href="{at("ask", "ikamet")}"]').click()
    expect(phone.locator("#div_id_q_expiry")).to_be_hidden()
    fill_in(phone)
    expect(phone.locator("#div_id_q_applied")).to_be_visible()
    fits(phone)
    shot(phone, "ask")
    press(phone)
    expect(phone.locator(".error-summary")).to_be_visible()  # whether they have applied is still missing
    expect(phone.locator("[name=question]")).to_have_value(ASKED)
    phone.check("[name=q_applied][value=no]")
    press(phone)

    # Not signed in, and no account yet: the draft waits on the server.
    assert CaseDraft.objects.get().user is None
    phone.locator('main a[href*="next="]').last.click()
    phone.fill("[name=email]", "ayten@example.org")
    phone.fill("[name=name]", "Aytən")
    press(phone)
    phone.wait_for_selector("[name=code]")
    phone.fill("[name=code]", code())
    phone.keyboard.press("Enter")
    phone.wait_for_url(f"**{at('send', 'ikamet')}")
    expect(phone.locator("main")).to_contain_text(ASKED)
    fits(phone)
    shot(phone, "send")
    press(phone)

    case = Case.objects.get()
    phone.wait_for_url(f"**{at('request', case.reference)}")
    assert (case.language, case.student.email) == ("az", "ayten@example.org")
    assert case.given == {"held": "no", "permit": "no", "applied": "no"}
    assert not CaseDraft.objects.exists()
    pump.run(timezone.now)
    letter = Message.objects.get(kind="students.received")
    assert case.reference in letter.subject or letter.state == Message.State.SENT

    picture = BytesIO()
    Image.new("RGB", (20, 20), "teal").save(picture, "PNG")
    phone.set_input_files("[name=file]", {"name": "pasport.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    phone.locator(f'form[action^="{at("attach", case.reference)}"] button').click()
    expect(phone.locator(".case-files")).to_contain_text("pasport.png")
    phone.fill("[name=text]", "Bir sual da var.")
    phone.locator(f'form[action^="{at("reply", case.reference)}"] button').click()
    expect(phone.locator(".conversation")).to_contain_text("Bir sual da var.")
    officer = User.objects.create_user("mert@example.org", name="Mert Kaya", is_staff=True)
    reads.note(case, by=officer, what="question", now=timezone.now() - timedelta(minutes=1))
    phone.reload()
    expect(phone.locator(".opened")).to_contain_text("Mert Kaya")
    fits(phone)
    shot(phone, "request")

    phone.locator(".delete-now").click()
    press(phone)
    expect(phone.locator(".case-files")).to_have_count(0)
    phone.goto(at("mine"))
    expect(phone.locator(".case-list")).to_contain_text(case.reference)
    fits(phone)


def test_an_emergency_answer_shows_whom_to_call_also_without_scripts(plain_phone: Page):
    plain_phone.goto(at("ask", "ikamet"))
    expect(plain_phone.locator("#div_id_q_expiry")).to_be_visible()  # its help text says when it applies
    fill_in(plain_phone)
    plain_phone.check("[name=q_held][value=yes]")
    press(plain_phone)

    expect(plain_phone.locator('a[href="tel:112"]')).to_be_visible()
    expect(plain_phone.locator('a[href="tel:157"]')).to_be_visible()
    expect(plain_phone.locator("[name=phone]")).to_be_visible()
    fits(plain_phone)
    shot(plain_phone, "call-now")
    plain_phone.goto(at("ask", "ikamet"))
    expect(plain_phone.locator("[name=question]")).to_have_value(ASKED)


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_pages_of_student_support_break_no_rule_of_accessibility(inspected_page: Page, language: str):
    for name, args in (("support", ()), ("topic", ("ikamet",)), ("ask", ("ikamet",)), ("call_now", ("acil-durum",))):
        inspected_page.goto(at(name, *args, language=language))
        assert complaints(inspected_page) == [], name
