"""Invitation cards, for those who are handed one or get it by messenger: in one language, or in two side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from events.courtesies import own_address, said_in, whom_to_call
from events.guests import Invitation
from izbaku import pdf, times

TEMPLATE = Path(__file__).resolve().parent / "papers" / "card.typ"
PHONE = 170  # dots an inch: the picture is 1400 px wide


def printed(invitations: list[Invitation], *, form: Literal["pdf", "png"]) -> bytes:
    """The cards of guests of one event, one a page; a picture shows the first."""
    event = invitations[0].event
    contact = whom_to_call(event)
    data = {
        "city": event.city,
        "site": str(settings.SITE_NAME),
        "contact": settings.CONTACT["name"],
        "cards": [_card(one, contact) for one in invitations],
    }
    return pdf.page(TEMPLATE, data, made_at=event.changed_at, form=form, ppi=PHONE)


def _card(one: Invitation, contact: str) -> dict[str, Any]:
    languages = one.guest.languages
    return {
        "sides": [_side(one, language, contact) for language in languages],
        "qr": pdf.qr_svg(own_address(one, languages[0])),
    }


def _side(one: Invitation, language: str, contact: str) -> dict[str, Any]:
    said = said_in(one, language, contact=contact)
    with translation.override(language):
        return said | {
            "language": language,
            "heading": _("Invitation"),
            "sisters": " · ".join(times.city_name(name, language) for name in ("izmir", "baku")),
            "asks": _("We would be honoured to welcome you."),
            "times": said["times"].split(" · ") if said["times"] else [],
            "rsvp": _("RSVP") + f": {contact}",
            "by": _("Please answer by %(deadline)s.") % said if said["deadline"] else "",
            "qr_means": _("QR code with the address where the guest answers"),
        }
