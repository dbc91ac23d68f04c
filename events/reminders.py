"""Words before an event begins: derived from its moments each minute, never scheduled ahead.

Whoever asks twice, or three hours late, writes the same letters once: their keys are those of the moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from events import mails
from events.attendance import Registration, RegistrationQuerySet
from events.guests import Invitation, InvitationQuerySet
from events.models import Event
from events.moments import Reminder
from izbaku.mail import outbox
from izbaku.mail.outbox import Draft

LOOKED_BACK = timedelta(days=30)  # for reminders that nobody has sent in time

logger = logging.getLogger(__name__)


def send_due(now: datetime) -> int:
    """Write to everybody who is to be reminded now; returns how many letters are new.

    The programme alone is asked what is due: with nothing due, a hundred thousand registrations cost nothing.
    """
    _count_missed(now)
    reminders = list(due(now))
    if not reminders:
        return 0
    written = outbox.put_many(mails.REMINDER, _drafts(reminders), now=now)
    written += outbox.put_many(mails.GUEST_REMINDER, _drafts_to_guests(reminders), now=now)
    for reminder in reminders:
        # Taken back when the event was withdrawn, called off or moved; it takes place at that time after all.
        mails.renew_reminders(reminder, now=now)
        _done(reminder)
    return written


def due(now: datetime) -> QuerySet[Reminder]:
    """Moments that have come, that can still be made up for, and whose letters nobody has written yet."""
    has_come = Q()
    for offset, grace in Reminder.GRACE.items():
        has_come |= Q(offset=offset, at__gt=now - grace, at__lte=now)
    # What an edit has changed since is looked through once more: the event may have been hidden in between.
    return _sendable().filter(has_come, event__publish_at__lte=now).exclude(done_for=F("event__sequence"))


def those_of(reminder: Reminder) -> RegistrationQuerySet:
    """Who is reminded: those who come, and have known so since before the moment."""
    return Registration.objects.coming().filter(event=reminder.event_id, state_at__lt=reminder.at)


def guests_of(reminder: Reminder) -> InvitationQuerySet:
    """Guests who come and have said so before the moment; nobody, unless the event reminds its guests."""
    theirs = Invitation.objects.coming().filter(event=reminder.event_id, answered_at__lt=reminder.at)
    return theirs.filter(event__invitation_policy__reminds_guests=True).exclude(guest__email="")


def _sendable() -> QuerySet[Reminder]:
    rows = Reminder.objects.filter(is_on=True, set_at__lte=F("at"), event__state=Event.State.PUBLIC)
    return rows.select_related("event").order_by("at", "pk")


def _drafts(reminders: list[Reminder]) -> Iterator[Draft]:
    for reminder in reminders:
        yield from mails.reminder(reminder, those_of(reminder))


def _drafts_to_guests(reminders: list[Reminder]) -> Iterator[Draft]:
    for reminder in reminders:
        yield from mails.guest_reminder(reminder, guests_of(reminder))


def _done(reminder: Reminder, missed: int = 0) -> None:
    """So long as the moment is still the one that was looked at."""
    rows = Reminder.objects.filter(pk=reminder.pk, at=reminder.at)
    rows.update(done_for=reminder.event.sequence, missed=F("missed") + missed)


def _count_missed(now: datetime) -> None:
    """Reminders that no sweep has sent in time are never sent: a day late they only confuse. They are counted."""
    is_over = Q()
    for offset, grace in Reminder.GRACE.items():
        is_over |= Q(offset=offset, at__gt=now - grace - LOOKED_BACK, at__lte=now - grace)
    for reminder in _sendable().filter(is_over, done_for=None, event__publish_at__lte=F("at")):
        missed = those_of(reminder).count() + guests_of(reminder).count()
        _done(reminder, missed)
        if missed:
            logger.error("%d reminders (%s) of event %d came too late.", missed, reminder.offset, reminder.event_id)
