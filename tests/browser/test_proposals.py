"""From a draft to a running project, in a browser: the author, the partner, the committee, the secretariat, and what
everybody else can see at each stage."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone, translation
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from izbaku import kept
from izbaku.accounts.models import User
from izbaku.mail import pump
from izbaku.mail.models import Message
from proposals import reported, submission
from proposals.delivery import Dossier
from proposals.models import Proposal
from proposals.states import State
from proposals.tests.committee import make_board, make_member, make_office, meet
from proposals.tests.make import NOW, draft, put, submitted
from tests.browser.test_account import code
from tests.browser.test_committee import accept, declare, hand_in, page_as
from tests.browser.test_visitors import complaints, visit

TITLE, WHAT, REVISED = "Liman okulu", "Bir okul açılır.", "İki okul açılır."
ADMIN = "/admin/proposals"


@pytest.fixture(autouse=True)
def _as_migrated(django_db_serialized_rollback, live_server, settings, tmp_path: Path) -> Iterator[None]:
    settings.MAIL_FOLDER, settings.MAIL_URL = tmp_path / "inbox", ""
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.SITE_ADDRESS = live_server.url
    cache.clear()
    ContentType.objects.clear_cache()
    kept.forget()
    yield
    kept.forget()
    cache.clear()


@pytest.fixture
def izmir(browser: Browser, live_server) -> Iterator[Page]:
    """The author's computer."""
    yield from visit(browser, live_server, locale="tr-TR", viewport={"width": 1280, "height": 900})


@pytest.fixture
def baku(browser: Browser, live_server) -> Iterator[Page]:
    """The partner's phone, without scripts."""
    small = {"width": 320, "height": 640}
    yield from visit(browser, live_server, locale="az-AZ", viewport=small, java_script_enabled=False)


@pytest.fixture
def anybody(browser: Browser, live_server) -> Iterator[Page]:
    """Who has no part in it."""
    yield from visit(browser, live_server, locale="tr-TR")


@pytest.fixture
def staff(browser: Browser, live_server) -> Iterator[Callable[[User], Page]]:
    """The admin site, signed in as whom one names."""
    pages: list[Page] = []

    def page_of(user: User) -> Page:
        pages.append(page_as(browser, live_server, user))
        return pages[-1]

    yield page_of
    for page in pages:
        page.context.close()


def at(name: str, *args: str, language: str = "tr") -> str:
    with translation.override(language):
        return reverse(f"proposals:{name}", args=args)


