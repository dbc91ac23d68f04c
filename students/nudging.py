"""Words to staff before a request is due, to others once it is late, and to all of them when somebody is to be called.

Derived from the database, whenever somebody asks: a row per request and moment keeps anybody from being told twice,
and a sweep that was down for days tells on its first run what is still true then, and only in the office's hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from izbaku.accounts.models import User
from students import casework, clock, work_mails
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case
from students.working import CaseAct, Nudge

Kind = Nudge.Kind
BEFORE = timedelta(hours=4)  # working hours
AT_ONCE = 200


def send_due(now: datetime) -> int:
    """Write what is due to be said now; returns about how many requests. Outside the office's hours nothing is."""
    if not clock.is_open(now):
        return 0
    return sum(_nudge(kind, now) for kind in (Kind.ESCALATION, Kind.REMINDER))


def call_for(case: Case, *, now: datetime) -> None:
    """Somebody in an emergency asks to be called: whoever could take it hears at once, at any hour."""
    takers = casework.holders(HANDLE_SENSITIVE) if case.is_sensitive else casework.holders(HANDLE)
    for reader in takers:
        if Case.objects.listed_for(reader).filter(pk=case.pk).exists():
            work_mails.called_for(case, reader, now=now)


def waiting(kind: str, now: datetime) -> QuerySet[Case]:
    """Requests of which this is still to be said for the moment at which they are due."""
    said = Nudge.objects.filter(case=OuterRef("pk"), kind=kind, due_at=OuterRef("due_at"))
    rows = Case.objects.open().filter(~Exists(said), due_at__isnull=False)
    if kind == Kind.ESCALATION:
        return rows.filter(due_at__lte=now)
    return rows.filter(due_at__gt=now, due_at__lte=clock.after(now, BEFORE))


def _nudge(kind: str, now: datetime) -> int:
    said = 0
    keys = waiting(kind, now).order_by("due_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    for key in list(keys):
        with transaction.atomic():
            case = Case.objects.select_for_update(of=("self",)).select_related("assigned_to").get(pk=key)
            # Two sweeps at once: the second finds it said.
            if case.due_at is None or not waiting(kind, now).filter(pk=key).exists():
                continue
            nudge = Nudge.objects.create(case=case, kind=kind, due_at=case.due_at, at=now)
            if kind == Kind.ESCALATION:
                casework.log(case, CaseAct.What.ESCALATED, now=now)
            for reader in readers(case, kind):
                work_mails.nudged(nudge, reader, now=now)
            said += 1
    return said


def readers(case: Case, kind: str) -> Iterable[User]:
    """Before it is due, whoever has it; of one that nobody has, and of one that is late, also those who oversee
    requests, or everybody who could take it. Never somebody who may not see at least its line."""
    chosen: dict[int, User] = {}
    if case.assigned_to:
        chosen[case.assigned_to.pk] = case.assigned_to
    if kind == Kind.ESCALATION or not chosen:
        for reader in _others(case):
            chosen[reader.pk] = reader
    return [reader for reader in chosen.values() if Case.objects.listed_for(reader).filter(pk=case.pk).exists()]


def _others(case: Case) -> QuerySet[User]:
    """Of those with the role, a sensitive one's line is shown to whoever oversees as well, or when nobody has it."""
    if case.is_sensitive:
        return casework.holders(HANDLE_SENSITIVE)
    overseers = casework.holders(OVERSEE)
    return overseers if overseers.exists() else casework.holders(HANDLE)
