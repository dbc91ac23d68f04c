"""What somebody looks after here passes to somebody else when they are let go."""

from __future__ import annotations

from django.utils import timezone

from izbaku.accounts.models import User
from izbaku.accounts.staffing import belongings
from proposals.bodies import BodyMember
from proposals.models import Proposal


def pass_on(leaver: User, heir: User) -> int:
    """All proposals at once; returns how many. A seat in a review body ends: the board gives it, nobody inherits it."""
    BodyMember.objects.standing().filter(user=leaver).update(until=timezone.now())
    return Proposal.objects.filter(responsible=leaver).update(responsible=heir)


belongings("proposals", pass_on)
