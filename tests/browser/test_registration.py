"""Registering for an event in a browser: on a small phone without scripts, in a waiting line, with the back button."""

import os
import re
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

from events import registration, samples
from events.attendance import Allotment, Registration, RegistrationPolicy
from events.models import Event
from izbaku.mail import pump
from izbaku.mail.models import Message
from tests.browser.test_visitors import complaints, visit

OPEN, APPROVAL, FULL, INVITATION, NONE = (f"sample-{number}" for number in range(1, 6))


@pytest.fixture(autouse=True)
def _samples(django_db_serialized_rollback, live_server, settings, tmp_path: Path) -> Iterator[None]:
    """Samples to register for, notices as migrations wrote them, and letters in a folder of this test."""
    settings.MAIL_FOLDER = tmp_path / "inbox"
    settings.MAIL_URL = ""
    settings.SITE_ADDRESS = live_server.url
    cache.clear()
    samples.load(timezone.now())
    yield
    cache.clear()


@pytest.fixture
def phone(browser: Browser, live_server) -> Iterator[Page]:
    """The smallest screen, and no scripts."""
    small = {"width": 320, "height": 640}
    yield from visit(browser, live_server, locale="en-GB", viewport=small, java_script_enabled=False)


@pytest.fixture
def inspected_page(browser: Browser, live_server, scheme: str) -> Iterator[Page]:
    """A page that lets axe in: our content policy would refuse its script, as it should."""
    yield from visit(browser, live_server, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")


def address(name: str, *args: str, language: str = "en") -> str:
    with translation.override(language):
        return reverse(name, args=args)


def fits(page: Page) -> bool:
    """Nothing sticks out sideways. (Without scripts the browser still answers questions of the test.)"""
    return page.locator("html").evaluate("root => root.scrollWidth <= root.clientWidth")


def fill_in(page: Page, name: str, email: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail address").fill(email)


def letters() -> list[str]:
    pump.run(timezone.now)
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def shot(page: Page, name: str) -> None:
    """A picture for whoever wants to look: only where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_newcomer_registers_on_a_phone_without_scripts_and_cancels(phone: Page):
    phone.goto(address("events:event", OPEN))
    expect(phone.locator(".registering")).to_contain_text("Seats free")
    shot(phone, "phone-event")
    phone.get_by_role("link", name="Register", exact=True).click()
    assert fits(phone)
    shot(phone, "phone-form")

    phone.get_by_role("button", name="Register").click()
    expect(phone.get_by_role("alert")).to_contain_text("Your name")
    assert fits(phone)
    shot(phone, "phone-errors")
    fill_in(phone, "Gülşən İğdır", "gulsen@example.org")
    phone.get_by_label("Seats, yours included").fill("2")
    phone.get_by_role("button", name="Register").click()
    expect(phone.locator("h1")).to_have_text("Look into your mailbox")
    shot(phone, "phone-registered")

    assert letters() == ["registration_confirmed"]
    phone.get_by_role("link", name="Letters on this machine").click()
    letter = phone.locator("article").first
    expect(letter).to_contain_text("Confirmed: Sample: Mugham evening")
    expect(letter).not_to_contain_text("Gülşən")
    link = re.search(r"\S+/registrations/\S+", letter.inner_text())
    assert link
    phone.get_by_role("link", name="as a mail program shows it").click()
    assert fits(phone)
    shot(phone, "phone-letter")
    phone.goto(link[0])
    expect(phone.locator("h1")).to_have_text("Confirmed")
    assert fits(phone)
    shot(phone, "phone-own")

    papers = {}
    for name in ("Ticket to print (PDF)", "Ticket for the phone (picture)", "Entry for your calendar"):
        with phone.expect_download() as waited:
            phone.get_by_role("link", name=name).click()
        papers[waited.value.suggested_filename] = Path(waited.value.path()).read_bytes()
    assert papers["ticket.pdf"].startswith(b"%PDF")
    assert Image.open(BytesIO(papers["ticket.png"])).size[0] == 1000
    assert b"BEGIN:VCALENDAR" in papers["event.ics"]

    phone.get_by_label("Seats, yours included").fill("9")
    phone.get_by_role("button", name="Change").click()
    expect(phone.get_by_role("alert")).to_be_visible()
    expect(phone.get_by_label("Seats, yours included")).to_have_value("9")
    phone.get_by_label("Seats, yours included").fill("1")
    phone.get_by_role("button", name="Change").click()
    expect(phone.locator(".messages")).to_contain_text("Changed.")

    phone.locator("summary", has_text="Cancel the registration").click()
    phone.get_by_role("button", name="Cancel the registration").click()
    expect(phone.locator("h1")).to_have_text("Cancelled")
    shot(phone, "phone-cancelled")
    assert letters()[-1] == "registration_cancelled"
    assert Allotment.objects.get(event__slug=OPEN).taken == 0


def test_whoever_waits_is_offered_a_seat_takes_it_and_has_a_ticket(page: Page):
    page.goto(address("events:event", FULL))
    expect(page.locator(".registering")).to_contain_text("Full: waiting list")
    page.get_by_role("link", name="Put me on the waiting list").click()
    fill_in(page, "Ben", "ben@example.org")
    page.get_by_role("button", name="Put me on the waiting list").click()
    expect(page.locator("h1")).to_have_text("Look into your mailbox")
    mine = Registration.objects.get(email="ben@example.org")
    page.goto(address("events:registration", mine.code))
    expect(page.locator("h1")).to_have_text("On the waiting list")
    expect(page.locator("main")).not_to_contain_text("Ticket to print")

    registration.cancel(Registration.objects.get(event__slug=FULL, state="confirmed"), now=timezone.now())
    assert "registration_offered" in letters()
    page.reload()
    expect(page.locator("main")).to_contain_text("A seat is kept for you until")
    page.get_by_role("button", name="Take it").click()

    expect(page.locator("h1")).to_have_text("Confirmed")
    expect(page.locator(".qr img")).to_be_visible()
    assert letters()[-1] == "registration_confirmed"
    page.go_back()
    page.reload()
    expect(page.locator("h1")).to_have_text("Confirmed")


def test_the_own_page_prints_with_its_code_and_without_its_buttons(page: Page):
    mine = registration.register(
        Event.objects.get(slug=OPEN), name="Ada", email="ada@example.org", language="en", now=timezone.now()
    )
    page.goto(address("events:registration", mine.code))
    page.emulate_media(media="print")

    expect(page.locator(".qr img")).to_be_visible()
    expect(page.locator("main .button").first).to_be_hidden()
    shot(page, "print-own")


def test_what_was_typed_comes_back_after_a_form_was_open_for_too_long(page: Page):
    page.goto(address("events:register", OPEN))
    fill_in(page, "Ada Lovelace", "ada@example.org")
    page.get_by_label("Seats, yours included").fill("2")
    page.context.clear_cookies()
    page.get_by_role("button", name="Register").click()
    expect(page.locator("h1")).to_have_text("The form was not sent")
    shot(page, "not-sent")

    page.get_by_role("link", name="Open the form anew").click()
    expect(page.get_by_label("Your name")).to_have_value("Ada Lovelace")
    expect(page.get_by_label("Seats, yours included")).to_have_value("2")
    expect(page.get_by_text("What you had typed is here again.")).to_be_visible()
    page.get_by_role("button", name="Register").click()
    expect(page.locator("h1")).to_have_text("Look into your mailbox")

    page.wait_for_load_state()
    assert page.evaluate("Object.keys(sessionStorage)") == []
    page.goto(address("events:register", OPEN))
    expect(page.get_by_label("Your name")).to_have_value("")


def test_nobody_sees_or_reaches_the_trap_and_the_keyboard_reaches_everything_else(page: Page):
    page.goto(address("events:register", OPEN))
    expect(page.locator("#div_id_website")).to_have_count(1)
    assert (
        page.locator("#id_website").evaluate("field => getComputedStyle(field.closest('div')).clipPath") == "inset(50%)"
    )

    page.get_by_label("Your name").focus()
    reached = []
    for _step in range(6):
        reached.append(
            page.evaluate(
                "document.activeElement.name || document.activeElement.type || document.activeElement.tagName"
            )
        )
        page.keyboard.press("Tab")

    assert reached[:5] == ["name", "email", "party", "SUMMARY", "submit"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_axe_finds_no_barrier_from_the_form_to_the_ticket(inspected_page: Page, language: str, scheme: str):
    now = timezone.now()
    event = Event.objects.get(slug=OPEN)
    RegistrationPolicy.objects.filter(event__slug=NONE).update(mode="none")
    pages = {
        f"event-{slug}": address("events:event", slug, language=language) for slug in (OPEN, APPROVAL, FULL, INVITATION)
    }
    pages |= {f"form-{slug}": address("events:register", slug, language=language) for slug in (OPEN, APPROVAL, FULL)}
    pages["closed"] = address("events:register", INVITATION, language=language)
    pages["registered"] = address("events:registered", OPEN, language=language)
    for state in Registration.State:
        row = Registration.objects.create(
            event=event,
            allotment=Allotment.objects.get(event=event),
            name="Gülşən İğdır",
            email=f"{state}@example.org",
            language=language,
            state=state,
            offered_until=now + timedelta(hours=3),
        )
        pages[f"own-{state}"] = address("events:registration", row.code, language=language)

    found = []
    for name, path in pages.items():
        answer = inspected_page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        found += complaints(inspected_page)
        shot(inspected_page, f"{name}-{language}-{scheme}")
    inspected_page.goto(pages[f"form-{OPEN}"])
    inspected_page.locator("main form button[type=submit]").click()
    inspected_page.wait_for_selector(".error-summary")
    found += complaints(inspected_page)
    shot(inspected_page, f"errors-{language}-{scheme}")
    assert found == []
