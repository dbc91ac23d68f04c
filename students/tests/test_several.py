"""Stories of several requests at once: given, tagged, carried out as a file; and of files that staff send."""

import csv
from io import BytesIO, StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from events.tests.desk import proven
from izbaku.mail.models import Message
from izbaku.privacy.models import Reading
from students import asking, casework
from students.models import EXPORT, HANDLE, HANDLE_SENSITIVE, OVERSEE, Case, CaseFile
from students.tests.make import NOW, make_case, make_student, make_topic, make_worker
from students.tests.test_own_requests import at, own

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _private(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path / "private"


QUEUE = "/admin/students/case/"
EXPORTED = f"{QUEUE}export/"


def worker(*rights, **fields):
    return make_worker(*(rights or (HANDLE,)), "view_case", language="en", **fields)


def chosen(action, *cases, **more):
    return {"action": action, "_selected_action": [case.pk for case in cases], **more}


def confirmed(action, *cases, **more):
    was = {f"was-{case.pk}": case.assigned_to_id or "" for case in cases}
    return chosen(action, *cases, confirmed="1", **was, **more)


def picture():
    file = BytesIO()
    Image.new("RGB", (20, 20), "teal").save(file, "PNG")
    return SimpleUploadedFile("randevu.png", file.getvalue(), "image/png")


# --- Several at once ---


def test_several_are_given_to_one_person_after_a_page_that_names_them():
    me, colleague = worker(HANDLE, OVERSEE), worker(name="Elif Yılmaz")
    cases, client = [make_case(), make_case(assigned_to=me)], proven(me)

    page = client.post(QUEUE, chosen("give_several", *cases))
    assert all(case.reference in page.content.decode() for case in cases)
    assert not Case.objects.filter(assigned_to=colleague).exists()
    answer = client.post(QUEUE, confirmed("give_several", *cases, to=colleague.pk))

    assert answer.status_code == 302
    assert set(Case.objects.filter(assigned_to=colleague)) == set(cases)
    assert Message.objects.filter(kind="students.assigned", recipient=colleague.email).count() == 2


def test_all_of_them_are_given_or_none():
    me, colleague = worker(HANDLE, OVERSEE), worker()
    mine, kept_from, quicker = make_case(assigned_to=me), make_case(assigned_to=me), make_case()
    kept_from.kept_out.add(colleague)
    sent = confirmed("give_several", mine, kept_from, quicker, to=colleague.pk)
    Case.objects.filter(pk=quicker.pk).update(assigned_to=make_worker(HANDLE))

    html = proven(me).post(QUEUE, sent).content.decode()

    assert html.count("This person cannot be given this request.") == 1
    assert html.count("Somebody else has changed this meanwhile.") == 1
    assert not Case.objects.filter(assigned_to=colleague).exists()
    assert not Message.objects.exists()


def test_what_is_no_longer_in_the_list_stops_the_whole():
    me, colleague = worker(), worker()
    case, gone = make_case(), make_case()
    sent = confirmed("give_several", case, gone, to=colleague.pk)
    Case.objects.filter(pk=gone.pk).update(assigned_to=make_worker(HANDLE))

    assert "Somebody else has changed this meanwhile." in proven(me).post(QUEUE, sent).content.decode()
    assert not Case.objects.filter(assigned_to=colleague).exists()


def test_several_are_tagged_beside_the_tags_they_have():
    me = worker()
    case, other, client = make_case(), make_case(), proven(me)
    casework.tag_all([case], ["yurt"], by=me, now=NOW)

    client.post(QUEUE, confirmed("tag_several", case, other, tags="bayram, yurt"))

    tags = {one.pk: {each.tag.name for each in one.tagged.all()} for one in Case.objects.all()}
    assert tags == {case.pk: {"yurt", "bayram"}, other.pk: {"yurt", "bayram"}}


def test_a_sensitive_line_that_is_somebody_elses_takes_no_tag():
    me = worker(HANDLE_SENSITIVE)
    case = make_case(topic=make_topic(is_sensitive=True))

    html = proven(me).post(QUEUE, confirmed("tag_several", case, tags="yurt")).content.decode()

    assert f"{case.reference}: This is not yours to do." in html
    assert not case.tagged.exists()


@pytest.mark.parametrize("sent", ["give_several", "export"])
def test_whoever_does_something_with_many_proves_again_who_they_are(client, sent):
    me = worker(HANDLE, OVERSEE, EXPORT)
    case = make_case()
    me.set_password("a long password of mine")
    me.save()
    client.force_login(me)  # signed in long ago: nothing was proven since

    answer = client.get(EXPORTED) if sent == "export" else client.post(QUEUE, chosen(sent, case))

    assert answer.status_code == 302
    assert "reauthenticate" in answer.headers["Location"]


# --- As a file ---


def lines(response):
    return list(csv.reader(StringIO(response.content.decode("utf-8-sig"))))


def test_the_queue_leaves_as_a_file_without_a_name_or_a_word_of_a_student():
    me = worker(HANDLE, OVERSEE, HANDLE_SENSITIVE, EXPORT)
    case = make_case(make_student("Aysel Məmmədova"), question="My landlord", assigned_to=me)
    casework.tag_all([case], ["=SUM(1)"], by=me, now=NOW)
    closed = make_case(state="closed")
    hidden = make_case(topic=make_topic("zabita", is_sensitive=True))

    response = proven(me).get(EXPORTED)

    text = response.content.decode()
    assert case.reference in text
    assert hidden.reference in text
    assert closed.reference not in text
    assert [word for word in ("Aysel", "landlord", "example.org", "zabita", ",=SUM") if word in text] == []
    assert lines(response)[0][0] == "Reference"
    assert Reading.objects.get().record == f"students.case {case.pk}"
    assert len(lines(proven(me).get(f"{EXPORTED}?waits=over"))) == 2


def test_the_student_sees_that_the_line_left_in_a_list():
    me = worker(HANDLE, OVERSEE, EXPORT)
    case = make_case()
    proven(me).get(EXPORTED)

    assert [one.is_line for one in asking.opened_by(case)] == [True]


def test_without_the_right_nothing_leaves():
    assert proven(worker()).get(EXPORTED).status_code == 403
    assert EXPORTED not in proven(worker()).get(QUEUE).content.decode()


@pytest.mark.parametrize("number", [1, 30])
def test_the_file_asks_a_constant_number_of_questions(number, django_assert_max_num_queries):
    me = worker(HANDLE, OVERSEE, EXPORT)
    topic = make_topic()
    for _each in range(number):
        make_case(topic=topic)
    client = proven(me)
    client.get(QUEUE)

    with django_assert_max_num_queries(24):
        assert len(lines(client.get(EXPORTED))) == number + 1


# --- Files that staff send ---


def test_a_file_of_the_staff_stands_below_its_message_and_a_letter_says_only_that_there_is_one(client):
    me = worker()
    case = own(client, assigned_to=me)
    do = reverse("admin:students_case_do", args=[case.reference, "file"])

    assert 'enctype="multipart/form-data"' in proven(me).get(do).content.decode()
    answer = proven(me).post(do, {"text": "Randevu kağıdınız.", "file": picture(), "then": "wait"})

    assert answer.status_code == 302
    file = CaseFile.objects.get()
    assert (file.is_from_student, file.by, file.sealed, file.message.text) == (False, me, True, "Randevu kağıdınız.")
    assert Case.objects.get().state == "waiting_student"
    assert list(Message.objects.values_list("kind", flat=True)) == ["students.answered"]
    address = at("file", case.reference, file.code)
    talk = client.get(at("request", case.reference)).content.decode().split('id="files"')[0]
    assert address in talk
    assert client.get(address).content == file.read()
    assert (
        "randevu.png" in proven(me).get(reverse("admin:students_case_change", args=[case.reference])).content.decode()
    )


def test_a_file_that_cannot_be_taken_sends_nothing_and_loses_no_word():
    me = worker()
    case = make_case()
    do = reverse("admin:students_case_do", args=[case.reference, "file"])
    wrong = SimpleUploadedFile("pasaport.pdf", b"MZ this is a program")

    html = proven(me).post(do, {"text": "Kağıdınız hazır.", "file": wrong, "then": "wait"}).content.decode()

    assert "Choose a PDF" in html
    assert "Kağıdınız hazır." in html
    assert not case.messages.exists()
    assert not Message.objects.exists()


def test_a_file_sent_by_mistake_is_taken_back_at_once(client, django_capture_on_commit_callbacks):
    me = worker()
    case = own(client, assigned_to=me)
    proven(me).post(
        reverse("admin:students_case_do", args=[case.reference, "file"]),
        {"text": "Buyurun.", "file": picture(), "then": "wait"},
    )
    file = CaseFile.objects.get()
    path, address = file.path, at("file", case.reference, file.code)

    with django_capture_on_commit_callbacks(execute=True):
        proven(me).post(reverse("admin:students_case_do", args=[case.reference, "unfile"]), {"file": file.pk})

    assert not path.exists()
    assert client.get(address).status_code == 404
    assert case.acts.filter(what="file_gone", by=me).exists()


def test_the_students_own_file_is_not_the_staffs_to_take_away():
    me = worker()
    case = make_case(assigned_to=me)
    do = reverse("admin:students_case_do", args=[case.reference, "unfile"])
    theirs = CaseFile.objects.create(case=case, name="p.pdf", content_type="application/pdf", size=1, stored_as="aa/bb")

    proven(me).post(do, {"file": theirs.pk})

    assert CaseFile.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize("query", ["p=abc", "p=9999", "created_at__gte=x", "priority__exact=x", "waits=none", "o=9.9"])
def test_a_filter_that_is_none_breaks_no_file(query):
    make_case()

    assert proven(worker(HANDLE, OVERSEE, EXPORT)).get(f"{EXPORTED}?{query}").status_code in (200, 302, 400)
