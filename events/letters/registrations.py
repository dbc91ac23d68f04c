"""Letters to those who register: how each is built, and whether it is still wanted when its turn comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from events import mails, moments, own_calendars
from events.attendance import Registration
from events.changes import Change
from events.entries import personal_entry
from events.mails import REMINDER
from events.models import Event
from events.moments import Reminder
from izbaku import times
from izbaku.mail import figures, reconciling
from izbaku.mail.kinds import CalendarPart, Kind, Letter, Rank, WhenUncertain, register
from izbaku.mail.models import Message

State = Registration.State
CONFIRMED = "registration_confirmed"


@dataclass(frozen=True)
class Read:
    """What a letter is about."""

    registration: Registration | None
    moment: Reminder | None


def prepare(messages: list[Message]) -> None:
    """Read what a whole batch is about at once, and each event once for all of its readers."""
    keys = {message.pk: message.payload.get("registration") for message in messages}
    found = Registration.objects.in_bulk([key for key in keys.values() if key])
    events = Event.objects.select_related("venue").in_bulk({one.event_id for one in found.values()})
    moments_of = {message.payload["reminder"] for message in messages if message.kind == REMINDER}
    reminders = Reminder.objects.in_bulk(moments_of) if moments_of else {}
    says_calendar = [found[key].email for one in messages if one.kind == CONFIRMED and (key := keys[one.pk]) in found]
    calendars = own_calendars.addresses_of(says_calendar) if says_calendar else {}
    for message in messages:
        if registration := found.get(keys[message.pk]):
            registration.event = events[registration.event_id]
            registration.calendar_url = calendars.get(registration.email.lower())  # type: ignore[attr-defined]
        message.read = Read(registration, reminders.get(message.payload.get("reminder")))  # type: ignore[attr-defined]


def _read(message: Message) -> Read:
    """What the pump has let be read for a whole batch; for who asks by themselves, it is read now."""
    if not hasattr(message, "read"):
        prepare([message])
    read: Read = message.read  # type: ignore[attr-defined]
    return read


def registration_of(message: Message) -> Registration | None:
    return _read(message).registration


def about(registration: Registration) -> dict[str, Any]:
    """What a letter can say. Never what a stranger typed: a name could be an advertisement."""
    event, language = registration.event, registration.language
    address = settings.SITE_ADDRESS
    return {
        "event": event,
        "reading": times.reading(event, language),
        "registration": registration,
        "place": event.where or (times.city_name(event.city, language) if event.city else ""),
        "event_url": address + reverse("events:event", args=[event.slug]),
        "list_url": address + reverse("events:list"),
        "own_url": address + reverse("events:registration", args=[registration.code]),
        # Called only where the letter says it; nobody but this address is ever sent it.
        "calendar_url": getattr(registration, "calendar_url", None)
        or partial(own_calendars.address_of, registration.email),
        "previous": event.previous_starts_on and times.day(event.previous_starts_on, language),
        "offered_until": registration.offered_until and times.moment(registration.offered_until, event.city, language),
    }


def calendar_part(registration: Registration, method: str) -> CalendarPart | None:
    """The event as an entry of this person's calendar (RFC 5546); nothing where the date is vague."""
    event = registration.event
    # A seat that is given up changes nothing of the event, but must count as later than the entry it takes back.
    sequence = event.sequence + (registration.state == State.CANCELLED)
    return personal_entry(
        event, method, uid=registration.uid, attendee=registration.email, sequence=sequence, partstat="ACCEPTED"
    )


def letter(name: str, registration: Registration, *, method: str = "", **more: Any) -> Letter:
    """`templates/events/mail/<name>.txt` in the reader's language: its first line is the subject."""
    with translation.override(registration.language):
        text = render_to_string(f"events/mail/{name}.txt", about(registration) | more).strip()
        subject, _newline, body = text.partition("\n")
        part = calendar_part(registration, method) if method else None
    return Letter(subject.strip(), body.strip(), part)


