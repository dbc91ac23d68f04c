"""The staff's side of a request: taking it, sorting it, answering, passing it to a colleague, putting two together.

Each act says who did it. What the student is to know stands in the conversation, and a letter says that there is
news; what staff say among themselves stands in notes, which nothing here hands to a letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from izbaku import attachments, history
from izbaku.accounts.models import User
from izbaku.uploads import Checked
from students import dues, keeping, work_mails
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case, CaseFile, CaseMessage, CaseNote, rights_of
from students.topics import Topic
from students.working import CannedText, CaseAct, CaseTag, Merging, Tag, filled

State, What = Case.State, CaseAct.What
MOST_FILES = 20  # of one request, from each side
LINE = "queue"  # what the read log says of a line of the queue that left in a file


# --- Whose it is ------------------------------------------------------------------------------------------


def workers(*, sensitive: bool) -> QuerySet[User]:
    """Those whose roles let them work on such requests."""
    return holders(HANDLE_SENSITIVE if sensitive else HANDLE)


def holders(right: str) -> QuerySet[User]:
    role = Q(groups__permissions__codename=right, groups__permissions__content_type__app_label="students")
    found = User.objects.filter(role, is_active=True, is_staff=True)
    return found.distinct().order_by("name", "email")


def candidates(case: Case) -> QuerySet[User]:
    """To whom it can be assigned: never to the student, never to somebody whom the student has kept out."""
    out = Case.kept_out.through.objects.filter(case_id=case.pk).values("user_id")
    return workers(sensitive=case.is_sensitive).exclude(pk__in=out).exclude(pk=case.student_id or 0)


@transaction.atomic
def assign(case: Case, *, to: User | None, was: User | None, by: User, now: datetime, why: str = "") -> None:
    """Give it to somebody, or back to the queue (None); `was` is who had it when `by` decided.

    Of two people who assign it at once the second is told (ValidationError, code `moved`).
    """
    if not Case.objects.listed_for(by).filter(pk=case.pk).exists():
        raise PermissionDenied
    if to is not None and not candidates(case).filter(pk=to.pk).exists():
        raise ValidationError(_("This person cannot be given this request."), code="nobody")
    if case.is_sensitive and was is None and to is not None and to != by and OVERSEE not in rights_of(by):
        raise ValidationError(_("Take it first; then you can hand it over."), code="take_first")
    if not as_it_was(case, was).exclude(state__in=Case.OVER).update(assigned_to=to):
        raise ValidationError(_("Somebody else has changed this meanwhile. Look at it again."), code="moved")
    case.refresh_from_db(fields=["assigned_to"])
    what = What.RELEASED if to is None else What.HANDED_OVER if was else What.ASSIGNED
    act = log(case, what, by=by, whom=to or was, text=why, now=now)
    if to is not None and to != by:
        work_mails.assigned(case, to, str(act.pk), now=now)


@transaction.atomic
def assign_all(cases: Iterable[Case], *, to: User, was: Mapping[int, int | None], by: User, now: datetime) -> int:
    """Give all of them to one person, or none; `was` is who had each when `by` chose, by key. Returns how many.

    Raises ValidationError with one line for each request that cannot be given.
    """
    refused, given = [], 0
    for case in sorted(cases, key=lambda one: one.pk):
        had = User.objects.filter(pk=was.get(case.pk) or 0).first()
        if had == to:
            continue
        try:
            assign(case, to=to, was=had, by=by, now=now)
            given += 1
        except ValidationError as error:
            refused.append(f"{case.reference}: {' '.join(error.messages)}")
        except PermissionDenied:
            refused.append(f"{case.reference}: {_('This is not yours to do.')}")
    if refused:
        raise ValidationError(refused)
    return given


def as_it_was(case: Case, was: User | None) -> QuerySet[Case]:
    """The request, if it is still his who had it. Compared and changed by one statement: nobody comes in between."""
    return Case.objects.filter(pk=case.pk, assigned_to=was.pk if was else None)


def watch(case: Case, *, by: User, now: datetime) -> None:
    """Stay informed of an ordinary one that somebody else works on."""
    if case.is_sensitive:
        raise ValidationError(_("A sensitive request is for the person it is assigned to alone."), code="sensitive")
    if not case.watched_by.filter(pk=by.pk).exists():
        case.watched_by.add(by)
        log(case, What.WATCHED, by=by, now=now)


def unwatch(case: Case, *, by: User, now: datetime) -> None:
    if case.watched_by.filter(pk=by.pk).exists():
        case.watched_by.remove(by)
        log(case, What.UNWATCHED, by=by, now=now)


# --- Sorting ----------------------------------------------------------------------------------------------


@transaction.atomic
def sort(
    case: Case, *, topic: Topic, priority: int, sensitive: bool, tags: Iterable[str], by: User, now: datetime
) -> None:
    """Topic, priority, tags; what was new counts as looked at.

    What becomes sensitive leaves the hands of everybody without the role, and nobody watches it any more.
    """
    locked(case)
    sensitive = sensitive or topic.is_sensitive
    if case.is_sensitive and not sensitive and HANDLE_SENSITIVE not in rights_of(by):
        raise PermissionDenied
    if case.state == State.NEW:
        history.move(case, "triage", by=by, now=now)
    case.topic, case.topic_class, case.priority = topic, topic.topic_class, priority
    if sensitive and not case.is_sensitive:
        case.watched_by.clear()
        if case.assigned_to and not workers(sensitive=True).filter(pk=case.assigned_to.pk).exists():
            case.assigned_to = None
    case.is_sensitive = sensitive
    case.save(update_fields=["topic", "topic_class", "priority", "is_sensitive", "assigned_to"])
    _tag(case, tags)
    log(case, What.SORTED, by=by, now=now)
    dues.wind(case, now=now)


def _tags(names: Iterable[str]) -> set[int]:
    """Keys of these tags; those that are new are made."""
    return {Tag.objects.get_or_create(name=name)[0].pk for name in {name.strip()[:50] for name in names} if name}


def _tag(case: Case, names: Iterable[str]) -> None:
    wanted = _tags(names)
    case.tagged.exclude(tag__in=wanted).delete()
    there = set(case.tagged.values_list("tag", flat=True))
    CaseTag.objects.bulk_create([CaseTag(case=case, tag_id=key) for key in sorted(wanted - there)])


@transaction.atomic
def tag_all(cases: Iterable[Case], names: Iterable[str], *, by: User, now: datetime) -> int:
    """Put these tags on all of them, beside those that are there; or on none. Returns how many were changed.

    Raises ValidationError with one line for each that `by` may not open, or that has ended.
    """
    tags = _tags(names)
    chosen = sorted(cases, key=lambda one: one.pk)
    theirs = set(
        Case.objects.workable_by(by)
        .exclude(state__in=Case.OVER)
        .values_list("pk", flat=True)
        .filter(pk__in=[case.pk for case in chosen])
    )
    refused = [f"{case.reference}: {_('This is not yours to do.')}" for case in chosen if case.pk not in theirs]
    if refused:
        raise ValidationError(refused)
    changed = 0
    for case in chosen:
        missing = tags - set(case.tagged.values_list("tag", flat=True))
        if missing:
            CaseTag.objects.bulk_create([CaseTag(case=case, tag_id=key) for key in sorted(missing)])
            log(case, What.SORTED, by=by, now=now)
            changed += 1
    return changed


def note(case: Case, *, by: User, text: str, now: datetime) -> CaseNote:
    """For staff alone."""
    return case.notes.create(by=by, text=text, at=now)


# --- Answering --------------------------------------------------------------------------------------------


@transaction.atomic
def answer(case: Case, *, by: User, text: str, now: datetime, waits: bool = True, asks: str = "") -> CaseMessage:
    """Write to the student; `waits` stops the clock until the student replies. `asks` names a document asked for.

    Who answers a request that nobody has takes it. Raises ValidationError (code `over`) for one that has ended.
    """
    locked(case)
    if not case.is_open:
        raise ValidationError(_("This request has ended: nothing can be answered any more."), code="over")
    take_if_nobodys(case, by=by, now=now)
    message = case.messages.create(by=by, is_from_student=False, text=text, at=now)
    if waits:
        history.move(case, "answer", by=by, now=now)
    elif case.state != State.IN_PROGRESS:
        history.move(case, "start", by=by, now=now)
    if asks:
        log(case, What.DOCUMENT, by=by, text=asks, now=now)
    dues.wind(case, now=now)
    work_mails.answered(case, str(message.pk), now=now)
    return message


@transaction.atomic
def answer_with_file(
    case: Case, *, by: User, text: str, upload: Checked, now: datetime, waits: bool = True
) -> CaseFile:  # fmt: skip
    """Write to the student, with a file that stands below the message. Raises ValidationError `over`, `too_many`."""
    locked(case)
    if case.files.filter(is_from_student=False).count() >= MOST_FILES:
        raise ValidationError(
            _("There are %(n)d files already. Delete one that is no longer needed.") % {"n": MOST_FILES},
            code="too_many",
        )
    message = answer(case, by=by, text=text, waits=waits, now=now)
    # The last step: what is undone after it would leave a file without a row to the nightly sweep.
    return attachments.receive(
        upload, CaseFile, sealed=True, case=case, by=by, is_from_student=False, message=message, added_at=now
    )


@transaction.atomic
def take_back_file(file: CaseFile, *, by: User, now: datetime) -> None:
    """A file of the staff, sent by mistake: gone at once, for the student too. That it was there stays in the log."""
    if file.is_from_student or not Case.objects.workable_by(by).filter(pk=file.case_id).exists():
        raise PermissionDenied
    log(file.case, What.FILE_TAKEN_BACK, by=by, now=now)
    file.delete()


@transaction.atomic
def work_on(case: Case, *, by: User, now: datetime) -> None:
    """In hand; the clock runs."""
    take_if_nobodys(case, by=by, now=now)
    history.move(case, "start", by=by, now=now)
    dues.wind(case, now=now)


@transaction.atomic
def wait_for_others(case: Case, *, by: User, why: str, now: datetime) -> None:
    """For an office, a university …: the clock of the student's request goes on meanwhile."""
    take_if_nobodys(case, by=by, now=now)
    history.move(case, "wait_for_others", by=by, why=why, now=now)
    dues.wind(case, now=now)


