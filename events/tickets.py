"""The ticket: who comes, to what, when and where; as a page to print and as a picture for the phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.attendance import Registration
from izbaku import pdf, times
from izbaku.text import sendable

TEMPLATE = Path(__file__).resolve().parent / "papers" / "ticket.typ"
PHONE = 254  # dots an inch: the picture is 1000 px wide


def own_address(registration: Registration) -> str:
    """What the QR code says: the registration's own page, in the language that is being written."""
    return settings.SITE_ADDRESS + reverse("events:registration", args=[registration.code])


def qr_of(registration: Registration) -> str:
    return pdf.qr_svg(own_address(registration))


def ticket(registration: Registration, language: str, *, form: Literal["pdf", "png"] = "pdf") -> bytes:
    """The ticket of a confirmed registration, in this language (which must be active)."""
    return pdf.page(TEMPLATE, _words(registration, language, form), made_at=registration.state_at, form=form, ppi=PHONE)


def _words(registration: Registration, language: str, form: str) -> dict[str, Any]:
    event = registration.event
    reading = times.reading(event, language)
    city = times.city_name(event.city, language) if event.city else ""
    where = event.where or city
    return {
        "form": form,
        "language": language,
        "city": event.city,
        "site": str(settings.SITE_NAME),
        "sisters": " · ".join(times.city_name(name, language) for name in ("izmir", "baku")),
        "ticket": _("Ticket"),
        "title": sendable(event.title),
        "days": reading.days,
        "times": reading.times.split(" · "),  # a city a line
        "where": sendable(where),
        "facts": [
            [_("Name"), sendable(registration.name)],
            [_("Seats"), ngettext("%(n)d person", "%(n)d persons", registration.party) % {"n": registration.party}],
        ],
        "qr": qr_of(registration),
        "qr_means": _("QR code with the address of this registration"),
        "note": _("Show the code at the entrance. Whoever has it can change or cancel this registration."),
        "contact": settings.CONTACT["name"],
        "called_off": "" if event.state == event.State.PUBLIC else str(event.get_state_display()),
    }
