"""The committee's side: declaring interests, reading, scoring, discussing, deciding, announcing.

Who is recused meets a proposal nowhere (`before`). What was decided is inside only, until it is announced.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from izbaku import history, times
from izbaku.accounts.models import Speaker, User
from izbaku.privacy import retention
from proposals import guards
from proposals.models import BodyMember, Proposal, ProposalVersion, ReviewBody
from proposals.querysets import ProposalQuerySet
from proposals.reviewing import BEST, Criterion, Decision, Declaration, Meeting, Remark, Review, Score
from proposals.states import State

Verdict = Decision.Verdict
# How what was decided is announced.
MOVE_OF = {
    Verdict.ACCEPT: "announce_acceptance",
    Verdict.CHANGES: "announce_changes",
    Verdict.DEFER: "announce_deferral",
    Verdict.REJECT: "announce_rejection",
}

# --- Who meets what ---------------------------------------------------------------------------------------


def before(user: Any) -> ProposalQuerySet:
    """The proposals that this member of staff may meet, as far as their title: none from which they are recused."""
    mine = Proposal.objects.in_office(user).values("pk")
    ours = Proposal.objects.reviewable_by(user).values("pk")
    return Proposal.objects.filter(Q(pk__in=mine) | Q(pk__in=ours))


def sits_for(proposal: Proposal, user: Any) -> bool:
    """Whether this person reviews proposals of this area. One query."""
    if proposal.area_id is None or not user.has_perm("proposals.review_proposal"):
        return False
    return BodyMember.objects.standing().filter(user=user, body__areas=proposal.area_id).exists()


def must_declare(proposal: Proposal, user: Any) -> bool:
    """Whether the text is still closed: only the secretariat reads without having declared. Two queries at most."""
    if user.has_perm("proposals.handle_proposal"):
        return False
    return not proposal.declarations.filter(user=user).exists()


def suspected(proposal: Proposal, user: User, now: datetime) -> list[str]:
    """The organisations behind the proposal for which this person speaks: a conflict that is proposed by itself."""
    speaks = Speaker.objects.standing(now).filter(user=user)
    partners = proposal.partners.filter(declined_at=None, organisation__in=speaks.values("organisation"))
    return list(partners.values_list("name", flat=True))


@transaction.atomic
def declare(proposal: Proposal, *, by: User, has_conflict: bool, why: str = "", now: datetime) -> Declaration:
    """Give one's word before reading. A conflict may be declared at any time; only the chair can lift one.

    Whoever speaks for an organisation behind the proposal, and declares none, has to say why (code `why`).
    """
    why = why.strip()
    if not has_conflict and not why and suspected(proposal, by, now):
        text = _("You speak for an organisation behind this proposal. If that is no conflict of interest, say why.")
        raise _at("why", text, "why")
    row = Declaration.objects.select_for_update().filter(proposal=proposal, user=by).first()
    if row is None:
        return Declaration.objects.create(proposal=proposal, user=by, has_conflict=has_conflict, why=why, at=now)
    if row.has_conflict:
        raise PermissionDenied  # who is recused comes here no more
    row.has_conflict, row.why, row.at = has_conflict, why, now
    row.save()
    return row


def may_lift(proposal: Proposal, user: Any) -> bool:
    """Whoever chairs the area's body, or the one that decides; nobody for themselves."""
    return guards.chair(proposal, user) or guards.decider(proposal, user)


def lift(declaration: Declaration, *, by: User) -> None:
    """The chair lets somebody back who declared a conflict by mistake: they declare anew."""
    if declaration.user_id == by.pk or not may_lift(declaration.proposal, by):
        raise PermissionDenied
    declaration.delete()


# --- Reading and scoring ----------------------------------------------------------------------------------


def version_of(proposal: Proposal) -> ProposalVersion:
    """The one that stands: what was submitted last."""
    return proposal.versions.get(number=proposal.version)


def criteria_of(proposal: Proposal) -> list[Criterion]:
    """What its body asks at present, in order."""
    if proposal.area_id is None:
        return []
    return list(Criterion.objects.filter(body__areas=proposal.area_id, is_asked=True))


def own_review(proposal: Proposal, user: User) -> Review | None:
    """Of the version that stands."""
    return proposal.reviews.filter(reviewer=user, version__number=proposal.version).first()