def ready_text(canned: CannedText, case: Case, *, by: User) -> str:
    """The text in the student's language, with its places filled in."""
    language = case.language or "tr"
    texts: Any = canned  # the columns by language are made by modeltranslation
    text = getattr(texts, f"text_{language}") or texts.text_tr or ""
    values = {
        "name": case.student.get_short_name() if case.student and case.student.name else "",
        "reference": case.reference,
        "topic": str(getattr(case.topic, f"title_{language}", "") or case.topic or ""),
        "worker": by.get_short_name() if by.name else "İZAZDER",
        "association": "İZAZDER",
    }
    return filled(text, values)


# --- Putting two together ---------------------------------------------------------------------------------


@transaction.atomic
def merge(case: Case, *, into: Case, by: User, now: datetime) -> None:
    """What was asked twice goes on as one: every word and file passes to the other, which stays open.

    Only requests of one and the same student, both of which `by` may open. Whom the student has kept out of one is
    kept out of what both have become, and the nearer deadline and the number to call count for it.
    """
    for each in sorted((case, into), key=lambda one: one.pk):  # always in this order: two who cross would wait for ever
        locked(each)
    if into.pk == case.pk or into.student_id != case.student_id or not into.is_open:
        raise ValidationError(_("Choose another open request of the same student."), code="other")
    if not Case.objects.workable_by(by).filter(pk=into.pk).exists():
        raise PermissionDenied
    if case.is_sensitive and not into.is_sensitive:
        raise ValidationError(
            _("What is sensitive would stand in a request that others may read. Put it together the other way round."),
            code="sensitive",
        )
    if case.question:
        into.messages.create(by=case.student, is_from_student=True, text=case.question, at=case.created_at)
    case.messages.update(case=into)
    case.notes.update(case=into)
    case.files.update(case=into)
    case.question = ""
    case.save(update_fields=["question"])
    _take_over(case, into=into, by=by, now=now)
    history.move(case, "merge", by=by, now=now)
    Merging.objects.create(case=case, into=into, at=now)
    log(case, What.MERGED, by=by, text=into.reference, now=now)
    log(into, What.MERGED, by=by, text=case.reference, now=now)
    dues.wind(case, now=now)
    dues.wind(into, now=now)
    keeping.closed(case, now=now)
    work_mails.merged(into, now=now)


