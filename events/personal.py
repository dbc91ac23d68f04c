"""What the programme holds of a person: registrations, the key to their own calendar, invitations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from events import invitations, own_calendars
from events import registration as seats_of
from events.attendance import OwnCalendar, Registration
from events.guests import Guest, GuestImport, Invitation
from izbaku.holdings import Person, RecordClass, Room, Told, keep, register, told


def _registrations(person: Person) -> QuerySet[Registration]:
    return Registration.objects.of(*person.addresses).order_by("pk")


def _calendars(person: Person) -> QuerySet[OwnCalendar]:
    return OwnCalendar.objects.of(*person.addresses).order_by("pk")


def held(person: Person) -> Iterable[Told]:
    for registration in _registrations(person).select_related("event"):
        answers = "\n".join(f"{given['question']} {given['answer']}" for given in registration.answers)
        yield told(
            registration, "event", "name", "email", "language", "party", "state", "created_at",
            values={"answers": answers},
        )  # fmt: skip
    for calendar in _calendars(person):
        yield told(calendar, "email", "created_at")


def erase(person: Person, now: datetime) -> int:
    """Registrations go as if they had been cancelled, but without a letter; their seats are offered to the line."""
    rows = list(_registrations(person).select_related("event", "allotment"))
    for registration in rows:
        seats_of.forget(registration, now=now)
    calendars, _each = _calendars(person).delete()
    return len(rows) + calendars


register(Room("registrations", _("Registrations"), (Registration, OwnCalendar), held=held, erase=erase))


# --- Guests -----------------------------------------------------------------------------------------------


def _guests(person: Person) -> QuerySet[Guest]:
    return Guest.objects.of(*person.addresses).order_by("pk")


def held_of_guests(person: Person) -> Iterable[Told]:
    for guest in _guests(person):
        yield told(
            guest, "salutation", "title", "name", "office", "organisation", "rank", "email", "phone", "language",
            "second_language", "note",
        )  # fmt: skip
    for one in Invitation.objects.filter(guest__in=_guests(person)).select_related("event").order_by("pk"):
        needs = ", ".join(str(dict(Invitation.NEEDS).get(need, need)) for need in one.needs)
        yield told(
            one, "event", "state", "created_at", "answered_at", "companions", "proxy", "food", "remark", "spoke_with",
            "official_number", "seat_label", values={"needs": needs},
        )  # fmt: skip


def erase_guests(person: Person, now: datetime) -> int:
    """Guests go with their invitations, and files that wait to be imported with them."""
    count = invitations.forget(_guests(person), now=now)
    for address in person.addresses:
        imports = GuestImport.objects.annotate(text=Cast("lines", TextField())).filter(text__icontains=address)
        count += imports.delete()[0]
    return count


register(
    Room(
        "guests", _("Guests and invitations"), (Guest, Invitation, GuestImport), held=held_of_guests, erase=erase_guests
    )
)


# --- How long: counted from the event's last day, so that an event that moves takes the day along ---------------


def _over(before: datetime) -> QuerySet[Registration]:
    """Of events whose last day lies before that moment; of one that was put off, the day it was planned for."""
    last_day = Coalesce("event__ends_on", "event__starts_on", "event__previous_starts_on")
    return Registration.objects.alias(last_day=last_day).filter(last_day__lt=before.date())


def _destroy(now: datetime, period: timedelta) -> int:
    count = _over(now - period).count()
    Registration.objects.filter(pk__in=_over(now - period).values("pk")).delete()
    own_calendars.sweep()
    return count


def _past_invitations(before: datetime) -> QuerySet[Invitation]:
    last_day = Coalesce("event__ends_on", "event__starts_on", "event__previous_starts_on")
    return Invitation.objects.alias(last_day=last_day).filter(last_day__lt=before.date())


def _guests_of_no_use(before: datetime) -> QuerySet[Guest]:
    """Invited to nothing that is still remembered, and not touched for as long."""
    remembered = Invitation.objects.filter(guest=OuterRef("pk")).exclude(pk__in=_past_invitations(before).values("pk"))
    return Guest.objects.filter(~Exists(remembered), changed_at__lt=before)


def _destroy_guests(now: datetime, period: timedelta) -> int:
    guests, past = _guests_of_no_use(now - period), _past_invitations(now - period)
    count = guests.count() + past.count()
    guests.delete()
    Invitation.objects.filter(pk__in=past.values("pk")).delete()
    return count


keep(
    RecordClass(
        "guest_list",
        _("Guests and their invitations"),
        due=lambda now, period: _guests_of_no_use(now - period).count() + _past_invitations(now - period).count(),
        destroy=_destroy_guests,
    )
)
keep(
    RecordClass(
        "registration",
        _("Registrations for events"),
        due=lambda now, period: _over(now - period).count(),
        destroy=_destroy,
    )
)
