"""Acts ask first, say what happens, and are done to all of the chosen events or to none."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from events import publishing
from events.models import Event, Session
from events.tests.desk import staff
from events.tests.make import make_event
from izbaku.accounts.models import Organisation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = datetime(2126, 1, 1, 9, tzinfo=UTC)


def act(name: str, *events: Event) -> str:
    return f"{reverse('admin:events_event_act', args=[name])}?" + "&".join(f"event={event.pk}" for event in events)


def do(client, name: str, *events: Event, **data):
    return client.post(act(name), {"event": [event.pk for event in events]} | data)


def draft(slug: str = "gala", **fields) -> Event:
    return make_event(slug, **{"state": Event.State.DRAFT, "publish_at": None} | fields)


def state_of(event: Event) -> str:
    return Event.objects.get(pk=event.pk).state


def test_a_question_changes_nothing_and_names_the_events():
    client, event = staff(), draft(title_tr="Nevruz <konseri>")

    page = client.get(act("publish", event)).content.decode()

    assert "Nevruz &lt;konseri&gt;" in page
    assert "21 March 2026" in page
    assert state_of(event) == "draft"


def test_publishing_many_makes_all_of_them_public():
    events = [draft(f"gala-{number}") for number in range(3)]

    response = do(staff(), "publish", *events)

    assert response.status_code == 302
    assert {state_of(event) for event in events} == {"public"}
    assert all(event.is_public(datetime.now(UTC)) for event in Event.objects.all())


def test_if_one_cannot_be_published_none_is():
    good, bad = draft("good"), draft("bad", title_tr="", title_en="Only English")

    response = do(staff(), "publish", good, bad)

    assert response.status_code == 200
    assert "Enter the Turkish title before publishing." in response.content.decode()
    assert {state_of(good), state_of(bad)} == {"draft"}


def test_the_question_leaves_out_what_cannot_be_published_and_says_why():
    good, bad = draft("good"), draft("bad", title_tr="", title_en="Only English")

    response = staff().get(act("publish", good, bad))

    assert [event for event, *_rest in response.context["ready"]] == [good]
    assert [(event, reasons) for event, _reading, reasons in response.context["refused"]] == [
        (bad, ["Enter the Turkish title before publishing."])
    ]


def test_a_session_that_ends_before_it_begins_stops_publishing():
    event = draft()
    Session.objects.create(
        event=event, title_tr="Açılış", starts_at=event.starts_at, ends_at=event.starts_at - timedelta(hours=1)
    )

    with pytest.raises(ValidationError, match="Açılış"):
        publishing.publish(event, now=NOW)


def test_publishing_at_a_moment_hides_it_until_then():
    event = draft(city="baku")

    do(staff(), "publish", event, at_0="2126-03-01", at_1="09:00")

    event.refresh_from_db()
    assert event.publish_at == datetime(2126, 3, 1, 5, tzinfo=UTC)
    assert event in Event.objects.appearing(datetime.now(UTC))


def test_a_moment_that_has_passed_is_refused_at_its_field():
    event = draft()

    response = do(staff(), "publish", event, at_0="2020-03-01", at_1="09:00")

    assert list(response.context["form"].errors) == ["at"]
    assert state_of(event) == "draft"


def test_a_draft_keeps_the_moment_that_was_entered_for_it():
    event = draft(publish_at=LATER)

    publishing.publish(event, now=NOW)

    assert Event.objects.get().publish_at == LATER


def test_publishing_an_event_that_waits_for_its_moment_shows_it_at_once():
    event = make_event(publish_at=LATER)

    publishing.publish(event, now=NOW)

    assert Event.objects.get().is_public(NOW)


@pytest.mark.parametrize("name", ["postpone", "call_off", "withdraw", "move", "confirm"])
def test_nothing_can_be_told_of_a_draft_that_nobody_has_seen(name):
    event = draft()

    response = do(staff(), name, event, precision="day", starts_on="2026-05-01")

    assert response.status_code == 200
    assert state_of(event) == "draft"
    assert Event.objects.get().sequence == 0


@pytest.mark.parametrize(
    ("name", "state"), [("postpone", "postponed"), ("call_off", "called_off"), ("withdraw", "draft")]
)
def test_an_act_changes_the_state_and_tells_calendars(name, state):
    event = make_event()

    response = do(staff(), name, event)

    assert response.url == reverse("admin:events_event_change", args=[event.pk])
    event.refresh_from_db()
    assert (event.state, event.sequence) == (state, 1)


def test_moving_to_an_exact_time_is_on_the_citys_clock_and_remembers_the_day():
    event = make_event(city="baku")

    do(staff(), "move", event, precision="time", starts_at_0="2026-05-01", starts_at_1="20:00")

    event.refresh_from_db()
    assert event.starts_at == datetime(2026, 5, 1, 16, tzinfo=UTC)
    assert event.previous_starts_on == date(2026, 3, 21)


def test_moving_to_a_month_is_as_vague_as_was_said():
    event = make_event()

    publishing.move(event, now=NOW, precision="month", starts_on=date(2026, 5, 9))

    event.refresh_from_db()
    assert (event.starts_at, event.starts_on, event.ends_on) == (None, date(2026, 5, 1), date(2026, 5, 31))
    assert event.previous_starts_on == date(2026, 3, 21)


def test_the_first_planned_day_outlives_a_second_move():
    event = make_event()

    publishing.move(event, now=NOW, precision="day", starts_on=date(2026, 5, 9))
    publishing.move(event, now=NOW, precision="day", starts_on=date(2026, 6, 9))

    assert Event.objects.get().previous_starts_on == date(2026, 3, 21)


def test_sessions_move_by_as_many_days_at_their_own_hour():
    event = make_event()
    opening = Session.objects.create(event=event, title_tr="Açılış", starts_at=event.starts_at)
    whole_day = Session.objects.create(event=event, title_tr="Sergi", precision="day", starts_on=date(2026, 3, 22))

    publishing.move(event, now=NOW, precision="day", starts_on=date(2026, 3, 31), with_sessions=True)

    opening.refresh_from_db()
    whole_day.refresh_from_db()
    assert opening.starts_at == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert whole_day.starts_on == date(2026, 4, 1)


def test_sessions_of_an_event_whose_day_is_open_have_no_day_either():
    event = make_event()
    opening = Session.objects.create(event=event, title_tr="Açılış", starts_at=event.starts_at)

    publishing.move(event, now=NOW, precision="month", starts_on=date(2026, 5, 1), with_sessions=True)

    opening.refresh_from_db()
    assert (opening.precision, opening.starts_at, opening.starts_on) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"precision": "time"}, "starts_at"),
        ({"precision": "day"}, "starts_on"),
        ({"precision": "day", "starts_on": "2026-05-02", "ends_on": "2026-05-01"}, "ends_on"),
        ({"precision": "time", "starts_at_0": "2026-03-21", "starts_at_1": "19:00"}, "__all__"),
        ({"precision": "unknown"}, "precision"),
    ],
)
def test_a_bad_new_date_is_refused_at_its_field(data, field):
    event = make_event()

    response = do(staff(), "move", event, **data)

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert Event.objects.get().sequence == 0


def test_a_past_event_is_confirmed_as_held():
    event = make_event()

    do(staff(), "confirm", event)

    assert Event.objects.get().certainty == Event.Certainty.HELD
    assert not Event.objects.get().is_unconfirmed(datetime.now(UTC))


def test_a_coming_event_cannot_be_confirmed_as_held():
    event = make_event(starts_at=LATER)

    do(staff(), "confirm", event)

    assert Event.objects.get().certainty == Event.Certainty.ANNOUNCED


def test_a_copy_is_a_draft_with_the_same_sessions_and_no_report():
    event = make_event(report_tr="Çok güzeldi.", press="https://example.org/", certainty="held", description_az="Mətn")
    event.organisers.add(Organisation.objects.create(name="İZAZDER"))
    Session.objects.create(event=event, slug="acilis", title_tr="Açılış", starts_at=event.starts_at)

    response = do(staff(), "copy", event)

    copy = Event.objects.get(slug="gala-2")
    assert response.url == reverse("admin:events_event_change", args=[copy.pk])
    assert (copy.state, copy.publish_at, copy.certainty) == ("draft", None, "announced")
    assert (copy.report_tr, copy.press, copy.description_az) == ("", "", "Mətn")
    assert [(session.title_tr, session.slug, session.starts_at) for session in copy.sessions.all()] == [
        ("Açılış", "", event.starts_at)
    ]
    assert [organisation.name for organisation in copy.organisers.all()] == ["İZAZDER"]
    assert Event.objects.containing("izazder").filter(pk=copy.pk).exists()
    assert event.sessions.count() == 1


def test_the_list_leads_to_the_question_and_back_to_the_same_list():
    client = staff()
    events = [draft("a"), draft("b")]

    leads = client.post(
        "/admin/events/event/?state__exact=draft",
        {"action": "publish", "_selected_action": [event.pk for event in events]},
    )
    question = client.get(leads.url)
    answer = do(client, "publish", *events, _changelist_filters=question.context["filters"])

    assert answer.url == "/admin/events/event/?state__exact=draft"
    assert {state_of(event) for event in events} == {"public"}


def test_who_may_only_look_may_not_act_and_finds_no_button():
    client, event = staff("view_event"), draft()

    page = client.get(reverse("admin:events_event_change", args=[event.pk])).content.decode()

    assert "/acts/" not in page
    assert client.get(act("publish", event)).status_code == 403
    assert do(client, "publish", event).status_code == 403
    assert state_of(event) == "draft"


def test_copying_asks_for_the_right_to_add():
    client, event = staff("view_event", "change_event"), draft()

    assert do(client, "copy", event).status_code == 403
    assert Event.objects.count() == 1


@pytest.mark.parametrize("query", ["", "?event=", "?event=x", "?event=99999999999999999999999", "?event=0"])
def test_an_address_that_names_no_event_leads_back_to_the_list(query):
    client = staff()

    assert client.get(reverse("admin:events_event_act", args=["publish"]) + query).url == "/admin/events/event/"
    assert client.get(reverse("admin:events_event_act", args=["nonsense"])).status_code == 404


def test_the_history_tells_who_did_what():
    client, event = staff(), make_event()

    do(client, "call_off", event)

    history = client.get(reverse("admin:events_event_history", args=[event.pk])).content.decode()
    assert "Called off" in history
    assert "aylin@example.org" in history