def _take_over(case: Case, *, into: Case, by: User, now: datetime) -> None:
    """What the student has settled for the one that ends holds for the one that goes on."""
    into.kept_out.add(*case.kept_out.all())
    if into.assigned_to and into.kept_out.filter(pk=into.assigned_to.pk).exists():
        assign(into, to=None, was=into.assigned_to, by=by, now=now)
    into.is_minor = into.is_minor or case.is_minor
    into.priority = min(into.priority, case.priority)
    into.deadline_on = min(filter(None, (into.deadline_on, case.deadline_on)), default=None)
    if case.phone and not into.phone:
        into.way, into.phone, into.safe_hours = case.way, case.phone, case.safe_hours
    into.save(update_fields=["is_minor", "priority", "deadline_on", "way", "phone", "safe_hours"])


# --- Inside -----------------------------------------------------------------------------------------------


def log(case: Case, what: str, *, now: datetime, by: User | None = None, **more: Any) -> CaseAct:
    return CaseAct.objects.create(case=case, what=what, by=by, at=now, **more)


def locked(case: Case) -> None:
    """Nobody else changes it until this is done; it is brought up to date."""
    Case.objects.select_for_update().get(pk=case.pk)
    case.refresh_from_db()


def take_if_nobodys(case: Case, *, by: User, now: datetime) -> None:
    if case.assigned_to_id is None:
        assign(case, to=by, was=None, by=by, now=now)
