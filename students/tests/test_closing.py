"""Stories of the end: resolved, one question, opened again within fourteen days, closed for good."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from izbaku.mail.models import Message
from students import closing, keeping
from students.models import HANDLE, Case
from students.tests.make import NOW, make_case, make_worker
from students.working import Survey

pytestmark = pytest.mark.django_db


def resolved(**fields):
    case, worker = make_case(**fields), make_worker(HANDLE)
    return case, closing.resolve(case, by=worker, text="Kartınız hazır.", now=NOW)


def days(number):
    return NOW + timedelta(days=number)


def test_resolving_says_a_last_word_and_asks_one_question():
    case, survey = resolved()

    assert (case.state, case.due_at, case.messages.get().text) == ("resolved", None, "Kartınız hazır.")
    letter = Message.objects.get()
    assert (letter.kind, letter.payload) == ("students.resolved", {"case": case.pk, "survey": survey.pk})
    assert letter.expires_at < survey.until


def test_solved_closes_it_for_good_and_its_days_are_counted():
    case, survey = resolved()

    closing.answer(survey, is_solved=True, now=days(2))

    case = Case.objects.get()
    assert (case.state, case.closed_at, case.destroy_after) == ("closed", days(2), days(2 + 365))
    assert Survey.objects.get().is_solved is True


def test_not_solved_opens_it_again_winds_the_clock_and_tells_whoever_has_it():
    case, survey = resolved()
    Message.objects.all().delete()

    closing.answer(survey, is_solved=False, now=days(14) - timedelta(seconds=1))

    case = Case.objects.get()
    assert (case.state, case.destroy_after) == ("in_progress", None)
    assert case.due_at > days(14)
    assert list(Message.objects.values_list("kind", "recipient")) == [("students.replied", case.assigned_to.email)]


@pytest.mark.parametrize("is_solved", [True, False])
def test_the_question_is_answered_once_and_within_fourteen_days(is_solved):
    _case, survey = resolved()
    with pytest.raises(ValidationError):
        closing.answer(survey, is_solved=is_solved, now=days(14))
    closing.answer(survey, is_solved=True, now=days(1))

    with pytest.raises(ValidationError) as refused:
        closing.answer(survey, is_solved=is_solved, now=days(1))

    assert refused.value.code == "late"
    assert Case.objects.get().state == "closed"


def test_the_question_of_an_earlier_end_opens_nothing():
    case, first = resolved()
    closing.answer(first, is_solved=False, now=days(1))
    worker = case.assigned_to or make_worker(HANDLE)
    second = closing.resolve(Case.objects.get(), by=worker, text="Şimdi hazır.", now=days(3))

    with pytest.raises(ValidationError):
        closing.answer(Survey.objects.get(pk=first.pk), is_solved=False, now=days(4))
    assert closing.asked_by(second.token) == second
    assert closing.asked_by("made-up") is None


def test_what_nobody_answers_is_closed_after_fourteen_days_however_late_the_sweep():
    resolved()
    later, _survey = resolved(created_at=NOW)
    Survey.objects.filter(case=later).update(until=days(20))

    assert closing.lapse(days(14) - timedelta(seconds=1)) == 0
    assert closing.lapse(days(17)) == 1
    assert closing.lapse(days(17)) == 0

    assert sorted(Case.objects.values_list("state", flat=True)) == ["closed", "resolved"]


def test_an_erased_requests_question_is_gone():
    case, survey = resolved()

    keeping.entomb(case, now=days(1))

    assert closing.asked_by(survey.token) is None
