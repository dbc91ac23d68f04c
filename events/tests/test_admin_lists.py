"""The list of events: found by any spelling, narrowed to what waits, as fast with thirty as with one; and previews."""

from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from events import work
from events.attendance import Registration
from events.models import Imported, ReportPicture, Venue
from events.tests.desk import staff, typed
from events.tests.make import make_event

pytestmark = pytest.mark.django_db
LIST = "/admin/events/event/"
FAR = datetime(2126, 1, 1, tzinfo=UTC)


def listed(client, query: str) -> list[str]:
    return sorted(event.slug for event in client.get(LIST + query).context["cl"].result_list)


@pytest.mark.parametrize(("asked", "found"), [("izmir", ["a"]), ("IŞIK", ["b"]), ("emekdasliq", ["c"]), ("qala", [])])
def test_search_finds_whatever_the_letters_marks(asked, found):
    make_event("a", title_tr="İzmir günü", city="")
    make_event("b", title_tr="Işık", city="baku")
    make_event("c", title_tr="Bakü", title_az="Əməkdaşlıq", city="baku")

    assert listed(staff(), f"?q={asked}") == found


def test_each_thing_that_waits_narrows_the_list_to_just_those():
    whole = {"title_az": "a", "title_en": "e", "certainty": "held"}
    make_event("fine", **whole)
    make_event("unconfirmed", **whole | {"certainty": "announced"})
    make_event("draft", **whole | {"state": "draft", "publish_at": None})
    make_event("imported", **whole | {"state": "draft", "publish_at": None})
    Imported.objects.create(key="ics:uid", values={"slug": "imported"})
    Imported.objects.create(key="event:draft", values={"slug": "draft"})
    make_event("soon", **whole | {"publish_at": FAR})
    make_event("without-az", **whole | {"summary_tr": "Özet", "summary_en": "Summary"})
    make_event("without-en", **whole | {"title_en": None})
    make_event("picture", **whole | {"picture": "events/x.jpg"})
    report = make_event("report", **whole)
    ReportPicture.objects.create(event=report, picture="events/y.jpg", alt_tr="")
    untold = make_event("untold", **whole)
    Registration.objects.create(event=untold, email="ada@example.org", language="tr", state="confirmed")
    untold.place_tr = "Kültürpark"
    untold.save()
    client = staff()

    found = {name: listed(client, f"?waits={name}") for name in work.NAMES}

    assert found == {
        "untold": ["untold"],
        "unconfirmed": ["unconfirmed"],
        "drafts": ["draft", "imported"],
        "imported": ["imported"],
        "appearing": ["soon"],
        "without_az": ["without-az"],
        "without_en": ["without-en"],
        "without_alt": ["picture", "report"],
    }
    assert work.counts(datetime.now(UTC)) == {name: len(slugs) for name, slugs in found.items()}


@pytest.mark.parametrize("events", [1, 30])
def test_the_list_asks_a_constant_number_of_questions(events, django_assert_num_queries):
    for number in range(events):
        make_event(f"gala-{number}", title_tr="Gala")
    client = staff()

    with django_assert_num_queries(8):
        page = client.get(f"{LIST}?q=gala").content.decode()

    assert page.count("action-select") == events


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_a_preview_shows_the_draft_to_staff_in_each_language(client, language):
    event = make_event(state="draft", publish_at=None, title_tr="Gizli gala", title_az="Gizli qala", title_en="Secret")
    address = f"/{language}/preview/{event.pk}/"

    response = staff("view_event", language="tr").get(address)

    assert getattr(event, f"title_{language}") in response.content.decode()
    assert 'class="preview-mark"' in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    assert not hasattr(response, "kept_until")


def test_a_preview_does_not_exist_for_others():
    event = make_event(state="draft", publish_at=None)
    address = f"/tr/preview/{event.pk}/"
    client = staff("view_event")

    assert client.get("/tr/preview/999999/").status_code == 404
    assert Client().get(address).url.startswith("/admin/login/?next=")
    assert staff("add_venue", email="other@example.org").get(address).status_code == 404
    assert staff("view_event", email="third@example.org", is_staff=False).get(address).status_code == 404


def test_saving_can_lead_to_the_preview():
    event = make_event()
    client = staff()
    address = reverse("admin:events_event_change", args=[event.pk])

    response = client.post(address, typed(client.get(address)) | {"_preview": "1"})

    assert response.url.endswith(f"/preview/{event.pk}/")


def test_no_admin_page_names_a_foreign_host():
    event = make_event(picture=ContentFile(b"", name="x.jpg"), picture_alt_tr="x")
    client = staff()

    for address in (LIST, reverse("admin:events_event_change", args=[event.pk]), "/admin/"):
        page = client.get(address).content.decode()
        assert 'src="http' not in page
        assert 'src="//' not in page
        assert "jquery-ui" not in page


def test_a_venue_is_found_without_its_marks_too():
    venue = Venue.objects.create(slug="k", name="Kültürpark", city="izmir")
    Venue.objects.create(slug="s", name="Sahil", city="baku")
    client = staff()

    answer = client.get(
        "/admin/autocomplete/",
        {"term": "kulturpark", "app_label": "events", "model_name": "event", "field_name": "venue"},
    )

    assert [row["id"] for row in answer.json()["results"]] == [str(venue.pk)]