def shot(page: Page, name: str) -> None:
    """A picture for whoever wants to look: only where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/proposals-{name}.png", full_page=True)


def press(page: Page) -> None:
    page.locator("main form button[type=submit]").first.click()


def link_to(recipient: str, settings) -> str:
    """The address in the newest letter to them."""
    pump.run(timezone.now)
    for path in sorted(Path(settings.MAIL_FOLDER).glob("*.eml"), reverse=True):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        plain = letter.get_body(("plain",))
        assert plain is not None
        if recipient in letter["To"] and (found := re.search(r"http://\S+", plain.get_content())):
            return found[0]
    raise AssertionError(f"No letter leads {recipient} anywhere.")


def label(state: State) -> str:
    with translation.override("tr"):
        return str(state.label)


def is_seen(page: Page, *stages: State, says: tuple[str, ...] = (), hides: tuple[str, ...] = ()) -> str:
    """Everybody reads exactly these stages on its page, and the last one in register and data; returns the page."""
    kept.forget()  # a process believes the version that it has read for a second
    register = page.request.get(at("register")).text()
    assert (TITLE in register) is bool(stages)
    rows = page.request.get(at("json")).json()["proposals"]
    assert [row["stage"] for row in rows] == [str(stage) for stage in stages[-1:]]
    answer = page.goto(at("proposal", "liman-okulu"))
    assert answer is not None
    whole = answer.text()
    if not stages:
        assert answer.status == 404
        return ""
    expect(page.locator(".badge").first).to_have_text(label(stages[-1]))
    assert page.locator(".fate li b").all_inner_texts() == [label(stage) for stage in stages]
    main = page.locator("main").inner_text()
    assert [text for text in says if text not in main] == []
    assert [text for text in (*hides, "gizli@example.org", "Gizli") if text in whole] == []
    shot(page, f"public-{stages[-1]}-{len(stages)}")
    return register + whole


def test_an_author_in_izmir_and_a_partner_in_baku_take_a_draft_to_a_running_project(
    izmir: Page, baku: Page, anybody: Page, staff: Callable[[User], Page], settings
):
    member, board, office = make_member("Bahar"), make_board(), make_office()
    sevil = User.objects.create_user("sevil@example.org", name="Sevil Kaya", language="tr")
    EmailAddress.objects.create(user=sevil, email=sevil.email, verified=True, primary=True)
    desk, committee = staff(office), staff(member)

    # The author begins without an account; what is wrong is said, and nothing is lost.
    izmir.goto(at("begin"))
    press(izmir)
    izmir.check("[name=language][value=tr]")
    izmir.select_option("[name=area]", "commercial")
    izmir.fill("[name=title]", TITLE)
    izmir.fill("[name=summary]", "İki liman, bir okul.")
    press(izmir)
    izmir.fill("[name=why]", "Limanlar büyüyor.")
    izmir.fill("[name=what]", WHAT)
    izmir.fill("[name=benefits]", "Gençler.")
    press(izmir)
    izmir.check("[name=place][value=both]")
    izmir.fill("[name=budget]", "-1")
    izmir.select_option("[name=currency]", "TRY")
    press(izmir)
    expect(izmir.locator(".error-summary")).to_be_visible()
    expect(izmir.locator("[name=budget]")).to_have_value("-1")
    izmir.fill("[name=budget]", "1.250.000")
    press(izmir)
    izmir.wait_for_selector("[name=seeks]")
    press(izmir)

    # A letter says who invites: so the author signs in, and the draft comes along.
    izmir.locator('main a[href*="next="]').click()
    izmir.fill("#code_email", "sevil@example.org")
    izmir.keyboard.press("Enter")
    izmir.wait_for_selector("[name=code]")
    izmir.fill("[name=code]", code())
    izmir.keyboard.press("Enter")
    izmir.fill("[name=partner-name]", "Bakı Liman Məktəbi")
    izmir.select_option("[name=partner-city]", "baku")
    izmir.fill("[name=partner-email]", "mekteb@example.org")
    izmir.locator("form:has([name=partner-name]) button").click()
    expect(izmir.locator("main")).to_contain_text("Bakı Liman Məktəbi")
    proposal = Proposal.objects.get()
    izmir.goto(at("write", proposal.code, "contact"))
    izmir.fill("[name=contact_name]", "Gizli Kişi")
    izmir.fill("[name=contact_email]", "gizli@example.org")
    press(izmir)
    izmir.fill("[name=title_az]", "Liman məktəbi")
    press(izmir)
    izmir.check("[name=consent_publish_name]")
    shot(izmir, "send")
    is_seen(anybody)
    press(izmir)
    izmir.wait_for_url(f"**{at('own', proposal.code)}")
    shot(izmir, "own-submitted")
    is_seen(anybody)  # nobody's words are public unread

    # The partner confirms on a phone, without an account.
    baku.goto(link_to("mekteb@example.org", settings))
    shot(baku, "confirming")
    assert baku.locator("html").evaluate("root => root.scrollWidth <= root.clientWidth")
    baku.fill("[name=name]", "Nigar")
    baku.check("[name=may]")
    press(baku)
    expect(baku.get_by_role("status")).to_be_visible()

    # The secretariat reads it first; then it stands in the register, as far as it is anybody's.
    act(desk, proposal, "take_up", "Start the review")
    begun = (State.SUBMITTED, State.IN_REVIEW)
    is_seen(anybody, *begun, says=("Bakı Liman Məktəbi", "Sevil Kaya", "İki liman"), hides=(WHAT, "1.250.000", "Nigar"))
    anybody.locator(f'a[href="{at("follow", "liman-okulu")}"]').click()
    anybody.fill("[name=email]", "okur@example.org")
    press(anybody)
    anybody.goto(link_to("okur@example.org", settings))
    press(anybody)

    # The committee asks for changes; the author reads why, and revises.
    declare(committee, TITLE, WHAT)
    act(desk, proposal, "ask_changes", "Ask for changes", why="Bir okul yetmez.")
    asked = (*begun, State.CHANGES_ASKED)
    is_seen(anybody, *asked, hides=("yetmez", WHAT))
    izmir.reload()
    expect(izmir.locator(".notice").first).to_contain_text("Bir okul yetmez.")
    shot(izmir, "own-asked")
    izmir.goto(at("write", proposal.code, "details"))
    izmir.fill("[name=what]", REVISED)
    press(izmir)
    izmir.goto(at("send", proposal.code))
    press(izmir)
    izmir.wait_for_url(f"**{at('own', proposal.code)}")
    is_seen(anybody, *asked, State.SUBMITTED, hides=(REVISED,))
    act(desk, proposal, "take_up", "Start the review")
    reviewed = (*asked, State.SUBMITTED, State.IN_REVIEW)

    # A member sees what has changed, and judges the version that stands.
    committee.goto(f"{ADMIN}/proposal/{proposal.pk}/review/")
    committee.get_by_role("link", name="What changed between versions").click()
    expect(committee.locator(".changes ins").first).to_have_text("İki")
    committee.go_back()
    committee.get_by_label("Comment for the authors").fill("Takvimi kısaltın.")
    hand_in(committee)

    # What is decided and not announced changes not one letter outside.
    before = is_seen(anybody, *reviewed, hides=(REVISED,))
    accept(staff(board[0]), meet(proposal, board), TITLE, reasons="Takvimi kısaltın.")
    assert is_seen(anybody, *reviewed, hides=(REVISED, "Takvimi")) == before
    izmir.reload()
    expect(izmir.locator("main")).not_to_contain_text("Takvimi kısaltın.")
    act(desk, proposal, "announce", "Announce the decision")
    accepted = (*reviewed, State.ACCEPTED)
    is_seen(anybody, *accepted, says=(REVISED, "1.250.000"), hides=("Takvimi", WHAT))
    izmir.reload()
    expect(izmir.locator("main")).to_contain_text("Takvimi kısaltın.")

    # Before the municipality: a dossier, frozen, handed over, answered.
    desk.goto(f"{ADMIN}/dossier/add/")
    desk.get_by_label("Title").fill("2026 önerileri")
    desk.locator("[name=_continue]").click()
    desk.get_by_role("button", name="Put in 1 proposal").click()
    desk.get_by_role("link", name="Freeze it with a number").click()
    desk.get_by_role("button", name="Freeze it with a number").click()
    desk.get_by_role("link", name="Record the hand-over").click()
    desk.get_by_label("Office").fill("Dış İlişkiler")
    desk.get_by_label("Registry number").fill("E-2026/1")
    desk.get_by_role("button", name="Record the hand-over").click()
    presented = (*accepted, State.PRESENTED)
    is_seen(anybody, *presented, hides=("E-2026/1",))
    assert Dossier.objects.get().files.count() == 3
    desk.get_by_role("link", name="Record the answer").click()
    desk.locator("[name=answer][value=positive]").check()
    desk.get_by_role("button", name="Record the municipality’s answer").click()
    agreed = (*presented, State.POSITIVE)
    is_seen(anybody, *agreed)

    # A project, with a milestone that everybody can see.
    desk.goto(f"{ADMIN}/project/{proposal.pk}/change/")
    desk.locator("#milestones-group .add-row [role=button], #milestones-group .add-row a").first.click()
    desk.locator("[name$='-0-title_tr']").fill("Bina bulunur")
    desk.locator("[name=_continue]").click()
    act(desk, proposal, "start", "Start the project")
    is_seen(anybody, *agreed, State.RUNNING, says=("Bina bulunur",))
    izmir.reload()
    shot(izmir, "own-running")
    expect(izmir.locator(".badge").first).to_have_text(label(State.RUNNING))

    # Who follows it has heard of every public stage since, and of nothing else.
    told = Message.objects.filter(kind="proposal_news", recipient="okur@example.org").count()
    assert told == len(agreed) + 1 - len(begun)


def act(desk: Page, proposal: Proposal, name: str, button: str, *, why: str = "") -> None:
    """From the proposal's own page: what would happen and which letters leave, then the button."""
    desk.goto(f"{ADMIN}/proposal/{proposal.pk}/change/")
    desk.locator(f"a.act-{name}").click()
    expect(desk.locator("details.letter").first).to_be_visible()
    if why:
        desk.locator("[name=why]").fill(why)
    desk.get_by_role("button", name=button, exact=True).click()
    expect(desk.locator(".messagelist .success")).to_be_visible()


