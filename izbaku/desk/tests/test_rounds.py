"""Rounds of letters at the desk, as an officer and an approver use them."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from events.attendance import Registration
from events.models import Event
from events.tests.desk import proven
from events.tests.make import make_event
from izbaku.accounts.models import User
from izbaku.desk import roles
from izbaku.mail import mailings, pump
from izbaku.mail.models import Message
from izbaku.mail.rounds import LeftOut, Mailing, MailingRule
from izbaku.privacy.models import Reading

pytestmark = pytest.mark.django_db
State = Mailing.State


@pytest.fixture(autouse=True)
def inbox(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path / "inbox"


def somebody(role: str, email: str) -> Client:
    roles.sync()
    user = User.objects.create_user(email=email, is_staff=True, language="en")
    user.groups.set(Group.objects.filter(name=role))
    return proven(user)


@pytest.fixture
def officer() -> Client:
    return somebody("protocol-officer", "aylin@example.org")


@pytest.fixture
def approver() -> Client:
    return somebody("mailing-approver", "ben@example.org")


def make_people(number: int = 3) -> Event:
    event = make_event("tea", starts_at=timezone.now() + timedelta(days=9), title_en="Tea", title_az="Çay")
    for place in range(number):
        language = ("tr", "az", "en")[place % 3]
        seat = Registration(event=event, email=f"r{place}@example.org", name=f"Reader {place}", language=language)
        seat.state = Registration.State.CONFIRMED
        seat.save()
    return event


def begun(officer: Client, event: Event) -> Mailing:
    answer = officer.post("/admin/mail/mailing/add/", {"target": f"registered:{event.pk}", "name": "Parking"})
    assert answer.status_code == 302, answer.context_data["form"].errors
    return Mailing.objects.latest("pk")


def act(client: Client, mailing: Mailing, name: str, **more: str):
    """Read the question, and press its button as it stands there."""
    address = f"/admin/mail/mailing/{mailing.pk}/act/{name}/"
    question = client.get(address)
    hidden = dict(re.findall(r'name="(version|readers)" value="(\d+)"', question.content.decode()))
    answer = client.post(address, hidden | more)
    mailing.refresh_from_db()
    return question, answer


def words(mailing: Mailing, **changes: str) -> dict[str, str]:
    data = {"name": mailing.name, "starts_at_0": "", "starts_at_1": ""}
    for language in ("tr", "az", "en"):
        data |= {f"subject_{language}": "{{ event }}", f"body_{language}": "Hello\n\n{{ date }}\n{{ link }}"}
    return data | changes


def held(officer: Client, people: int = 3) -> Mailing:
    mailing = begun(officer, make_people(people))
    officer.post(f"/admin/mail/mailing/{mailing.pk}/change/", words(mailing))
    act(officer, mailing, "test")
    act(officer, mailing, "hold")
    assert mailing.state == State.HELD
    return mailing


def test_an_officer_writes_tests_and_asks_and_an_approver_lets_it_go(officer, approver):
    mailing = held(officer)
    page = officer.get(f"/admin/mail/mailing/{mailing.pk}/change/").content.decode()
    assert "act/approve/" not in page

    question, _answer = act(approver, mailing, "approve")
    assert "3 readers get a letter" in question.content.decode()
    assert mailing.state == State.RUNNING
    mailings.advance(timezone.now())
    pump.run(timezone.now)
    mailings.advance(timezone.now())

    mailing.refresh_from_db()
    assert mailing.state == State.FINISHED
    page = approver.get(f"/admin/mail/mailing/{mailing.pk}/change/").content.decode()
    assert "3 of 3 letters are settled" in page
    assert [step.move for step in mailing.steps.all()] == ["change", "test", "hold", "approve", "start", "finish"]
    assert Message.objects.filter(kind="mailing_test").count() == 3


def test_looking_at_the_question_changes_nothing(officer, approver):
    mailing = held(officer)
    for name in ("approve", "pause", "cancel", "take_back", "hold", "test", "follow_up", "nonsense"):
        for client in (officer, approver):
            client.get(f"/admin/mail/mailing/{mailing.pk}/act/{name}/")
            client.head(f"/admin/mail/mailing/{mailing.pk}/act/{name}/")
    mailing.refresh_from_db()
    assert mailing.state == State.HELD
    assert [step.move for step in mailing.steps.all()] == ["change", "test", "hold"]


def test_an_officer_without_the_right_cannot_approve_by_the_address(officer):
    mailing = held(officer)
    _question, answer = act(officer, mailing, "approve", version=str(mailing.version), readers="3")
    assert answer.status_code == 302
    assert mailing.state == State.HELD


def test_the_first_person_is_not_the_second(officer):
    MailingRule.objects.create(second_person=True)
    mailing = held(officer)
    writer = User.objects.get(email="aylin@example.org")
    writer.groups.set(Group.objects.filter(name__in=["protocol-officer", "mailing-approver"]))
    page = officer.get(f"/admin/mail/mailing/{mailing.pk}/change/").content.decode()
    assert "Somebody who has not written it must approve it." in page
    act(officer, mailing, "approve", version=str(mailing.version), readers="3")
    assert mailing.state == State.HELD


def test_somebody_who_registers_meanwhile_is_asked_about_again(officer, approver):
    mailing = held(officer)
    address = f"/admin/mail/mailing/{mailing.pk}/act/approve/"
    approver.get(address)
    Registration.objects.create(
        event=Event.objects.get(), email="new@example.org", name="N", language="en", state="confirmed"
    )

    answer = approver.post(address, {"version": mailing.version, "readers": 3})

    assert "4 readers now, not 3" in answer.content.decode()
    mailing.refresh_from_db()
    assert mailing.state == State.HELD


def test_a_round_about_an_event_that_was_just_called_off_is_not_approved(officer, approver):
    mailing = held(officer)
    Event.objects.update(state=Event.State.CALLED_OFF)
    _question, answer = act(approver, mailing, "approve")
    assert "called off" in answer.content.decode()
    assert mailing.state == State.HELD


def test_an_unknown_place_is_said_at_its_field_and_nothing_typed_is_lost(officer):
    mailing = begun(officer, make_people())
    typed = words(mailing, body_en="A long text about {{ parking }}", subject_tr="Park yeri")
    answer = officer.post(f"/admin/mail/mailing/{mailing.pk}/change/", typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "“{{ parking }}” is no place" in page
    assert "A long text about {{ parking }}" in page
    assert "Park yeri" in page


def test_of_two_who_write_at_once_the_second_sees_what_the_first_has_written(officer):
    mailing = begun(officer, make_people())
    address = f"/admin/mail/mailing/{mailing.pk}/change/"
    opened = re.search(r'name="version" value="(\d+)"', officer.get(address).content.decode())[1]
    officer.post(address, words(mailing, version=opened, subject_en="The first"))

    page = officer.post(address, words(mailing, version=opened, subject_en="The second"))

    shown = page.content.decode()
    assert mailing.texts.get(language="en").subject == "The first"
    assert "The words have been changed meanwhile." in shown
    assert '<h2 lang="en">The first' in shown
    assert 'value="The second"' in shown
    now = re.search(r'name="version" value="(\d+)"', shown)[1]
    officer.post(address, words(mailing, version=now, subject_en="The second"))
    assert mailing.texts.get(language="en").subject == "The second"


def test_a_preview_hides_the_readers_key_and_the_look_is_noted(officer):
    mailing = held(officer)
    code = Registration.objects.first().code
    page = officer.get(f"/admin/mail/mailing/{mailing.pk}/preview/?language=tr").content.decode()
    html = officer.get(f"/admin/mail/mailing/{mailing.pk}/preview/html/").content.decode()
    assert "Reader 0" in page
    assert code not in page + html
    assert "…" in page
    assert Reading.objects.filter(record__startswith="events.registration").exists()


def test_who_is_left_out_is_named_before_and_after(officer, approver):
    mailing = begun(officer, make_people(3))
    Registration.objects.filter(email="r1@example.org").update(state=Registration.State.CANCELLED)
    address = f"/admin/mail/mailing/{mailing.pk}/left-out/"
    assert "Reader 1" in officer.get(address).content.decode()
    page = officer.get(f"/admin/mail/mailing/{mailing.pk}/change/").content.decode()
    assert "2 readers get a letter" in page
    assert "1 is left out" in page
    officer.post(f"/admin/mail/mailing/{mailing.pk}/change/", words(mailing))
    for name in ("test", "hold"):
        act(officer, mailing, name)
    act(approver, mailing, "approve")
    mailings.advance(timezone.now())
    assert LeftOut.objects.count() == 1
    assert "Reader 1" in officer.get(f"{address}?reason=not_coming").content.decode()
    assert "Reader 1" not in officer.get(f"{address}?reason=twice").content.decode()


def test_pausing_going_on_and_calling_back(officer, approver):
    mailing = held(officer)
    act(approver, mailing, "approve")
    mailings.advance(timezone.now())
    _question, _answer = act(officer, mailing, "pause", why="A wrong date")
    assert mailing.state == State.PAUSED
    assert mailing.steps.last().why == "A wrong date"
    act(officer, mailing, "resume")
    assert mailing.state == State.RUNNING
    act(officer, mailing, "cancel")
    assert mailing.state == State.CANCELLED
    assert set(mailing.letters.values_list("state", flat=True)) == {"cancelled"}


def test_what_is_about_somebody_elses_event_does_not_exist(officer):
    """A co-host sees rounds about its own events only."""
    mailing = held(officer)
    partner = User.objects.create_user(email="eve@example.org", is_staff=True, language="en")
    stranger = proven(partner)
    partner.user_permissions.set(roles.Permission.objects.filter(codename__in=["view_mailing", "change_mailing"]))
    for page in ("change", "preview", "left-out", "progress", "act/pause"):
        assert stranger.get(f"/admin/mail/mailing/{mailing.pk}/{page}/").status_code == 404
    assert "Parking" not in stranger.get("/admin/mail/mailing/").content.decode()


@pytest.mark.parametrize("people", [3, 60])
def test_the_page_of_a_round_asks_a_constant_number_of_questions(
    officer, approver, people, django_assert_max_num_queries
):
    mailing = held(officer, people)
    act(approver, mailing, "approve")
    mailings.advance(timezone.now())
    officer.get(f"/admin/mail/mailing/{mailing.pk}/change/")
    with django_assert_max_num_queries(16):
        officer.get(f"/admin/mail/mailing/{mailing.pk}/change/")
    with django_assert_max_num_queries(9):
        fragment = officer.get(f"/admin/mail/mailing/{mailing.pk}/progress/").content.decode()
    assert f"0 of {people} letters are settled" in fragment
    assert 'hx-trigger="every 3s"' in fragment
    letters = officer.get(f"/admin/mail/message/?mailing={mailing.pk}").content.decode()
    assert f"{people} letters" in letters or "result" in letters


def test_what_waits_for_approval_stands_on_the_first_page_of_whoever_approves(officer, approver):
    held(officer)
    assert "rounds of letters wait for approval" in approver.get("/admin/").content.decode()
    assert "rounds of letters wait for approval" not in officer.get("/admin/").content.decode()
    listed = approver.get("/admin/mail/mailing/?state__exact=held").content.decode()
    assert "Parking" in listed
