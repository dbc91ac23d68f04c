"""Staff keep seats and registrations: nobody is written to in silence, nobody reads what is not theirs, all is noted."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from events import registration, work
from events.attendance import Allotment, Question, Registration, RegistrationPolicy
from events.models import Event
from events.moments import Reminder
from events.tests.desk import proven, staff, typed
from events.tests.make import make_event
from izbaku.accounts import staffing
from izbaku.accounts.models import Organisation, Speaker, User
from izbaku.mail.models import Message
from izbaku.privacy import reads
from izbaku.privacy.models import Notice, Reading

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LIST = "/admin/events/registration/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_march():
    with time_machine.travel(NOW, tick=False), translation.override("en"):
        yield


@pytest.fixture
def desk() -> Client:
    return staff()


def make_open(slug: str = "gala", seats: int | None = 2, mode: str = "open", **fields) -> Event:
    event = make_event(slug, **fields)
    RegistrationPolicy.objects.create(event=event, mode=mode)
    Allotment.objects.create(event=event, capacity=seats)
    return event


def come(event: Event, name: str = "Ada", **more) -> Registration:
    more = {"email": f"{name.lower()}@example.org", "language": "en", "now": NOW} | more
    return registration.register(event, name=name, **more)


def act(name: str, *chosen: Registration) -> str:
    return f"{LIST}acts/{name}/?" + "&".join(f"registration={one.pk}" for one in chosen)


def told(response) -> str:
    return " ".join(response.content.decode().split())


def recipients(kind: str) -> list[str]:
    return list(Message.objects.filter(kind=kind).order_by("pk").values_list("recipient", flat=True))


def page_of(event: Event) -> str:
    return f"/admin/events/event/{event.pk}/change/"


# --- The event's page -------------------------------------------------------------------------------------


def test_registration_opens_on_the_clock_of_the_events_own_city(desk):
    event = make_event(city="baku")
    form = desk.get(page_of(event))

    answer = desk.post(
        page_of(event),
        typed(
            form,
            **{
                "registration_policy-0-mode": "open",
                "registration_policy-0-opens_at_0": "2026-03-02",
                "registration_policy-0-opens_at_1": "10:00",
                "allotments-TOTAL_FORMS": "1",
                "allotments-0-city": "",
                "allotments-0-capacity": "40",
            },
        ),
    )

    assert answer.status_code == 302, answer.context["errors"]
    policy = RegistrationPolicy.objects.get(event=event)
    assert (policy.mode, policy.opens_at) == ("open", datetime(2026, 3, 2, 6, tzinfo=UTC))
    assert Allotment.objects.get(event=event).capacity == 40
    assert "Baku time" in told(form)


def test_questions_are_asked_in_three_languages_even_before_there_is_a_policy(desk):
    event = make_event()

    answer = desk.post(
        page_of(event),
        typed(
            desk.get(page_of(event)),
            **{
                "questions-TOTAL_FORMS": "1",
                "questions-0-kind": "text",
                "questions-0-text_tr": "Hangi okul?",
                "questions-0-text_az": "Hansı məktəb?",
                "questions-0-text_en": "Which school?",
            },
        ),
    )

    assert answer.status_code == 302, answer.context["errors"]
    question = Question.objects.get(policy__event=event)
    assert (question.text_tr, question.text_az, question.text_en) == ("Hangi okul?", "Hansı məktəb?", "Which school?")
    assert question.policy.mode == "none"


def test_what_the_models_refuse_stands_beside_its_field(desk):
    event = make_open()
    come(event, party=2)

    answer = desk.post(
        page_of(event),
        typed(
            desk.get(page_of(event)),
            **{"registration_policy-0-mode": "outside", "allotments-0-capacity": "1"},
        ),
    )

    assert "2 seats are taken already." in told(answer)
    assert "Enter the address where people register." in told(answer)
    assert Allotment.objects.get(event=event).capacity == 2


def test_a_form_that_was_open_while_somebody_registered_does_not_take_their_seat_away(desk):
    event = make_open(seats=10)
    form = desk.get(page_of(event))
    come(event, party=3)

    desk.post(page_of(event), typed(form, **{"allotments-0-capacity": "12"}))

    allotment = Allotment.objects.get(event=event)
    assert (allotment.capacity, allotment.taken) == (12, 3)


def test_raising_the_seats_writes_to_nobody_and_says_who_waits(desk):
    event = make_open(seats=1)
    come(event)
    come(event, "Ben", party=2)
    written = Message.objects.count()

    answer = desk.post(page_of(event), typed(desk.get(page_of(event)), **{"allotments-0-capacity": "4"}), follow=True)

    assert "2 people wait, 3 seats are free. Nobody has been written to." in told(answer)
    assert Message.objects.count() == written


def test_offers_are_written_to_exactly_those_who_were_named(desk):
    event = make_open(seats=1)
    come(event)
    for name, party in (("Ben", 3), ("Cem", 1), ("Dua", 1)):
        come(event, name, party=party)
    allotment = Allotment.objects.get(event=event)
    Allotment.objects.update(capacity=3)
    page = desk.get(f"{LIST}offer/{allotment.pk}/")

    assert "5 people wait, 2 seats are free." in told(page)
    assert [one.name for one in page.context["chosen"]] == ["Cem", "Dua"]
    assert [one.name for one in page.context["others"]] == ["Ben"]
    desk.post(f"{LIST}offer/{allotment.pk}/", {"shown": page.context["shown"]})

    assert recipients("registration_offered") == ["cem@example.org", "dua@example.org"]


def test_offers_that_were_shown_to_staff_before_the_line_changed_are_not_written(desk):
    event = make_open(seats=1)
    come(event)
    ben, _cem = come(event, "Ben"), come(event, "Cem")
    allotment = Allotment.objects.get(event=event)
    Allotment.objects.update(capacity=2)
    page = desk.get(f"{LIST}offer/{allotment.pk}/")
    registration.cancel(ben, now=NOW)

    answer = desk.post(f"{LIST}offer/{allotment.pk}/", {"shown": page.context["shown"]}, follow=True)

    assert "nobody was written to" in told(answer)
    assert recipients("registration_offered") == []
    assert [one.name for one in answer.context["chosen"]] == ["Cem"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "larger than what is free"),
        ({"state": "postponed"}, "does not take place as planned"),
        ({"starts_at": NOW + timedelta(hours=2)}, "begins too soon"),
    ],
)
def test_why_nobody_is_offered_a_seat_is_said_in_words(desk, change, words):
    event = make_open(seats=2)
    come(event)
    come(event, "Ben", party=2)
    Event.objects.filter(pk=event.pk).update(**change)

    assert words in told(desk.get(page_of(event)))
    assert words in told(desk.get(f"{LIST}offer/{event.allotments.get().pk}/"))


def test_reminders_are_on_until_somebody_turns_one_off(desk):
    event = make_event()
    form = desk.get(page_of(event))
    sent = typed(form)

    assert sent["reminders_on"] == ["7d", "1d", "2h"]
    desk.post(page_of(event), sent | {"reminders_on": ["1d"]})

    assert set(Reminder.objects.filter(event=event, is_on=False).values_list("offset", flat=True)) == {"7d", "2h"}
    assert typed(desk.get(page_of(event)))["reminders_on"] == ["1d"]


# --- The list and one of them -----------------------------------------------------------------------------


def test_the_list_asks_as_many_questions_for_thirty_as_for_one(desk):
    event = make_open(seats=None)
    come(event)
    desk.get(LIST)
    with CaptureQueriesContext(connection) as one:
        desk.get(LIST)
    for number in range(29):
        come(event, f"guest{number}")

    with CaptureQueriesContext(connection) as first_look:
        desk.get(LIST)
    with CaptureQueriesContext(connection) as thirty:
        desk.get(LIST)

    assert len(thirty) == len(one)
    assert len(first_look) <= len(one) + 2  # all that are seen for the first time are noted in one statement


@pytest.mark.parametrize("text", ["sukru", "ŞÜKRÜ", "ögmen şükrü", "son@example"])
def test_somebody_is_found_whatever_the_marks_and_their_name_stands_in_no_address(desk, text):
    event = make_open(seats=None)
    come(event, "Şükrü Öğmen", email="son@example.org")
    come(event, "Ben")

    answer = desk.post(f"{LIST}search/", {"text": text, "filters": f"event__id__exact={event.pk}&p=3"})
    listed = desk.get(answer["Location"])

    assert [one.name for one in listed.context["cl"].result_list] == ["Şükrü Öğmen"]
    assert answer["Location"].startswith(f"{LIST}?event__id__exact={event.pk}&found=")
    assert "kr" not in answer["Location"].partition("found=")[0]


def test_another_persons_search_key_finds_nothing(desk):
    come(make_open())
    location = desk.post(f"{LIST}search/", {"text": "ada"})["Location"]

    other = staff(email="other@example.org")

    assert desk.get(location).context["cl"].result_count == 1
    assert other.get(location).context["cl"].result_count == 0


def test_opening_the_list_and_one_registration_is_noted(desk):
    one = come(make_open())
    desk.get(LIST)
    desk.get(f"{LIST}{one.pk}/change/")
    desk.get(f"{LIST}{one.pk}/change/")

    noted = list(reads.of("ada@example.org").order_by("pk").values_list("record", "what", "by__email"))
    record = f"events.registration {one.pk}"
    assert noted == [
        (record, "name", "aylin@example.org"),
        (record, "name, email, language, answers", "aylin@example.org"),
    ]


def test_approving_many_names_count_and_event_and_writes_to_each(desk):
    event = make_open(seats=1, mode="approval")
    ada, ben = come(event), come(event, "Ben")
    page = told(desk.get(act("approve", ada, ben)))

    assert "It happens to these 2 registrations:" in page
    assert "Gala" in page
    assert "1 seat is free." in page
    desk.post(act("approve"), {"registration": [ada.pk, ben.pk]})

    assert list(Registration.objects.order_by("pk").values_list("state", flat=True)) == ["confirmed", "waiting"]
    assert recipients("registration_confirmed") == ["ada@example.org"]
    assert recipients("registration_waiting") == ["ben@example.org"]


def test_asking_changes_nothing(desk):
    event = make_open(mode="approval")
    ada = come(event)
    for name in ("approve", "reject", "cancel"):
        desk.get(act(name, ada))

    ada.refresh_from_db()
    assert ada.state == "pending"


def test_turning_down_what_is_confirmed_is_refused_in_words(desk):
    ada = come(make_open())

    assert "It does not wait for approval." in told(desk.get(act("reject", ada)))
    desk.post(act("reject"), {"registration": [ada.pk]})

    ada.refresh_from_db()
    assert ada.state == "confirmed"


def test_cancelling_by_staff_frees_the_seat_and_offers_it_to_nobody_unasked(desk):
    event = make_open(seats=1)
    ada = come(event)
    come(event, "Ben")

    answer = desk.post(act("cancel"), {"registration": [ada.pk]}, follow=True)

    assert recipients("registration_cancelled") == ["ada@example.org"]
    assert recipients("registration_offered") == []
    assert "1 person waits, 1 seat is free." in told(answer)


def test_somebody_who_calls_takes_a_seat_like_everybody(desk):
    event = make_open(seats=1)
    come(event)
    address = f"{LIST}add/?event={event.pk}"
    sent = {"name": "Ben", "email": "ben@example.org", "language": "az", "party": "1"}

    refused = desk.post(address, sent)
    assert "This field is required." in told(refused)
    answer = desk.post(address, sent | {"told": "phone"}, follow=True)

    ben = Registration.objects.get(name="Ben")
    assert (ben.state, ben.language, ben.notice_shown_at) == ("waiting", "az", NOW)
    assert "On the waiting list" in told(answer)
    assert "Read to them on the telephone" in LogEntry.objects.latest("pk").change_message


def test_without_the_notice_nobody_is_taken_down_by_hand(desk):
    event = make_open()
    QuerySet(Notice).filter(purpose="registration").update(published_at=None)
    sent = {"name": "Ada", "email": "ada@example.org", "language": "en", "party": "1", "told": "phone"}

    assert "notice on personal data is missing" in told(desk.post(f"{LIST}add/?event={event.pk}", sent))
    assert not Registration.objects.exists()


def test_who_calls_twice_keeps_the_seat_and_staff_are_told(desk):
    event = make_open()
    come(event, now=NOW - timedelta(hours=2))
    sent = {"name": "Ada", "email": "ada@example.org", "language": "en", "party": "1", "told": "phone"}

    answer = desk.post(f"{LIST}add/?event={event.pk}", sent, follow=True)

    assert "registered already" in told(answer)
    assert Registration.objects.count() == 1


def test_nothing_typed_by_a_stranger_runs_on_the_desk(desk):
    event = make_open()
    one = come(event, "<script>x</script>", email="x@example.org", answers=[{"question": "<b>", "answer": "<i>no</i>"}])

    for address in (LIST, f"{LIST}{one.pk}/change/", act("cancel", one), f"{LIST}door/?event={event.pk}"):
        page = told(desk.get(address))
        assert "&lt;script&gt;x" in page
        assert "<script>x" not in page
        assert "<i>no" not in page


# --- Papers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "separator"), [("tr", ";"), ("az", ";"), ("en", ",")])
def test_the_file_holds_what_was_said_and_no_formula(language, separator):
    event, other = make_open(seats=None), make_open("other", seats=None)
    come(event, '=HYPERLINK("x")', email="ada@example.org", answers=[{"question": "Okul?", "answer": "+1; 2"}])
    come(event, "Şəms", email="sems@example.org", language="az")
    come(other, "Ben")

    answer = staff(language=language).get(f"{LIST}export/?event={event.pk}")

    text = answer.content.decode()
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:]), delimiter=separator))
    assert [row[1] for row in rows[1:]] == ['\'=HYPERLINK("x")', "Şəms"]
    assert [row[-1] for row in rows] == ["Okul?", "'+1; 2", ""]
    assert len({len(row) for row in rows}) == 1
    assert "no-store" in answer["Cache-Control"]


def test_every_export_is_noted_for_each_person(desk):
    event = make_open(seats=None)
    come(event)
    for _time in range(2):
        desk.get(f"{LIST}export/?event={event.pk}")

    assert reads.of("ada@example.org").count() == 2
    assert "Registrations exported: 1" in LogEntry.objects.latest("pk").change_message


def test_the_list_for_the_door_names_those_with_a_seat_and_no_addresses(desk):
    event = make_open(seats=4)
    come(event, "Şükrü", email="s@example.org", party=2)
    come(event, "Cem")
    come(event, "Late", party=4)

    page = told(desk.get(f"{LIST}door/?event={event.pk}"))

    assert page.index("Cem") < page.index("Şükrü")
    assert "3 seats" in page
    assert "Late" not in page
    assert "example.org" not in page


# --- Who looks after it -----------------------------------------------------------------------------------


def test_who_enters_an_event_looks_after_it_and_finds_it_under_mine():
    desk, other = staff(), staff(email="other@example.org")
    sent = typed(desk.get("/admin/events/event/add/"), title_tr="Gala", kind="concert", precision="unknown")

    answer = desk.post("/admin/events/event/add/", sent)

    assert answer.status_code == 302, answer.context["errors"]
    assert Event.objects.get().responsible.email == "aylin@example.org"
    assert desk.get("/admin/events/event/?mine=yes").context["cl"].result_count == 1
    assert other.get("/admin/events/event/?mine=yes").context["cl"].result_count == 0


def test_whoever_is_let_go_hands_their_events_over_in_the_same_act():
    people = [User.objects.create_user(f"p{n}@example.org", is_staff=True, is_superuser=True) for n in range(4)]
    leaver, heir, third, by = people
    make_event("one", responsible=leaver)
    make_event("two", responsible=leaver)
    make_event("three", responsible=third)

    passed = staffing.let_go(leaver, heir=heir, by=by)

    assert passed["events"] == 2
    assert dict(Event.objects.values_list("slug", "responsible")) == {"one": heir.pk, "two": heir.pk, "three": third.pk}


# --- Co-hosts, as attackers -------------------------------------------------------------------------------


@pytest.fixture
def house() -> Organisation:
    return Organisation.objects.create(name="Bakı evi")


def co_host(house: Organisation, **speaker) -> Client:
    user = User.objects.create_user("cohost@example.org", is_staff=True, language="en")
    user.groups.add(Group.objects.get(name="co-host"))
    Speaker.objects.create(**{"user": user, "organisation": house, "confirmed_at": NOW - timedelta(days=1)} | speaker)
    return proven(user)


def two_events(house: Organisation) -> tuple[Event, Event]:
    mine, foreign = make_open("mine", seats=4, mode="approval"), make_open("foreign", seats=4, mode="approval")
    mine.organisers.add(house)
    foreign.organisers.add(Organisation.objects.create(name="Another house"))
    return mine, foreign


def test_a_co_host_sees_and_edits_its_own_events_and_registrations(house):
    mine, _foreign = two_events(house)
    ada = come(mine)
    client = co_host(house)

    assert [event.pk for event in client.get("/admin/events/event/").context["cl"].result_list] == [mine.pk]
    answer = client.post(page_of(mine), typed(client.get(page_of(mine)), title_tr="Yeni ad"))
    assert answer.status_code == 302, answer.context["errors"]
    client.post(act("approve"), {"registration": [ada.pk]})

    mine.refresh_from_db()
    ada.refresh_from_db()
    assert (mine.title_tr, ada.state) == ("Yeni ad", "confirmed")
    assert list(mine.organisers.all()) == [house]
    assert "ada@example.org" in client.get(f"{LIST}export/?event={mine.pk}").content.decode()


def test_a_co_host_cannot_give_an_event_to_another_house_nor_tie_it_to_another_event(house):
    mine, foreign = two_events(house)
    client = co_host(house)
    sent = typed(client.get(page_of(mine)))
    another = Organisation.objects.get(name="Another house")

    client.post(
        page_of(mine), sent | {"organisers": [another.pk], "responsible": User.objects.get().pk, "twin": foreign.pk}
    )

    mine.refresh_from_db()
    assert list(mine.organisers.all()) == [house]
    assert mine.responsible is None
    assert mine.twin is None


def test_to_a_co_host_the_events_of_others_do_not_exist(house):
    mine, foreign = two_events(house)
    ada = come(foreign, "Ada Yabancı", email="ada@example.org")
    client = co_host(house)
    allotment = foreign.allotments.get()
    sent = typed(client.get(page_of(mine)))
    addresses = [
        page_of(foreign),
        f"/admin/events/event/{foreign.pk}/history/",
        f"/admin/events/event/{foreign.pk}/delete/",
        f"/admin/events/event/acts/call_off/?event={foreign.pk}",
        f"/tr/preview/{foreign.pk}/",
        f"{LIST}?event__id__exact={foreign.pk}",
        f"{LIST}{ada.pk}/change/",
        f"{LIST}{ada.pk}/history/",
        act("approve", ada),
        f"{LIST}offer/{allotment.pk}/",
        f"{LIST}door/?event={foreign.pk}",
        f"{LIST}export/?event={foreign.pk}",
        f"{LIST}add/?event={foreign.pk}",
        "/admin/autocomplete/?app_label=events&model_name=event&field_name=twin&term=Foreign",
        "/admin/autocomplete/?app_label=events&model_name=session&field_name=event&term=Foreign",
    ]

    for address in addresses:
        answer = client.get(address, follow=True)
        page = answer.content.decode()
        assert "Ada Yab" not in page, address
        assert ">Foreign" not in page, address
        assert '"Foreign"' not in page, address
    client.post(page_of(foreign), sent | {"title_tr": "Ele geçti"})
    client.post("/admin/events/event/acts/call_off/", {"event": [foreign.pk, mine.pk]})
    client.post(act("approve"), {"registration": [ada.pk]})
    client.post(f"{LIST}offer/{allotment.pk}/", {"shown": str(ada.pk)})
    client.post(LIST, {"action": "cancel", "_selected_action": [ada.pk]})
    client.post(f"{LIST}add/?event={foreign.pk}", {"name": "X", "email": "x@example.org", "party": 1, "told": "phone"})

    foreign.refresh_from_db()
    ada.refresh_from_db()
    assert (foreign.title_tr, foreign.state, ada.state) == ("Foreign", "public", "pending")
    assert Registration.objects.count() == 1
    assert not Reading.objects.exists()


def test_a_co_hosts_form_cannot_reach_into_the_parts_of_another_event(house):
    mine, foreign = two_events(house)
    theirs = foreign.allotments.get()
    client = co_host(house)
    sent = typed(client.get(page_of(mine)))

    client.post(page_of(mine), sent | {"allotments-0-id": str(theirs.pk), "allotments-0-capacity": "1000"})

    theirs.refresh_from_db()
    assert theirs.capacity == 4


@pytest.mark.parametrize("speaker", [{"confirmed_at": None}, {"ended_at": NOW - timedelta(minutes=1)}])
def test_who_does_not_speak_for_the_house_yet_or_any_more_sees_nothing(house, speaker):
    mine, _foreign = two_events(house)
    come(mine)
    client = co_host(house, **speaker)

    assert client.get("/admin/events/event/").context["cl"].result_count == 0
    assert client.get(LIST).context["cl"].result_count == 0
    assert all(waiting.count == 0 for waiting in client.get("/admin/").context["waiting"])


def test_who_may_only_look_changes_nothing(house):
    mine, _foreign = two_events(house)
    ada = come(mine)
    user = User.objects.create_user("protocol@example.org", is_staff=True, language="en")
    user.groups.add(Group.objects.get(name="protocol-officer"))
    client = proven(user)

    assert "Ada" in told(client.get(LIST))
    assert client.get(f"{LIST}{ada.pk}/change/").status_code == 200
    assert client.post(act("approve"), {"registration": [ada.pk]}).status_code == 403
    assert client.get(f"{LIST}export/?event={mine.pk}").status_code == 403
    assert client.get(f"{LIST}add/?event={mine.pk}").status_code == 403


# --- The desk ---------------------------------------------------------------------------------------------


def test_the_desk_counts_what_the_list_of_registrations_shows(desk):
    pending = make_open("pending", mode="approval")
    come(pending)
    full = make_open("full", seats=1)
    come(full)
    come(full, "Ben")
    free = make_open("free", seats=1)
    come(free)
    come(free, "Cem", party=3)
    come(free, "Dua", party=1)
    Allotment.objects.filter(event=free).update(capacity=3)
    offered = make_open("offered", seats=1)
    first, _second = come(offered), come(offered, "Eda")
    registration.cancel(first, now=NOW)
    Registration.objects.filter(state="offered").update(offered_until=NOW + timedelta(hours=3))

    come(make_open("invented"), "Nobody")
    Message.objects.filter(recipient="nobody@example.org").update(state="failed")

    shown = {waiting.name: waiting for waiting in desk.get("/admin/").context["waiting"]}

    assert {name: shown[name].count for name in work.REGISTRATIONS} == dict.fromkeys(work.REGISTRATIONS, 1)
    for name in work.REGISTRATIONS:
        assert desk.get(shown[name].address).context["cl"].result_count == 1


def test_the_desk_asks_as_many_questions_for_many_registrations(desk):
    come(make_open("one"))
    desk.get("/admin/")
    with CaptureQueriesContext(connection) as few:
        desk.get("/admin/")
    for number in range(12):
        event = make_open(f"event-{number}", seats=1)
        come(event)
        come(event, "Ben")
    desk.get("/admin/")  # what is remembered for a second is read anew
    with CaptureQueriesContext(connection) as many:
        desk.get("/admin/")

    assert len(many) == len(few)
