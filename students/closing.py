"""The end of a request: resolved, asked whether it is solved, closed for good or opened again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from izbaku import history
from izbaku.accounts.models import User
from students import casework, dues, keeping, work_mails
from students.models import Case
from students.working import Survey

State = Case.State
REOPENS = timedelta(days=14)


@transaction.atomic
def resolve(case: Case, *, by: User, text: str, now: datetime) -> Survey:
    """The last message, and the one question; for fourteen days "not solved" opens it again."""
    casework.locked(case)
    if not case.is_open:
        raise ValidationError(_("This request has ended already."), code="over")
    casework.take_if_nobodys(case, by=by, now=now)
    case.messages.create(by=by, is_from_student=False, text=text, at=now)
    history.move(case, "resolve", by=by, now=now)
    dues.wind(case, now=now)
    case.surveys.filter(answered_at=None).delete()  # of an earlier end: its link opens nothing any more
    survey: Survey = case.surveys.create(asked_at=now, until=now + REOPENS)
    work_mails.resolved(case, survey, now=now)
    return survey


def asked_by(token: str) -> Survey | None:
    """The question that stands in a letter; None for a link that opens nothing (any more)."""
    found = Survey.objects.select_related("case").filter(token=token).exclude(case__state=State.ERASED)
    return found.first()


def question_of(case: Case, now: datetime) -> Survey | None:
    """The question that the student has yet to answer; on their own page it needs no letter."""
    if case.state != State.RESOLVED:
        return None
    return case.surveys.filter(answered_at=None, until__gt=now).last()


def is_open(survey: Survey, now: datetime) -> bool:
    return survey.answered_at is None and survey.case.state == State.RESOLVED and now < survey.until


@transaction.atomic
def answer(survey: Survey, *, is_solved: bool, now: datetime) -> None:
    """The student's word, without signing in: closed for good, or opened again.

    Raises ValidationError (code `late`) once it is answered, or after fourteen days.
    """
    case = survey.case
    casework.locked(case)
    survey = Survey.objects.select_for_update().get(pk=survey.pk)
    survey.case = case
    if not is_open(survey, now):
        raise ValidationError(_("This question has been answered, or its fourteen days are over."), code="late")
    survey.is_solved, survey.answered_at = is_solved, now
    survey.save(update_fields=["is_solved", "answered_at"])
    history.move(case, "solved" if is_solved else "reopen", by=None, now=now)
    if is_solved:
        keeping.closed(case, now=now)
    else:
        dues.wind(case, now=now)
        tell_worker(case, key=f"reopened:{survey.pk}", now=now)


def tell_worker(case: Case, *, key: str, now: datetime) -> None:
    """That the student has written, or is not content; to whoever has it, if anybody does."""
    if case.assigned_to:
        work_mails.replied(case, case.assigned_to, key, now=now)


def lapse(now: datetime) -> int:
    """Close for good what was resolved fourteen days ago and has stayed so; returns how many."""
    closed = 0
    still_asked = Survey.objects.filter(until__gt=now).values("case")
    ended = Case.objects.filter(state=State.RESOLVED).exclude(pk__in=still_asked)
    for key in ended.order_by("pk").values_list("pk", flat=True)[:500]:
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=key)
            if case.state != State.RESOLVED or case.surveys.filter(until__gt=now).exists():
                continue
            history.move(case, "lapse", by=None, now=now)
            keeping.closed(case, now=now)
            closed += 1
    return closed
