"""Telling those who registered what became of an event. Staff say whom; until then nobody hears anything.

The letters wait for half an hour, so that what is corrected meanwhile is told with it: a further change takes them
back and asks again, and in the end people read one letter about the last state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Count, Value, When
from django.utils.translation import gettext as _

from events import mails, moments
from events.attendance import Registration
from events.changes import Change
from events.models import Event
from izbaku.mail import outbox

MERGED_FOR = timedelta(minutes=30)
URGENT = timedelta(days=1)  # before the start: then nobody should wait for corrections

Whom = Change.Whom


def change_of(event: Event, now: datetime) -> Change | None:
    """The change of which it can still be decided whom to tell, where there is somebody to tell."""
    change = Change.objects.filter(event=event).select_related("event").first()
    if change is None or not change.is_open(now) or not event.is_public(now):
        return None
    return change if change.has_audience() else None


def to_be_decided(events: Iterable[Event], now: datetime) -> list[Event]:
    """Those of these events of which nobody has said yet whom to tell."""
    found = ((event, change_of(event, now)) for event in events)
    return [event for event, change in found if change and change.settled_at is None]


GUESTS = "guests"  # who got an invitation is told with either


def audience(events: Iterable[Event]) -> dict[str, Counter[str]]:
    """How many would be told, by whom one chooses and by language; guests without an address are under ""."""
    numbers: dict[str, Counter[str]] = {Whom.STANDING: Counter(), Whom.CONFIRMED: Counter()}
    for change in Change.objects.filter(event__in=events):
        spoken = Case(When(guest__email="", then=Value("")), default="guest__language")
        guests = change.guests().order_by().annotate(spoken=spoken).values_list("spoken")
        if reached := dict(guests.annotate(n=Count("pk"))):
            numbers.setdefault(GUESTS, Counter()).update(reached)
        rows = change.audience().order_by().values_list("language", "state").annotate(n=Count("pk"))
        for language, state, n in rows:
            numbers[Whom.STANDING][language] += n
            if state == Registration.State.CONFIRMED:
                numbers[Whom.CONFIRMED][language] += n
    return numbers


def is_urgent(event: Event, now: datetime) -> bool:
    """Whether it begins, or was to begin, within a day."""
    change = Change.objects.filter(event=event).first()
    starts = [moments.begins(event), change.was.starts_at if change else None]
    return any(at and now < at < now + URGENT for at in starts)


@transaction.atomic
def tell(event: Event, *, whom: str, now: datetime, at_once: bool = False) -> int:
    """Write to these people about the last change, or to nobody; returns how many letters will leave.

    It can be decided anew until the letters have left; whoever has been told is not told again.
    """
    change = Change.objects.select_for_update(of=("self",)).filter(event=event).select_related("event").first()
    if change is None or not change.is_open(now):
        raise ValidationError(_("There is no change that somebody has not been told of."), code="told")
    outbox.cancel(change.letters, now=now)
    change.whom, change.settled_at, change.leaves_at = whom, now, None
    written = 0
    if whom != Whom.NOBODY:
        change.leaves_at = now if at_once else now + MERGED_FOR
        written = mails.event_changed(change, now=now, due_at=change.leaves_at)
    change.save()
    return written
