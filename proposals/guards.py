"""What a proposal must have before it moves on, and who of the reviewing body may move it.

The table of moves (`moves.py`) names these. Those of the author's side are complete here. Those of the committee's
side, of the dossier and of projects say here what the proposal's own tables can tell; whoever owns reviews, meetings,
dossiers and milestones puts the full condition in their place, under the same name. Nothing above is imported: a
guard asks through the related managers of the row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# --- Who may ----------------------------------------------------------------------------------------------


def author(proposal: Any, by: Any) -> bool:
    """Any of the authors who has taken part: the first one, or somebody who has accepted the invitation."""
    return bool(proposal.is_author(by))


def office(proposal: Any, by: Any) -> bool:
    """The secretariat; never for a proposal of one's own, never recused."""
    return by.has_perm("proposals.handle_proposal") and is_free(proposal, by)


def chair(proposal: Any, by: Any) -> bool:
    """Who chairs the body that reviews this area; never for a proposal of one's own, never recused."""
    return by.has_perm("proposals.decide_proposal") and proposal.is_chaired_by(by) and is_free(proposal, by)


def decider(proposal: Any, by: Any) -> bool:
    """Who chairs the body that decides on every proposal; never for one's own, never recused."""
    seats = by.review_bodies.standing().filter(is_chair=True, body__decides=True)
    return by.has_perm("proposals.decide_proposal") and seats.exists() and is_free(proposal, by)


def is_free(proposal: Any, by: Any) -> bool:
    """Neither an author of the proposal nor kept from it by a conflict of interest. Two queries."""
    return not proposal.is_author(by) and not proposal.declarations.recusing().filter(user=by).exists()


def office_or_chair(proposal: Any, by: Any) -> bool:
    return office(proposal, by) or chair(proposal, by)


# --- What must be there -----------------------------------------------------------------------------------


def complete(proposal: Any) -> None:
    """There is a version that was checked and frozen for this submission (`submission.submit` does both)."""
    if not proposal.versions.filter(number=proposal.version, submitted_at__isnull=False).exists():
        raise ValidationError(_("The proposal is not complete yet."), code="incomplete")


def listed(proposal: Any) -> None:
    """It has been let into the public register (`taking_in.take_up` does both): nobody's words are public unread."""
    if proposal.listed_at is None:
        raise ValidationError(_("Let it into the register first."), code="unlisted")


def decision_recorded(proposal: Any) -> None:
    """For `decide`: a decision with its number waits to be announced (`review.decide` has asked for the quorum)."""
    if not proposal.decisions.unannounced().exists():
        raise ValidationError(_("Nothing has been decided in a meeting."), code="undecided")


def decided_as(outcome: str) -> Callable[[Any], None]:
    """For the announcing moves: what is announced is what was decided. `outcome` is the state that it leads to."""

    def guard(proposal: Any) -> None:
        decision = proposal.decisions.unannounced().first()
        if decision is None or decision.outcome != outcome:
            raise ValidationError(_("Something else was decided."), code="other")

    return guard


def handed_over(proposal: Any) -> None:
    """For `present`: the last dossier that holds it was handed over, and has no answer yet."""
    item = proposal.dossiers.order_by("-pk").first()
    if item is None or item.answered_on is not None or not item.dossier.was_handed_over:
        raise ValidationError(_("Record first that the dossier was handed over."), code="unhanded")


def answered(outcome: str) -> Callable[[Any], None]:
    """For the municipality's answers: the last dossier that holds it has that answer, positive or negative.

    What was presented before the portal was there, as reported, has no dossier: the step's reason says how it was
    answered (`presentation.answer_reported`).
    """

    def guard(proposal: Any) -> None:
        item = proposal.dossiers.order_by("-pk").first()
        if item is None and proposal.is_reported:
            return
        if item is None or item.answer != outcome:
            raise ValidationError(_("Record the answer of the municipality first."), code="unanswered")

    return guard


def has_milestones(proposal: Any) -> None:
    """For `start`: everybody can see where it is going."""
    if not proposal.milestones.exists():
        raise ValidationError(_("Enter at least one milestone first."), code="no_milestones")


def milestones_done(proposal: Any) -> None:
    """For `finish`: every milestone was reached or dropped."""
    if proposal.milestones.filter(state__in=("planned", "under_way")).exists():
        raise ValidationError(_("Some milestones are still open: mark them as reached or dropped."), code="open")
