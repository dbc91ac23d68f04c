"""What somebody looks after here passes to somebody else when they are let go."""

from __future__ import annotations

from events.models import Event
from izbaku.accounts.models import User
from izbaku.accounts.staffing import belongings


def pass_on(leaver: User, heir: User) -> int:
    """All events at once; returns how many."""
    return Event.objects.filter(responsible=leaver).update(responsible=heir)


belongings("events", pass_on)
