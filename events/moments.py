"""When those who come are reminded: moments on the clock of the event's city, written whenever the event is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from izbaku import times
from izbaku.mail import outbox
from izbaku.mail.models import Message
from izbaku.times import Precision

if TYPE_CHECKING:
    from events.models import Event

LATELY = timedelta(days=30)
MORNING = time(9)  # when people are reminded of a whole day, on the clock of its city


class Reminder(models.Model):
    """A moment before an event at which those who come are reminded; on for every event, with nothing to set up.

    `set_at` is when the moment was last fixed: one that had passed by then is never made up for, since moving an
    event must not write to anybody by itself.
    """

    class Offset(models.TextChoices):
        WEEK = "7d", _("7 days before")
        DAY = "1d", _("1 day before")
        HOURS = "2h", _("2 hours before")

    GRACE = {Offset.WEEK: timedelta(hours=12), Offset.DAY: timedelta(hours=6), Offset.HOURS: timedelta(minutes=75)}

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="reminders")
    offset = models.CharField(_("when"), max_length=2, choices=Offset)
    at = models.DateTimeField(_("moment"), null=True, db_index=True, editable=False)
    set_at = models.DateTimeField(null=True, editable=False)
    is_on = models.BooleanField(_("on"), default=True)
    done_for = models.PositiveIntegerField(_("of the event's sequence"), null=True, editable=False)
    missed = models.PositiveIntegerField(_("came too late"), default=0, editable=False)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["event", "offset"], name="one_reminder_an_offset")]

    def __str__(self) -> str:
        return str(self.get_offset_display())

    @property
    def last_at(self) -> datetime | None:
        """After this moment it is of no use."""
        return self.at and self.at + self.GRACE[self.Offset(self.offset)]

    @property
    def prefix(self) -> str:
        """How the keys of its letters begin."""
        return f"rem:{self.event_id}:{self.offset}:"


Offset = Reminder.Offset
DAYS = {Offset.WEEK: timedelta(days=7), Offset.DAY: timedelta(days=1)}


def begins(event: Event) -> datetime | None:
    """The time of its start, or the first moment of its day in its city; None where no day is known."""
    if event.starts_at or event.starts_on is None or event.precision != Precision.DAY:
        return event.starts_at
    return datetime.combine(event.starts_on, time.min, times.zone_of(event.city))


def of(event: Event, offset: str) -> datetime | None:
    """Days are the same time of the clock in the event's zone, whatever the clocks do in between; hours are hours.

    A whole-day event is reminded of at nine in the morning, and not by hours. A vague date has no moments.
    """
    if event.starts_at:
        if offset == Offset.HOURS:
            return event.starts_at - timedelta(hours=2)
        local = event.starts_at.astimezone(times.zone_of(event.city)).replace(tzinfo=None)
    elif event.precision == Precision.DAY and event.starts_on and offset != Offset.HOURS:
        local = datetime.combine(event.starts_on, MORNING)
    else:
        return None
    return (local - DAYS[Offset(offset)]).replace(tzinfo=times.zone_of(event.city)).astimezone(UTC)


def follow(events: Iterable[Event]) -> None:
    """Write the moments of these events anew; letters of moments that are no more are taken back."""
    events = list(events)
    there = {(row.event_id, row.offset): row for row in Reminder.objects.filter(event__in=[e.pk for e in events])}
    new, moved = [], []
    for event in events:
        for offset in Offset:
            at, row = of(event, offset), there.get((event.pk, offset))
            if row is None:
                new.append(Reminder(event=event, offset=offset, at=at, set_at=event.changed_at))
            elif row.at != at:
                outbox.cancel(Message.objects.filter(dedupe_key__startswith=row.prefix), now=event.changed_at)
                row.at, row.set_at, row.done_for = at, event.changed_at, None
                moved.append(row)
    Reminder.objects.bulk_create(new)  # whoever changes the programme holds its version: nobody else is at it
    Reminder.objects.bulk_update(moved, ["at", "set_at", "done_for"], batch_size=300)


def missed(now: datetime) -> int:
    """How many letters of the last days no sweep has written in time: of moments that had passed for too long."""
    late = Reminder.objects.filter(at__gt=now - LATELY, at__lte=now)
    return late.aggregate(sum=models.Sum("missed"))["sum"] or 0


def choose(event: Event, on: Iterable[str], *, now: datetime) -> None:
    """Keep these reminders on and the others off. One that is turned on after its moment is not made up for."""
    rows = Reminder.objects.filter(event=event)
    rows.filter(is_on=True).exclude(offset__in=on).update(is_on=False)
    rows.filter(is_on=False, offset__in=on).update(is_on=True, set_at=now)
