"""What those who registered may not know yet: an event's date, place or state has changed, and nobody was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from events.attendance import Registration, RegistrationQuerySet
from events.guests import Invitation, InvitationQuerySet
from izbaku.mail import outbox
from izbaku.mail.models import Message

if TYPE_CHECKING:
    from events.models import Event

MOMENTS, DAYS = ("starts_at", "ends_at"), ("starts_on", "ends_on")
PLACES = ("place_tr", "place_az", "place_en")
DATES = ("precision", *MOMENTS, *DAYS, "city")
WORTH_TELLING = {*DATES, "venue", "venue_id", "place", *PLACES, "state"}


@dataclass
class Was:
    """A date as it was, to be read by `times.reading`."""

    precision: str
    basis: str
    starts_on: date | None
    ends_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    city: str


class Change(models.Model):
    """The last change of an event that matters to those who registered.

    Nobody hears of it until staff have said whom to tell (`whom`); the letters then wait until `leaves_at`, and a
    change before that moment takes them back: `before` is what people know, which is as they were last told.
    """

    class Whom(models.TextChoices):
        STANDING = "standing", _("everybody who registered")
        CONFIRMED = "confirmed", _("only those whose seat is confirmed")
        NOBODY = "nobody", _("nobody")

    event = models.OneToOneField("events.Event", models.CASCADE, related_name="change")
    sequence = models.PositiveIntegerField(editable=False)
    at = models.DateTimeField(_("changed"))
    before = models.JSONField(default=dict, editable=False)
    whom = models.CharField(_("who is told"), max_length=10, choices=Whom, blank=True)
    settled_at = models.DateTimeField(_("decided"), null=True)
    leaves_at = models.DateTimeField(_("the letters leave at"), null=True)

    class Meta:
        verbose_name = _("change to be told")
        verbose_name_plural = _("changes to be told")

    def __str__(self) -> str:
        return f"{self.event_id}/{self.sequence}"

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be decided whom to tell: nobody has, or the letters have not left."""
        return self.settled_at is None or (self.leaves_at is not None and self.leaves_at > now)

    def audience(self) -> RegistrationQuerySet:
        """Who does not know it: those who registered before it and still stand."""
        return Registration.objects.standing().filter(event=self.event_id, created_at__lt=self.at)

    def guests(self) -> InvitationQuerySet:
        """Guests who know an older state: all who got an invitation before it, also who declined that evening."""
        told = Invitation.objects.told().filter(event=self.event_id, created_at__lt=self.at)
        return told.exclude(state=Invitation.State.WITHDRAWN)

    def has_audience(self) -> bool:
        return self.audience().exists() or self.guests().exists()

    @property
    def letters(self) -> models.QuerySet[Message]:
        return Message.objects.filter(dedupe_key__startswith=f"chg:{self.event_id}:{self.sequence}:")

    @property
    def has_moved(self) -> bool:
        return any(self.before.get(name) != value for name, value in facts(self.event).items() if name in DATES)

    @property
    def was(self) -> Was:
        """The date that people know."""
        at: list[Any] = [self.before[name] and datetime.fromisoformat(self.before[name]) for name in MOMENTS]
        on: list[Any] = [self.before[name] and date.fromisoformat(self.before[name]) for name in DAYS]
        return Was(self.before["precision"], "stated", on[0], on[1], at[0], at[1], self.before["city"])


def facts(event: Event) -> dict[str, Any]:
    """What people must hear of when it changes. A draft counts as taking place: hiding a page tells nobody."""
    told: dict[str, Any] = {"precision": event.precision, "city": event.city, "venue": event.venue_id}
    told |= {name: getattr(event, name) or "" for name in PLACES}
    told |= {name: _utc(getattr(event, name)) for name in MOMENTS}
    told |= {name: getattr(event, name) and getattr(event, name).isoformat() for name in DAYS}
    return told | {"state": event.state if event.state in ("postponed", "called_off") else ""}


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def note(event: Event, before: dict[str, Any]) -> None:
    """Remember that those who registered have something to be told; `before` are the facts until now.

    Letters about an earlier change that have not left are taken back: whatever is told now is told once. What
    is changed back to what people know needs no telling.
    """
    if facts(event) == before:
        return
    change = Change.objects.filter(event=event).first()
    if change is None:
        people = Registration.objects.standing().filter(event=event)
        if not people.exists() and not Invitation.objects.told().filter(event=event).exists():
            return
        change = Change(event=event, before=before)
    elif not change.is_open(event.changed_at):
        change.before = before
    else:
        outbox.cancel(change.letters, now=event.changed_at)
    if change.pk and change.before == facts(event):
        change.delete()
        return
    change.sequence, change.at = event.sequence, event.changed_at
    change.whom, change.settled_at, change.leaves_at = "", None, None
    change.save()
