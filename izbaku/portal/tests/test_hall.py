"""The visitors' hall: what its pages say, and how it fails."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from events.tests.make import make_event
from izbaku.portal.models import Milestone, Publication
from izbaku.templatetags.links import by_host

pytestmark = pytest.mark.django_db


@pytest.mark.urls("tests.failing_urls")
def test_a_failure_is_told_in_all_three_languages_with_a_way_on():
    page = Client(raise_request_exception=False).get("/broken")

    assert page.status_code == 500
    assert re.findall(r'href="(/\w\w/)"', page.content.decode()) == ["/tr/", "/az/", "/en/"]


def test_an_address_of_no_page_leads_home_in_every_language(client):
    page = client.get("/az/yoxdur/").content.decode()

    assert [f'<a href="/{code}/" lang="{code}"' in page for code in ("tr", "az", "en")] == [True, True, True]


def test_a_milestone_without_a_translation_says_that_it_is_turkish(client):
    Milestone.objects.create(key="one", year=1986, text_tr="Protokol imzalandı.")
    Milestone.objects.create(key="two", year=2011, text_tr="Temel", text_en="Foundation")

    page = client.get("/en/history/").content.decode()

    assert page.count("Not translated yet") == 1
    assert '<p lang="tr">Protokol imzalandı.</p>' in page


def test_a_publication_says_what_it_is_and_when_it_came_out(client):
    Publication.objects.create(
        kind="issue", language="az", title="Körpü", url="https://example.org/1", published_on=date(2026, 5, 28)
    )

    page = client.get("/en/publications/").content.decode()

    assert "Issue (PDF)" in page
    assert "28 May 2026" in page
    assert '<h2 lang="az">' in page


@pytest.mark.parametrize(
    ("address", "words"),
    [("/en/", "their 40th year"), ("/en/about/", "40th year of İzmir and Baku as sister cities (1986–2026)")],
)
def test_the_year_that_is_celebrated_is_a_setting(client, settings, address, words):
    assert words in client.get(address).content.decode()

    settings.PROGRAMME_YEAR = 2027
    settings.KEPT_PAGES = False

    assert words.replace("40th", "41st").replace("2026", "2027") in client.get(address).content.decode()


@time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False)
def test_home_opens_with_what_has_a_day_before_what_has_only_a_year(client):
    make_event("some-day", precision="year", starts_on=date(2026, 1, 1))
    make_event("soon")

    page = client.get("/en/").content.decode()

    assert page.index("/en/events/soon/") < page.index("/en/events/some-day/")


def test_a_page_kept_since_the_morning_tells_the_time_of_its_answer(client):
    with time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC), tick=False):
        client.get("/en/")
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        answer = client.get("/en/")

    assert answer["Server-Timing"] == f'now;desc="{int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)}"'


def test_a_worthless_cookie_is_taken_away_without_ado(client):
    client.cookies["sessionid"] = "x"

    page = client.get("/en/")

    assert page.status_code == 200
    assert page.cookies["sessionid"]["max-age"] == 0
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Protokol imzalandı. Bazı kaynaklarda 1985 de geçer.", "Protokol imzalandı."),
        (
            "Türkiye–Azerbaycan 4. Enerji Forumu İzmir'de toplandı.",
            "Türkiye–Azerbaycan 4. Enerji Forumu İzmir'de toplandı.",
        ),
        ('Park açıldı (haber "iki yıl önce" diyor).', "Park açıldı."),
        ("Nə isə oldu", "Nə isə oldu"),
    ],
)
def test_the_home_page_tells_a_milestone_in_one_whole_sentence(text, short):
    assert Milestone(text_tr=text).in_short == short


def test_home_counts_the_anniversarys_own_events_apart_from_related_ones(client):
    for number, scope in enumerate(("core", "izmir", "baku", "izmir")):
        make_event(f"one-{number}", scope=scope)

    page = client.get("/en/").content.decode()

    assert "<dt>events of the anniversary itself, and 3 related</dt><dd>1</dd>" in page


def test_a_source_is_called_by_its_host_and_no_two_alike():
    addresses = ["https://www.aa.com.tr/tr/1", "https://report.az/a", "https://www.aa.com.tr/tr/2"]

    assert [name for name, _address in by_host(addresses)] == ["aa.com.tr (1)", "report.az", "aa.com.tr (2)"]