def _kind(
    name: str, label: Any, template: str, *states: str, method: str = "", lives: timedelta = timedelta(days=3)
) -> Kind:
    """A letter about a registration: wanted while it is as it was when the letter was put into the outbox."""

    def still_wanted(message: Message, now: datetime) -> bool:
        registration = registration_of(message)
        if registration is None or registration.state not in states:
            return False
        event = registration.event
        # A seat at an event that was called off meanwhile is no news.
        is_news = method == "CANCEL" or event.state != Event.State.CALLED_OFF
        # Of one that was taken back to draft a letter would tell what the draft says now.
        return registration.version == message.payload.get("version") and is_news and event.is_public(now)

    def build(message: Message) -> Letter:
        registration = registration_of(message)
        assert registration is not None
        # Who only stood in line has no entry to be taken out of a calendar.
        has_nothing = method == "CANCEL" and not _has_the_entry(registration)
        return letter(template, registration, method="" if has_nothing else method)

    again = WhenUncertain.AGAIN
    return register(Kind(name, build, still_wanted, lives=lives, when_uncertain=again, prepare=prepare, label=label))


_kind("registration_received", _("Registration received"), "received", State.PENDING)
_kind(CONFIRMED, _("Registration confirmed"), "confirmed", State.CONFIRMED, method="REQUEST")
_kind("registration_waiting", _("On the waiting list"), "waiting", State.WAITING)
_kind("registration_offered", _("Seat offered"), "offered", State.OFFERED)
_kind("registration_rejected", _("Registration not accepted"), "rejected", State.REJECTED)
_kind("registration_lapsed", _("Offer lapsed"), "lapsed", State.LAPSED)
_kind(
    "registration_cancelled", _("Registration cancelled"), "cancelled", State.CANCELLED, State.DECLINED, method="CANCEL"
)


def _is_told(message: Message, now: datetime) -> bool:
    """About the last change of the event, to somebody who still stands and whom staff have chosen."""
    registration = registration_of(message)
    if registration is None or not registration.is_standing or not registration.event.is_public(now):
        return False
    change = Change.objects.filter(event=registration.event, sequence=message.payload.get("sequence")).first()
    if change is None or change.whom == Change.Whom.NOBODY:
        return False
    return change.whom == Change.Whom.STANDING or registration.state == State.CONFIRMED


def _changed(message: Message) -> Letter:
    registration = registration_of(message)
    assert registration is not None
    comes = registration.state == State.CONFIRMED and registration.event.state == Event.State.PUBLIC
    change = Change.objects.filter(event=registration.event).first()
    was = times.reading(change.was, registration.language) if change and change.has_moved else None
    return letter("changed", registration, method="REQUEST" if comes else "", was=was)


def _called_off(message: Message) -> Letter:
    registration = registration_of(message)
    assert registration is not None
    return letter("called_off", registration, method="CANCEL" if _has_the_entry(registration) else "")


def _has_the_entry(registration: Registration) -> bool:
    """Whether an entry for the calendar may have reached them: only that can be taken out of it again."""
    keys = [f"conf:{registration.pk}:{version}" for version in range(1, registration.version + 1)]
    sent = Message.objects.filter(dedupe_key__in=keys, kind="registration_confirmed")
    return sent.filter(state__in=(Message.State.SENT, Message.State.UNCERTAIN)).exists()


AGAIN = WhenUncertain.AGAIN
register(Kind("event_changed", _changed, _is_told, when_uncertain=AGAIN, prepare=prepare, label=_("Event changed")))
register(
    Kind("event_called_off", _called_off, _is_told, when_uncertain=AGAIN, prepare=prepare, label=_("Event called off"))
)


def _is_due(message: Message, now: datetime) -> bool:
    """To somebody who still comes, to an event that still takes place at the time of which it reminds."""
    read = _read(message)
    if read.registration is None or read.registration.state != State.CONFIRMED or read.moment is None:
        return False
    event = read.registration.event
    is_right = read.moment.is_on and read.moment.at == datetime.fromisoformat(message.payload["at"])
    return is_right and event.is_public(now) and event.state == Event.State.PUBLIC


def _reminder(message: Message) -> Letter:
    registration = registration_of(message)
    assert registration is not None
    return letter("reminder", registration)


OF_EVENT = _("Reminder of an event")
register(Kind(REMINDER, _reminder, _is_due, is_optional=True, rank=Rank.REMINDER, prepare=prepare, label=OF_EVENT))


# --- What is looked at every night, and shown to staff ------------------------------------------------------

reconciling.check("registrations without their letter", lambda now: mails.unwritten().count())
figures.also("missed_reminders", _("Reminders that no sweep has written in time (must be none)"), moments.missed)
