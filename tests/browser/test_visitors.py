"""What every visitor is promised: readable by all, from a small screen, a keyboard, without scripts, unobserved."""

from collections.abc import Iterator
from datetime import timedelta

import icalendar
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone, translation
from playwright.sync_api import Browser, Page, expect

from events import samples
from izbaku import times
from izbaku.portal import programme

MISSING = "nothing-here"
SPRING = "bahar-bayrami-kulturpark-2026"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], "resultTypes": ["violations", "incomplete"]}
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
    ("events:event", ["sample-1"]),
    ("events:event", [MISSING]),
]
ASKED = "?city=izmir&from=2026-01-01&page=1"  # chips and dates are shown, too
REFUSED = "?city=mars"
# The contrast of an element with the nearest plain colour behind it (WCAG 2.2, 1.4.3), and what it needs.
CONTRAST = """target => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number)
  const light = color => numbers(color).slice(0, 3).map(n => n / 255)
    .map(n => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4)
    .reduce((sum, n, at) => sum + n * [0.2126, 0.7152, 0.0722][at], 0)
  const text = getComputedStyle(document.querySelector(target))
  let behind = document.querySelector(target)
  while (behind.parentElement && numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement
  if (getComputedStyle(behind).backgroundImage !== "none") return 0
  const both = [light(text.color), light(getComputedStyle(behind).backgroundColor)]
  const needs = parseFloat(text.fontSize) >= 24 ? 3 : 4.5
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05) / needs
}"""


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

    What axe leaves undecided (text that is scrolled out of sight, as the later steps of the forty years)
    is measured against the plain colour behind it; any other doubt counts as a violation.
    """
    answer = Axe().run(page, options=WCAG).response
    found = [
        f"{page.url}: {violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
    return found + [
        f"{page.url}: {doubt['id']} is in doubt: {node['html'][:160]}"
        for doubt in answer["incomplete"]
        for node in doubt["nodes"]
        if doubt["id"] != "color-contrast" or page.evaluate(CONTRAST, node["target"][0]) < 1
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_axe_finds_no_barrier_on_any_page(inspected_page: Page, language: str, scheme: str):
    with translation.override(language):
        programme_address = reverse("events:list")
    expected = {address: 404 if MISSING in address else 200 for address in addresses(language)}
    expected |= {programme_address + ASKED: 200, programme_address + REFUSED: 400}
    found = []
    for address, status in expected.items():
        answer = inspected_page.goto(address)
        assert answer is not None
        assert answer.status == status
        assert inspected_page.locator("html").get_attribute("lang") == language
        found += complaints(inspected_page)

    assert found == []


@pytest.mark.urls("tests.failing_urls")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_where_something_has_failed(inspected_page: Page, scheme: str):
    answer = inspected_page.goto("/broken")

    assert answer is not None
    assert answer.status == 500
    assert complaints(inspected_page) == []


@pytest.mark.parametrize("scheme", ["light"])
def test_axe_finds_no_barrier_where_a_form_is_refused(inspected_page: Page):
    inspected_page.goto("/az/")
    inspected_page.set_content('<form method="post" action="/az/"><button>send</button></form>')
    with inspected_page.expect_navigation() as sent:
        inspected_page.locator("button").click()

    assert sent.value is not None
    assert sent.value.status == 403
    assert inspected_page.locator("html").get_attribute("lang") == "az"
    assert complaints(inspected_page) == []


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

    assert plain_page.url.endswith("?q=bahar+bayrami&city=izmir")
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


def until(page: Page, statement: str) -> None:
    """Wait for it to be true (Playwright's own waiting evaluates strings, which our content policy refuses)."""
    for _turn in range(250):
        if page.evaluate(statement):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"{statement} never came true on {page.url}")


@pytest.fixture
def listening_page(browser: Browser, live_server) -> Iterator[Page]:
    """A browser with scripts, on the list of events."""
    for page in visit(browser, live_server, locale="tr-TR"):
        with translation.override("tr"):
            page.goto(reverse("events:list"))
        page.locator("#q").focus()  # which is when the script comes
        until(page, "Boolean(window.htmx)")
        yield page


