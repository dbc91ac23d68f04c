"""The student's side of a request: drafting, sending, replying, sending files, taking it back.

A draft is kept on the server, sealed, from the first field on; sending checks everything and needs a person whose
address is proven. What a student may do with a request is asked of `Case.objects.of(student)` by whoever calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from izbaku import attachments, history, times
from izbaku.accounts.models import User
from izbaku.privacy import notices
from izbaku.privacy.models import Reading
from izbaku.privacy.notices import Shown
from izbaku.uploads import Checked
from students import casework, closing, dues, guidance, keeping, mails, nudging
from students.models import Case, CaseDraft, CaseFile, CaseMessage
from students.topics import Topic

State = Case.State
MOST_FILES = casework.MOST_FILES
LINE = casework.LINE
MOST_TYPED = 120_000  # characters of one field that a draft keeps


# --- Drafts -----------------------------------------------------------------------------------------------


def keep(draft: CaseDraft | None, *, topic: Topic, typed: dict[str, str], by: Any, now: datetime) -> CaseDraft:
    """Keep what was typed, whatever is still missing or wrong in it; a draft of nobody becomes that of who signs in."""
    draft = draft or CaseDraft(created_at=now)
    draft.typed = {"topic": topic.slug, **{name: value[:MOST_TYPED] for name, value in typed.items()}}
    draft.changed_at = now
    if draft.user_id is None and by.is_authenticated:
        draft.user_id = by.pk
    draft.save()
    return draft


def find(code: str, topic: Topic, by: Any) -> CaseDraft | None:
    """The draft of this browser, or the latest of this person about the topic. Never somebody else's."""
    found = CaseDraft.objects.filter(code=code).first() if code else None
    if found and (found.user_id is None or found.user_id == by.pk):
        return found
    return next((draft for draft in drafts_of(by) if draft.typed.get("topic") == topic.slug), None)


def drafts_of(by: Any) -> list[CaseDraft]:
    return list(CaseDraft.objects.filter(user_id=by.pk)) if by.is_authenticated else []


# --- Sending ----------------------------------------------------------------------------------------------


def may_send(by: User) -> bool:
    """Whoever has proven an address; letters about the request go there."""
    return EmailAddress.objects.filter(user=by, email__iexact=by.email, verified=True).exists()


@transaction.atomic
def send(
    draft: CaseDraft,
    *,
    topic: Topic,
    by: User,
    language: str,
    values: dict[str, Any],
    given: dict[str, str],
    shown: Shown | None,
    now: datetime,
    is_emergency: bool = False,
    kept_out: Iterable[User] = (),
) -> Case | None:
    """Make a request of the draft, which is gone then; None when it was sent a moment ago by a second click.

    `values` are columns of the request, `given` the answers to the topic's questions that apply. Raises
    ValidationError `unverified`.
    """
    if not may_send(by):
        raise ValidationError(
            _("Prove your e-mail address first: the answer is announced there. What you wrote is kept."),
            code="unverified",
        )
    if not is_still_there(draft):
        return None
    case = Case(
        topic=topic,
        topic_class=topic.topic_class,
        is_sensitive=topic.is_sensitive,
        student=by,
        language=language,
        created_at=now,
        **values,
    )
    case.given = given
    if is_emergency:
        case.priority = Case.Priority.URGENT
    case.deadline_on = guidance.next_deadline(guidance.dates(topic, given), times.today(now))
    if shown is not None:
        notices.remember(shown, case)
    case.save()
    case.kept_out.set(kept_out)
    dues.wind(case, now=now)
    CaseDraft.objects.filter(pk=draft.pk).delete()
    mails.received(case, now=now)
    if is_emergency:
        nudging.call_for(case, now=now)
    return case


def is_still_there(draft: CaseDraft) -> bool:
    """Whether it is still to be sent. Of two clicks the second waits here until the first is done."""
    return CaseDraft.objects.select_for_update().filter(pk=draft.pk).first() is not None


# --- Afterwards -------------------------------------------------------------------------------------------


@transaction.atomic
def reply(case: Case, *, by: User, text: str, now: datetime) -> CaseMessage:
    """Add to the conversation. A request that waited for the student goes on; one that was resolved is open again.

    Raises ValidationError `closed` once it is over.
    """
    case = _locked(case)
    if case.state in Case.OVER:
        raise ValidationError(
            _("This request is closed, so nothing was sent. What you wrote stands below: ask a new request with it."),
            code="closed",
        )
    message = case.messages.create(by=by, is_from_student=True, text=text, at=now)
    if case.state == State.RESOLVED:
        history.move(case, "reopen", by=by, now=now)
        keeping.reopened(case)
    elif case.state == State.WAITING_STUDENT:
        history.move(case, "reply", by=by, now=now)
    dues.wind(case, now=now)
    closing.tell_worker(case, key=str(message.pk), now=now)
    return message


@transaction.atomic
def withdraw(case: Case, *, by: User, now: datetime) -> None:
    """The student takes the request back: nobody works on it any more, and its days are counted."""
    history.move(case, "withdraw", by=by, now=now)
    keeping.closed(case, now=now)
    dues.wind(case, now=now)
    mails.closed(case, now=now)


def attach(case: Case, *, by: User, upload: Checked, is_identity: bool, now: datetime) -> CaseFile:
    """One file, sealed. Raises ValidationError `closed`, `too_many`."""
    with transaction.atomic():
        case = _locked(case)
        if case.state in Case.OVER:
            raise ValidationError(_("This request is closed: no file can be added."), code="closed")
        if case.files.filter(is_from_student=True).count() >= MOST_FILES:
            raise ValidationError(
                _("There are %(n)d files already. Delete one that is no longer needed.") % {"n": MOST_FILES},
                code="too_many",
            )
        return attachments.receive(
            upload, CaseFile, sealed=True, case=case, by=by, is_from_student=True, is_identity=is_identity, added_at=now
        )


def delete_file(file: CaseFile) -> None:
    """Now, not when its time is over. The file goes once that is committed."""
    file.delete()


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update(of=("self",)).select_related("assigned_to", "student").get(pk=case.pk)


# --- Who opened it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """Somebody of the staff has opened the request or a file of it."""

    who: str
    at: datetime
    is_file: bool
    is_line: bool = False  # its line of the queue, in a file; not a word of it


def opened_by(case: Case) -> list[Opened]:
    """From the read log, the latest first."""
    label, file_label = Case._meta.label_lower, CaseFile._meta.label_lower
    records = [f"{label} {case.pk}", *(f"{file_label} {pk}" for pk in case.files.values_list("pk", flat=True))]
    rows = Reading.objects.filter(record__in=records).select_related("by").order_by("-at", "-pk")
    return [
        Opened(
            row.by.get_short_name() if row.by else "", row.at, row.record.startswith(f"{file_label} "), row.what == LINE
        )
        for row in rows
        if row.by_id != case.student_id
    ]
