"""What staff are promised: the whole life of an event by hand, pages that all can use, and visitors who see it at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from events.models import Event, Session
from events.tests.desk import proven
from events.tests.make import make_event
from izbaku.accounts.models import User

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


def session_of(language: str) -> str:
    """The session of a staff member who has just signed in; signing in itself is told elsewhere."""
    person = User.objects.create_user(email=f"{language}@example.org", name="Aylin", language=language)
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
    client = proven(User.objects.get(pk=person.pk))
    return client.cookies["sessionid"].value


def desk(browser: Browser, live_server, language: str = "tr", **options) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, locale="tr-TR", **options)
    context.add_cookies([{"name": "sessionid", "value": session_of(language), "url": live_server.url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def staff_page(browser: Browser, live_server) -> Iterator[Page]:
    yield from desk(browser, live_server, "en")


@pytest.fixture
def inspected_page(browser: Browser, live_server, language: str, scheme: str) -> Iterator[Page]:
    """A page that lets axe in: our content policy would refuse its script, as it should."""
    yield from desk(browser, live_server, language, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")


@pytest.fixture
def small_page(browser: Browser, live_server) -> Iterator[Page]:
    yield from desk(browser, live_server, "az", viewport={"width": 320, "height": 640})


@pytest.fixture
def plain_page(browser: Browser, live_server) -> Iterator[Page]:
    yield from desk(browser, live_server, "tr", java_script_enabled=False)


def main_pages() -> list[str]:
    past = make_event("past", title_tr="Geçmiş", city="baku")
    Session.objects.create(event=past, title_tr="Açılış", starts_at=past.starts_at)
    draft = make_event("draft", title_tr="Taslak", state="draft", publish_at=None)
    untitled = make_event("untitled", title_tr="", title_en="No Turkish", state="draft", publish_at=None)
    acts = "/admin/events/event/acts"
    return [
        "/admin/",
        "/admin/events/event/",
        f"/admin/events/event/{past.pk}/change/",
        "/admin/events/event/add/",
        f"/admin/events/event/{past.pk}/history/",
        f"/admin/events/event/{past.pk}/delete/",
        f"{acts}/publish/?event={draft.pk}&event={untitled.pk}",
        f"{acts}/move/?event={past.pk}",
        f"{acts}/call_off/?event={past.pk}",
        f"{acts}/confirm/?event={past.pk}",
        "/admin/events/venue/add/",
        f"/tr/preview/{draft.pk}/",
    ]


def complaints(page: Page) -> list[str]:
    found = Axe().run(page, options=WCAG).response["violations"]
    return [
        f"{page.url}: {violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["tr", "az"])
def test_axe_finds_no_barrier_at_the_desk(inspected_page: Page, language: str, scheme: str):
    found = []
    for address in main_pages():
        answer = inspected_page.goto(address)
        assert answer is not None
        assert answer.status == 200
        found += complaints(inspected_page)

    assert found == []


def test_no_page_of_the_desk_scrolls_sideways_on_the_smallest_screen(small_page: Page):
    too_wide = []
    for address in main_pages():
        small_page.goto(address)
        width = small_page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            too_wide.append((address, width))

    assert too_wide == []


def fill_moment(page: Page, name: str, day: str, clock: str) -> None:
    page.locator(f"#id_{name}_0").fill(day)
    page.locator(f"#id_{name}_1").fill(clock)


def test_an_event_lives_its_whole_life_and_visitors_see_each_step_at_once(staff_page: Page, browser, live_server):
    visitor = browser.new_context(base_url=live_server.url).new_page()
    complaints: list[str] = []
    staff_page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    staff_page.on("pageerror", lambda error: complaints.append(str(error)))
    day = timezone.now() + timedelta(days=30)
    staff_page.goto("/admin/")
    staff_page.get_by_role("link", name="Enter an event").click()

    staff_page.locator("#id_title_tr").fill("Bakü gecesi")
    staff_page.get_by_role("tab", name="Azərbaycanca").first.click()
    staff_page.locator("#id_title_az").fill("Bakı gecəsi")
    staff_page.locator("#id_kind").select_option("concert")
    staff_page.locator("#id_city").select_option("baku")
    expect(staff_page.locator(".field-starts_at label").first).to_contain_text("Baku time")
    fill_moment(staff_page, "starts_at", day.strftime("%Y-%m-%d"), "20:00")
    staff_page.get_by_role("button", name="Save and preview").first.click()

    expect(staff_page.locator(".preview-mark")).to_be_visible()
    expect(staff_page.locator("main")).to_contain_text("20:00 Baku")
    address = f"/en/events/{Event.objects.get().slug}/"
    assert visitor.goto(address).status == 404

    staff_page.locator(".preview-mark").get_by_role("link", name="Publish").click()
    staff_page.get_by_role("button", name="Publish").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("published")
    assert visitor.goto(address).status == 200
    assert "20:00 Baku" in visitor.locator("main").inner_text()

    staff_page.get_by_role("link", name="Move to another date").click()
    fill_moment(staff_page, "starts_at", (day + timedelta(days=7)).strftime("%Y-%m-%d"), "21:30")
    staff_page.get_by_role("button", name="Move to another date").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("moved")
    visitor.wait_for_timeout(1000)
    visitor.goto(address)
    assert "21:30 Baku" in visitor.locator("main").inner_text()
    assert "First planned for" in visitor.locator("main").inner_text()

    staff_page.get_by_role("link", name="Call off").click()
    staff_page.get_by_role("button", name="Call off").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("called off")
    visitor.wait_for_timeout(1000)
    visitor.goto(address)
    assert "Called off" in visitor.locator("main").inner_text()
    assert complaints == []
    visitor.context.close()


def test_languages_are_tabs_for_the_keyboard_and_say_what_is_missing(staff_page: Page):
    event = make_event(title_tr="Gala", title_az="Qala", summary_tr="Özet")
    staff_page.goto(f"/admin/events/event/{event.pk}/change/")
    tabs = staff_page.get_by_role("tablist").first.get_by_role("tab")

    assert tabs.all_inner_texts() == ["Türkçe", "Azərbaycanca · incomplete", "English · empty"]
    tabs.first.focus()
    staff_page.keyboard.press("ArrowRight")
    expect(staff_page.locator("#id_title_az")).to_be_visible()
    expect(staff_page.locator("#id_title_tr")).to_be_hidden()
    staff_page.keyboard.press("Tab")
    expect(staff_page.locator("#id_title_az")).to_be_focused()
    staff_page.locator("#id_summary_az").fill("Xülasə")
    assert tabs.all_inner_texts()[1] == "Azərbaycanca"


def test_an_error_opens_its_tab(staff_page: Page):
    event = make_event(title_tr="Gala", title_en="x")
    staff_page.goto(f"/admin/events/event/{event.pk}/change/")
    staff_page.get_by_role("tab", name="English").first.click()
    staff_page.locator("#id_title_tr").evaluate("field => { field.value = ''; }")
    staff_page.get_by_role("button", name="Save", exact=True).first.click()

    expect(staff_page.locator("#id_title_tr")).to_be_visible()
    expect(staff_page.get_by_role("tab", name="Türkçe · has an error")).to_have_attribute("aria-selected", "true")


def test_a_new_session_has_tabs_and_the_citys_clock_too(staff_page: Page):
    event = make_event(city="baku")
    staff_page.goto(f"/admin/events/event/{event.pk}/change/")

    staff_page.get_by_role("button", name="Add another Session").click()

    added = staff_page.locator("#sessions-0")
    expect(added.get_by_role("tab")).to_have_count(3)
    expect(added.locator(".field-starts_at label").first).to_contain_text("Baku time")
    added.locator("#id_sessions-0-title_tr").fill("Açılış")
    added.locator("#id_sessions-0-precision").select_option("day")
    expect(added.locator(".field-starts_at")).to_be_hidden()
    added.locator("#id_sessions-0-starts_on").fill("2026-03-21")
    staff_page.get_by_role("button", name="Save", exact=True).first.click()
    expect(staff_page.locator(".messagelist .success")).to_be_visible()
    assert event.sessions.get().title_tr == "Açılış"


def test_without_scripts_all_languages_stand_below_each_other(plain_page: Page):
    event = make_event(title_tr="Gala")
    plain_page.goto(f"/admin/events/event/{event.pk}/change/")

    for name in ("title_tr", "title_az", "title_en", "starts_at_0", "starts_on"):
        expect(plain_page.locator(f"#id_{name}")).to_be_visible()
    plain_page.locator("#id_title_az").fill("Qala")
    plain_page.locator("[name=_save]").first.click()

    assert Event.objects.get().title_az == "Qala"


def test_nothing_at_the_desk_comes_from_elsewhere_and_the_console_stays_empty(staff_page: Page, live_server):
    asked: list[str] = []
    said: list[str] = []
    staff_page.on("request", lambda request: asked.append(request.url))
    staff_page.on("console", lambda message: said.append(f"{staff_page.url}: {message.text}"))
    staff_page.on("pageerror", lambda error: said.append(f"{staff_page.url}: {error}"))

    for address in main_pages():
        staff_page.goto(address)

    assert [url for url in asked if not url.startswith((f"{live_server.url}/", "data:"))] == []
    assert said == []
