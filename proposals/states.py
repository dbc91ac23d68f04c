"""The states of a proposal, and the word the public reads for each.

A state is what the association knows; a *stage* is what is shown. What is decided and not announced shows as in
review, in every list, count, feed and letter.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    RECORDED = "recorded", _("Reported in the press")
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", pgettext_lazy("proposal", "Received")
    CHANGES_ASKED = "changes_asked", _("Changes asked")
    IN_REVIEW = "in_review", _("In review")
    DECIDED = "decided", _("Decided, not announced")
    DEFERRED = "deferred", _("Deferred")
    REJECTED = "rejected", pgettext_lazy("proposal", "Not accepted")
    ACCEPTED = "accepted", _("Approved by the association")
    PRESENTED = "presented", _("Presented to the municipality")
    POSITIVE = "positive", _("Municipality: positive")
    NEGATIVE = "negative", _("Municipality: negative")
    RUNNING = "running", _("Project running")
    PAUSED = "paused", _("Project paused")
    COMPLETED = "completed", _("Project completed")
    STOPPED = "stopped", _("Project stopped")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PRIVATE = (State.DRAFT, State.REJECTED)  # only for its authors (and those who decided)
PUBLIC = tuple(state for state in State if state not in PRIVATE)
PROJECT = (State.RUNNING, State.PAUSED, State.COMPLETED, State.STOPPED)
# The whole text is public once the association stands behind it; until then title, summary and organisations are.
OPEN = (State.ACCEPTED, State.PRESENTED, State.POSITIVE, State.NEGATIVE, *PROJECT)
# Where a partner can still join.
SEEKING = tuple(
    state for state in PUBLIC if state not in (State.NEGATIVE, State.COMPLETED, State.STOPPED, State.WITHDRAWN)
)
# Who was asked to write what the press reported does so while it is shown as reported.
WITH_THE_AUTHOR = (State.RECORDED, State.DRAFT, State.CHANGES_ASKED)
UNDER_REVIEW = (State.IN_REVIEW, State.DECIDED)
# What a visitor may choose in the register, in the order of a proposal's life.
STAGES = tuple(state for state in PUBLIC if state != State.DECIDED)


def stage_of(state: str) -> State:
    """What is shown of a state to everybody but those who decide."""
    return State.IN_REVIEW if state == State.DECIDED else State(state)


def states_of(stage: str) -> tuple[State, ...]:
    """The states that show as this stage."""
    return tuple(state for state in PUBLIC if stage_of(state) == stage)
