"""The requests of somebody who leaves pass to somebody else in one act."""

from __future__ import annotations

from django.utils import timezone

from izbaku.accounts.models import User
from izbaku.accounts.staffing import belongings
from students import casework
from students.models import Case
from students.working import CaseAct


def pass_on(leaver: User, heir: User) -> int:
    """All that are not over; returns how many passed. What the heir may not work on goes back into the queue, where
    those who may find it: a sensitive request never passes to somebody without the role."""
    now, passed = timezone.now(), 0
    for case in Case.objects.filter(assigned_to=leaver).exclude(state__in=Case.OVER):
        to = heir if casework.candidates(case).filter(pk=heir.pk).exists() else None
        case.assigned_to = to
        case.save(update_fields=["assigned_to"])
        what = CaseAct.What.HANDED_OVER if to else CaseAct.What.RELEASED
        casework.log(case, what, whom=to or leaver, now=now)
        passed += to is not None
    for case in Case.objects.filter(watched_by=leaver):
        case.watched_by.remove(leaver)
    return passed


belongings("students", pass_on)
