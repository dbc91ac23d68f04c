"""What staff are promised of registrations: from opening them to offering the last seats, on pages that all can use."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from events import registration
from events.attendance import Allotment, Question, Registration, RegistrationPolicy
from events.models import Event
from events.tests.make import make_event
from izbaku.mail.models import Message
from izbaku.text import slug
from tests.browser.test_staff import complaints, inspected_page, plain_page, small_page, staff_page

__all__ = ["inspected_page", "plain_page", "small_page", "staff_page"]
LIST = "/admin/events/registration/"


@pytest.fixture(autouse=True)
def _as_migrated(django_db_serialized_rollback, live_server) -> Iterator[None]:
    """With the notices that migrations wrote."""
    cache.clear()
    ContentType.objects.clear_cache()
    yield
    cache.clear()


def make_ahead(**fields) -> Event:
    starts = (timezone.now() + timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
    return make_event(
        "baki-gecesi", title_tr="Bakü gecesi", title_az="Bakı gecəsi", city="baku", starts_at=starts, **fields
    )


def come(event: Event, name: str, party: int = 1) -> Registration:
    email = f"{slug(name)}@example.org"
    now = timezone.now()
    return registration.register(event, name=name, email=email, language="tr", now=now, party=party)


def main_pages() -> list[str]:
    """An event by approval with a line, and every page that staff open for it."""
    event = make_ahead()
    policy = RegistrationPolicy.objects.create(event=event, mode="open")
    Question.objects.create(policy=policy, text_tr="Hangi okuldasınız?", text_az="Hansı məktəbdəsiniz?")
    allotment = Allotment.objects.create(event=event, capacity=2)
    for name, party in (("Aygün", 2), ("Bahar", 3), ("Cavid", 1)):
        come(event, name, party)
    RegistrationPolicy.objects.update(mode="approval")
    pending = come(event, "Deniz")
    RegistrationPolicy.objects.update(mode="open")
    Allotment.objects.update(capacity=4)
    seated = Registration.objects.get(state="confirmed")
    return [
        "/admin/",
        f"/admin/events/event/{event.pk}/change/",
        LIST,
        f"{LIST}?event__id__exact={event.pk}",
        f"{LIST}?waits=approval",
        f"{LIST}{seated.pk}/change/",
        f"{LIST}{pending.pk}/history/",
        f"{LIST}acts/approve/?registration={pending.pk}",
        f"{LIST}acts/cancel/?registration={pending.pk}&registration={seated.pk}",
        f"{LIST}offer/{allotment.pk}/",
        f"{LIST}add/",
        f"{LIST}add/?event={event.pk}",
        f"{LIST}door/?event={event.pk}",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["tr", "az"])
def test_axe_finds_no_barrier_where_registrations_are_kept(inspected_page: Page, language: str, scheme: str):
    found = []
    for address in main_pages():
        answer = inspected_page.goto(address)
        assert answer is not None
        assert answer.status == 200
        found += complaints(inspected_page)

    assert found == []


def test_no_page_of_registrations_scrolls_sideways_on_the_smallest_screen(small_page: Page):
    too_wide = []
    for address in main_pages():
        small_page.goto(address)
        width = small_page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            too_wide.append((address, width))

    assert too_wide == []


def test_from_opening_a_baku_event_to_offering_its_last_seats(staff_page: Page, browser, live_server):
    said: list[str] = []
    staff_page.on("console", lambda message: said.append(f"{staff_page.url}: {message.text}"))
    event = make_ahead()
    page_of = f"/admin/events/event/{event.pk}/change/"

    # Staff open the registration, by approval, with one seat.
    staff_page.goto(page_of)
    staff_page.locator("#id_registration_policy-0-mode").select_option("approval")
    expect(staff_page.locator("#registration_policy-0 .field-opens_at label").first).to_contain_text("Baku time")
    staff_page.get_by_role("button", name="Add another Seats").click()
    staff_page.locator("#id_allotments-0-capacity").fill("1")
    staff_page.get_by_role("button", name="Save", exact=True).first.click()
    expect(staff_page.locator(".messagelist .success")).to_be_visible()

    # Two people ask for a seat, one of them without an account in a browser of her own.
    visitor = browser.new_context(base_url=live_server.url).new_page()
    visitor.goto(f"/en/events/{event.slug}/register/")
    visitor.get_by_label("Your name").fill("Şəbnəm")
    visitor.get_by_label("E-mail address").fill("sebnem@example.org")
    visitor.get_by_role("button", name="Ask for a seat").click()
    visitor.wait_for_url("**/registered/")
    visitor.context.close()
    come(event, "Emin")
    assert Registration.objects.filter(state="pending").count() == 2

    # Staff approve both in one act: one has a seat, the other waits.
    staff_page.goto(f"{LIST}?waits=approval")
    assert_found(staff_page, "sebnem", "Şəbnəm")
    staff_page.goto(f"{LIST}acts/approve/?" + "&".join(f"registration={one.pk}" for one in Registration.objects.all()))
    expect(staff_page.locator("#content-main")).to_contain_text("1 seat is free.")
    staff_page.get_by_role("button", name="Approve").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("2 registrations were approved.")
    assert list(Registration.objects.order_by("pk").values_list("state", flat=True)) == ["confirmed", "waiting"]

    # More seats: nobody is written to until staff have seen who it would be.
    staff_page.goto(page_of)
    staff_page.locator("#id_allotments-0-capacity").fill("3")
    written = Message.objects.count()
    staff_page.get_by_role("button", name="Save", exact=True).first.click()
    expect(staff_page.locator(".messagelist .warning")).to_contain_text("1 person waits, 2 seats are free.")
    assert Message.objects.count() == written
    staff_page.get_by_role("link", name="Offer the seats …").click()
    expect(staff_page.locator("#content-main")).to_contain_text("Emin")
    staff_page.get_by_role("button", name="Write 1 offer").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("1 offer was written.")

    assert Registration.objects.get(name="Emin").state == "offered"
    assert Message.objects.filter(kind="registration_offered", recipient="emin@example.org").count() == 1
    assert said == []


def assert_found(page: Page, text: str, name: str) -> None:
    """The list is narrowed to the name, which stands in no address."""
    page.get_by_label("Name or e-mail address").fill(text)
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text(name)
    assert text not in page.url


def test_somebody_is_registered_by_hand_without_scripts(plain_page: Page):
    event = make_ahead()
    RegistrationPolicy.objects.create(event=event, mode="open")
    Allotment.objects.create(event=event, capacity=5)
    plain_page.goto(f"{LIST}add/")
    plain_page.get_by_role("link", name="Bakü gecesi").click()

    plain_page.locator("#id_name").fill("Rəna")
    plain_page.locator("#id_email").fill("rena@example.org")
    plain_page.locator("#id_language").select_option("az")
    plain_page.locator("#id_told_0").check()
    plain_page.locator(".submit-row input[type=submit]").click()

    expect(plain_page.locator(".messagelist .success")).to_be_visible()
    assert Registration.objects.get().state == "confirmed"