def earlier_review(proposal: Proposal, user: User) -> Review | None:
    """What they thought of the version before: its words may be taken over."""
    older = proposal.reviews.filter(reviewer=user, version__number__lt=proposal.version)
    return older.order_by("-version__number").first()


@transaction.atomic
def save(
    proposal: Proposal,
    *,
    by: User,
    version: int,
    scores: Mapping[int, int | None],
    to_committee: str,
    to_author: str,
    hand_in: bool,
    now: datetime,
) -> Review:
    """Keep a review, and hand it in. `scores` is by criterion's key; None is "not applicable", absent not answered.

    Raises ValidationError: `version` when another one stands by now, `closed` when the review is over, `unanswered`
    when a criterion is missing on handing in, `nothing` when none applies; PermissionDenied for who may not review.
    """
    locked = Proposal.objects.select_for_update().get(pk=proposal.pk)
    if not sits_for(locked, by) or must_declare(locked, by) or not before(by).filter(pk=locked.pk).exists():
        raise PermissionDenied
    if locked.state != State.IN_REVIEW:
        raise ValidationError(_("The review is closed. What you wrote is kept on this page only."), code="closed")
    if locked.version != version:
        raise ValidationError(
            _(
                "The authors have submitted version %(new)d meanwhile; you read version %(old)d. What you wrote is "
                "below: look at what has changed, and send it again."
            )
            % {"new": locked.version, "old": version},
            code="version",
        )
    criteria = {criterion.pk: criterion for criterion in criteria_of(locked)}
    if hand_in:
        _check_scores(criteria, scores)
    review, _is_new = Review.objects.get_or_create(
        version=version_of(locked), reviewer=by, defaults={"proposal": locked, "begun_at": now}
    )
    review.to_committee, review.to_author = to_committee.strip(), to_author.strip()
    if hand_in:
        review.handed_in_at = now
    review.save()
    kept = {score.criterion_id: score for score in review.scores.all()}
    for key, criterion in criteria.items():
        if key in scores:
            value = scores[key]
            if key in kept and kept[key].value == value and kept[key].weight == criterion.weight:
                continue
            Score.objects.update_or_create(
                review=review, criterion=criterion, defaults={"value": value, "weight": criterion.weight}
            )
        elif key in kept:
            kept[key].delete()
    return review


def _check_scores(criteria: Mapping[int, Criterion], scores: Mapping[int, int | None]) -> None:
    if not criteria:
        raise ValidationError(_("The chair has not set the criteria yet."), code="no_criteria")
    missing = [criterion.name for key, criterion in criteria.items() if key not in scores]
    if missing:
        text = _("Still without an answer: %(names)s.") % {"names": ", ".join(missing)}
        raise ValidationError(text, code="unanswered")
    if all(scores[key] is None for key in criteria):
        raise ValidationError(_("At least one criterion applies: give it a score."), code="nothing")


# --- What the scores say ----------------------------------------------------------------------------------


def points(scores: Iterable[tuple[int | None, int]]) -> float | None:
    """(score, weight) pairs as 0 to 100, normalised over the weights that were answered; None when none was."""
    answered = [(value, weight) for value, weight in scores if value is not None]
    total = sum(weight for _value, weight in answered)
    if not total:
        return None
    mean = sum(value * weight for value, weight in answered) / total
    return round((mean - 1) / (BEST - 1) * 100, 1)


@dataclass(frozen=True)
class Line:
    """What several people think, as numbers: never the mean alone."""

    name: str
    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def lowest(self) -> float:
        return min(self.values)

    @property
    def highest(self) -> float:
        return max(self.values)


@dataclass(frozen=True)
class Tally:
    """k of n reviews are in; `total` in points of 100, `lines` by criterion from 1 to 5."""

    handed_in: int
    expected: int
    total: Line | None
    lines: list[Line]


def reviewers(proposal: Proposal) -> QuerySet[User]:
    """Those of whom a review is expected: they sit in the area's body, and are neither recused nor its authors."""
    members = BodyMember.objects.standing().filter(body__areas=proposal.area_id)
    away = Declaration.objects.recusing().filter(proposal=proposal).values("user")
    authors = proposal.authors.standing().values("user")
    people = User.objects.filter(is_active=True, pk__in=members.values("user"))
    return people.exclude(pk__in=away).exclude(pk__in=authors)


