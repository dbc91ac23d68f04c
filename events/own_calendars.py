"""A calendar of one's own: all that an address has registered for, at an address that only its letters know."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from events.attendance import OwnCalendar, Registration
from events.models import Event
from izbaku import ics, times

# A seat is certain; whoever waits or was offered one keeps the evening free, as calendars say it.
STATUS = {Registration.State.CONFIRMED: "CONFIRMED"}


def address_of(email: str) -> str:
    """Where the calendar of this address is; made at the first asking."""
    calendar = OwnCalendar.objects.of(email).first()
    if calendar is None:
        calendar, _is_new = OwnCalendar.objects.get_or_create(email=email.lower())
    return _address(calendar.token)


def addresses_of(emails: Iterable[str]) -> dict[str, str]:
    """The same for many at once, by the address in lower case."""
    wanted = {email.strip().lower() for email in emails}
    there = {email.lower() for email in OwnCalendar.objects.of(*wanted).values_list("email", flat=True)}
    with suppress(IntegrityError), transaction.atomic():  # made by somebody else meanwhile: then one by one
        OwnCalendar.objects.bulk_create([OwnCalendar(email=email) for email in sorted(wanted - there)])
    found = OwnCalendar.objects.of(*wanted).values_list("email", "token")
    return {email.lower(): _address(token) for email, token in found}


def _address(token: str) -> str:
    return settings.SITE_ADDRESS + reverse("own_calendar", args=[token])


def sweep() -> int:
    """Those of addresses that no registration has any more; returns how many."""
    theirs = Registration.objects.alias(address=Lower("email")).filter(address=OuterRef("email"))
    return OwnCalendar.objects.exclude(Exists(theirs)).delete()[0]


def written(calendar: OwnCalendar, now: datetime) -> bytes:
    """The file, in the language of the latest registration; the same bytes until something changes (RFC 5545).

    What was cancelled is not in it, nor what is no longer public; what the organisers called off stays, with the word
    and STATUS:CANCELLED.
    """
    registrations = list(
        Registration.objects.standing().of(calendar.email).select_related("event__venue").order_by("-pk")
    )
    shown = [one for one in registrations if one.event.is_public(now) and one.event.has_exact_day]
    with translation.override(registrations[0].language if registrations else settings.LANGUAGE_CODE):
        entries = [_entry(registration) for registration in shown]
        return ics.calendar(
            entries, name=_("My events"), url=settings.SITE_ADDRESS + reverse("own_calendar", args=[calendar.token])
        )


def _entry(registration: Registration) -> str:
    event = registration.event
    assert event.starts_on is not None
    assert event.ends_on is not None
    status = STATUS.get(Registration.State(registration.state), "TENTATIVE")
    title = event.title
    if status == "TENTATIVE":
        title = f"{title} ({registration.get_state_display()})"
    if event.state in (Event.State.CALLED_OFF, Event.State.POSTPONED):
        status, title = "CANCELLED", f"{event.get_state_display()}: {title}"
    return ics.entry(
        uid=registration.uid,
        summary=title,
        starts=event.starts_at or event.starts_on,
        ends=event.ends_at or (None if event.starts_at else event.ends_on + timedelta(days=1)),
        zone=times.zone_of(event.city).key,
        stamp=max(event.changed_at, registration.state_at),
        sequence=event.sequence,
        status=status,
        location=event.where,
        url=settings.SITE_ADDRESS + reverse("events:event", args=[event.slug]),
    )
