"""Stories of requests in the admin site: the queue, a request's page, acts that ask, and what nobody finds."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from events.tests.desk import proven, staff
from izbaku import attachments
from izbaku.accounts.models import Organisation, User
from izbaku.audit.models import Entry
from izbaku.desk import work as desk
from izbaku.mail.models import Message
from izbaku.privacy.models import Reading
from students import casework, closing, referrals
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case, CaseFile
from students.tests.make import NOW, make_case, make_student, make_topic, make_worker
from students.tests.test_guidance import make_question
from students.topics import Helpline
from students.working import CannedText

pytestmark = pytest.mark.django_db
QUEUE = "/admin/students/case/"


def worker(*rights, **fields):
    return make_worker(*(rights or (HANDLE,)), "view_case", language="en", **fields)


def page(case):
    return reverse("admin:students_case_change", args=[case.reference])


def do(case, name):
    return reverse("admin:students_case_do", args=[case.reference, name])


def sensitive(**fields):
    return make_case(topic=make_topic("zabita", is_sensitive=True), question="A secret of mine", **fields)


# --- The queue ---


def test_the_queue_shows_what_is_open_and_never_a_name_or_a_word_of_it():
    me = worker()
    case = make_case(make_student("Aysel Məmmədova"), assigned_to=me, question="My landlord")
    over = make_case(assigned_to=me, state="closed")

    html = proven(me).get(QUEUE).content.decode()

    assert case.reference in html
    assert over.reference not in html
    assert "Aysel" not in html
    assert "landlord" not in html


@pytest.mark.parametrize(
    ("waits", "found"),
    [("mine", {0}), ("unassigned", {1}), ("late", {2}), ("due", {0}), ("waiting", {3}), ("over", {4})],
)
def test_the_queue_is_narrowed_by_the_names_the_desk_counts(waits, found, settings):
    settings.OFFICE_HOURS = ["00:00", "23:59"]
    me, now = worker(HANDLE, OVERSEE), timezone.now()
    colleague = worker()
    cases = [
        make_case(assigned_to=me, due_at=now + timedelta(minutes=30)),
        make_case(due_at=now + timedelta(days=30)),
        make_case(assigned_to=colleague, due_at=now - timedelta(hours=1)),
        make_case(assigned_to=me, state="waiting_student"),
        make_case(assigned_to=me, state="closed"),
    ]

    answer = proven(me).get(QUEUE, {"waits": waits})

    assert set(answer.context["cl"].result_list) == {cases[index] for index in found}
    if waits != "over":
        counted = {line.name: line.count for line in desk.of(me, now)["waiting"]}
        assert counted[f"case_{waits}"] == len(found)


def test_what_has_waited_for_its_student_for_a_month_comes_back_to_the_desk():
    me, now = worker(), timezone.now()
    silent, fresh = (make_case(assigned_to=me, created_at=now - timedelta(days=60)) for _each in range(2))
    casework.answer(silent, by=me, text="Bir belge daha?", now=now - timedelta(days=31))
    casework.answer(fresh, by=me, text="Bir belge daha?", now=now - timedelta(days=29))

    answer = proven(me).get(QUEUE, {"waits": "silent"})

    assert list(answer.context["cl"].result_list) == [silent]
    assert {line.name: line.count for line in desk.of(me, now)["waiting"]}["case_silent"] == 1


def test_the_desk_counts_nothing_that_a_person_may_not_see():
    make_case()
    sensitive()
    root = User.objects.create_superuser("root@example.org")

    assert [line for line in desk.of(root, NOW)["waiting"] if line.name.startswith("case_")] == []
    assert {line.name: line.count for line in desk.of(worker(), NOW)["waiting"]}["case_unassigned"] == 1


def test_whoever_gives_roles_learns_that_a_late_request_would_reach_nobody():
    make_topic(is_sensitive=True)
    keeper = make_worker(HANDLE_SENSITIVE)
    keeper.user_permissions.add(Permission.objects.get(codename="change_user"))
    keeper = User.objects.get(pk=keeper.pk)

    def gaps():
        return {each.name for each in desk.of(keeper, NOW)["waiting"] if each.name.startswith("support_")}

    assert gaps() == {"support_alone", "support_unheard"}
    make_worker(HANDLE)
    make_worker(HANDLE, OVERSEE)
    assert gaps() == {"support_alone"}
    make_worker(HANDLE_SENSITIVE, OVERSEE)
    assert gaps() == set()


def test_numbers_that_are_missing_in_an_emergency_stand_on_the_desk_of_whoever_can_enter_them():
    Helpline.objects.create(slug="duty", name_tr="Nöbet")
    Helpline.objects.create(slug="112", name_tr="112", phone="112")
    keeper = make_worker("change_helpline", "view_helpline")

    [waiting] = [each for each in desk.of(keeper, NOW)["waiting"] if each.name == "helplines"]
    assert waiting.count == 1
    page = staff("view_helpline", "change_helpline").get(waiting.address)
    assert page.context["cl"].result_count == 1
    assert "helplines" not in {each.name for each in desk.of(worker(), NOW).get("waiting", [])}


@pytest.mark.parametrize("number", [3, 60])
def test_the_queue_asks_a_constant_number_of_questions(number, django_assert_max_num_queries):
    me = worker(HANDLE, HANDLE_SENSITIVE, OVERSEE)
    topic, colleague = make_topic(), worker()
    for index in range(number):
        make_case(topic=topic, assigned_to=(me, colleague, None)[index % 3])
    client = proven(me)
    client.get(QUEUE)

    with django_assert_max_num_queries(14):
        assert client.get(QUEUE).status_code == 200


def test_a_reference_is_found_however_it_is_typed_and_what_is_hidden_like_what_never_was():
    me = worker()
    client, case, hidden = proven(me), make_case(), sensitive()

    found = client.post(f"{QUEUE}find/", {"reference": f" {case.reference.replace('-', ' ').lower()} "})
    assert found.headers["Location"] == page(case)
    for reference in (hidden.reference, "2222-2222-22", "", "'\"<>"):
        answer = client.post(f"{QUEUE}find/", {"reference": reference}, follow=True)
        assert answer.redirect_chain == [(QUEUE, 302)]
        assert "Your queue has no request with this reference." in answer.content.decode()


def test_a_sensitive_line_tells_nothing_but_its_reference_before_it_is_taken():
    me = worker(HANDLE_SENSITIVE)
    case, client = sensitive(), proven(me)

    listed, closed = client.get(QUEUE).content.decode(), client.get(page(case)).content.decode()

    assert case.reference in listed
    for html in (listed, closed):
        assert "zabita" not in html
        assert "A secret" not in html
    assert client.get(QUEUE, {"class": case.topic_class}).context["cl"].result_count == 0
    client.post(do(case, "take"), {"was": ""})
    assert "A secret of mine" in client.get(page(case)).content.decode()


# --- Who opens what ---


def test_opening_a_sensitive_request_is_noted_each_time_and_leaves_no_other_trace():
    me = worker(HANDLE_SENSITIVE)
    case = sensitive(assigned_to=me)
    client = proven(me)
    entries = Entry.objects.count()

    for _each in range(2):
        assert client.get(page(case)).status_code == 200

    readings = Reading.objects.filter(record=f"students.case {case.pk}")
    assert [(one.by, one.whose) for one in readings] == [(me, case.student)] * 2
    assert not LogEntry.objects.exists()
    assert Entry.objects.count() == entries


def test_a_file_is_opened_by_whoever_may_open_the_request_and_each_opening_is_noted():
    me = worker()
    case = make_case(assigned_to=me)
    picture = BytesIO()
    Image.new("RGB", (9, 9)).save(picture, "PNG")
    upload = SimpleUploadedFile("kart.png", picture.getvalue(), "image/png")
    file = attachments.receive(upload, CaseFile, sealed=True, case=case)
    address = reverse("admin:students_case_file", args=[case.reference, file.code])

    assert proven(me).get(address).status_code == 200
    assert [one.by for one in Reading.objects.filter(record=f"students.casefile {file.pk}")] == [me]
    assert Reading.objects.latest("pk").whose == case.student
    for other in (worker(), worker(HANDLE_SENSITIVE), make_worker(), User.objects.create_superuser("r@example.org")):
        assert proven(other).get(address).status_code == 404


@pytest.mark.parametrize("state", ["new", "closed"])
def test_to_everybody_else_a_request_does_not_exist(state):
    """As staff without the role, as a colleague, as somebody kept out, as an administrator: as if it had never been."""
    holder = worker(HANDLE_SENSITIVE)
    case = sensitive(assigned_to=holder, state=state)
    ordinary = make_case(assigned_to=holder, state=state)
    out = worker(HANDLE, OVERSEE)
    ordinary.kept_out.add(out)
    for person in (
        worker(),
        worker(HANDLE_SENSITIVE),
        make_worker(),
        out,
        User.objects.create_superuser("r@example.org"),
    ):
        client = proven(person)
        for reference in (case.reference, ordinary.reference, "2222-2222-22"):
            for address in (
                reverse("admin:students_case_change", args=[reference]),
                reverse("admin:students_case_do", args=[reference, "answer"]),
                reverse("admin:students_case_do", args=[reference, "take"]),
                reverse("admin:students_case_history", args=[reference]),
                reverse("admin:students_case_delete", args=[reference]),
                reverse("admin:students_case_referral", args=[reference, "none"]),
            ):
                assert client.get(address).status_code == 404, (person, address)


def test_a_strangers_way_is_the_same_for_real_and_invented_references(client):
    case = make_case()

    for reference in (case.reference, "2222-2222-22"):
        address = reverse("admin:students_case_change", args=[reference])
        assert client.get(address).headers["Location"].endswith(f"next={address}")


# --- Acts ---


def test_an_answer_is_shown_as_it_will_be_read_before_it_is_sent():
    me = worker()
    case, client = make_case(), proven(me)
    typed = {"text": "Pasaportunuzla gelin.", "then": "wait"}

    shown = client.post(do(case, "answer"), typed)
    assert "The student will read" in shown.content.decode()
    assert not case.messages.exists()
    again = client.post(do(case, "answer"), typed | {"confirmed": "1", "edit": "1"})
    assert "Pasaportunuzla gelin." in again.content.decode()
    assert not case.messages.exists()
    sent = client.post(do(case, "answer"), typed | {"confirmed": "1"})

    assert sent.headers["Location"] == page(case)
    assert case.messages.get().text == "Pasaportunuzla gelin."
    assert Message.objects.get().kind == "students.answered"


def test_a_ready_text_is_put_below_what_was_typed_and_sends_nothing():
    me = worker()
    case = make_case(make_student("Aysel"))
    text = CannedText.objects.create(name="Selam", text_tr="Merhaba", text_az="Salam {name}")

    html = proven(me).post(do(case, "answer"), {"text": "Bir söz.", "ready": text.pk, "insert": "1"}).content.decode()

    assert "Bir söz.\n\nSalam Aysel" in html
    assert not case.messages.exists()


@pytest.mark.parametrize(
    ("name", "typed", "state"),
    [
        ("sort", {"priority": "1", "tags": "acele"}, "triaged"),
        ("work", {}, "in_progress"),
        ("wait", {"why": "Rektörlük"}, "waiting_others"),
        ("note", {"text": "Annesi aradı."}, "new"),
        ("document", {"what": "Pasaport", "text": "Lütfen ekleyin.", "confirmed": "1"}, "waiting_student"),
        ("resolve", {"text": "Hazır.", "confirmed": "1"}, "resolved"),
        ("watch", {}, "new"),
        ("take", {"was": ""}, "new"),
    ],
)
def test_each_act_asks_with_get_and_is_done_with_post(name, typed, state):
    me = worker()
    case, client = make_case(), proven(me)

    assert client.get(do(case, name)).status_code == 200
    assert Case.objects.get().state == "new"
    answer = client.post(do(case, name), typed | ({"topic": case.topic_id} if name == "sort" else {}))

    assert answer.status_code == 302
    assert Case.objects.get().state == state


def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost():
    me = worker()
    case = make_case()

    html = proven(me).post(do(case, "document"), {"what": "", "text": "Bunu ekleyin."}).content.decode()

    assert "errornote" in html
    assert "Bunu ekleyin." in html
    assert not case.messages.exists()


def test_a_reply_to_what_has_ended_is_refused_in_words():
    me = worker()
    case = make_case(assigned_to=me, state="closed")

    answer = proven(me).post(do(case, "answer"), {"text": "Merhaba", "confirmed": "1"}, follow=True)

    assert "This fits no request in this state: Closed." in answer.content.decode()
    assert not case.messages.exists()


def test_whoever_is_second_to_take_it_is_told_and_learns_nothing_else():
    first, second = worker(), worker()
    case = make_case()
    client = proven(second)
    client.get(do(case, "take"))
    casework.assign(case, to=first, was=None, by=first, now=NOW)

    answer = client.post(do(case, "take"), {"was": ""}, follow=True)

    assert answer.redirect_chain == [(QUEUE, 302)]
    assert "somebody else may have taken it" in answer.content.decode()
    assert Case.objects.get().assigned_to == first


def test_two_requests_are_put_together_from_the_page_and_only_those_of_one_student_are_offered():
    me = worker()
    student = make_student()
    case, into, foreign = make_case(student), make_case(student), make_case()
    client = proven(me)

    html = client.get(do(case, "merge")).content.decode()
    assert (into.reference in html, foreign.reference in html) == (True, False)
    assert client.post(do(case, "merge"), {"into": foreign.pk}).status_code == 200
    client.post(do(case, "merge"), {"into": into.pk})

    assert Case.objects.get(pk=case.pk).state == "duplicate"


def test_what_the_student_has_not_agreed_to_is_shown_to_nobody_as_passed_on():
    me = worker()
    case = make_case(make_student("Aysel"), phone="+90 555", assigned_to=me)
    body = Organisation.objects.create(name="Baro")
    client = proven(me)
    client.post(do(case, "refer"), {"body": body.pk, "purpose": "Hüquqi yardım", "items": ["name", "phone"]})
    referral = case.referrals.get()
    address = reverse("admin:students_case_referral", args=[case.reference, referral.code])
    assert "has not decided yet" in client.get(address).content.decode()

    agreed = referral.items.get(what="phone")
    referrals.decide(referral, agreed=[agreed.pk], by=case.student, now=timezone.now())
    shown = client.post(address).content.decode()

    assert "+90 555" in shown
    assert case.student.email not in shown
    referrals.revoke(referral, by=case.student, now=timezone.now())
    assert "+90 555" not in client.post(address).content.decode()


def test_a_date_that_a_student_entered_is_written_as_the_reader_writes_it():
    me, topic = worker(), make_topic()
    make_question(topic, "expiry", kind="date")
    case = make_case(topic=topic)
    case.given = {"expiry": "2026-12-10"}
    case.save()

    html = proven(me).get(page(case)).content.decode()

    assert "10 December 2026" in html
    assert "2026-12-10" not in html


def test_the_page_tells_conversation_notes_and_acts_in_their_order():
    me = worker(name="Elif")
    case = make_case(make_student("Aysel"), question="Salam", created_at=NOW)
    casework.answer(case, by=me, text="Merhaba", now=NOW + timedelta(hours=1))
    casework.note(case, by=me, text="Arandı", now=NOW + timedelta(hours=2))
    closing.resolve(case, by=me, text="Bitti", now=NOW + timedelta(hours=3))

    talk = proven(me).get(page(case)).context["talk"]

    assert [(one.kind, one.who) for one in talk if one.kind != "step"] == [
        ("student", "Aysel"),
        ("staff", "Elif"),
        ("note", "Elif"),
        ("staff", "Elif"),
    ]
    assert len(talk) == 7
