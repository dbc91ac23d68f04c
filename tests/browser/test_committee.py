"""What the committee is promised in a browser: interests, review, meeting and decision, on pages that all can use."""

from collections.abc import Iterator

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from proposals.reviewing import Meeting, Review
from proposals.states import State
from proposals.tests.committee import client_of, judge, make_board, make_member, make_office, make_proposal, meet
from tests.browser.test_staff import complaints

LIST = "/admin/proposals/proposal/"


@pytest.fixture(autouse=True)
def _as_migrated(django_db_serialized_rollback, live_server) -> Iterator[None]:
    cache.clear()
    ContentType.objects.clear_cache()
    yield
    cache.clear()


def page_as(browser: Browser, live_server, user, width: int = 1280) -> Page:
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 900})
    session = client_of(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return context.new_page()


def declare(page: Page, title: str, text: str) -> None:
    """From the queue to the text, which opens once interests are declared."""
    page.goto(LIST)
    expect(page.locator("#result_list")).to_contain_text("Mine, pending")
    page.get_by_role("link", name=title).click()
    expect(page.locator("#content-main")).not_to_contain_text(text)
    page.get_by_label("I have no conflict of interest").check()
    page.get_by_role("button", name="Declare").click()
    expect(page.locator("#content-main")).to_contain_text(text)


def hand_in(page: Page) -> None:
    """Four of five by every criterion."""
    for group in page.locator("fieldset.marks").all():
        group.get_by_label("4", exact=True).check()
    page.get_by_role("button", name="Hand in the review").click()
    expect(page.locator(".messagelist")).to_contain_text("Your review is in.")


def accept(page: Page, meeting: Meeting, title: str, *, reasons: str) -> None:
    """The meeting accepts with all three votes; the reviewers' words for the authors stand there already."""
    page.goto(f"/admin/proposals/meeting/{meeting.pk}/change/")
    page.get_by_role("link", name=f"Decide on “{title}”").click()
    expect(page.get_by_label("Reasons, for the authors")).to_have_value(reasons)
    page.get_by_label("Accept").check()
    page.get_by_label("Votes in favour").fill("3")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.locator(".messagelist")).to_contain_text("Nobody outside knows of it")


def test_from_declaring_interests_to_the_decision(browser, live_server):
    board, member, proposal = make_board(), make_member("Bahar"), make_proposal()
    page = page_as(browser, live_server, member)

    # A member declares first, and then the text opens.
    declare(page, "Liman okulu", "Bir okul.")

    # A review is judged by every criterion; what is missing is said, and nothing typed is lost.
    page.get_by_role("link", name="Review it").click()
    page.get_by_label("Comment for the authors").fill("Takvimi kısaltın.")
    page.get_by_role("button", name="Hand in the review").click()
    expect(page.locator("[role=alert]")).to_contain_text("Still without an answer")
    expect(page.get_by_label("Comment for the authors")).to_have_value("Takvimi kısaltın.")
    hand_in(page)
    expect(page.locator(".tally")).to_contain_text("75")
    assert Review.objects.get().handed_in_at is not None
    page.context.close()

    # The board's chair records the decision; outside it is still in review.
    meeting = meet(proposal, board)
    page = page_as(browser, live_server, board[0])
    accept(page, meeting, "Liman okulu", reasons="Takvimi kısaltın.")
    page.context.close()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.stage) == (State.DECIDED, State.IN_REVIEW)


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_no_barrier_and_nothing_scrolls_sideways(browser, live_server, width):
    board, member, office, proposal = make_board(), make_member("Bahar"), make_office(), make_proposal()
    other = make_proposal("Muğam gecesi")
    judge(proposal, member, to_committee="İyi.")
    meeting = meet(proposal, board)
    ways = [
        (member, [LIST, f"{LIST}{proposal.pk}/change/", f"{LIST}{proposal.pk}/review/", f"{LIST}{other.pk}/change/"]),
        (
            board[0],
            [
                f"/admin/proposals/meeting/{meeting.pk}/change/",
                f"/admin/proposals/meeting/{meeting.pk}/decide/{proposal.pk}/",
            ],
        ),
        (office, ["/admin/proposals/dossier/add/", "/admin/proposals/meeting/add/", "/admin/proposals/criterion/"]),
    ]
    found = []
    for user, addresses in ways:
        page = page_as(browser, live_server, user, width)
        for address in addresses:
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            found += complaints(page)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{address} is too wide")
        page.context.close()

    assert found == []
