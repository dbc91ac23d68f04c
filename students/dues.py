"""When a request is due: what was promised for its priority, by the office's clock, never later than its own deadline.

Nothing is remembered but the moment itself: it follows from the steps of the request, its priority and its deadline,
so that it can be worked out anew at any time.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import transaction

from izbaku import times
from students import clock
from students.models import Case
from students.working import AnswerTime

State, Priority = Case.State, Case.Priority
STANDS_STILL = (State.WAITING_STUDENT,)
RUNNING = tuple(state for state in Case.OPEN if state not in STANDS_STILL)
# How near a student's own deadline raises the priority, in days.
NEAR = {Priority.URGENT: 7, Priority.HIGH: 21}
WITHOUT_A_PROMISE = timedelta(hours=40)


def wind(case: Case, *, now: datetime) -> None:
    """Set anew when the request is due (None while the clock stands still), and raise its priority as its deadline
    comes near. Call it beside every move; whoever forgets is made up for by the next sweep."""
    wanted = by_deadline(case.deadline_on, times.today(now))
    priority = min(case.priority, wanted) if wanted else case.priority
    due_at = moment(case, priority=priority, now=now)
    if (due_at, priority) != (case.due_at, case.priority):
        case.due_at, case.priority = due_at, priority
        case.save(update_fields=["due_at", "priority"])


def moment(case: Case, *, priority: int, now: datetime) -> datetime | None:
    if case.state not in RUNNING:
        return None
    since, pauses = _since(case)
    due = clock.due(since, _promised(priority), pauses)
    if due is None or case.deadline_on is None:
        return due
    # In time for the student to act on it: on the last working day before the deadline.
    return min(due, max(last_working_moment_before(case.deadline_on), since))


def by_deadline(deadline_on: date | None, today: date) -> int | None:
    """The priority that a deadline asks for; None when it asks for none."""
    if deadline_on is None:
        return None
    days = (deadline_on - today).days
    return next((int(priority) for priority, near in NEAR.items() if days <= near), None)


def last_working_moment_before(day: date) -> datetime:
    """When the office closes on the last day before that on which it opens."""
    before = day
    for _each in range(clock.FURTHEST):
        before -= timedelta(days=1)
        if hours := clock.hours_of(before):
            return hours[1]
    return datetime.combine(day, time.min, times.zone_of(""))


def repair(now: datetime) -> int:
    """Wind the clocks that run without a moment, or have one though they stand still, and those whose deadline has
    come near meanwhile; returns how many."""
    lost = Case.objects.filter(state__in=RUNNING, due_at=None)
    lost |= Case.objects.filter(due_at__isnull=False).exclude(state__in=RUNNING)
    today = times.today(now)
    for priority, near in NEAR.items():
        too_low = {"priority__gt": priority, "deadline_on__lte": today + timedelta(days=near)}
        lost |= Case.objects.filter(state__in=Case.OPEN, **too_low)
    keys = list(lost.order_by("pk").values_list("pk", flat=True)[:500])
    for key in keys:
        with transaction.atomic():
            wind(Case.objects.select_for_update().get(pk=key), now=now)
    return len(keys)


def _since(case: Case) -> tuple[datetime, list[clock.Pause]]:
    """From when on the clock runs (asked, or opened again), and when it stood still since."""
    since, stopped = case.created_at, None
    pauses: list[clock.Pause] = []
    for step in case.steps.all():
        if step.move == "reopen":
            since, pauses, stopped = step.at, [], None
            continue
        if step.after in STANDS_STILL and stopped is None:
            stopped = step.at
        elif step.after not in STANDS_STILL and stopped is not None:
            pauses.append((stopped, step.at))
            stopped = None
    if stopped is not None:
        pauses.append((stopped, None))
    return since, pauses


def _promised(priority: int) -> timedelta:
    hours = AnswerTime.objects.filter(priority=priority).values_list("hours", flat=True).first()
    return timedelta(hours=hours) if hours else WITHOUT_A_PROMISE
