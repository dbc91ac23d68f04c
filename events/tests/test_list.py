"""The list of events: counts beside each choice, their order, and what it costs."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.utils.html import strip_tags

from events.models import Event
from events.tests.make import make_event

pytestmark = pytest.mark.django_db

EVE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def choices(page: str, name: str) -> dict[str, str]:
    """The values of a filter, as a reader sees them: label and count."""
    select = re.search(rf'<select id="{name}".*?</select>', page, re.DOTALL)
    assert select
    options = re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', select[0])
    return {value: unescape(text) for value, text in options}


def found(page: str) -> list[str]:
    """The events of the list, in their order."""
    return re.findall(r'<h3><a href="/en/events/([^/]+)/"', page)


@pytest.fixture
def some_events():
    make_event("concert-izmir", kind="concert", city="izmir", spoken=["tr", "az"], access=["step_free"])
    make_event("concert-baku", kind="concert", city="baku", scope="baku")
    make_event("forum-izmir", kind="forum", city="izmir", spoken=["tr"])
    make_event("draft", kind="forum", city="baku", state=Event.State.DRAFT, publish_at=None)
    make_event("scheduled", kind="forum", city="baku", publish_at=datetime(2126, 1, 1, tzinfo=UTC))


def test_each_value_says_how_many_events_it_would_find_beside_the_other_filters(client, some_events):
    page = client.get("/en/events/", {"city": "izmir", "type": "concert"}).content.decode()

    assert found(page) == ["concert-izmir"]
    assert choices(page, "city") == {"": "All (2)", "izmir": "İzmir (1)", "baku": "Baku (1)"}
    kinds = choices(page, "type")
    assert (kinds[""], kinds["concert"], kinds["forum"], kinds["visit"]) == (
        "All (2)",
        "Concert (1)",
        "Forum (1)",
        "Visit (0)",
    )
    assert choices(page, "language")["az"] == "Azerbaijani (1)"
    assert choices(page, "accessible")["step_free"] == "Step-free access (1)"


def test_drafts_are_counted_nowhere(client, some_events):
    page = client.get("/en/events/").content.decode()

    assert choices(page, "city") == {"": "All (3)", "izmir": "İzmir (2)", "baku": "Baku (1)"}
    assert choices(page, "type")["forum"] == "Forum (1)"


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"city": "izmir"},
        {"q": "concert", "when": "past"},
        {"from": "2026-03-01", "to": "2026-03-31", "scope": "core"},
    ],
    ids=lambda question: "&".join(question) or "all",
)
def test_choosing_a_value_finds_as_many_as_it_said(client, some_events, question):
    page = client.get("/en/events/", question).content.decode()

    for name in ("when", "scope", "city", "type", "language", "accessible"):
        for value, label in choices(page, name).items():
            asked = {key: text for key, text in (question | {name: value}).items() if text}
            count = len(found(client.get("/en/events/", asked).content.decode()))
            assert label.endswith(f"({count})"), (name, value)


def test_what_was_asked_for_can_be_taken_away_one_by_one(client, some_events):
    page = client.get("/en/events/", {"city": "izmir", "type": "concert", "from": "2026-03-01"}).content.decode()

    chips = re.search(r'<ul class="chips".*?</ul>', page, re.DOTALL)
    assert chips
    assert re.findall(r'href="([^"]*)"', unescape(chips[0])) == [
        "/en/events/?type=concert&from=2026-03-01",
        "/en/events/?city=izmir&from=2026-03-01",
        "/en/events/?type=concert&city=izmir",
        "/en/events/",
    ]


def test_what_is_ahead_comes_first_and_the_anniversary_before_related_events(client):
    def on(day: int, month: int = 3) -> dict[str, object]:
        return {"starts_at": datetime(2026, month, day, 16, tzinfo=UTC)}

    make_event("past-late", **on(20, 2))
    make_event("past-early", **on(10, 2))
    make_event("past-related", scope="izmir", **on(25, 2))
    make_event("ahead-related", scope="izmir", **on(5))
    make_event("ahead-later", **on(20))
    make_event("ahead-soon", **on(10))
    make_event("ahead-in-march", precision="month", starts_on=datetime(2026, 3, 1, tzinfo=UTC).date())
    make_event("ahead-some-day", precision="unknown")

    with time_machine.travel(EVE, tick=False):
        page = client.get("/en/events/").content.decode()

    assert found(page) == [
        *["ahead-soon", "ahead-later", "ahead-in-march", "ahead-some-day", "ahead-related"],
        *["past-late", "past-early", "past-related"],
    ]
    assert re.findall(r"<h2>([^<]*)</h2>", page)[:4] == ["Coming up", "Coming up, related", "Past", "Past, related"]


def test_groups_go_on_from_page_to_page(client):
    for number in range(35):
        make_event(f"past-{number}")
    make_event("related", scope="izmir")

    first, second = (client.get("/en/events/", {"page": page}, follow=True).content.decode() for page in (1, 2))

    assert (len(found(first)), len(found(second))) == (30, 6)
    assert re.findall(r"<h2>([^<]*)</h2>", second)[:2] == ["Past", "Past, related"]
    assert len({*found(first), *found(second)}) == 36


def test_the_empty_fields_of_a_form_do_not_make_another_address(client, some_events):
    answer = client.get("/en/events/?q=&city=izmir&type=&from=&page=")

    assert (answer.status_code, answer["Location"]) == (302, "/en/events/?city=izmir")


def test_a_search_without_a_letter_finds_nothing(client, some_events):
    assert found(client.get("/en/events/", {"q": "!!!"}).content.decode()) == []


@pytest.mark.parametrize("events", [1, 60])
@pytest.mark.parametrize("question", ["?type=concert", "?city=izmir&scope=core&when=past", "?q=gala"])
def test_a_cold_list_with_all_its_counts_asks_little(client, events, question):
    for number in range(events):
        make_event(f"event-{number}", title_tr=f"Gala {number}")
    asked = {"queries": 0, "rows": 0}

    def count(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        asked["queries"] += 1
        asked["rows"] += max(0, context["cursor"].rowcount)  # SQLite does not say how many
        return result

    with connection.execute_wrapper(count):
        page = client.get(f"/en/events/{question}").content.decode()

    assert asked["queries"] <= 4
    assert asked["rows"] <= len(found(page)) + 20


@pytest.mark.parametrize("address", ["/en/calendar/2026/3/", "/en/calendar/2026/week/12/", "/en/calendar/2026/"])
def test_the_calendar_takes_the_filters_of_the_list_and_hands_them_on(client, some_events, address):
    make_event("month-baku", city="baku", precision="year", starts_on=datetime(2026, 3, 1, tzinfo=UTC).date())

    page = unescape(client.get(address, {"city": "izmir"}).content.decode())

    assert "/en/events/concert-baku/" not in page
    assert "/en/events/month-baku/" not in page
    assert ("/en/events/concert-izmir/" in page) or "2 events" in page
    for other in (r"", r"\d+/", r"week/\d+/"):
        assert re.search(rf'href="/en/calendar/2026/{other}\?city=izmir"', page)
    assert re.search(r'href="/en/events/\?city=izmir&from=2026-\d\d-\d\d&to=2026-\d\d-\d\d"', page)


def test_arrows_lead_to_what_the_filters_find(client):
    make_event("near", city="baku", starts_at=datetime(2026, 4, 10, 16, tzinfo=UTC))
    make_event("far", city="izmir", starts_at=datetime(2026, 9, 10, 16, tzinfo=UTC))

    page = unescape(client.get("/en/calendar/2026/3/", {"city": "izmir"}).content.decode())

    assert 'rel="next" href="/en/calendar/2026/9/?city=izmir"' in page


def test_the_week_shows_sessions_with_both_times(client):
    event = make_event("festival")
    event.sessions.create(title_tr="Açılış", precision="time", starts_at=datetime(2026, 3, 21, 16, tzinfo=UTC))

    page = client.get("/en/calendar/2026/week/12/").content.decode()

    assert "19:00 İzmir · 20:00 Baku" in strip_tags(page)
    assert "Açılış" in page


def test_the_year_counts_each_month_and_shows_what_is_only_known_by_its_year(client):
    make_event("gala")
    make_event("some-day", precision="year", starts_on=datetime(2026, 3, 1, tzinfo=UTC).date())
    make_event("draft", state=Event.State.DRAFT, publish_at=None)

    page = client.get("/en/calendar/2026/").content.decode()

    assert page.count("1 event<") == 1
    assert page.count('class="busy"') == 1
    assert "/en/events/some-day/" in page


def test_every_time_in_the_month_is_told_in_both_cities(client):
    make_event("night", starts_at=datetime(2026, 3, 21, 20, 30, tzinfo=UTC))

    page = client.get("/tr/takvim/2026/3/").content.decode()

    assert "23.30 İzmir · 00.30 (22 Mart) Bakü" in strip_tags(page)


def test_what_is_called_off_is_not_next_and_says_so(client):
    make_event("gala", starts_at=datetime(2026, 5, 21, 16, tzinfo=UTC), scope="core", state=Event.State.CALLED_OFF)
    make_event("walk", starts_at=datetime(2026, 6, 1, 16, tzinfo=UTC), scope="izmir")

    with time_machine.travel(datetime(2026, 4, 1, tzinfo=UTC)):
        listed = client.get("/en/events/").content.decode()
        home = client.get("/en/").content.decode()
        page = client.get("/en/events/gala/").content.decode()
    with time_machine.travel(datetime(2026, 7, 1, tzinfo=UTC)):
        later = client.get("/en/events/gala/").content.decode()

    assert listed.index("/en/events/walk/") < listed.index("<h2>Called off</h2>") < listed.index("/en/events/gala/")
    assert "/en/events/gala/" not in home.partition('id="next"')[2].partition("</section>")[0]
    assert "will not take place" in page
    assert "did not take place" in later


def test_nothing_that_is_over_is_still_planned(client):
    make_event("plan", starts_at=datetime(2026, 5, 21, 16, tzinfo=UTC), certainty=Event.Certainty.PLANNED)
    told = {}
    for when in (datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)):
        with time_machine.travel(when):
            for address in ("/en/events/", "/en/events/plan/"):
                page = client.get(address).content.decode().partition("<article")[2]
                told[when.month, address] = (">Planned<" in page, "not confirmed as held" in page)

    assert set(told.values()) == {(True, False), (False, True)}
    assert [told[4, address] for address in ("/en/events/", "/en/events/plan/")] == [(True, False)] * 2
