"""Stories of who sees a request: its student, and of the staff only whom role and assignment let in."""

import pytest
from django.db import IntegrityError, connection, transaction

from izbaku.accounts.models import User
from izbaku.privacy import reads
from students import keeping
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case, CaseMessage, CaseNote
from students.tests.make import NOW, make_case, make_student, make_topic, make_worker

pytestmark = pytest.mark.django_db


def seen_by(user):
    return set(Case.objects.visible_to(user))


def test_a_student_sees_their_own_requests_and_nobody_elses():
    one, other = make_case(), make_case()

    assert seen_by(one.student) == {one}
    assert seen_by(other.student) == {other}


def test_a_case_worker_sees_what_nobody_has_and_what_is_theirs():
    worker, colleague = make_worker(HANDLE), make_worker(HANDLE)
    free, mine, theirs, watched = make_case(), make_case(assigned_to=worker), make_case(assigned_to=colleague), None
    watched = make_case(assigned_to=colleague)
    watched.watched_by.add(worker)

    assert seen_by(worker) == {free, mine, watched}
    assert theirs not in seen_by(worker)
    assert seen_by(make_worker(HANDLE, OVERSEE)) == {free, mine, theirs, watched}


def test_a_sensitive_request_needs_the_role_and_the_assignment():
    topic = make_topic(is_sensitive=True)
    trusted, plain = make_worker(HANDLE, HANDLE_SENSITIVE), make_worker(HANDLE, OVERSEE)
    free = make_case(topic=topic)
    given, to_plain = make_case(topic=topic, assigned_to=trusted), make_case(topic=topic, assigned_to=plain)
    watched = make_case(topic=topic)
    watched.watched_by.add(trusted)

    assert seen_by(trusted) == {given}
    assert seen_by(plain) == set()
    assert set(Case.objects.listed_for(trusted)) == {free, given, watched}
    assert set(Case.objects.listed_for(plain)) == set()
    assert to_plain not in Case.objects.listed_for(trusted)


def test_administrators_staff_without_a_role_and_those_let_go_see_nothing():
    make_case()
    root = User.objects.create_superuser("root@example.org", "a long password of root")
    gone = make_worker(HANDLE, is_active=False)
    no_staff = make_worker(HANDLE)
    no_staff.is_staff = False

    for user in (root, make_worker(), gone, no_staff):
        assert seen_by(user) == set()
        assert set(Case.objects.listed_for(user)) == set()


def test_staff_without_a_second_factor_see_nothing_where_one_is_required(settings):
    make_case()
    worker = make_worker(HANDLE)
    settings.SECOND_FACTOR_REQUIRED = True

    assert seen_by(worker) == set()


def test_whom_a_student_keeps_out_sees_nothing_not_even_with_all_rights():
    worker = make_worker(HANDLE, HANDLE_SENSITIVE, OVERSEE)
    case = make_case(assigned_to=worker)
    case.kept_out.add(worker)

    assert seen_by(worker) == set()
    assert not Case.objects.listed_for(worker).exists()


def test_a_case_worker_who_asks_for_help_does_not_work_on_it_themselves():
    worker = make_worker(HANDLE)
    case = make_case(student=worker)

    assert seen_by(worker) == {case}
    assert not Case.objects.workable_by(worker).exists()


def test_what_is_written_by_hand_lies_sealed_in_the_database():
    case = make_case(question="Köməyə ehtiyacım var")
    case.given = {"when": "2026-04-01"}
    case.save()
    CaseNote.objects.create(case=case, text="Köməyə")
    CaseMessage.objects.create(case=case, is_from_student=True, text="Köməyə")

    for table in ("students_case", "students_casenote", "students_casemessage"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            stored = repr(cursor.fetchall())
        assert "Köməyə" not in stored
        assert "sealed:1:" in stored
    assert Case.objects.get().given == {"when": "2026-04-01"}


def test_of_an_erased_request_remain_its_class_and_dates():
    worker = make_worker(HANDLE)
    case = make_case(assigned_to=worker, phone="+90 555", safe_hours="evenings", citizenship="az", is_minor=True)
    case.watched_by.add(worker)
    case.kept_out.add(worker)
    case.notes.create(text="note")
    case.messages.create(is_from_student=True, text="hello")
    keeping.closed(case, now=NOW)

    keeping.entomb(case, now=NOW)

    row = Case.objects.filter(pk=case.pk).values().get()
    told = {name for name, value in row.items() if value not in (None, "", False)}
    assert told == {"id", "reference", "state", "topic_class", "priority", "created_at", "closed_at", "erased_at"}
    assert row["priority"] == Case.Priority.NORMAL
    assert not any(each.exists() for each in (case.notes, case.messages, case.steps, case.files))
    assert not case.watched_by.exists()
    assert seen_by(worker) == set()


def test_a_tombstone_can_tell_nothing_and_a_request_is_always_somebodys():
    case = make_case()
    for wrong in ({"erased_at": NOW}, {"student": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(**wrong)


def test_references_are_random_and_need_no_spelling():
    references = {make_case().reference for _each in range(5)}

    assert len(references) == 5
    assert all(len(reference) == 12 and not set(reference) & set("01ILOU") for reference in references)


def test_a_reading_leads_to_the_student():
    case, worker = make_case(), make_worker(HANDLE)

    assert reads.note(case, by=worker, what="question", now=NOW).whose == case.student


def test_asking_who_sees_what_costs_the_same_for_one_and_for_many(django_assert_max_num_queries):
    worker, student = make_worker(HANDLE, HANDLE_SENSITIVE), make_student()
    for _each in range(20):
        make_case(student=student)

    with django_assert_max_num_queries(4):
        assert len(seen_by(worker)) == 20
