"""Taking a seat at an event, waiting for one, giving it back. Every letter is a row in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from events import mails, seats
from events.attendance import Allotment, Registration, RegistrationPolicy
from events.models import Event
from izbaku import times
from izbaku.mail import outbox
from izbaku.privacy import notices
from izbaku.privacy.notices import Shown

State = Registration.State
Mode = RegistrationPolicy.Mode


def policy_of(event: Event) -> RegistrationPolicy | None:
    return RegistrationPolicy.objects.filter(event=event).first()


def starts(event: Event) -> datetime | None:
    """When it begins, as far as registering goes: the time, or the day's first moment in its city."""
    if event.starts_at or event.starts_on is None:
        return event.starts_at
    return datetime.combine(event.starts_on, time.min, times.zone_of(event.city))


def closed_because(event: Event, policy: RegistrationPolicy | None, now: datetime) -> str:
    """Why nobody can register, in words for a visitor; empty while it is open."""
    if policy is None or policy.mode in (Mode.NONE, Mode.OUTSIDE, Mode.INVITATION) or not event.is_public(now):
        return _("There is no registration for this event.")
    if event.state != Event.State.PUBLIC:
        return _("The event will not take place as planned; registration is closed.")
    begins = starts(event)
    if begins is None or not event.has_exact_day:
        return _("Registration opens when the day of the event is known.")
    if begins <= now:
        return _("The event has begun or is over.")
    if policy.opens_at and now < policy.opens_at:
        return _("Registration has not opened yet.")
    if policy.closes_at and now >= policy.closes_at:
        return _("Registration is closed.")
    return ""


@dataclass(frozen=True)
class Standing:
    """What an event's page says of registering: the same for everybody, until `until`."""

    policy: RegistrationPolicy | None = None
    closed: str = ""
    left: Allotment.Left | None = None
    until: datetime | None = None


def standing_of(event: Event, now: datetime) -> Standing:
    """Whether one can register, how many seats are left in one word, and until when that holds."""
    policy = policy_of(event)
    if policy is None or policy.mode == Mode.NONE:
        return Standing()
    moments = [moment for moment in (policy.opens_at, policy.closes_at, starts(event)) if moment and moment > now]
    lefts = {allotment.left for allotment in Allotment.objects.filter(event=event)}
    words = [word for word in (Allotment.Left.FREE, Allotment.Left.FEW, Allotment.Left.FULL) if word in lefts]
    return Standing(policy, closed_because(event, policy, now), words[0] if words else None, min(moments, default=None))


def register(
    event: Event,
    *,
    name: str,
    email: str,
    language: str,
    now: datetime,
    party: int = 1,
    city: str = "",
    answers: Iterable[dict[str, Any]] = (),
    shown: Shown | None = None,
    policy: RegistrationPolicy | None = None,
) -> Registration:
    """Give a person a seat, a place in line, or a place before those who approve; and write to them.

    A second call with the same address returns the registration they have, and sends its letter again (at most once
    an hour). Raises ValidationError with code closed, party or address. Whoever has just read the policy hands it over.
    """
    policy = policy or policy_of(event)
    if why := closed_because(event, policy, now):
        raise ValidationError(why, code="closed")
    assert policy is not None
    if not 1 <= party <= policy.party_limit:
        raise ValidationError(_("Choose between 1 and %(n)d seats.") % {"n": policy.party_limit}, code="party")
    address = outbox.deliverable(email)
    try:
        with transaction.atomic():
            return _register(event, policy, name, address, language, now, party, city, list(answers), shown)
    except IntegrityError:
        # The same address, a moment earlier: a double click, two tabs. Theirs counts; nothing of ours is left.
        standing = Registration.objects.standing().of(address).filter(event=event).first()
        if standing is None:
            raise
        mails.again(standing, now=now)
        return standing


def _register(
    event: Event,
    policy: RegistrationPolicy,
    name: str,
    address: str,
    language: str,
    now: datetime,
    party: int,
    city: str,
    answers: list[dict[str, Any]],
    shown: Shown | None,
) -> Registration:
    if standing := Registration.objects.standing().of(address).filter(event=event).first():
        mails.again(standing, now=now)
        return standing
    allotment = allotment_for(event, city)
    registration = Registration(
        event=event,
        allotment=allotment,
        name=" ".join(name.split()),
        email=address,
        language=language,
        party=party,
        answers=answers,
        created_at=now,
        state_at=now,
    )
    if policy.mode == Mode.APPROVAL:
        registration.state = State.PENDING
    elif allotment is None or seats.take(allotment, party):
        registration.state = State.CONFIRMED
    else:
        registration.state, registration.waiting_since = State.WAITING, now
    if shown:
        notices.remember(shown, registration)
    registration.save(force_insert=True)
    mails.of_state(registration, now=now)
    return registration


