"""How a guest is addressed, and what every invitation says, in the guest's own language.

The same words stand in letters, on cards, on the page and in what staff copy into a message.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import moments
from events.guests import Guest, Invitation, InvitationPolicy
from events.models import Event
from izbaku import times
from izbaku.text import sendable


def policy_of(event: Event) -> InvitationPolicy:
    """How this event invites; one that nobody has set has no row yet."""
    return InvitationPolicy.objects.filter(event=event).first() or InvitationPolicy(event=event)


def whom_to_call(event: Event) -> str:
    """Name and telephone as a guest reads them: the event's own, or else the association's."""
    contact = settings.CONTACT
    return policy_of(event).contact or ", ".join(filter(None, (contact["name"], contact["phone"] or contact["email"])))


def deadline(invitation: Invitation) -> datetime | None:
    """Until when a guest may answer; None where no day is known."""
    ends = (invitation.answer_until, moments.begins(invitation.event))
    return min((moment for moment in ends if moment), default=None)


def greeting(guest: Guest, language: str) -> str:
    """`Sayın Prof. Dr. Ad Soyad`. The salutation that staff wrote belongs to the guest's first language."""
    with translation.override(language):
        own = guest.salutation if language == guest.language else ""
        usual = _("Dear")
        return sendable(f"{own or usual} {guest.called}")


def own_address(invitation: Invitation, language: str) -> str:
    """Where the guest answers; whoever has it answers for them."""
    with translation.override(language):
        return settings.SITE_ADDRESS + reverse("events:invitation", args=[invitation.code])


def said_in(invitation: Invitation, language: str, *, contact: str | None = None) -> dict[str, str]:
    """What stands in the places of a text, as plain text. Only what staff have written, never what a guest has."""
    event, guest, until = invitation.event, invitation.guest, deadline(invitation)
    with translation.override(language):
        reading = times.reading(event, language)
        n = invitation.companions_allowed
        return {
            "greeting": greeting(guest, language),
            "guest": sendable(guest.called),
            "office": sendable(guest.office),
            "organisation": sendable(guest.organisation),
            "event": sendable(event.title),
            "date": reading.days,
            "times": reading.times,
            "place": sendable(event.where or (times.city_name(event.city, language) if event.city else "")),
            "companions": ngettext(
                "You may bring %(n)d companion.", "You may bring %(n)d companions.", n
            ) % {"n": n} if n else "",
            "deadline": times.moment(until, event.city, language) if until else "",
            "contact": whom_to_call(event) if contact is None else contact,
            "link": own_address(invitation, language),
        }  # fmt: skip


def message(invitation: Invitation, *, contact: str | None = None) -> str:
    """What staff copy into a message of their own (WhatsApp, SMS): short, with the guest's link, in each language."""
    return "\n\n".join(_message(invitation, language, contact) for language in invitation.guest.languages)


def _message(invitation: Invitation, language: str, contact: str | None) -> str:
    said: dict[str, Any] = said_in(invitation, language, contact=contact)
    with translation.override(language):
        lines = [
            f"{said['greeting']},",
            _("We would be honoured to welcome you: %(event)s.") % said,
            "\n".join(filter(None, (said["date"], said["times"], said["place"]))),
            (_("Please answer by %(deadline)s:") % said if said["deadline"] else _("Please answer here:"))
            + f"\n{said['link']}",
            _("RSVP") + f": {said['contact']}",
        ]
    return "\n\n".join(lines)