def tally(proposal: Proposal) -> Tally:
    """Of the version that stands, without those who were recused since."""
    counted = list(proposal.reviews.that_count().prefetch_related("scores__criterion"))
    sums = [points((score.value, score.weight) for score in review.scores.all()) for review in counted]
    by_criterion: dict[Criterion, list[float]] = {}
    for review in counted:
        for score in review.scores.all():
            by_criterion.setdefault(score.criterion, [])
            if score.value is not None:
                by_criterion[score.criterion].append(score.value)
    values = [value for value in sums if value is not None]
    lines = [
        Line(criterion.name, found)
        for criterion, found in sorted(by_criterion.items(), key=lambda pair: (pair[0].position, pair[0].pk))
        if found
    ]
    return Tally(len(counted), reviewers(proposal).count(), Line(_("Total"), values) if values else None, lines)


def sees_others(proposal: Proposal, user: User) -> bool:
    """Whether totals and the reviews of others are shown: to a reviewer once their own is in, so that none follows
    another; to those who do not review it at once."""
    if not sits_for(proposal, user):
        return True
    return proposal.reviews.that_count().filter(reviewer=user).exists()


def remark(proposal: Proposal, *, by: User, text: str, now: datetime) -> Remark:
    """A word of the internal discussion; nobody outside reads it."""
    if must_declare(proposal, by) or not before(by).filter(pk=proposal.pk).exists():
        raise PermissionDenied
    if not text.strip():
        raise _at("text", _("Write something first."), "empty")
    return Remark.objects.create(proposal=proposal, by=by, text=text.strip(), at=now)


# --- Deciding ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Votes:
    in_favour: int = 0
    against: int = 0
    abstained: int = 0

    @property
    def cast(self) -> int:
        return self.in_favour + self.against + self.abstained


@dataclass(frozen=True)
class Quorum:
    """Who may vote on a proposal in a meeting: recused members count neither as present nor as missing."""

    entitled: int
    present: int
    recused: int
    undeclared: list[str]

    @property
    def needed(self) -> int:
        return self.entitled // 2 + 1

    @property
    def is_there(self) -> bool:
        return self.entitled > 0 and self.present >= self.needed


def quorum(meeting: Meeting, proposal: Proposal) -> Quorum:
    """Of the body's members who are not recused from this proposal more than half must be there."""
    seats = {seat.user_id: seat.user for seat in meeting.body.members.standing().select_related("user")}
    declared = dict(proposal.declarations.filter(user__in=seats).values_list("user", "has_conflict"))
    authors = set(proposal.authors.standing().filter(user__in=seats).values_list("user", flat=True))
    away = {key for key in seats if declared.get(key) or key in authors}
    here = set(meeting.present.values_list("pk", flat=True)) & set(seats) - away
    silent = [str(seats[key]) for key in sorted(here) if key not in declared]
    return Quorum(len(seats) - len(away), len(here), len(away), silent)


@transaction.atomic
def decide(
    proposal: Proposal,
    *,
    meeting: Meeting,
    verdict: str,
    votes: Votes,
    to_author: str = "",
    to_minutes: str = "",
    by: User,
    now: datetime,
) -> Decision:
    """Record what the meeting has decided. Nobody outside learns of it until it is announced.

    Of two people deciding at once the second is told (code `moved`). Raises ValidationError: `closed`, `agenda`,
    `undeclared`, `quorum`, `votes`, `carried`, `reasons`; PermissionDenied for who may not decide.
    """
    _lock(proposal)
    if meeting.is_closed:
        raise ValidationError(_("The meeting is closed."), code="closed")
    if not meeting.items.filter(proposal=proposal).exists():
        raise ValidationError(_("It does not stand on the agenda of this meeting."), code="agenda")
    if proposal.state == State.IN_REVIEW:
        _check_votes(quorum(meeting, proposal), votes)
        if verdict != Verdict.ACCEPT and not to_author.strip():
            raise _at("to_author", _("Say the reasons: the authors will read them."), "reasons")
        decision = Decision.objects.create(
            proposal=proposal,
            meeting=meeting,
            version=version_of(proposal),
            verdict=Verdict(verdict),
            to_author=to_author.strip(),
            to_minutes=to_minutes.strip(),
            in_favour=votes.in_favour,
            against=votes.against,
            abstained=votes.abstained,
            by=by,
            at=now,
            **_next_number(now),
        )
    history.move(proposal, "decide", by=by, now=now)
    return decision