def allotment_for(event: Event, city: str = "") -> Allotment | None:
    """Which seats somebody from this city takes: the city's own, or everybody's; None where none are counted."""
    own = {allotment.city: allotment for allotment in Allotment.objects.filter(event=event)}
    return own.get(city) or own.get("")


# --- Moves ------------------------------------------------------------------------------------------------


def _move(registration: Registration, to: State, *, now: datetime, **values: Any) -> bool:
    """From the state this row was read in; False when somebody has moved it meanwhile."""
    moved = Registration.objects.filter(pk=registration.pk, state=registration.state).update(
        state=to, state_at=now, version=F("version") + 1, **values
    )
    if moved:
        registration.refresh_from_db()
    return bool(moved)


@transaction.atomic
def cancel(registration: Registration, *, now: datetime, offers: bool = True) -> bool:
    """Give it up; its seats are offered to the line, unless whoever cancels wants to look first.

    A second call changes nothing.
    """
    allotment = seats.lock(registration.allotment) if registration.allotment else None
    registration.refresh_from_db()
    was_seated = registration.state in Registration.SEATED
    if not registration.is_standing or not _move(registration, State.CANCELLED, now=now, offered_until=None):
        return False
    mails.of_state(registration, now=now)
    if allotment and was_seated:
        seats.give_back(allotment, registration.party)
        if offers:
            offer_free_seats(allotment, now=now)
    return True


@transaction.atomic
def forget(registration: Registration, *, now: datetime) -> None:
    """Destroy the record and write to nobody; its seats are offered to the line."""
    allotment = seats.lock(registration.allotment) if registration.allotment else None
    registration.refresh_from_db()
    was_seated = registration.state in Registration.SEATED
    party = registration.party
    registration.delete()
    if allotment and was_seated:
        seats.give_back(allotment, party)
        offer_free_seats(allotment, now=now)


@transaction.atomic
def approve(registration: Registration, *, now: datetime) -> bool:
    """Accept somebody; without a free seat they go to the line, and hear so."""
    allotment = seats.lock(registration.allotment) if registration.allotment else None
    registration.refresh_from_db()
    if registration.state != State.PENDING:
        return False
    if allotment is None or seats.take(allotment, registration.party):
        moved = _move(registration, State.CONFIRMED, now=now)
    else:
        moved = _move(registration, State.WAITING, now=now, waiting_since=now)
    if moved:
        mails.of_state(registration, now=now)
    return moved


@transaction.atomic
def reject(registration: Registration, *, now: datetime) -> bool:
    """Not accepted."""
    if registration.state != State.PENDING or not _move(registration, State.REJECTED, now=now):
        return False
    mails.of_state(registration, now=now)
    return True


@transaction.atomic
def accept_offer(registration: Registration, *, now: datetime) -> None:
    """Take the seat that was offered. Raises ValidationError (code lapsed) for an offer that is used or over."""
    found = Registration.objects.select_related("event")
    fresh = found.filter(pk=registration.pk, state=State.OFFERED, offered_until__gt=now).first()
    if (
        fresh is None
        or not _takes_place(fresh.event, now)
        or not _move(fresh, State.CONFIRMED, now=now, offered_until=None)
    ):
        raise ValidationError(_("This offer is no longer open."), code="lapsed")
    registration.refresh_from_db()
    mails.of_state(registration, now=now)


def _takes_place(event: Event, now: datetime) -> bool:
    """Ahead and public: it may have been moved or withdrawn after the seat was offered."""
    begins = starts(event)
    return event.is_public(now) and event.state == Event.State.PUBLIC and begins is not None and begins > now


@transaction.atomic
def decline_offer(registration: Registration, *, now: datetime) -> bool:
    """Leave the offered seat to the next in line."""
    return _end_offer(registration, State.DECLINED, now=now)


