"""What a page says of its own addresses."""

import re

import pytest

from events.tests.make import make_event

pytestmark = pytest.mark.django_db


def alternates(client, address: str) -> dict[str, str]:
    tags = re.findall(r'<link rel="alternate" hreflang="(\w+)" href="([^"]+)"', client.get(address).content.decode())
    return {language: re.sub(r"^https?://[^/]+", "", url) for language, url in tags}


def test_a_page_names_itself_in_each_language_with_its_question(client):
    assert alternates(client, "/en/events/?city=izmir") == {
        "tr": "/tr/etkinlikler/?city=izmir",
        "az": "/az/tedbirler/?city=izmir",
        "en": "/en/events/?city=izmir",
    }


def test_an_event_keeps_its_name_in_the_address(client):
    make_event("gala")
    assert alternates(client, "/tr/etkinlikler/gala/") == {
        "tr": "/tr/etkinlikler/gala/",
        "az": "/az/tedbirler/gala/",
        "en": "/en/events/gala/",
    }


def test_a_page_that_does_not_exist_still_offers_the_other_languages(client):
    offered = alternates(client, "/az/yoxdur/")
    assert sorted(offered) == ["az", "en", "tr"]
    assert all(client.get(address).status_code in (200, 404) for address in offered.values())
