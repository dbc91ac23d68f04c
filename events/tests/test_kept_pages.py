"""Kept pages: never older than the programme."""

import pytest

from events import views
from events.tests.make import make_event
from izbaku import freshness, kept

pytestmark = pytest.mark.django_db


def test_the_author_sees_the_change_at_the_next_request(client):
    event = make_event("gala", title_tr="Eski")
    assert "Eski" in client.get("/tr/", follow=True).content.decode()
    event.title_tr = "Yeni"
    event.save()

    client.cookies["fresh"] = freshness.sealed(freshness.ProgrammeVersion.objects.get().number)

    assert "Yeni" in client.get("/en/events/").content.decode()


def test_an_unchanged_page_is_answered_with_304(client):
    make_event()
    first = client.get("/en/events/")

    second = client.get("/en/events/", headers={"if-none-match": first["ETag"]})

    assert (second.status_code, second.content) == (304, b"")


def test_whatever_is_asked_of_it_a_share_picture_is_drawn_once(client):
    make_event("gala")
    address = "/en/events/gala/share.png"
    views.drawn.cache_clear()

    for query in ("", "?z=1", "?z=2", "?utm_source=x", "?utm_source=y&z=3"):
        assert client.get(address + query, follow=True)["Content-Type"] == "image/png"
    make_event("other")  # the programme has a new version

    assert client.get(address).status_code == 200
    assert views.drawn.cache_info().misses == 1


@pytest.mark.parametrize(
    "path",
    ["/en/", "/en/history/", "/en/privacy/", "/en/events/gala/", "/en/events/", "/en/calendar/2026/", "/sitemap.xml"],
)
def test_made_up_questions_keep_no_pages(client, path):
    make_event("gala")
    kept.forget()
    client.get(path)

    for query in ("?utm_source=a", "?utm_source=b&fbclid=c", "?page=1", "?q=", "?z=1", "?z=2"):
        client.get(path + query)

    assert len(kept.store) == 1


def test_a_page_kept_for_a_link_from_a_newsletter_does_not_carry_its_campaign_on(client):
    kept.forget()
    page = client.get("/en/history/?utm_source=newsletter").content.decode()

    assert "newsletter" not in page
    assert client.get("/en/history/").content.decode() == page


def test_one_question_has_one_address(client):
    response = client.get("/en/calendar/2026/?type=&city=izmir&city=+izmir&page=7&utm_medium=x")

    assert (response.status_code, response["Location"]) == (302, "/en/calendar/2026/?city=izmir")
    assert client.get("/en/events/?scope=core&city=izmir").status_code == 200  # in whatever order
