"""Guests as a test needs them."""

from datetime import timedelta
from typing import Any

from events import invitations
from events.attendance import Allotment
from events.guests import Guest, GuestList, Invitation
from events.models import Event
from events.tests.make import make_event
from events.tests.test_registration import NOW
from izbaku.accounts.models import User

BY = NOW + timedelta(days=7)


def officer(**fields: Any) -> User:
    found = User.objects.filter(email="officer@example.org").first()
    values = {"email": "officer@example.org", "is_staff": True, "is_superuser": True, "language": "en"}
    return found or User.objects.create_user(**values | fields)


def make_list(name: str = "Protokol", **fields: Any) -> GuestList:
    found: GuestList = GuestList.objects.get_or_create(name=name, **fields)[0]
    return found


def make_guest(name: str = "Leyla Məmmədova", **fields: Any) -> Guest:
    """Of the list "Protokol", with an address made of the name, unless told otherwise."""
    values: dict[str, Any] = {
        "name": name,
        "email": f"{name.split(maxsplit=1)[0].lower()}@example.org",
        "language": "en",
    }
    values |= fields
    if "guest_list" not in values:
        values["guest_list"] = make_list()
    return Guest.objects.create(**values)


def make_gala(seats: int | None = 20, **fields: Any) -> Event:
    event = make_event(**fields)
    if seats is not None:
        Allotment.objects.create(event=event, capacity=seats)
    return event


def invited(event: Event, *guests: Guest, companions: int = 0, **options: Any) -> Invitation:
    """Invite them until a week from now; returns the invitation of the first."""
    chosen = guests or (make_guest(),)
    allotment = Allotment.objects.filter(event=event).first()
    values = {"by": officer(), "now": NOW, "answer_until": BY, "companions": companions, "allotment": allotment}
    invitations.invite(event, chosen, **values | options)
    return Invitation.objects.select_related("event", "guest", "allotment").get(event=event, guest=chosen[0])


def taken(event: Event) -> int:
    """What the allotment counts; the same as what everybody holds."""
    return Allotment.objects.get(event=event).taken
