"""Letters of the staff's side: to the student that there is news, to staff that something waits for them.

They carry the reference, the state and a link, never a word of the request: who reads the letter over somebody's
shoulder learns nothing. What each says stands in templates/students/mail/.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from izbaku.accounts.models import User
from izbaku.mail import outbox
from izbaku.mail.kinds import Kind, Letter, Rank, WhenUncertain, register
from izbaku.mail.models import Message
from students.models import Case
from students.working import Nudge, Referral, Survey

DESK_LETTERS_LIVE = timedelta(days=7)


# --- To the student ---------------------------------------------------------------------------------------


def answered(case: Case, key: str, *, now: datetime) -> None:
    """There is a message to read. Once for each message."""
    _to_student("students.answered", case, f"case:{key}", now=now)


def resolved(case: Case, survey: Survey, *, now: datetime) -> None:
    """It is resolved; and the one question, with its own link."""
    _to_student("students.resolved", case, f"case_solved:{survey.pk}", now=now, survey=survey.pk)


def merged(case: Case, *, now: datetime) -> None:
    _to_student("students.merged", case, f"case_merged:{case.pk}", now=now)


def referral_asked(referral: Referral, *, now: datetime) -> None:
    _to_student("students.referral", referral.case, f"case_ref:{referral.pk}", now=now, referral=referral.pk)


def _to_student(kind: str, case: Case, key: str, *, now: datetime, **payload: Any) -> None:
    if case.student is None:
        return
    outbox.put(
        kind, key=key, to=case.student.email, language=case.language or case.student.language,
        payload={"case": case.pk, **payload}, now=now,
    )  # fmt: skip


# --- To staff ---------------------------------------------------------------------------------------------


def assigned(case: Case, to: User, key: str, *, now: datetime) -> None:
    """It is yours now."""
    _to_staff("students.assigned", case, to, f"case_to:{key}", now=now)


def called_for(case: Case, to: User, *, now: datetime) -> None:
    """Somebody in an emergency asks to be called. Once."""
    _to_staff("students.call", case, to, f"case_call:{case.pk}:{to.pk}", now=now)


def replied(case: Case, to: User, key: str, *, now: datetime) -> None:
    """The student has written."""
    _to_staff("students.replied", case, to, f"case_back:{key}:{to.pk}", now=now)


def nudged(nudge: Nudge, to: User, *, now: datetime) -> None:
    """Soon due, or late."""
    kind = "students.due" if nudge.kind == Nudge.Kind.REMINDER else "students.late"
    _to_staff(kind, nudge.case, to, f"case_nudge:{nudge.pk}:{to.pk}", now=now, due=nudge.due_at.isoformat())


def _to_staff(kind: str, case: Case, to: User, key: str, *, now: datetime, **payload: Any) -> None:
    outbox.put(
        kind, key=key, to=to.email, language=to.language, payload={"case": case.pk, "to": to.pk, **payload}, now=now
    )


# --- How they are built, and whether they are still wanted -------------------------------------------------


def case_of(message: Message) -> Case | None:
    rows = Case.objects.select_related("student").exclude(state=Case.State.ERASED)
    return rows.filter(pk=message.payload.get("case")).first()


def _is_there(message: Message, now: datetime) -> bool:
    return case_of(message) is not None


def _is_asked(message: Message, now: datetime) -> bool:
    """So long as the question is open."""
    case = case_of(message)
    survey = Survey.objects.filter(pk=message.payload.get("survey"), answered_at=None).exists()
    return case is not None and case.state == Case.State.RESOLVED and survey


def _is_open_referral(message: Message, now: datetime) -> bool:
    referral = Referral.objects.filter(pk=message.payload.get("referral")).first()
    return _is_there(message, now) and referral is not None and referral.is_open


def _is_theirs(message: Message, now: datetime) -> bool:
    """To somebody who may still see at least its line in the queue."""
    to = User.objects.filter(pk=message.payload.get("to"), is_active=True, is_staff=True).first()
    return to is not None and Case.objects.listed_for(to).filter(pk=message.payload.get("case")).exists()


def _is_due(message: Message, now: datetime) -> bool:
    case = case_of(message)
    same = case is not None and case.due_at == datetime.fromisoformat(message.payload["due"])
    return same and _is_theirs(message, now)


def build(message: Message) -> Letter:
    case = case_of(message)
    assert case is not None
    name = message.kind.removeprefix("students.")
    is_staff = "to" in message.payload
    with translation.override(message.language):
        path = reverse("admin:students_case_change", args=[case.reference]) if is_staff else _own_page(case)
        survey = Survey.objects.filter(pk=message.payload.get("survey")).first()
        about = {
            "reference": case.reference,
            "state": case.get_state_display(),
            "url": settings.SITE_ADDRESS + path,
            "solved_url": settings.SITE_ADDRESS + reverse("students:solved", args=[survey.token]) if survey else "",
        }
        text = render_to_string(f"students/mail/{name}.txt", about).strip()
    subject, _newline, body = text.partition("\n")
    return Letter(subject.strip(), body.strip())


def _own_page(case: Case) -> str:
    return reverse("students:request", args=[case.reference])


def _kind(name: str, label: Any, wanted: Any, **more: Any) -> Kind:
    return register(Kind(name, build, wanted, label=label, when_uncertain=WhenUncertain.AGAIN, **more))


_kind("students.answered", _("Request: there is a message"), _is_there, lives=timedelta(days=14))
_kind("students.resolved", _("Request: resolved, and the question"), _is_asked, lives=timedelta(days=13))
_kind("students.merged", _("Request: put together"), _is_there)
_kind("students.referral", _("Request: may something be passed on?"), _is_open_referral, lives=timedelta(days=14))
_kind("students.call", _("Request: somebody asks to be called now"), _is_theirs, lives=timedelta(days=1))
_kind("students.assigned", _("Request: assigned"), _is_theirs, lives=DESK_LETTERS_LIVE)
_kind("students.replied", _("Request: the student has written"), _is_theirs, lives=DESK_LETTERS_LIVE)
_kind("students.due", _("Request: soon due"), _is_due, rank=Rank.REMINDER)
_kind("students.late", _("Request: late"), _is_due, rank=Rank.REMINDER)
