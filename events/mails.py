"""Letters of the programme: what is written when, and to whom. The words are made just before a letter leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from events import moments
from events.attendance import Registration, RegistrationQuerySet
from events.changes import Change
from events.guests import Invitation, InvitationQuerySet
from events.models import Event
from events.moments import Reminder
from izbaku.mail import kinds, outbox
from izbaku.mail.models import Message
from izbaku.mail.outbox import Draft

# Which letter says what became of a registration.
LETTER_OF = {
    Registration.State.PENDING: "registration_received",
    Registration.State.CONFIRMED: "registration_confirmed",
    Registration.State.WAITING: "registration_waiting",
    Registration.State.OFFERED: "registration_offered",
    Registration.State.REJECTED: "registration_rejected",
    Registration.State.DECLINED: "registration_cancelled",
    Registration.State.LAPSED: "registration_lapsed",
    Registration.State.CANCELLED: "registration_cancelled",
}
AGAIN_AT_MOST_EVERY = timedelta(hours=1)
ONE_TRY = timedelta(minutes=1)  # a double click, two tabs: whoever sends the form twice asks once
REMINDER, GUEST_REMINDER = "event_reminder", "invitation_reminder"
PIECE = 2000  # registrations read at once


def of_state(registration: Registration, *, now: datetime) -> Message | None:
    """Say what the registration is now; once per version of it."""
    return _put(registration, f"conf:{registration.pk}:{registration.version}", now)


def unwritten() -> RegistrationQuerySet:
    """Registrations that were never told what they are now; each is a mistake of ours."""
    key = Concat(Value("conf:"), Cast(OuterRef("pk"), CharField()), Value(":"), Cast(OuterRef("version"), CharField()))
    return Registration.objects.exclude(Exists(Message.objects.order_by().filter(dedupe_key=key)))


def again(registration: Registration, *, now: datetime) -> Message | None:
    """Say the same once more, because somebody asked again; at most once an hour, and not to a double click."""
    if now < registration.state_at + ONE_TRY:
        return None
    hour = int(now.timestamp() // AGAIN_AT_MOST_EVERY.total_seconds())
    return _put(registration, f"again:{registration.pk}:{registration.version}:{hour}", now)


def _put(registration: Registration, key: str, now: datetime) -> Message | None:
    return outbox.put(
        LETTER_OF[Registration.State(registration.state)],
        key=key,
        to=registration.email,
        language=registration.language,
        payload={"registration": registration.pk, "version": registration.version},
        now=now,
        expires_at=registration.offered_until,
    )


def event_changed(change: Change, *, now: datetime, due_at: datetime) -> int:
    """Tell those whom staff have chosen, once per change; returns how many letters leave then.

    Letters that were taken back in the meantime are wanted again.
    """
    told = change.audience()
    if change.whom == Change.Whom.CONFIRMED:
        told = told.coming()
    kind = "event_called_off" if change.event.state == Event.State.CALLED_OFF else "event_changed"
    drafts = (
        Draft(
            key=f"chg:{change.event_id}:{change.sequence}:{key}",
            to=email,
            language=language,
            payload={"registration": key, "sequence": change.sequence},
        )
        for key, email, language in _in_pieces(told)
    )
    written = outbox.put_many(kind, drafts, now=now, due_at=due_at)
    written += outbox.put_many(kind.replace("event_", "invitation_"), _to_guests(change), now=now, due_at=due_at)
    return written + outbox.renew(change.letters, due_at=due_at, expires_at=due_at + kinds.get(kind).lives)


def _to_guests(change: Change) -> Iterator[Draft]:
    for key, email, language in _guests_in_pieces(change.guests()):
        yield Draft(
            key=f"chg:{change.event_id}:{change.sequence}:g{key}",
            to=email,
            language=language,
            payload={"invitation": key, "sequence": change.sequence},
        )


def guest_reminder(reminder: Reminder, invitations: InvitationQuerySet) -> Iterator[Draft]:
    """The same for guests who come, where the event reminds its guests at all."""
    assert reminder.at is not None
    at = reminder.at.astimezone(UTC)
    for key, email, language in _guests_in_pieces(invitations):
        yield Draft(
            key=f"{reminder.prefix}{at:%Y%m%dT%H%M%S}:g{key}",
            to=email,
            language=language,
            payload={"invitation": key, "reminder": reminder.pk, "at": at.isoformat()},
            expires_at=_of_use_until(reminder),
        )


def reminder(reminder: Reminder, registrations: RegistrationQuerySet) -> Iterator[Draft]:
    """What reminds these people, one after the other; its key is the moment's, so that nobody is reminded twice."""
    assert reminder.at is not None
    at = reminder.at.astimezone(UTC)
    for key, email, language in _in_pieces(registrations):
        yield Draft(
            key=f"{reminder.prefix}{at:%Y%m%dT%H%M%S}:{key}",
            to=email,
            language=language,
            payload={"registration": key, "reminder": reminder.pk, "at": at.isoformat()},
            expires_at=_of_use_until(reminder),
        )


def renew_reminders(reminder: Reminder, *, now: datetime) -> int:
    """Let those that were taken back leave after all; returns how many."""
    assert reminder.at is not None
    prefix = f"{reminder.prefix}{reminder.at.astimezone(UTC):%Y%m%dT%H%M%S}:"
    letters = Message.objects.filter(dedupe_key__startswith=prefix)
    return outbox.renew(letters, due_at=now, expires_at=_of_use_until(reminder))


def _of_use_until(reminder: Reminder) -> datetime:
    """Never after the start, and not when it has become an odd hour for it."""
    begins, last_at = moments.begins(reminder.event), reminder.last_at
    assert begins is not None
    assert last_at is not None
    return min(begins, last_at)


# --- Guests -----------------------------------------------------------------------------------------------


def invitation_answered(invitation: Invitation, *, now: datetime) -> Message | None:
    """Say what the answer is now; once per version of it. Who has no address hears it from those who call."""
    return _to_guest("invitation_answered", invitation, f"ans:{invitation.pk}:{invitation.version}", now)


def invitation_too_late(invitation: Invitation, *, now: datetime) -> Message | None:
    """Say that an answer could not be counted, and whom to call; at most once a day."""
    return _to_guest("invitation_too_late", invitation, f"late:{invitation.pk}:{now:%Y%m%d}", now)


def _to_guest(kind: str, invitation: Invitation, key: str, now: datetime) -> Message | None:
    if not invitation.email:
        return None
    return outbox.put(
        kind,
        key=key,
        to=invitation.email,
        language=invitation.guest.language,
        payload={"invitation": invitation.pk, "version": invitation.version},
        now=now,
    )


def _guests_in_pieces(invitations: InvitationQuerySet) -> Iterator[tuple[int, str, str]]:
    """Those who have an address, one after the other."""
    last = 0
    rows = invitations.exclude(guest__email="").order_by("pk").values_list("pk", "guest__email", "guest__language")
    while piece := list(rows.filter(pk__gt=last)[:PIECE]):
        yield from piece
        last = piece[-1][0]


def _in_pieces(registrations: RegistrationQuerySet) -> Iterator[tuple[int, str, str]]:
    """One after the other, read piece by piece: a hundred thousand take no more memory than one piece."""
    last = 0
    rows = registrations.order_by("pk").values_list("pk", "email", "language")
    while piece := list(rows.filter(pk__gt=last)[:PIECE]):
        yield from piece
        last = piece[-1][0]
