"""What student support holds of a person, and for how long: requests, what hangs on them, drafts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from izbaku.holdings import Person, RecordClass, Room, Told, keep, register, told
from izbaku.privacy.retention import of_kept
from students import keeping, reading
from students.models import Case, CaseDraft, CaseFile, CaseMessage, CaseNote, CaseStep
from students.working import CaseAct, Referral


def _cases(person: Person) -> QuerySet[Case]:
    if person.user is None:
        return Case.objects.none()
    return Case.objects.of(person.user).select_related("topic", "university").order_by("pk")


def _drafts(person: Person) -> QuerySet[CaseDraft]:
    return CaseDraft.objects.filter(user=person.user) if person.user is not None else CaseDraft.objects.none()


def held(person: Person) -> Iterable[Told]:
    """Requests with the conversation and the files. Of what staff note for themselves, that there are notes: their
    words are given by a person, on request, because others may stand in them."""
    language = (get_language() or "tr")[:2]
    for case in _cases(person):
        said = "\n".join(f"{label}: {words}" for label, words in reading.of_case(case, language))
        files = [(f"{file.code}-{file.name}", file.read) for file in case.files.all() if file.is_downloadable]
        yield told(
            case, "reference", "topic", "state", "language", "asked_as", "citizenship", "is_minor", "university", "way",
            "phone", "safe_hours", "deadline_on", "created_at", "question",
            values={"answers": said}, files=files,
        )  # fmt: skip
        for message in case.messages.all():
            yield told(message, "at", "is_from_student", "text")
        for file in case.files.all():
            yield told(file, "name", "size", "added_at")
        for step in case.steps.all():
            yield told(step, "move", "at", "why")
        for act in CaseAct.objects.filter(case=case):
            yield told(act, "what", "at", values={"text": ""})
        for referral in Referral.objects.filter(case=case).select_related("body"):
            yield told(referral, "body", "purpose", "asked_at")
        for note in case.notes.all():
            yield told(note, "at", values={"text": str(_("An internal note; ask for it by “My data”."))})
    for draft in _drafts(person):
        typed = "\n".join(value for name, value in draft.typed.items() if value and name != "topic")
        yield told(draft, "created_at", "changed_at", values={"content": typed})


def erase(person: Person, now: datetime) -> int:
    """Requests become tombstones; whatever hangs on them goes, files included."""
    cases = list(_cases(person))
    for case in cases:
        keeping.entomb(case, now=now)
    drafts, _each = _drafts(person).delete()
    return len(cases) + drafts


register(
    Room(
        "student_requests",
        _("Student support"),
        (Case, CaseMessage, CaseNote, CaseFile, CaseStep, CaseAct, Referral, CaseDraft),
        held=held,
        erase=erase,
    )
)


# --- How long ---------------------------------------------------------------------------------------------


def _entomb(due: QuerySet[Case]) -> int:
    cases, now = list(due), timezone.now()
    for case in cases:
        keeping.entomb(case, now=now)
    return len(cases)


def _scans(before: datetime) -> QuerySet[CaseFile]:
    return CaseFile.objects.filter(is_identity=True, case__kept_since__lte=before)


def _old_drafts(before: datetime) -> QuerySet[CaseDraft]:
    return CaseDraft.objects.filter(changed_at__lte=before)


def _delete_scans(now: datetime, period: timedelta) -> int:
    due = _scans(now - period)
    count = due.count()
    due.delete()
    return count


def _delete_drafts(now: datetime, period: timedelta) -> int:
    return _old_drafts(now - period).delete()[0]


keep(of_kept(keeping.ORDINARY, _("Requests of students"), Case, destroy=_entomb))
keep(of_kept(keeping.SENSITIVE, _("Legal matters and emergencies"), Case, destroy=_entomb))
keep(
    RecordClass(
        keeping.IDENTITY,
        _("Pictures of identity papers"),
        due=lambda now, period: _scans(now - period).count(),
        destroy=_delete_scans,
    )
)
keep(
    RecordClass(
        keeping.DRAFT,
        _("Drafts of requests"),
        due=lambda now, period: _old_drafts(now - period).count(),
        destroy=_delete_drafts,
    )
)