def test_what_is_typed_before_the_page_is_whole_is_saved_too(izmir: Page):
    izmir.goto(at("begin"))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    izmir.route("**/portal*.js", hold)  # whatever waits for the page's end waits for it
    press(izmir)
    izmir.fill("[name=title]", "Yarım kal")
    held[-1].continue_()

    expect(izmir.locator(".saved")).to_contain_text("Kaydedildi")


def test_what_is_typed_is_saved_by_itself_and_two_windows_lose_nothing(izmir: Page):
    izmir.goto(at("begin"))
    press(izmir)
    izmir.fill("[name=title]", "Yarım kal")
    expect(izmir.locator(".saved")).to_contain_text("Kaydedildi")
    proposal = Proposal.objects.get()
    assert proposal.versions.get().content["title_tr"] == "Yarım kal"  # nothing was pressed
    other = izmir.context.new_page()
    other.goto(izmir.url)
    expect(other.locator("[name=title]")).to_have_value("Yarım kal")

    # The first window writes on; the second one, made before that, is told and loses nothing.
    izmir.fill("[name=title]", "Yarım kalan")
    expect(izmir.locator("[name=revision]")).to_have_value("2")
    other.fill("[name=title]", "Öbür pencere")
    expect(other.locator(".saved")).to_contain_text("başka bir pencerede")
    assert proposal.versions.get().content["title_tr"] == "Yarım kalan"
    press(other)
    expect(other.locator("main")).to_contain_text("Yarım kalan")
    expect(other.locator("[name=title]")).to_have_value("Öbür pencere")

    # A button that is pressed while a save is on its way waits for it: one's own words are no other window's.
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        """The portal has saved it; its answer is still on the way."""
        if route.request.resource_type == "fetch":
            held.append((route, route.fetch()))
        else:
            route.continue_()

    izmir.route("**/*", hold)
    izmir.fill("[name=title]", "Yarım kalan iş")
    izmir.wait_for_timeout(1500)
    izmir.fill("[name=title]", "Yarım kalan işler")
    press(izmir)
    route, late = held.pop()
    route.fulfill(response=late)
    izmir.wait_for_selector("[name=why]")
    izmir.unroute("**/*")
    assert proposal.versions.get().content["title_tr"] == "Yarım kalan işler"
    izmir.go_back()

    # Without a line to the portal it says so, and the button tries again.
    izmir.route("**/*", lambda route: route.abort())
    izmir.fill("[name=summary]", "Bağlantı yok.")
    expect(izmir.locator(".saved")).to_contain_text("Kaydedilmedi")
    expect(izmir.locator("[name=summary]")).to_have_value("Bağlantı yok.")
    izmir.unroute("**/*")
    izmir.fill("[name=summary]", "Bağlantı yine var.")
    expect(izmir.locator(".saved")).to_contain_text("Kaydedildi")
    assert proposal.versions.get().content["summary_tr"] == "Bağlantı yine var."


