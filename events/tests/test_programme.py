"""The shipped programme, loaded, and what a visitor finds."""

import copy
import re
from datetime import UTC, date, datetime

import pytest
import time_machine

from events.models import Event, Observance, Session, Venue
from events.tests.make import make_event
from izbaku.portal import programme
from izbaku.portal.models import Milestone

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded():
    programme.load(programme.read())


def test_everything_in_the_data_is_in_the_portal(loaded):
    spring = Event.objects.get(slug="bahar-bayrami-kulturpark-2026")

    assert Event.objects.count() == 21 + 6
    assert spring.sessions.count() == 3
    assert (Observance.objects.count(), Milestone.objects.count(), Venue.objects.count()) == (17, 14, 21)


def test_no_time_is_invented(loaded):
    timed = Event.objects.exclude(starts_at=None)

    assert [event.slug for event in timed] == ["bahar-bayrami-kulturpark-2026"]
    assert Session.objects.exclude(starts_at=None).count() == 5


def test_loading_again_changes_nothing(loaded):
    report = programme.load(programme.read())

    assert (report.added, report.changed, report.skipped) == (0, 0, [])


def test_what_staff_have_edited_is_kept_and_named(loaded):
    event = Event.objects.get(slug="bahar-bayrami-kulturpark-2026")
    event.title_tr = "Bahar Şenliği"
    event.save()
    data = copy.deepcopy(programme.read())
    row = next(row for row in data["events"] if row["slug"] == event.slug)
    row["title"]["tr"] = "Yeni başlık"
    row["summary"]["tr"] = "Yeni özet"

    report = programme.load(data)

    event.refresh_from_db()
    assert (event.title_tr, event.summary_tr) == ("Bahar Şenliği", "Yeni özet")
    assert report.changed == 1
    assert report.skipped == ["event:bahar-bayrami-kulturpark-2026: title_tr was edited here"]


@pytest.mark.parametrize("question", ["izmir", "IZMIR", "İzmir", "KULTURPARK", "bahar bayrami", "spring FESTIVAL"])
def test_words_find_events_whatever_their_letters(loaded, client, question):
    assert "Spring Festival" in client.get("/en/events/", {"q": question}).content.decode()


def test_what_no_text_contains_is_not_found(loaded, client):
    page = client.get("/en/events/", {"q": "bahar qqqq"}).content.decode()

    assert "Spring Festival" not in page
    assert "0 events" in page


@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("İzmir'de buluşma", "izmir"),
        ("ışık gösterisi", "IŞIK"),
        ("Bakı gecəsi", "baki"),
        ("əməkdaşlıq", "emekdasliq"),
    ],
)
def test_search_folds_letters_of_both_languages(client, title, question):
    make_event("found", title_tr=title)
    make_event("other", title_tr="Başka", city="")

    page = client.get("/en/events/", {"q": question}).content.decode()

    assert "/en/events/found/" in page
    assert "/en/events/other/" not in page


@time_machine.travel(datetime(2026, 11, 24, tzinfo=UTC), tick=False)
def test_the_calendar_opens_at_the_latest_event_when_nothing_is_ahead(loaded, client):
    assert client.get("/en/calendar/")["Location"] == "/en/calendar/2026/5/"


def test_an_event_page_says_the_time_in_both_cities_and_that_it_is_not_confirmed(loaded, client):
    with time_machine.travel(datetime(2026, 11, 24, tzinfo=UTC), tick=False):
        page = client.get("/en/events/bahar-bayrami-kulturpark-2026/").content.decode()

    assert '<span class="one">13:30 İzmir ·</span> <span class="one">14:30 Baku</span>' in page
    assert "not confirmed as held" in page


def test_a_night_belongs_to_its_evening(client):
    make_event(
        "night",
        starts_at=datetime(2026, 3, 21, 20, 30, tzinfo=UTC),
        ends_at=datetime(2026, 3, 21, 23, tzinfo=UTC),
    )

    event = Event.objects.get(slug="night")

    assert (event.starts_on, event.ends_on) == (date(2026, 3, 21), date(2026, 3, 21))


@pytest.mark.parametrize(
    "fields",
    [{"state": Event.State.DRAFT, "publish_at": None}, {"publish_at": datetime(2126, 1, 1, tzinfo=UTC)}],
    ids=["draft", "scheduled"],
)
def test_what_is_not_public_leaks_nowhere(client, fields):
    make_event("secret", title_tr="Gizli", **fields)

    assert client.get("/en/events/secret/").status_code == 404
    assert client.get("/en/events/secret/event.ics").status_code == 404
    assert client.get("/en/events/secret/share.png").status_code == 404
    for address in (
        "/en/",
        "/en/events/",
        "/en/events/?q=gizli",
        "/en/calendar/2026/3/",
        "/en/calendar/2026/week/12/",
        "/en/calendar.ics",
        "/en/events.atom",
        "/en/events.json",
        "/sitemap.xml",
    ):
        page = client.get(address)
        assert page.status_code == 200
        assert "secret" not in page.content.decode(), address


@pytest.mark.parametrize(
    "address",
    [
        "/en/calendar/2026/13/",
        "/en/calendar/99999/",
        "/en/calendar/2026/week/54/",
        "/en/events/?type=nonsense",
        "/en/events/?nonsense=1",
        "/en/events/?from=2026-02-31",
        "/en/events/?page=99",
        "/en/events/?q=%00",
        "/en/events/?q=" + "x" * 10_000,
        "/en/events/?q=%ff%fe",
        "/en/events/?page=%C2%B2",
        "/en/events/?city=izmir&city=baku",
        "/en/events/?%ff=%ff",
        "/en/events/%00/",
        "/en/events/" + "x" * 10_000 + "/",
        "/en/calendar/0/",
        "/en/calendar/2026/0/",
        "/en/calendar/2026/week/0/",
        "/en/calendar/99999999999999999999/1/",
        "/en/calendar/2026/3/?nonsense=1",
        "/en/calendar.ics?city=nowhere",
        "/en/events.json?page=many",
        "/en/events/nothing-here/",
    ],
)
def test_bad_addresses_get_a_page_with_a_way_on(client, address):
    words = {"en": "There is no such page|could not be understood", "tr": "Böyle bir sayfa yok|anlaşılamadı"}
    turkish = address.replace("/en/events", "/tr/etkinlikler").replace("/en/calendar", "/tr/takvim")
    for language, asked in (("en", address), ("tr", turkish.replace("/week/", "/hafta/"))):
        page = client.get(asked)

        assert page.status_code in (400, 404)
        text = page.content.decode()
        assert f'<html lang="{language}">' in text
        assert re.search(words[language], text)
        assert re.search(r'<p class="actions">\s*<a class="button" href="/', text)


@pytest.mark.parametrize("events", [1, 40])
def test_the_month_and_the_list_ask_a_constant_number_of_questions(client, events, django_assert_max_num_queries):
    for number in range(events):
        make_event(f"event-{number}")

    for address, most in (("/en/calendar/2026/3/", 4), ("/en/events/?type=concert", 6)):
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200
        with django_assert_max_num_queries(0):  # kept: not one more
            client.get(address)


@pytest.mark.parametrize("address", ["/en/events/", "/en/calendar/2026/3/", "/en/events/gala/"])
def test_markup_typed_into_a_title_stays_text(client, address):
    make_event("gala", title_tr="</script><script>alert(1)</script><!--past-->")

    page = client.get(address).content.decode()

    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<!--past-->" not in page
