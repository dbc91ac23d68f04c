"""Kept pages: never older than the programme."""

import pytest

from events.tests.make import make_event
from izbaku import freshness

pytestmark = pytest.mark.django_db


def test_the_author_sees_the_change_at_the_next_request(client):
    event = make_event("gala", title_tr="Eski")
    assert "Eski" in client.get("/tr/", follow=True).content.decode()
    event.title_tr = "Yeni"
    event.save()

    client.cookies["fresh"] = str(freshness.ProgrammeVersion.objects.get().number)

    assert "Yeni" in client.get("/en/events/").content.decode()


def test_an_unchanged_page_is_answered_with_304(client):
    make_event()
    first = client.get("/en/events/")

    second = client.get("/en/events/", headers={"if-none-match": first["ETag"]})

    assert (second.status_code, second.content) == (304, b"")
