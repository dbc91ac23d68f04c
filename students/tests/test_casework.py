"""Stories of the staff's work on a request: taken, sorted, answered, handed over, put together."""

import threading
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, connections

from izbaku.audit.models import Entry
from izbaku.mail.models import Message
from students import casework, handover
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case
from students.tests.make import NOW, make_case, make_student, make_topic, make_worker
from students.working import CannedText, CaseAct

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def letters(to=None):
    rows = Message.objects.filter(recipient=to.email) if to else Message.objects.all()
    return list(rows.order_by("pk").values_list("kind", flat=True))


def acts(case):
    return list(case.acts.values_list("what", flat=True))


# --- Whose it is ---


def test_a_worker_takes_a_request_and_is_not_written_to_about_it():
    case, worker = make_case(), make_worker(HANDLE)

    casework.assign(case, to=worker, was=None, by=worker, now=NOW)

    assert Case.objects.get().assigned_to == worker
    assert (acts(case), letters()) == (["assigned"], [])


def test_whoever_is_given_a_request_hears_of_it():
    case, worker, colleague = make_case(), make_worker(HANDLE), make_worker(HANDLE)
    casework.assign(case, to=worker, was=None, by=worker, now=NOW)

    casework.assign(case, to=colleague, was=worker, by=worker, now=LATER, why="On leave from Monday.")

    assert (acts(case), letters(colleague)) == (["assigned", "handed_over"], ["students.assigned"])
    assert case not in Case.objects.workable_by(worker)


def test_of_two_who_assign_from_the_same_page_the_second_is_told():
    case, one, other = make_case(), make_worker(HANDLE), make_worker(HANDLE, OVERSEE)
    casework.assign(case, to=one, was=None, by=one, now=NOW)

    with pytest.raises(ValidationError) as refused:
        casework.assign(case, to=other, was=None, by=other, now=NOW)

    assert refused.value.code == "moved"
    assert Case.objects.get().assigned_to == one


def test_nobody_is_given_what_they_may_not_work_on():
    student = make_student()
    case, sensitive = make_case(student), make_case(topic=make_topic(is_sensitive=True))
    overseer, plain, kept_out = make_worker(HANDLE, HANDLE_SENSITIVE, OVERSEE), make_worker(HANDLE), make_worker(HANDLE)
    case.kept_out.add(kept_out)

    for one, to in ((case, make_worker()), (case, kept_out), (case, student), (sensitive, plain)):
        with pytest.raises(ValidationError) as refused:
            casework.assign(one, to=to, was=None, by=overseer, now=NOW)
        assert refused.value.code == "nobody"


def test_what_is_not_in_the_queue_cannot_be_taken():
    case = make_case(topic=make_topic(is_sensitive=True))

    with pytest.raises(PermissionDenied):
        casework.assign(case, to=None, was=None, by=make_worker(HANDLE, OVERSEE), now=NOW)


def test_what_is_over_is_given_to_nobody():
    case, worker = make_case(state="closed"), make_worker(HANDLE)

    with pytest.raises(ValidationError) as refused:
        casework.assign(case, to=worker, was=None, by=worker, now=NOW)

    assert refused.value.code == "moved"


def test_a_sensitive_request_is_taken_by_oneself_and_then_handed_on():
    case = make_case(topic=make_topic(is_sensitive=True))
    one, other = make_worker(HANDLE_SENSITIVE), make_worker(HANDLE_SENSITIVE)
    with pytest.raises(ValidationError) as refused:
        casework.assign(case, to=other, was=None, by=one, now=NOW)
    assert refused.value.code == "take_first"

    casework.assign(case, to=one, was=None, by=one, now=NOW)
    casework.assign(case, to=other, was=one, by=one, now=NOW)

    assert set(Case.objects.workable_by(other)) == {case}
    assert not Case.objects.listed_for(one).exists()


def test_watching_is_for_ordinary_requests():
    worker, colleague = make_worker(HANDLE, HANDLE_SENSITIVE), make_worker(HANDLE)
    case, sensitive = make_case(assigned_to=colleague), make_case(topic=make_topic(is_sensitive=True))

    casework.watch(case, by=worker, now=NOW)
    assert case in Case.objects.workable_by(worker)
    casework.unwatch(case, by=worker, now=NOW)
    assert case not in Case.objects.workable_by(worker)
    with pytest.raises(ValidationError):
        casework.watch(sensitive, by=worker, now=NOW)


def test_the_requests_of_a_leaver_pass_in_one_act_and_no_sensitive_one_to_somebody_without_the_role():
    leaver, heir = make_worker(HANDLE, HANDLE_SENSITIVE), make_worker(HANDLE)
    ordinary, over = make_case(assigned_to=leaver), make_case(assigned_to=leaver, state="closed")
    sensitive = make_case(assigned_to=leaver, topic=make_topic(is_sensitive=True))

    assert handover.pass_on(leaver, heir) == 1

    whose = dict(Case.objects.values_list("pk", "assigned_to"))
    assert whose == {ordinary.pk: heir.pk, over.pk: leaver.pk, sensitive.pk: None}
    assert (acts(ordinary), acts(sensitive)) == (["handed_over"], ["released"])


