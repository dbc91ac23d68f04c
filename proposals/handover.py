"""What somebody looks after here passes to somebody else when they are let go."""

from __future__ import annotations

from izbaku.accounts.models import User
from izbaku.accounts.staffing import belongings
from proposals.models import Proposal


def pass_on(leaver: User, heir: User) -> int:
    """All proposals at once; returns how many. A seat in a review body is given by the board, never inherited."""
    return Proposal.objects.filter(responsible=leaver).update(responsible=heir)


belongings("proposals", pass_on)
