"""The outbox at the desk: every letter's fate, and a person's word where one is needed."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise

from events import registration
from events.attendance import OwnCalendar, RegistrationPolicy
from events.tests.desk import staff
from events.tests.make import make_event
from izbaku.mail import kinds, outbox
from izbaku.mail.kinds import Kind, Letter
from izbaku.mail.models import Message, Suppression
from izbaku.privacy.models import Reading

pytestmark = pytest.mark.django_db
LIST = "/admin/mail/message/"
RIGHTS = ["view_message", "handle_letters", "view_suppression", "add_suppression", "delete_suppression"]


@pytest.fixture(autouse=True)
def registered_kinds():
    before = dict(kinds._kinds)
    kinds.register(Kind("news", lambda message: Letter("About tea", "Good day\n\n<b>tea</b>"), label="News"))
    kinds.register(Kind("code", lambda message: Letter("Your code", "    123456"), is_secret=True))
    yield
    kinds._kinds.clear()
    kinds._kinds.update(before)


def make_letter(key="n:1", kind="news", **values) -> Message:
    message = outbox.put(kind, key=key, to="ada@example.org", language="en", payload={"c": 1}, now=timezone.now())
    Message.objects.filter(pk=message.pk).update(**values)
    message.refresh_from_db()
    return message


def confirmation() -> Message:
    """What somebody who has just registered will read."""
    event = make_event(starts_at=timezone.now() + timedelta(days=30))
    RegistrationPolicy.objects.create(event=event, mode="open")
    registration.register(event, name="Ada", email="ada@example.org", language="en", now=timezone.now())
    return Message.objects.get(kind="registration_confirmed")


def act(client, name: str, letters, **more):
    """Choose the act in the list, read the question, and confirm it."""
    data = {"action": name, "_selected_action": [letter.pk for letter in letters], **more}
    question = client.post(LIST, data).content.decode()
    client.post(LIST, data | {"confirmed": "1"})
    return question


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("letters", [1, 40])
def test_the_list_asks_a_constant_number_of_questions(letters, django_assert_num_queries):
    for number in range(letters):
        make_letter(f"n:{number}")
    client = staff(*RIGHTS)
    client.get(LIST)
    with django_assert_num_queries(7):
        client.get(LIST)


@pytest.mark.parametrize(
    "query", ["state__exact=sent", "kind=news", "language__exact=en", "age=day", "q=ada@example.org"]
)
def test_filters_find_the_letter(query):
    make_letter(state="sent")
    make_letter("c", "code", state="pending", language="tr", created_at=timezone.now() - timedelta(days=30))
    Message.objects.filter(kind="code").update(recipient="ben@example.org")
    assert staff(*RIGHTS).get(f"{LIST}?{query}").context["cl"].result_count == 1


def test_a_letter_is_shown_as_its_reader_saw_it_and_the_look_is_noted():
    letter = make_letter(state="sent", subject="About tea", text="Good day\n\n<b>tea</b>")
    client = staff(*RIGHTS)

    page = client.get(f"{LIST}{letter.pk}/change/").content.decode()
    assert "&lt;b&gt;tea" in page
    html = client.get(f"{LIST}{letter.pk}/html/")
    assert "&lt;b&gt;tea" in html.content.decode()
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert {reading.record for reading in Reading.objects.all()} == {f"mail.message {letter.pk}"}


def test_a_secret_is_shown_to_nobody():
    letter = make_letter(kind="code")
    client = staff(*RIGHTS)
    assert "123456" not in client.get(f"{LIST}{letter.pk}/change/").content.decode()
    assert client.get(f"{LIST}{letter.pk}/html/").status_code == 404


def test_uncertain_letters_are_resolved_in_bulk_and_the_number_is_named():
    letters = [make_letter(f"n:{number}", state="uncertain") for number in range(3)]
    letters += [make_letter("n:sent", state="sent"), make_letter("c", "code", state="uncertain")]

    question = act(staff(*RIGHTS), "send_again", letters)

    assert re.search(r"<h2>4 \w+</h2>", question)
    assert states() == ["pending", "pending", "pending", "sent", "uncertain"]


def test_all_of_a_filtered_list_are_resolved_at_once():
    for number in range(60):
        make_letter(f"n:{number}", state="uncertain")
    client = staff(*RIGHTS)
    first = Message.objects.first().pk
    data = {"action": "give_up", "_selected_action": [first], "select_across": "1", "index": "0"}
    assert "<h2>60 " in client.post(f"{LIST}?waits=uncertain", data).content.decode()
    client.post(f"{LIST}?waits=uncertain", data | {"confirmed": "1"})
    assert set(states()) == {"given_up"}


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("uncertain", "give_up", "given_up"),
        ("failed", "retry", "pending"),
        ("expired", "retry", "pending"),
        ("deferred", "retry", "pending"),
        ("pending", "take_back", "cancelled"),
        ("held", "take_back", "cancelled"),
        ("sent", "retry", "sent"),
        ("sent", "take_back", "sent"),
        ("bounced", "send_again", "bounced"),
    ],
)
def test_acts_touch_what_they_fit(before, name, after):
    letter = make_letter(state=before)
    act(staff(*RIGHTS), name, [letter])
    assert states() == [after]


def test_staff_know_every_kind_by_a_name_in_their_language():
    of_rooms = [kinds.get(name) for name in kinds.all_names() if name not in ("news", "code")]
    assert [kind.name for kind in of_rooms if not isinstance(kind.label, Promise)] == []


def test_looking_at_a_letter_that_waits_leaves_nothing_behind():
    letter = confirmation()
    page = staff(*RIGHTS).get(f"{LIST}{letter.pk}/change/").content.decode()
    assert "Gala" in page
    assert not OwnCalendar.objects.exists()


def test_asking_changes_nothing():
    letter = make_letter(state="uncertain")
    staff(*RIGHTS).post(LIST, {"action": "give_up", "_selected_action": [letter.pk]})
    assert states() == ["uncertain"]


def test_who_may_only_look_can_do_nothing():
    letter = make_letter(state="uncertain")
    act(staff("view_message"), "give_up", [letter])
    assert states() == ["uncertain"]
    assert staff("view_event", email="ben@example.org").get(LIST).status_code == 403


def test_an_address_is_suppressed_and_lifted_by_staff():
    client = staff(*RIGHTS)
    client.post("/admin/mail/suppression/add/", {"address": "Ada@example.org", "scope": "all"})
    found = Suppression.objects.get()
    assert (found.reason, found.address_hash) == ("staff", Suppression.hash_of("ada@example.org"))
    assert client.get("/admin/mail/suppression/?q=ada@example.org").context["cl"].result_count == 1
    assert "ada@" not in client.get("/admin/mail/suppression/").content.decode()
    client.post(f"/admin/mail/suppression/{found.pk}/delete/", {"post": "yes"})
    assert not Suppression.objects.exists()


def test_the_desk_counts_what_waits_for_a_person():
    make_letter("n:1", state="uncertain")
    make_letter("c", "code", state="uncertain")
    client = staff(*RIGHTS)
    counts = {item.name: item for item in client.get("/admin/").context["waiting"]}
    assert counts["uncertain"].count == 1
    assert client.get(counts["uncertain"].address).context["cl"].result_count == 1


def test_the_desk_says_that_letters_stand_still():
    make_letter(due_at=timezone.now() - timedelta(minutes=10))
    client = staff(*RIGHTS)
    assert "still" in [item.name for item in client.get("/admin/").context["waiting"]]
    assert client.get("/admin/mail/message/figures/").status_code == 200


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_staff_see_a_letter_without_the_keys_of_its_reader(language):
    with translation.override(language):
        paths = [reverse(name, args=["KEY-of_1"]) for name in ("events:registration", "own_calendar", "unsubscribe")]
        paths.append(reverse("events:ticket_pdf", args=["KEY-of_1"]))
    text = "\n\n".join(f"Here:\nhttps://portal.example{path}" for path in paths)
    letter = make_letter(state="sent", subject="Seat", text=f"{text}\n\nhttps://portal.example/en/events/gala/")
    client = staff(*RIGHTS)

    for address in (f"{LIST}{letter.pk}/change/", f"{LIST}{letter.pk}/html/"):
        page = client.get(address).content.decode()
        assert "KEY-of_1" not in page
        assert "events/gala" in page


def test_what_people_ask_about_their_data_is_for_those_who_answer_it():
    letter = make_letter(kind="privacy.answer", state="sent", subject="Your data", text="Dear Ada, about the breach")

    assert "about the breach" not in staff(*RIGHTS).get(f"{LIST}{letter.pk}/change/").content.decode()
    assert staff(*RIGHTS, email="b@example.org").get(f"{LIST}{letter.pk}/html/").status_code == 404
    assert not Reading.objects.exists()
    contact = staff(*RIGHTS, "handle_requests", email="c@example.org")
    assert "about the breach" in contact.get(f"{LIST}{letter.pk}/change/").content.decode()
