"""Meetings of the body that decides: the agenda from the queue, who is there, minutes as a PDF that stays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from izbaku import attachments, pdf, times
from izbaku.accounts.models import User
from izbaku.text import sendable
from izbaku.uploads import PDF, Checked
from proposals import review
from proposals.models import Proposal
from proposals.querysets import ProposalQuerySet
from proposals.reviewing import AgendaItem, Decision, Declaration, Meeting, Minutes
from proposals.states import State

TEMPLATE = Path(__file__).resolve().parent / "papers" / "minutes.typ"


def of(user: Any) -> QuerySet[Meeting]:
    """The meetings that this person prepares, or belongs to."""
    if user.has_perm("proposals.handle_proposal"):
        return Meeting.objects.all()
    if not user.has_perm("proposals.review_proposal"):
        return Meeting.objects.none()
    return Meeting.objects.filter(body__members__in=user.review_bodies.standing())


def ready(meeting: Meeting) -> ProposalQuerySet:
    """What waits for a decision and stands on no agenda of a meeting that is still open; the oldest first."""
    waiting = Proposal.objects.filter(state=State.IN_REVIEW)
    taken = AgendaItem.objects.filter(meeting__closed_at=None).values("proposal")
    return waiting.exclude(pk__in=taken).order_by("stage_at", "pk")


@transaction.atomic
def fill(meeting: Meeting) -> int:
    """Put all that waits on the agenda, behind what stands there; returns how many."""
    if meeting.is_closed:
        raise ValidationError(_("The meeting is closed."), code="closed")
    last = meeting.items.aggregate(last=Max("position"))["last"] or 0
    rows = [AgendaItem(meeting=meeting, proposal=one, position=n) for n, one in enumerate(ready(meeting), last + 1)]
    return len(AgendaItem.objects.bulk_create(rows))


def agenda(meeting: Meeting, reader: Any) -> list[tuple[AgendaItem, Decision | None, bool]]:
    """(item, decision, whether the reader is kept from it) in order. Of the last kind nothing may be shown."""
    items = list(meeting.items.select_related("proposal__area"))
    decisions = {one.proposal_id: one for one in meeting.decisions.standing()}
    hidden = _hidden(meeting, reader)
    return [(item, decisions.get(item.proposal_id), item.proposal_id in hidden) for item in items]


def _hidden(meeting: Meeting, reader: Any) -> set[int]:
    """Of the proposals on the agenda: those that this reader may not meet."""
    keys = set(meeting.items.values_list("proposal", flat=True)) | set(
        meeting.decisions.values_list("proposal", flat=True)
    )
    return keys - set(review.before(reader).filter(pk__in=keys).values_list("pk", flat=True))


@transaction.atomic
def close(meeting: Meeting, *, by: User, now: datetime) -> Minutes:
    """End the meeting and freeze its minutes in the association's language. Open items stay in the queue."""
    locked = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if locked.is_closed:
        raise ValidationError(_("The meeting is closed."), code="closed")
    if not by.has_perm("proposals.handle_proposal"):
        raise PermissionDenied
    if not locked.present.exists():
        raise ValidationError(_("Say first who was present."), code="nobody")
    locked.closed_at, locked.closed_by = now, by
    locked.save(update_fields=["closed_at", "closed_by"])
    meeting.refresh_from_db()
    with translation.override(settings.LANGUAGE_CODE):
        name = _("Minutes %(day)s") % {"day": f"{timezone.localtime(meeting.at):%Y-%m-%d}"}
        data = paper(meeting, settings.LANGUAGE_CODE, now=now)
    return attachments.receive(Checked(f"{name}.pdf", PDF, data), Minutes, sealed=True, meeting=meeting)


def minutes_for(meeting: Meeting, reader: Any, language: str, *, now: datetime) -> tuple[Minutes | None, bytes]:
    """The stored file; before the meeting is closed a draft, and for who is recused an extract without these items."""
    hidden = _hidden(meeting, reader)
    stored = Minutes.objects.filter(meeting=meeting).first()
    if stored is not None and not hidden:
        return stored, b""
    return None, paper(meeting, language, now=now, without=frozenset(hidden))


def paper(meeting: Meeting, language: str, *, now: datetime, without: frozenset[int] = frozenset()) -> bytes:
    """The minutes as a PDF in the language that is active. `without`: proposals of which nothing is said."""
    return pdf.page(TEMPLATE, _words(meeting, language, without), made_at=meeting.closed_at or now)


def _words(meeting: Meeting, language: str, without: frozenset[int]) -> dict[str, Any]:
    seats = {seat.user_id: seat.user for seat in meeting.body.members.standing().select_related("user")}
    here = list(meeting.present.all())
    keys = {person.pk for person in here}
    decisions = {one.proposal_id: one for one in meeting.decisions.standing()}
    items = list(meeting.items.select_related("proposal__area").prefetch_related("proposal__partners"))
    away = _recused_of([item.proposal_id for item in items])
    return {
        "language": language,
        "site": str(settings.SITE_NAME),
        "title": _("Minutes"),
        "body": str(meeting.body),
        "when": times.moment(meeting.at, "izmir", language),
        "place": sendable(meeting.place),
        "status": _status(meeting, without),
        "facts": [
            [_("Present"), sendable(", ".join(map(str, here))) or "–"],
            [_("Absent"), sendable(", ".join(str(who) for key, who in seats.items() if key not in keys)) or "–"],
        ],
        "agenda": _("Agenda and decisions"),
        "withheld": _("Left out of this extract: its reader has declared a conflict of interest."),
        "items": [
            None
            if item.proposal_id in without
            else _item(n, item, decisions.get(item.proposal_id), away.get(item.proposal_id, []))
            for n, item in enumerate(items, 1)
        ],
        "notes": sendable(meeting.notes).split("\n\n") if meeting.notes else [],
        "notes_title": _("Notes"),
        "signatures": _("Signatures"),
        "signers": [sendable(str(person)) for person in here],
        "page": _("Page"),
    }


def _status(meeting: Meeting, without: frozenset[int]) -> str:
    if without:
        return _("Extract")
    return "" if meeting.is_closed else _("Draft: the meeting is not closed")


def _recused_of(proposals: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in Declaration.objects.recusing().filter(proposal__in=proposals).select_related("user"):
        found.setdefault(row.proposal_id, []).append(str(row.user))
    return found


def _item(n: int, item: AgendaItem, decision: Decision | None, away: list[str]) -> dict[str, Any]:
    proposal = item.proposal
    names = [partner.name for partner in proposal.partners.all() if partner.is_confirmed]
    facts = [[_("Organisations"), sendable(", ".join(names)) or "–"], [_("Area"), str(proposal.area)]]
    if away:
        facts.append([_("Recused"), sendable(", ".join(away))])
    if decision is None:
        facts.append([_("Decision"), _("none was taken")])
    else:
        votes = _("%(yes)d in favour, %(no)d against, %(none)d abstentions") % {
            "yes": decision.in_favour,
            "no": decision.against,
            "none": decision.abstained,
        }
        facts += [
            [_("Decision"), str(decision.get_verdict_display())],
            [_("Decision number"), decision.number],
            [_("Version"), str(decision.version.number)],
            [_("Votes"), votes],
        ]
    reasons = sendable(decision.to_minutes or decision.to_author).split("\n\n") if decision else []
    return {"n": n, "title": sendable(proposal.title), "facts": facts, "reasons": [text for text in reasons if text]}