def lapse_due(now: datetime) -> int:
    """End the offers whose time is over, and offer their seats to the next; returns how many ended."""
    due = Registration.objects.filter(state=State.OFFERED, offered_until__lte=now).select_related("allotment")
    return sum(_lapse(registration, now) for registration in due.order_by("offered_until", "pk"))


@transaction.atomic
def _lapse(registration: Registration, now: datetime) -> bool:
    return _end_offer(registration, State.LAPSED, now=now)


def _end_offer(registration: Registration, to: State, *, now: datetime) -> bool:
    assert registration.allotment is not None
    allotment = seats.lock(registration.allotment)
    registration.refresh_from_db()
    if registration.state != State.OFFERED or not _move(registration, to, now=now, offered_until=None):
        return False
    mails.of_state(registration, now=now)
    seats.give_back(allotment, registration.party)
    offer_free_seats(allotment, now=now)
    return True


@transaction.atomic
def change_party(registration: Registration, party: int, *, now: datetime) -> None:
    """More or fewer seats; as many as before are no change, and no letter.

    Raises ValidationError: party (out of range), full (not so many left), closed.
    """
    policy = policy_of(registration.event)
    if policy is None or not 1 <= party <= policy.party_limit:
        limit = policy.party_limit if policy else 1
        raise ValidationError(_("Choose between 1 and %(n)d seats.") % {"n": limit}, code="party")
    allotment = seats.lock(registration.allotment) if registration.allotment else None
    registration.refresh_from_db()
    if not registration.is_standing:
        raise ValidationError(_("This registration has ended."), code="closed")
    more = party - registration.party
    if not more:
        return
    if allotment and registration.state in Registration.SEATED:
        if more > 0 and not seats.take(allotment, more):
            raise ValidationError(_("So many seats are not left. You keep the ones you have."), code="full")
        if more < 0:
            seats.give_back(allotment, -more)
    Registration.objects.filter(pk=registration.pk).update(party=party, version=F("version") + 1)
    registration.refresh_from_db()
    mails.of_state(registration, now=now)
    if allotment and more < 0:
        offer_free_seats(allotment, now=now)


# --- The line ---------------------------------------------------------------------------------------------


def quiet_from(event: Event) -> datetime | None:
    """From this moment on nothing is offered any more."""
    begins, policy = starts(event), policy_of(event)
    return begins - timedelta(hours=policy.quiet_hours) if begins and policy else None


def would_be_offered(allotment: Allotment, *, now: datetime) -> list[Registration]:
    """Who would get an offer now, in order: those whose whole party fits. A larger party keeps its place in line."""
    if why_nobody(allotment, now=now) in ("quiet", "over"):
        return []
    free = allotment.free
    chosen = []
    for registration in Registration.objects.in_line().filter(allotment=allotment).select_related("event"):
        if free is None or registration.party <= free:
            chosen.append(registration)
            free = None if free is None else free - registration.party
        if free == 0:
            break
    return chosen


@transaction.atomic
def offer_free_seats(allotment: Allotment, *, now: datetime) -> list[Registration]:
    """Offer what is free to the line, in order and whole parties only; returns who got an offer."""
    allotment = seats.lock(allotment)
    offered = []
    for registration in would_be_offered(allotment, now=now):
        policy, quiet = policy_of(registration.event), quiet_from(registration.event)
        assert policy is not None
        until = now + timedelta(hours=policy.offer_hours)
        if not seats.take(allotment, registration.party, before_the_line=True):
            break
        _move(registration, State.OFFERED, now=now, offered_until=min(until, quiet) if quiet else until)
        mails.of_state(registration, now=now)
        offered.append(registration)
    return offered


def why_nobody(allotment: Allotment, *, now: datetime) -> str:
    """Why nobody gets an offer: over, quiet, empty, full or party; empty when somebody would. For staff."""
    begins, quiet = starts(allotment.event), quiet_from(allotment.event)
    if allotment.event.state != Event.State.PUBLIC or begins is None or begins <= now:
        return "over"
    if quiet and now >= quiet:
        return "quiet"
    line = Registration.objects.in_line().filter(allotment=allotment)
    smallest = line.order_by("party").values_list("party", flat=True).first()
    if smallest is None:
        return "empty"
    if allotment.free is not None and allotment.free <= 0:
        return "full"
    return "party" if allotment.free is not None and smallest > allotment.free else ""