@pytest.fixture
def inspected_page(browser: Browser, live_server, scheme: str) -> Iterator[Page]:
    """A page that lets axe in: our content policy would refuse its script, as it should."""
    yield from visit(
        browser, live_server, bypass_csp=True, color_scheme=scheme, reduced_motion="reduce",
        viewport={"width": 320, "height": 640} if scheme == "light" else {"width": 1280, "height": 900},
    )  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_and_nothing_scrolls_sideways(inspected_page: Page, scheme: str):
    reported.load(reported.read())
    author = User.objects.create_user("sevil@example.org", name="Sevil Kaya", language="tr")
    one = put(submitted(author), State.ACCEPTED)
    one.steps.filter(move="put").update(at=NOW + timedelta(days=12))
    half = draft(None, budget="-1", title_tr="")
    names = ["register", "figures", "board", "begin"]
    pages = [at(name) for name in names] + [at("register") + "?stage=accepted"]
    pages += [at("proposal", slug) for slug in (one.slug or "", "ticari-is-birligi")]
    pages += [at(name, half.code) for name in ("own", "send", "people", "files")]
    pages += [at("write", half.code, "plan"), at("follow", one.slug or "")]
    submission.save(half, {"title_tr": "Yarım kalan"}, now=timezone.now())

    found = []
    for number, path in enumerate(pages):
        answer = inspected_page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        found += complaints(inspected_page)
        if not inspected_page.locator("html").evaluate("root => root.scrollWidth <= root.clientWidth"):
            found.append(f"{path} is too wide")
        shot(inspected_page, f"{scheme}-{number:02}")
    assert found == []
