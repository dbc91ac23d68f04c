"""Letters to guests: each in the guest's language, or in two. The round that invites them is composed by the staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from events.changes import Change
from events.courtesies import said_in, whom_to_call
from events.entries import personal_entry
from events.guests import Invitation
from events.mails import GUEST_REMINDER
from events.models import Event
from events.moments import Reminder
from izbaku import times
from izbaku.mail.kinds import CalendarPart, Kind, Letter, Rank, WhenUncertain, in_one, register
from izbaku.mail.models import Message

State = Invitation.State
PARTSTAT = {State.SILENT: "NEEDS-ACTION", State.COMING: "ACCEPTED", State.PROXY: "ACCEPTED"}


def invitation_of(message: Message) -> Invitation | None:
    found = Invitation.objects.select_related("event__venue", "guest")
    return found.filter(pk=message.payload.get("invitation")).first()


def calendar_part(invitation: Invitation, method: str, language: str) -> CalendarPart | None:
    """The event as an entry of this guest's calendar, which can answer it; nothing where the date is vague."""
    with translation.override(language):
        return personal_entry(
            invitation.event,
            method,
            uid=invitation.uid,
            attendee=invitation.email,
            sequence=invitation.sequence,
            partstat=PARTSTAT.get(State(invitation.state), "DECLINED"),
        )


def letter(name: str, invitation: Invitation, *, method: str = "", **more: Callable[[str], Any]) -> Letter:
    """`templates/events/mail/<name>.txt` in each of the guest's languages, one below the other: subjects first.

    `more` are words that each language has of its own.
    """
    contact = whom_to_call(invitation.event)
    said = {}
    for language in invitation.guest.languages:
        with translation.override(language):
            about = said_in(invitation, language, contact=contact) | {
                "invitation": invitation,
                "event_state": invitation.event.state,
                "event_url": settings.SITE_ADDRESS + reverse("events:event", args=[invitation.event.slug]),
            }
            about |= {key: words(language) for key, words in more.items()}
            subject, _newline, body = render_to_string(f"events/mail/{name}.txt", about).strip().partition("\n")
        said[language] = (subject.strip(), body.strip())
    return in_one(said, calendar_part(invitation, method, invitation.guest.language) if method else None)


def _is_shown(invitation: Invitation | None, now: datetime) -> bool:
    """Of an event that was taken back to draft a letter would tell what the draft says now."""
    return invitation is not None and invitation.event.is_public(now) and invitation.state != State.WITHDRAWN


def _is_current(message: Message, now: datetime) -> bool:
    """The answer is still the one of which it tells, to an event that may take place."""
    invitation = invitation_of(message)
    if not _is_shown(invitation, now) or invitation is None:
        return False
    return invitation.version == message.payload.get("version") and invitation.event.state != Event.State.CALLED_OFF


def _answered(message: Message) -> Letter:
    invitation = invitation_of(message)
    assert invitation is not None
    if invitation.state in Invitation.COMING:
        return letter("guest_comes", invitation, method="REQUEST")
    return letter("guest_stays_away", invitation, method="CANCEL" if _has_the_entry(invitation) else "")


def _has_the_entry(invitation: Invitation) -> bool:
    """Whether an entry for the calendar may have reached them: only that can be taken out of it again."""
    keys = [f"ans:{invitation.pk}:{version}" for version in range(1, invitation.version)]
    invited = Q(dedupe_key__startswith=f"inv:{invitation.event_id}:{invitation.pk}:")
    return (
        Message.objects.filter(Q(dedupe_key__in=keys) | invited)
        .filter(state__in=(Message.State.SENT, Message.State.UNCERTAIN))
        .exists()
    )


def _too_late(message: Message) -> Letter:
    invitation = invitation_of(message)
    assert invitation is not None
    return letter("guest_too_late", invitation)


def _is_told(message: Message, now: datetime) -> bool:
    """About the last change of the event, unless the staff have said that nobody is told."""
    invitation = invitation_of(message)
    if not _is_shown(invitation, now) or invitation is None:
        return False
    change = Change.objects.filter(event=invitation.event, sequence=message.payload.get("sequence")).first()
    return change is not None and change.whom != Change.Whom.NOBODY


def _changed(message: Message) -> Letter:
    invitation = invitation_of(message)
    assert invitation is not None
    change = Change.objects.filter(event=invitation.event).first()
    has_moved = change is not None and change.has_moved

    def was(language: str) -> Any:
        return times.reading(change.was, language) if change is not None and has_moved else None

    asks = invitation.state in Invitation.STANDING and invitation.event.state == Event.State.PUBLIC
    return letter("guest_changed", invitation, method="REQUEST" if asks else "", was=was)


def _called_off(message: Message) -> Letter:
    invitation = invitation_of(message)
    assert invitation is not None
    return letter("guest_called_off", invitation, method="CANCEL" if _has_the_entry(invitation) else "")


def _is_due(message: Message, now: datetime) -> bool:
    """To a guest who comes, to an event that reminds its guests and takes place at the time of which it reminds."""
    invitation = invitation_of(message)
    if not _is_shown(invitation, now) or invitation is None or invitation.state not in Invitation.COMING:
        return False
    moment = Reminder.objects.filter(pk=message.payload.get("reminder"), is_on=True).first()
    is_right = moment is not None and moment.at == datetime.fromisoformat(message.payload["at"])
    policy = getattr(invitation.event, "invitation_policy", None)
    return bool(is_right and policy and policy.reminds_guests and invitation.event.state == Event.State.PUBLIC)


def _reminder(message: Message) -> Letter:
    invitation = invitation_of(message)
    assert invitation is not None
    return letter("guest_reminder", invitation)


AGAIN = WhenUncertain.AGAIN
register(Kind("invitation_answered", _answered, _is_current, when_uncertain=AGAIN, label=_("Answer to an invitation")))
register(
    Kind("invitation_too_late", _too_late, _is_current, when_uncertain=AGAIN, label=_("Answer that came too late"))
)
register(Kind("invitation_changed", _changed, _is_told, when_uncertain=AGAIN, label=_("Event changed, to guests")))
register(
    Kind("invitation_called_off", _called_off, _is_told, when_uncertain=AGAIN, label=_("Event called off, to guests"))
)
register(Kind(GUEST_REMINDER, _reminder, _is_due, is_optional=True, rank=Rank.REMINDER, label=_("Reminder to a guest")))
