"""The secretariat takes a proposal in: it lets it into the public register, and the review begins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from izbaku import history
from proposals.models import Proposal, ProposalStep


@transaction.atomic
def take_up(proposal: Proposal, *, by: Any, now: datetime) -> ProposalStep:
    """Start the review. From here on title, summary and organisations are public: somebody has read them before.

    What was reported once is now the proposal that its authors have written.
    """
    listed = proposal.listed_at
    proposal.listed_at = listed or now
    Proposal.objects.filter(pk=proposal.pk, listed_at=None).update(listed_at=now)
    step: ProposalStep = history.move(proposal, "take_up", by=by, now=now)
    if proposal.is_reported:
        proposal.is_reported = proposal.is_on_agenda = False
        proposal.save()  # and is found by its summary
    return step
