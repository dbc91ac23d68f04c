"""What every visitor is promised: readable by all, from a small screen, a keyboard, without scripts, unobserved."""

from collections.abc import Iterator

import icalendar
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone, translation
from playwright.sync_api import Browser, Page

from events import samples
from izbaku.portal import programme

MISSING = "nothing-here"
SPRING = "bahar-bayrami-kulturpark-2026"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
PAGES = [
    ("home", []),
    ("events:month", [2026, 3]),
    ("events:year", [2026]),
    ("events:week", [2026, 12]),
    ("events:list", []),
    ("events:event", [SPRING]),
    ("history", []),
    ("publications", []),
    ("about", []),
    ("accessibility", []),
    ("open_data", []),
    ("events:event", [MISSING]),
]


@pytest.fixture(autouse=True)
def _full_programme(live_server) -> None:
    """The shipped programme, and samples in the coming weeks."""
    programme.load(programme.read())
    samples.load(timezone.now())


def addresses(language: str) -> list[str]:
    """Where every kind of public page stands in this language."""
    with translation.override(language):
        return [reverse(name, args=args) for name, args in PAGES]


def visit(browser: Browser, live_server, **options) -> Iterator[Page]:
    """A visitor with a device of their own."""
    context = browser.new_context(base_url=live_server.url, **options)
    yield context.new_page()
    context.close()


@pytest.fixture
def small_page(browser: Browser, live_server) -> Iterator[Page]:
    """The narrowest screen that WCAG asks for: 1280 px at 400 %."""
    yield from visit(browser, live_server, locale="tr-TR", viewport={"width": 320, "height": 640})


@pytest.fixture
def plain_page(browser: Browser, live_server) -> Iterator[Page]:
    """A browser that runs no scripts."""
    yield from visit(browser, live_server, locale="tr-TR", java_script_enabled=False)


@pytest.fixture
def inspected_page(browser: Browser, live_server, scheme: str) -> Iterator[Page]:
    """A page that lets axe in: our content policy would refuse its script, as it should."""
    yield from visit(browser, live_server, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")


def complaints(page: Page) -> list[str]:
    """Every violation on this page: where, which rule, and what to look at.

    Text over a gradient or a drawn line (the footer, the home page's clocks and steps, the timeline's years)
    is left undecided by axe and not counted: its contrast has to be judged by eye.
    """
    found = Axe().run(page, options=WCAG).response["violations"]
    return [
        f"{page.url}: {violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_axe_finds_no_barrier_on_any_page(inspected_page: Page, language: str, scheme: str):
    found = []
    for address in addresses(language):
        answer = inspected_page.goto(address)
        assert answer is not None
        assert answer.status == (404 if MISSING in address else 200)
        assert inspected_page.locator("html").get_attribute("lang") == language
        found += complaints(inspected_page)

    assert found == []


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_no_page_scrolls_sideways_on_the_smallest_screen(small_page: Page, language: str):
    too_wide = []
    for address in addresses(language):
        small_page.goto(address)
        width = small_page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            too_wide.append((address, width))

    assert too_wide == []


def tab_to(page: Page, target: str) -> None:
    """Press Tab until the focus stands on what the selector names."""
    for _press in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", target):
            return
    pytest.fail(f"Tab never reached {target} on {page.url}")


def test_the_spring_festival_and_both_its_times_are_found_by_keyboard_alone(small_page: Page):
    with translation.override("tr"):
        programme_address = reverse("events:list")
        event_address = reverse("events:event", args=[SPRING])
    small_page.goto("/")

    tab_to(small_page, f"main a[href='{programme_address}']")
    small_page.keyboard.press("Enter")
    small_page.wait_for_url(f"**{programme_address}")
    tab_to(small_page, "#q")
    small_page.keyboard.type("bahar bayrami")
    small_page.keyboard.press("Enter")
    small_page.wait_for_url("**q=bahar*")
    tab_to(small_page, f"main a[href='{event_address}']")
    small_page.keyboard.press("Enter")
    small_page.wait_for_url(f"**{event_address}")

    text = small_page.locator("main").inner_text()
    assert "Bahar Bayramı" in small_page.locator("h1").inner_text()
    assert "13.30 İzmir" in text
    assert "14.30 Bakü" in text


def test_filters_work_without_scripts(plain_page: Page):
    with translation.override("tr"):
        plain_page.goto(reverse("events:list"))

    plain_page.get_by_role("searchbox").fill("bahar bayrami")
    plain_page.locator("#city").select_option("izmir")
    plain_page.locator(".filters button").click()

    assert "q=bahar" in plain_page.url
    assert "city=izmir" in plain_page.url
    assert plain_page.locator(f"main a[href*='{SPRING}']").count() >= 1
    assert plain_page.locator("main a[href*='istiklal']").count() == 0


def test_a_coming_event_goes_into_the_visitors_calendar_without_scripts(plain_page: Page):
    with translation.override("tr"):
        plain_page.goto(reverse("events:list") + "?when=upcoming")
    plain_page.locator("main article a").first.click()
    title = plain_page.locator("h1").inner_text()

    answer = plain_page.request.get(plain_page.locator("main a[href$='.ics']").first.get_attribute("href"))

    [entry] = icalendar.Calendar.from_ical(answer.body()).walk("VEVENT")
    assert title in str(entry["SUMMARY"])
    assert entry["DTSTART"].dt.date() > timezone.now().date()


def test_nothing_leaves_the_portal_and_the_console_stays_empty(page: Page, live_server):
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))

    for address in addresses("tr")[:-1]:  # a browser itself reports the 404
        page.goto(address)

    assert [url for url in asked if not url.startswith((f"{live_server.url}/", "data:"))] == []
    assert said == []