def _check_votes(found: Quorum, votes: Votes) -> None:
    if found.undeclared:
        text = _("They are present and have not declared yet whether they have a conflict of interest: %(names)s.")
        raise ValidationError(text % {"names": ", ".join(found.undeclared)}, code="undeclared")
    if not found.is_there:
        text = _("No quorum: %(present)d of %(entitled)d who may vote are present, %(needed)d are needed.")
        values = {"present": found.present, "entitled": found.entitled, "needed": found.needed}
        raise ValidationError(text % values, code="quorum")
    if votes.cast != found.present:
        text = _("The votes do not add up: %(cast)d were counted, %(present)d may vote.")
        raise ValidationError(text % {"cast": votes.cast, "present": found.present}, code="votes")
    if votes.in_favour <= votes.against:
        raise ValidationError(_("More votes in favour than against are needed for a decision."), code="carried")


def _at(field: str, text: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(text, code=code)})


def _lock(proposal: Proposal) -> None:
    """Of two people deciding at once the second waits here, and then sees what the first has done."""
    shown = proposal.state
    proposal.refresh_from_db(from_queryset=Proposal.objects.select_for_update())
    if proposal.state != shown:
        text = _("Somebody else has changed this meanwhile. Look at it again before you decide.")
        raise ValidationError(text, code="moved")


def _next_number(now: datetime) -> dict[str, int]:
    """The next of the year. The deciding body's row is locked, so that two decisions do not get one number."""
    list(ReviewBody.objects.select_for_update().filter(decides=True))
    year = times.today(now).year
    last = Decision.objects.filter(year=year).aggregate(last=Max("serial"))["last"] or 0
    return {"year": year, "serial": last + 1}


@transaction.atomic
def take_back(proposal: Proposal, *, by: User, why: str, now: datetime) -> None:
    """Undo a decision that nobody outside knows of; its number stays used, as in a book."""
    history.move(proposal, "reopen", by=by, why=why, now=now)
    proposal.decisions.unannounced().update(taken_back_at=now)


@transaction.atomic
def announce(proposal: Proposal, *, by: User, now: datetime) -> Any:
    """Let everybody know what was decided: the state moves, and the letters are written."""
    decision = proposal.decisions.unannounced().first()
    if decision is None:
        raise ValidationError(_("Nothing was decided that could be announced."), code="undecided")
    step = history.move(proposal, MOVE_OF[Verdict(decision.verdict)], by=by, why=decision.to_author, now=now)
    decision.announced_at = now
    decision.save(update_fields=["announced_at"])
    keep_if_rejected(proposal, now)
    return step


@transaction.atomic
def refuse(proposal: Proposal, *, by: User, why: str, now: datetime) -> Any:
    """Turn down before any review; only its authors hear of it."""
    step = history.move(proposal, "refuse", by=by, why=why, now=now)
    keep_if_rejected(proposal, now)
    return step


def keep_if_rejected(proposal: Proposal, now: datetime) -> None:
    """What was not accepted is kept for a time, counted from here."""
    if proposal.state == State.REJECTED:
        retention.start(proposal, "rejected_proposal", now)
        proposal.save(update_fields=["kept_as", "kept_since", "destroy_after"])


def comments_for_author(proposal: Proposal) -> list[str]:
    """What reviewers wrote for the authors, without names: the chair's draft of the reasons."""
    return list(proposal.reviews.that_count().exclude(to_author="").values_list("to_author", flat=True))


# --- The queue --------------------------------------------------------------------------------------------


def pending_of(user: Any) -> Q:
    """Of proposals: those whose review this person still owes, the undeclared ones included."""
    done = Review.objects.handed_in().filter(
        proposal=OuterRef("pk"), reviewer=user, version__number=OuterRef("version")
    )
    seat = BodyMember.objects.standing().filter(user=user, body=OuterRef("area__body"))
    return Q(Exists(seat), ~Exists(done), state=State.IN_REVIEW)