@pytest.mark.parametrize("address", ["/tr/etkinlikler/", "/tr/takvim/2026/3/", "/tr/"])
def test_a_first_visit_asks_for_six_files_at_most(page: Page, address: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(address, wait_until="networkidle")

    assert len(set(asked)) <= 6


def test_a_choice_renews_the_list_in_place(listening_page: Page):
    listening_page.evaluate("window.here = 1")
    before = listening_page.locator("#count").inner_text()

    listening_page.locator("#city").focus()
    listening_page.locator("#city").select_option("baku")
    listening_page.wait_for_url("**/tr/etkinlikler/?city=baku")

    said = listening_page.locator("#count").inner_text()
    assert said != before
    assert listening_page.evaluate("window.here") == 1  # no page was loaded anew
    assert listening_page.evaluate("document.activeElement.id") == "city"
    assert listening_page.locator("[role=status][data-says]").inner_text() == said
    assert listening_page.locator(".chips").inner_text().count("Bakü") == 1
    # The same address, asked for as a page, says the same.
    listening_page.reload()
    assert listening_page.locator("#count").inner_text() == said


def test_a_chip_takes_its_filter_away_and_the_focus_stays_in_the_list(listening_page: Page):
    listening_page.locator("#type").select_option("visit")
    listening_page.wait_for_url("**?type=visit")

    listening_page.locator(".chips a").first.focus()
    listening_page.keyboard.press("Enter")
    listening_page.wait_for_url("**/tr/etkinlikler/")

    expect(listening_page.locator("#count")).to_be_focused()
    assert listening_page.locator("#type").input_value() == ""


def test_a_second_choice_counts_however_soon_it_follows_the_first(listening_page: Page):
    listening_page.evaluate("""() => new MutationObserver((_, watch) => {
        if (!document.querySelector("#city").value) return;
        watch.disconnect();
        document.querySelector("#when").value = "past";
        document.querySelector("#when").dispatchEvent(new Event("change", {bubbles: true}));
    }).observe(document.querySelector("#programme").parentNode, {childList: true})""")

    listening_page.locator("#city").select_option("baku")

    listening_page.wait_for_url("**when=past*")
    assert listening_page.locator("#city").input_value() == "baku"


def test_going_back_brings_the_earlier_question_back(listening_page: Page):
    listening_page.locator("#city").select_option("baku")
    listening_page.wait_for_url("**?city=baku")
    listening_page.locator("#when").select_option("past")
    listening_page.wait_for_url("**when=past*")

    listening_page.go_back()
    listening_page.wait_for_url("**?city=baku")

    expect(listening_page.locator("#when")).to_have_value("")
    assert listening_page.locator("#city").input_value() == "baku"


def test_the_spring_festival_is_found_on_a_phone_in_the_month_and_in_the_list(small_page: Page):
    with translation.override("tr"):
        small_page.goto(reverse("events:month", args=[2026, 3]))
    assert "13.30 İzmir · 14.30 Bakü" in small_page.locator(f"main a[href*='{SPRING}']").inner_text()

    small_page.get_by_role("link", name="Liste").click()
    small_page.locator(f"main a[href*='{SPRING}']").click()

    both = small_page.locator(".event-times")
    assert both.inner_text() == "13.30 İzmir · 14.30 Bakü"
    assert (both.bounding_box() or {"y": 9999})["y"] < 640  # on the first screen


def test_a_visitor_in_a_third_zone_reads_both_cities_times_and_their_own(browser: Browser, live_server):
    [elsewhere] = [
        page.locator(".event-hero").inner_text()
        for page in visit(browser, live_server, timezone_id="America/New_York")
        if page.goto(f"/en/events/{SPRING}/")
    ]
    [at_home] = [
        page.locator(".event-hero").inner_text()
        for page in visit(browser, live_server, timezone_id="Asia/Baku")
        if page.goto(f"/en/events/{SPRING}/")
    ]

    assert "13:30 İzmir · 14:30 Baku" in elsewhere
    assert "Where you are (New York): 06:30" in elsewhere
    assert "13:30 İzmir · 14:30 Baku" in at_home
    assert "Where you are" not in at_home


def test_the_clocks_follow_the_server_and_not_a_wrong_watch(page: Page):
    page.add_init_script(
        """const now = Date.now, slow = 5 * 3600 * 1000
        Date.now = () => now() - slow
        Object.defineProperty(performance, "timeOrigin", {value: performance.timeOrigin - slow})"""
    )
    page.goto("/tr/")

    now = timezone.now().astimezone(times.zone_of("baku"))
    shown = page.locator("[data-clock='Asia/Baku']").inner_text()
    assert shown in {times.clock(now - timedelta(minutes=ago), "tr") for ago in (0, 1)}
