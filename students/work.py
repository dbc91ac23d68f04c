"""What of the requests waits for whom: the questions that the desk counts and the queue filters by.

Each is asked of `Case.objects.listed_for(user)`: nobody learns even the number of what they may not see.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from students import casework, clock, nudging
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case, CaseQuerySet, CaseStep, rights_of
from students.topics import Helpline, Topic

NAMES = {
    "late": _("requests of students are late"),
    "due": _("requests of students are due soon"),
    "mine": _("requests of students are yours and wait for you"),
    "unassigned": _("requests of students belong to nobody yet"),
    "waiting": _("requests wait for their student or for others"),
    "silent": _("requests have waited for their student for a month: ask again, or resolve them"),
    "watched": _("requests that you watch"),
}
SILENT = timedelta(days=30)
STAND_STILL = (Case.State.WAITING_STUDENT, Case.State.WAITING_OTHERS)


def question(name: str, user: Any, now: datetime) -> Q:
    """The requests that wait for this; the name is one of `NAMES`."""
    if name == "late":
        return Q(state__in=Case.OPEN, due_at__lte=now)
    if name == "due":
        return Q(state__in=Case.OPEN, due_at__gt=now, due_at__lte=clock.after(now, nudging.BEFORE))
    if name == "mine":
        return Q(state__in=Case.OPEN, assigned_to=user) & ~Q(state=Case.State.WAITING_STUDENT)
    if name == "unassigned":
        return Q(state__in=Case.OPEN, assigned_to=None)
    if name == "silent":  # what is never closed is never destroyed either
        moved = CaseStep.objects.filter(of_id=OuterRef("pk"), at__gt=now - SILENT)
        return Q(~Exists(moved), state=Case.State.WAITING_STUDENT)
    if name == "watched":
        watched = Case.watched_by.through.objects.filter(case_id=OuterRef("pk"), user_id=user.pk)
        return Q(Exists(watched), state__in=Case.OPEN)
    return Q(state__in=STAND_STILL)


def lines_without_a_number() -> int:
    """Whom a student in need cannot call, because nobody has entered the number."""
    return without_a_number(Helpline._default_manager.all()).count()


def without_a_number(lines: models.QuerySet[Any]) -> models.QuerySet[Any]:
    return lines.filter(phone="")


GAPS = {
    "unheard": _("nobody has the role to answer students’ requests"),
    "alone": _("nobody oversees sensitive requests: a late one reaches no second person"),
}


def gaps() -> list[str]:
    """Where a request would reach nobody, by the names of `GAPS`: students can ask and nobody has the role to answer;
    or a late sensitive one is seen, beside whoever has it, by nobody who holds that role and oversees as well."""
    asked = set(Topic.objects.offered().values_list("is_sensitive", flat=True))
    found = []
    if asked and not casework.holders(HANDLE).exists():
        found.append("unheard")
    overseeing = casework.holders(OVERSEE).values("pk")
    if True in asked and not casework.holders(HANDLE_SENSITIVE).filter(pk__in=overseeing).exists():
        found.append("alone")
    return found


def works_here(user: Any) -> bool:
    return bool(rights_of(user) & {HANDLE, HANDLE_SENSITIVE, OVERSEE})


def counts(user: Any, now: datetime, cases: CaseQuerySet | None = None) -> dict[str, int]:
    """How many wait for each, by one question to the database."""
    listed = Case.objects.listed_for(user) if cases is None else cases
    rows = Case.objects.filter(pk__in=listed.values("pk"), state__in=Case.OPEN)
    return rows.aggregate(**{name: Count("pk", filter=question(name, user, now)) for name in NAMES})
