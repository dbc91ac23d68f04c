"""Addresses that staff type, and the names under which pictures lie."""

import re

import pytest

from events.models import Event, Venue
from events.tests.desk import staff, typed
from events.tests.make import make_event
from events.tests.test_admin_pictures import photo
from izbaku.portal.models import Milestone

pytestmark = pytest.mark.django_db
FORM = "/admin/events/event/{}/change/"


@pytest.mark.parametrize("field", ["sources", "press"])
@pytest.mark.parametrize("wrong", ["javascript:alert(1)", "data:text/html,x", "ftp://izmir.bel.tr/x", "the newspaper"])
def test_what_is_no_web_address_is_refused_with_its_line(field, wrong):
    event, client = make_event(), staff()
    text = f"https://www.izmir.bel.tr/tr/Haberler\n{wrong}"

    page = client.post(FORM.format(event.pk), typed(client.get(FORM.format(event.pk)), **{field: text}))

    assert "Line 2:" in page.content.decode()
    event.refresh_from_db()
    assert getattr(event, field) == ""


def test_what_has_come_into_the_table_otherwise_is_no_link(client):
    text = "javascript:alert(1)\nhttps://www.izmir.bel.tr/a\nJAVASCRIPT:alert(2)"
    event = make_event(sources=text, press=text)
    assert event.source_list == event.press_list == ["https://www.izmir.bel.tr/a"]
    assert Milestone(sources=text).source_list == ["https://www.izmir.bel.tr/a"]
    assert "javascript:" not in client.get("/en/events/gala/").content.decode().lower()


def test_the_addresses_of_a_place_are_looked_at_too():
    with pytest.raises(Exception, match="Line 1"):
        Venue(slug="a", name="A", sources="javascript:alert(1)").full_clean()


def test_nobody_guesses_where_a_picture_lies(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = staff()
    names = []
    for slug in ("one", "two"):
        event = make_event(slug, state="draft", publish_at=None)
        sent = typed(client.get(FORM.format(event.pk)), picture=photo("secret-guest.jpg"), picture_alt_tr="Kule")
        assert client.post(FORM.format(event.pk), sent).status_code == 302
        names.append(Event.objects.get(pk=event.pk).picture.name)
    assert len(set(names)) == 2
    for name in names:
        assert re.fullmatch(r"events/[\w-]{22}\.jpg", name), name
