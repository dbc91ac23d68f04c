"""The table of moves: from, to, who may, what must be there, what is written to whom.

`history.move` makes them, and nothing else changes a state. Guards and people stand in `guards.py`, letters in
`mails.py`. Two moves have an activity that does what belongs to them first: `submit` is called by `submission.submit`,
`take_up` by `taking_in.take_up`. What was only reported is submitted by whom `inviting.take_on` has asked to write it.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from izbaku.history import Move, Moves
from izbaku.privacy import retention
from proposals import guards, mails
from proposals.states import State

# Those that end without becoming anything are not kept for ever.
KEPT_AS = {State.REJECTED: "rejected_proposal", State.WITHDRAWN: "withdrawn_proposal"}


def shown(proposal: Any, step: Any) -> None:
    """What follows when others see the move: the day of the stage, how long it is kept, and letters."""
    proposal.stage_at = step.at
    if kept_as := KEPT_AS.get(step.after):
        retention.start(proposal, kept_as, step.at)
    proposal.save(update_fields=["stage_at", "kept_as", "kept_since", "destroy_after"])
    mails.of_step(proposal, step)


MOVES = Moves(
    # The author's side
    Move("submit", (State.RECORDED, State.DRAFT, State.CHANGES_ASKED), State.SUBMITTED, pgettext_lazy("move", "Submit"),
         who=guards.author, guard=guards.complete, letter=shown),
    Move("withdraw",
         (State.SUBMITTED, State.CHANGES_ASKED, State.IN_REVIEW, State.DECIDED, State.DEFERRED, State.ACCEPTED),
         State.WITHDRAWN, pgettext_lazy("move", "Withdraw"), who=guards.author, letter=shown,
         needs_reason=True),
    # The secretariat takes in
    Move("take_up", (State.SUBMITTED,), State.IN_REVIEW, _("Start the review"),
         who=guards.office, guard=guards.listed, letter=shown),
    Move("ask_changes", (State.SUBMITTED, State.IN_REVIEW), State.CHANGES_ASKED, _("Ask for changes"),
         who=guards.office_or_chair, letter=shown, needs_reason=True),
    Move("refuse", (State.SUBMITTED,), State.REJECTED, _("Turn down before the review"),
         who=guards.office, letter=shown, needs_reason=True),
    # The committee decides; nobody outside learns of it
    Move("decide", (State.IN_REVIEW,), State.DECIDED, _("Decide"), who=guards.decider, guard=guards.decision_recorded),
    Move("reopen", (State.DECIDED,), State.IN_REVIEW, _("Take the decision back"), who=guards.decider,
         needs_reason=True),
    # The secretariat announces
    Move("announce_acceptance", (State.DECIDED,), State.ACCEPTED, _("Announce: approved"),
         who=guards.office, guard=guards.decided_as(State.ACCEPTED), letter=shown),
    Move("announce_deferral", (State.DECIDED,), State.DEFERRED, _("Announce: deferred"),
         who=guards.office, guard=guards.decided_as(State.DEFERRED), letter=shown),
    Move("announce_changes", (State.DECIDED,), State.CHANGES_ASKED, _("Announce: changes asked"),
         who=guards.office, guard=guards.decided_as(State.CHANGES_ASKED), letter=shown),
    Move("announce_rejection", (State.DECIDED,), State.REJECTED, _("Announce: not accepted"),
         who=guards.office, guard=guards.decided_as(State.REJECTED), letter=shown),
    Move("take_up_again", (State.DEFERRED,), State.IN_REVIEW, _("Review again"),
         who=guards.office, letter=shown),
    # Before the municipality
    Move("present", (State.ACCEPTED, State.NEGATIVE), State.PRESENTED, _("Presented to the municipality"),
         who=guards.office, guard=guards.handed_over, letter=shown),
    Move("answer_positive", (State.PRESENTED,), State.POSITIVE, _("The municipality agrees"),
         who=guards.office, guard=guards.answered(State.POSITIVE), letter=shown),
    Move("answer_negative", (State.PRESENTED,), State.NEGATIVE, _("The municipality declines"),
         who=guards.office, guard=guards.answered(State.NEGATIVE), letter=shown),
    # A project
    Move("start", (State.POSITIVE,), State.RUNNING, _("Start the project"),
         who=guards.office, guard=guards.has_milestones, letter=shown),
    Move("pause", (State.RUNNING,), State.PAUSED, _("Pause the project"),
         who=guards.office, letter=shown, needs_reason=True),
    Move("resume", (State.PAUSED,), State.RUNNING, _("Go on with the project"),
         who=guards.office, letter=shown),
    Move("finish", (State.RUNNING,), State.COMPLETED, _("Complete the project"),
         who=guards.office, guard=guards.milestones_done, letter=shown),
    Move("stop", (State.RUNNING, State.PAUSED), State.STOPPED, _("Stop the project"),
         who=guards.office, letter=shown, needs_reason=True),
)  # fmt: skip

# Steps of which nobody outside learns: the public line of time goes past them.
HIDDEN = ("decide", "reopen")
