"""Times are typed as they stand on the clock of the event's own city."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from events.models import Event, Session
from events.tests.desk import staff, typed
from events.tests.make import make_event

pytestmark = pytest.mark.django_db
ADD = "/admin/events/event/add/"


def change(event: Event) -> str:
    return reverse("admin:events_event_change", args=[event.pk])


@pytest.mark.parametrize(("city", "hour"), [("izmir", 17), ("baku", 16), ("", 17)])
@pytest.mark.parametrize(("language", "clock"), [("tr", "20.00"), ("az", "20:00"), ("en", "20:00")])
def test_eight_in_the_evening_means_that_citys_evening(city, hour, language, clock):
    client = staff(language=language)
    data = typed(client.get(ADD), title_tr="Gala", kind="concert", city=city)
    data |= {"starts_at_0": "21.03.2026", "starts_at_1": clock}

    response = client.post(ADD, data)

    assert response.status_code == 302
    assert Event.objects.get().starts_at == datetime(2026, 3, 21, hour, tzinfo=UTC)


def test_what_was_typed_for_baku_is_shown_again_as_it_was_typed():
    event = make_event(city="baku", starts_at=datetime(2026, 3, 21, 16, tzinfo=UTC))

    page = staff().get(change(event)).content.decode()

    assert 'name="starts_at_1" value="20:00"' in page
    assert "Begins at (Baku time)" in page
    assert "İzmir time)" not in page


def test_a_changed_city_keeps_the_clock_time_of_the_event_and_of_its_sessions():
    event = make_event(city="izmir", starts_at=datetime(2026, 3, 21, 17, tzinfo=UTC))
    session = Session.objects.create(event=event, title_tr="Açılış", starts_at=datetime(2026, 3, 21, 18, tzinfo=UTC))
    client = staff()

    response = client.post(change(event), typed(client.get(change(event)), city="baku"))

    assert response.status_code == 302
    event.refresh_from_db()
    session.refresh_from_db()
    assert event.starts_at == datetime(2026, 3, 21, 16, tzinfo=UTC)
    assert session.starts_at == datetime(2026, 3, 21, 17, tzinfo=UTC)


def test_a_session_of_a_baku_event_begins_on_bakus_clock():
    event = make_event(city="baku")
    client = staff()
    data = typed(client.get(change(event))) | {
        "sessions-TOTAL_FORMS": "1",
        "sessions-0-title_tr": "Açılış",
        "sessions-0-precision": "time",
        "sessions-0-starts_at_0": "22.03.2026",
        "sessions-0-starts_at_1": "00:30",
    }

    client.post(change(event), data)

    session = event.sessions.get()
    assert session.starts_at == datetime(2026, 3, 21, 20, 30, tzinfo=UTC)
    assert session.starts_on == date(2026, 3, 22)


def test_a_form_that_is_sent_back_untouched_changes_nothing():
    event = make_event(city="baku")
    Session.objects.create(event=event, title_tr="Açılış", starts_at=event.starts_at)
    before = Event.objects.filter(pk=event.pk).values().get()
    client = staff()

    client.post(change(event), typed(client.get(change(event))))

    assert Event.objects.filter(pk=event.pk).values().get() == before


def test_the_appearance_of_a_baku_event_is_on_bakus_clock_too():
    event = make_event(city="baku", state="draft", publish_at=None)
    client = staff()

    client.post(change(event), typed(client.get(change(event)), publish_at_0="01.03.2126", publish_at_1="09:00"))

    event.refresh_from_db()
    assert event.publish_at == datetime(2126, 3, 1, 5, tzinfo=UTC)


def test_an_exact_time_gives_way_to_a_month():
    event = make_event()
    client = staff()

    response = client.post(change(event), typed(client.get(change(event)), precision="month", starts_on="2026-04-10"))

    assert response.status_code == 302
    event.refresh_from_db()
    assert (event.starts_at, event.starts_on, event.ends_on) == (None, date(2026, 4, 1), date(2026, 4, 30))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("ends_at", {"ends_at_0": "2026-03-20", "ends_at_1": "10:00"}),
        ("starts_at", {"starts_at_0": "", "starts_at_1": ""}),
        ("starts_at", {"starts_at_1": ""}),
        ("starts_at", {"starts_at_0": "0202-03-21"}),
        ("starts_on", {"precision": "day", "starts_on": ""}),
        ("ends_on", {"precision": "day", "starts_on": "2026-03-21", "ends_on": "2026-03-20"}),
        ("title_tr", {"title_tr": ""}),
        ("kind", {"kind": ""}),
        ("slug", {"slug": "other"}),
        ("ticket_url", {"ticket_url": "ftp//x"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(field, wrong):
    make_event("other")
    event = make_event()
    before = Event.objects.filter(pk=event.pk).values().get()
    client = staff()

    response = client.post(change(event), typed(client.get(change(event)), **wrong))

    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == [field]
    assert Event.objects.filter(pk=event.pk).values().get() == before


def test_an_empty_address_is_made_from_the_turkish_title():
    make_event("sehir-gunu")
    client = staff()
    data = typed(client.get(ADD), title_tr="Şəhir günü", kind="concert", city="izmir", slug="")

    client.post(ADD, data | {"precision": "unknown"})

    assert Event.objects.get(title_tr="Şəhir günü").slug == "sehir-gunu-2"


def test_a_public_event_without_a_moment_keeps_the_one_it_has_been_seen_since():
    event = make_event()
    client = staff()

    client.post(change(event), typed(client.get(change(event)), publish_at_0="", publish_at_1=""))

    assert Event.objects.get().publish_at == event.publish_at


def test_a_public_event_that_was_to_appear_later_appears_at_once_when_its_moment_is_emptied():
    event = make_event(publish_at=datetime(2126, 1, 1, tzinfo=UTC))
    client = staff()

    client.post(change(event), typed(client.get(change(event)), publish_at_0="", publish_at_1=""))

    event.refresh_from_db()
    assert event.is_public(datetime.now(UTC))