# --- Sorting ---


def sort(case, by, **changes):
    values = {"topic": case.topic, "priority": 3, "sensitive": case.is_sensitive, "tags": []}
    casework.sort(case, **(values | changes), by=by, now=NOW)


def test_sorting_a_new_request_counts_as_having_looked_at_it():
    case, worker = make_case(), make_worker(HANDLE)

    sort(case, worker, priority=1, tags=["kira", " kira ", "acele"])

    assert (case.state, case.priority, case.due_at) == ("triaged", 1, NOW.replace(day=3))
    assert [each.tag.name for each in case.tagged.all()] == ["acele", "kira"]
    sort(case, worker, priority=3, tags=["kira"])
    assert [each.tag.name for each in case.tagged.all()] == ["kira"]


def test_what_becomes_sensitive_leaves_the_hands_of_those_without_the_role():
    worker, watcher = make_worker(HANDLE), make_worker(HANDLE)
    case = make_case(assigned_to=worker)
    case.watched_by.add(watcher)

    sort(case, worker, topic=make_topic(is_sensitive=True))

    assert (case.is_sensitive, case.assigned_to) == (True, None)
    assert not Case.objects.listed_for(worker).exists()
    assert not Case.objects.listed_for(watcher).exists()


def test_only_somebody_with_the_role_says_that_it_is_not_sensitive():
    trusted = make_worker(HANDLE, HANDLE_SENSITIVE)
    case = make_case(is_sensitive=True, assigned_to=trusted)

    sort(case, trusted, sensitive=False)

    assert not Case.objects.get().is_sensitive
    case.is_sensitive = True
    case.save()
    with pytest.raises(PermissionDenied):
        sort(case, make_worker(HANDLE, OVERSEE), sensitive=False)


# --- Answering ---


def test_an_answer_is_a_message_stops_the_clock_and_leaves_a_letter_without_a_word_of_it():
    case, worker = make_case(), make_worker(HANDLE)

    casework.answer(case, by=worker, text="Pasaportunuzla gelin.", now=NOW)

    assert (case.state, case.due_at, case.assigned_to) == ("waiting_student", None, worker)
    assert [(one.text, one.by, one.is_from_student) for one in case.messages.all()] == [
        ("Pasaportunuzla gelin.", worker, False)
    ]
    letter = Message.objects.get()
    assert (letter.kind, letter.recipient, letter.language) == ("students.answered", case.student.email, "az")
    assert "Pasaport" not in str(letter.payload)


def test_an_answer_may_leave_the_clock_running():
    case, worker = make_case(due_at=NOW), make_worker(HANDLE)

    casework.answer(case, by=worker, text="Soruyoruz.", waits=False, now=NOW)

    assert (case.state, case.due_at is None) == ("in_progress", False)


def test_a_note_is_written_for_staff_alone():
    case, worker = make_case(), make_worker(HANDLE)

    casework.note(case, by=worker, text="Annesi de aradı.", now=NOW)

    assert not case.messages.exists()
    assert letters() == []


@pytest.mark.parametrize("state", ["resolved", "closed", "duplicate"])
def test_what_has_ended_is_not_answered(state):
    case, worker = make_case(state=state), make_worker(HANDLE)

    with pytest.raises(ValidationError) as refused:
        casework.answer(case, by=worker, text="Merhaba", now=NOW)

    assert refused.value.code == "over"
    assert not case.messages.exists()


def test_asking_for_a_document_is_noted_beside_the_message():
    case, worker = make_case(), make_worker(HANDLE)

    casework.answer(case, by=worker, text="Lütfen ekleyin: pasaport", asks="pasaport", now=NOW)

    assert acts(case) == ["assigned", "document"]


def test_waiting_for_others_needs_no_words_to_the_student():
    case, worker = make_case(), make_worker(HANDLE)

    casework.wait_for_others(case, by=worker, why="Üniversite soruluyor.", now=NOW)

    assert (case.state, case.due_at is None, letters()) == ("waiting_others", False, [])
    casework.work_on(case, by=worker, now=LATER)
    assert case.state == "in_progress"


def test_a_ready_text_speaks_the_students_language_with_its_places_filled_in():
    text = CannedText(name="Selam", text_tr="Merhaba {name}", text_az="Salam {name}, {reference}: {{bəli}}")
    case, worker = make_case(make_student("Aysel")), make_worker(HANDLE)

    assert casework.ready_text(text, case, by=worker) == f"Salam Aysel, {case.reference}: {{bəli}}"
    case.language = "en"  # no English text: the Turkish one
    assert casework.ready_text(text, case, by=worker) == "Merhaba Aysel"


@pytest.mark.parametrize("wrong", ["{nmae}", "{name.password}", "{name!r}", "{name:>9}", "{0}", "{", "{}"])
def test_a_ready_text_with_a_place_that_is_none_is_refused(wrong):
    with pytest.raises(ValidationError) as refused:
        CannedText(name="x", text_tr="Merhaba {name}", text_az=wrong).clean()

    assert list(refused.value.message_dict) == ["text_az"]


# --- Putting together ---


def test_what_was_asked_twice_goes_on_as_one_with_every_word():
    student, worker = make_student(), make_worker(HANDLE)
    case, into = make_case(student, question="Yenə mən"), make_case(student)
    case.messages.create(by=student, is_from_student=True, text="Bir şey də", at=LATER)
    case.notes.create(by=worker, text="Aynı kişi", at=NOW)

    casework.merge(case, into=into, by=worker, now=LATER)

    case, into = Case.objects.get(pk=case.pk), Case.objects.get(pk=into.pk)
    assert (case.state, case.question, case.closed_at) == ("duplicate", "", LATER)
    assert [one.text for one in into.messages.all()] == ["Yenə mən", "Bir şey də"]
    assert [one.text for one in into.notes.all()] == ["Aynı kişi"]
    assert case.merging.into == into
    assert letters() == ["students.merged"]


def test_whom_a_student_has_kept_out_of_one_is_kept_out_of_what_both_become():
    student, worker, kept_out = make_student(), make_worker(HANDLE, OVERSEE), make_worker(HANDLE)
    case = make_case(student, is_minor=True, priority=1, deadline_on=NOW.date(), way="phone", phone="+90 555")
    case.kept_out.add(kept_out)
    into = make_case(student, assigned_to=kept_out)

    casework.merge(case, into=into, by=worker, now=NOW)

    into = Case.objects.get(pk=into.pk)
    assert not Case.objects.listed_for(kept_out).filter(pk=into.pk).exists()
    assert (into.assigned_to, into.is_minor, into.priority, into.deadline_on) == (None, True, 1, NOW.date())
    assert (into.way, into.phone) == ("phone", "+90 555")


def test_requests_of_two_students_are_never_put_together():
    worker, case, other = make_worker(HANDLE), make_case(), make_case()

    for into in (case, other, make_case(case.student, state="closed")):
        with pytest.raises(ValidationError) as refused:
            casework.merge(case, into=into, by=worker, now=NOW)
        assert refused.value.code == "other"
    assert Case.objects.get(pk=case.pk).state == "new"


def test_what_is_sensitive_never_flows_into_what_others_read():
    student, worker = make_student(), make_worker(HANDLE, HANDLE_SENSITIVE)
    sensitive = make_case(student, is_sensitive=True, assigned_to=worker)
    ordinary = make_case(student)

    with pytest.raises(ValidationError) as refused:
        casework.merge(sensitive, into=ordinary, by=worker, now=NOW)

    assert refused.value.code == "sensitive"


# --- Nothing of it elsewhere ---


def test_no_act_leaves_a_trace_in_the_trail_or_in_the_admins_log():
    worker = make_worker(HANDLE, HANDLE_SENSITIVE)
    student = make_student()
    case = make_case(student, topic=make_topic(is_sensitive=True))
    topic = make_topic()
    before = Entry.objects.count()

    casework.assign(case, to=worker, was=None, by=worker, now=NOW)
    sort(case, worker, topic=topic, sensitive=True)
    casework.note(case, by=worker, text="Not", now=NOW)
    casework.answer(case, by=worker, text="Yanıt", now=NOW)
    casework.work_on(case, by=worker, now=NOW)
    casework.wait_for_others(case, by=worker, why="Soruluyor", now=NOW)
    case.watched_by.add(worker)
    case.kept_out.add(make_student("x"))

    told = Entry.objects.order_by("pk")[before:]
    assert {entry.model for entry in told} <= {"accounts.user"}
    assert not LogEntry.objects.exists()
    assert CaseAct.objects.filter(case=case).count() == 2


# --- At the same moment ---


@pytest.mark.django_db(transaction=True, serialized_rollback=True)  # roles are found again afterwards
@pytest.mark.parametrize("is_guarded", [True, False])
def test_of_two_who_assign_at_once_one_succeeds(is_guarded, monkeypatch):
    """With the guard off both do: so the story can fail."""
    case = make_case()
    people = [make_worker(HANDLE, OVERSEE), make_worker(HANDLE, OVERSEE)]
    if not is_guarded:
        monkeypatch.setattr(casework, "as_it_was", lambda case, was: Case.objects.filter(pk=case.pk))
    ready, results = threading.Barrier(2), []
    allowed = casework.candidates

    def both_have_looked(case):
        found = allowed(case)
        if connection.vendor == "postgresql":
            ready.wait(10)
        return found

    monkeypatch.setattr(casework, "candidates", both_have_looked)

    def take(worker):
        try:
            if connection.vendor != "postgresql":
                ready.wait(10)
            casework.assign(case, to=worker, was=None, by=worker, now=NOW)
            results.append("taken")
        except ValidationError as refused:
            results.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=[type(worker).objects.get(pk=worker.pk)]) for worker in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == (["moved", "taken"] if is_guarded else ["taken", "taken"])
    assert CaseAct.objects.filter(case=case).count() == results.count("taken")
