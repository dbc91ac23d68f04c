"""Inviting guests, and hearing back. Their seats are kept in the same allotments until they decline or fall silent.

Whoever invites chooses who, and all of them are invited or nobody. An answer can be given again until the deadline;
after it the staff take it down by telephone. Every letter is a row in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import mails, moments, registration, seats
from events.attendance import Allotment
from events.courtesies import deadline, whom_to_call
from events.guests import EVERYBODY, Guest, Invitation, InvitationQuerySet, Quota, of_uid, spoken_for
from events.models import Event
from izbaku import history
from izbaku.privacy import notices
from izbaku.privacy.notices import Shown
from izbaku.text import fold

State, How = Invitation.State, Invitation.How
MOVE_OF = {State.COMING: "come", State.PROXY: "send", State.DECLINED: "decline"}


def closed_because(invitation: Invitation, now: datetime) -> str:
    """Why the guest cannot answer, in words for them; empty while they can."""
    event, until = invitation.event, deadline(invitation)
    if invitation.state == State.WITHDRAWN:
        return _("This invitation is no longer valid.")
    if event.state == Event.State.CALLED_OFF:
        return _("The event will not take place.")
    if until is not None and until <= now:
        return _("The event has begun or is over.") if _has_begun(event, now) else _("The time to answer here is over.")
    return ""


def _has_begun(event: Event, now: datetime) -> bool:
    begins = moments.begins(event)
    return begins <= now if begins else event.is_over(now)


# --- Inviting ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Invited:
    """What came of inviting: how many are new, how many were invited before, and how many through another list."""

    new: int
    already: int
    alike: int


def inviting(event: Event, user: Any) -> bool:
    """Whether this person may invite to this event: anybody's guests, or its own within a quota."""
    if user.has_perm(EVERYBODY):
        return True
    return Quota.objects.filter(event=event, organisation__in=spoken_for(user)).exists()


@transaction.atomic
def invite(
    event: Event,
    guests: Iterable[Guest],
    *,
    by: Any,
    now: datetime,
    companions: int = 0,
    answer_until: datetime | None = None,
    allotment: Allotment | None = None,
) -> Invited:
    """Invite these guests, all or none; who is invited already, or stands in another list as well, is passed over.

    A seat for each and for whom they may bring is kept in this allotment, before anybody who waits in line. Nobody is
    written to. Raises ValidationError: full, quota, past.
    """
    if _has_begun(event, now):
        raise ValidationError(_("The event has begun or is over."), code="past")
    if answer_until is not None and answer_until <= now:
        raise ValidationError(_("The deadline for answers has passed already."), code="past")
    allotment = seats.lock(allotment) if allotment else None
    there = Invitation.objects.filter(event=event)
    invited = set(there.values_list("guest", flat=True))
    known = set(there.values_list("guest__likeness", flat=True))
    new, already, alike = [], 0, 0
    for guest in guests:
        if guest.pk in invited:
            already += 1
        elif guest.likeness in known:
            alike += 1
        else:
            known.add(guest.likeness)
            new.append(guest)
    each = 1 + companions
    _within_quotas(event, new, each, by)
    _take(allotment, each * len(new), before_the_line=True)
    Invitation.objects.bulk_create(
        [
            Invitation(
                event=event,
                guest=guest,
                allotment=allotment,
                companions_allowed=companions,
                held=each,
                answer_until=answer_until,
                created_at=now,
            )
            for guest in new
        ],
        batch_size=1000,
    )
    return Invited(len(new), already, alike)


def _within_quotas(event: Event, guests: list[Guest], each: int, by: Any) -> None:
    """No partner gives away more seats than it was given; one without a quota invites nobody."""
    wanted: dict[int, int] = {}
    for guest in guests:
        if guest.guest_list.organisation_id:
            wanted[guest.guest_list.organisation_id] = wanted.get(guest.guest_list.organisation_id, 0) + each
    quotas = {
        quota.organisation_id: quota
        for quota in Quota.objects.select_for_update().filter(event=event, organisation__in=wanted).order_by("pk")
    }
    for organisation, n in wanted.items():
        quota = quotas.get(organisation)
        if quota is None:
            if by.has_perm(EVERYBODY):
                continue
            raise ValidationError(_("Your organisation has no seats to give at this event."), code="quota")
        left = quota.seats - quota.used()
        if n > left:
            text = ngettext(
                "These guests need %(n)d seat, and %(left)d are left of the quota. Choose fewer guests or companions.",
                "These guests need %(n)d seats, and %(left)d are left of the quota. Choose fewer guests or companions.",
                n,
            )
            raise ValidationError(text % {"n": n, "left": max(left, 0)}, code="quota")


def _take(allotment: Allotment | None, n: int, *, before_the_line: bool) -> None:
    if allotment is None or n <= 0 or seats.take(allotment, n, before_the_line=before_the_line):
        return
    text = ngettext(
        "This needs %(n)d seat, and %(free)d are free. Nothing was changed.",
        "This needs %(n)d seats, and %(free)d are free. Nothing was changed.",
        n,
    )
    raise ValidationError(text % {"n": n, "free": max(allotment.free or 0, 0)}, code="full")


# --- Answering --------------------------------------------------------------------------------------------


@transaction.atomic
def answer(
    invitation: Invitation,
    said: str,
    *,
    now: datetime,
    companions: int = 0,
    proxy: str = "",
    needs: Iterable[str] = (),
    food: str = "",
    remark: str = "",
    how: str = How.PAGE,
    by: Any = None,
    spoke_with: str = "",
    shown: Shown | None = None,
) -> bool:
    """Take an answer down (coming, proxy or declined); False when it says what we knew.

    `by` is the member of staff who types it in, also after the deadline; nobody is the guest. The guest gets a letter
    that says how it stands. Raises ValidationError: late, companions, proxy, full.
    """
    allotment = seats.lock(invitation.allotment) if invitation.allotment else None
    invitation.refresh_from_db(from_queryset=Invitation.objects.select_for_update())
    if by is None and (why := closed_because(invitation, now)):
        raise ValidationError(why, code="late")
    if invitation.state == State.WITHDRAWN:
        raise ValidationError(_("This invitation was taken back. Invite the guest again first."), code="late")
    comes = said in Invitation.COMING
    companions = companions if comes else 0
    proxy = " ".join(proxy.split()) if said == State.PROXY else ""
    if companions > invitation.companions_allowed:
        n = invitation.companions_allowed
        raise ValidationError(
            ngettext("At most %(n)d companion.", "At most %(n)d companions.", n) % {"n": n}, code="companions"
        )
    if said == State.PROXY and not proxy:
        raise ValidationError(_("Write who comes instead."), code="proxy")
    told = {
        "companions": companions,
        "proxy": proxy,
        "needs": sorted(needs) if comes else [],
        "food": food.strip() if comes else "",
        "remark": remark.strip(),
    }
    if invitation.state == said and all(getattr(invitation, name) == value for name, value in told.items()):
        return False
    held = 1 + companions if comes else 0
    freed = _keep(invitation, allotment, held, by)
    changed = told | {
        "found_by": fold(proxy)[:200],
        "answered_at": now,
        "answered_how": how,
        "answered_by": by,
        "spoke_with": " ".join(spoke_with.split()),
        "version": F("version") + 1,
        "is_to_be_confirmed": False,
    }
    if shown:
        notices.remember(shown, invitation)
        changed |= {"notice": shown.notice, "notice_language": shown.language, "notice_shown_at": shown.at}
    # What the database asks of a state holds before the move and after it: a name for a proxy, no seat for who stays.
    row = Invitation.objects.filter(pk=invitation.pk)
    row.update(**changed | {"held": min(held, invitation.held), "proxy": proxy or invitation.proxy})
    history.move(invitation, MOVE_OF[State(said)], by=by, now=now)
    row.update(held=held, proxy=proxy)
    invitation.refresh_from_db()
    mails.invitation_answered(invitation, now=now)
    if freed and allotment and by is None:
        registration.offer_free_seats(allotment, now=now)
    return True


def _keep(invitation: Invitation, allotment: Allotment | None, held: int, by: Any) -> bool:
    """Take or give back what the answer needs more or less; returns whether seats became free.

    What a guest gave up goes to whoever waits: a guest who comes after all overtakes nobody, unless staff say so.
    """
    more = held - invitation.held
    if allotment is None or not more:
        return False
    if more < 0:
        seats.give_back(allotment, -more)
        return True
    if not seats.take(allotment, more, before_the_line=by is not None):
        if by is not None:
            _take(allotment, more, before_the_line=True)
        text = _("The seats have been given to others meanwhile. Please call %(whom)s.")
        raise ValidationError(text % {"whom": whom_to_call(invitation.event)}, code="full")
    return False


PARTSTATS = {"ACCEPTED": State.COMING, "DECLINED": State.DECLINED}


def answer_by_calendar(
    uid: str, partstat: str, *, now: datetime, attendee: str | None = None, replied_at: datetime | None = None
) -> str:
    """What a calendar program answered to our REQUEST (RFC 5546, METHOD:REPLY): answered, same, noted, old, late,
    full, or unknown for a UID that is not ours, or that another address than the guest's answers.

    `replied_at` is the reply's DTSTAMP: one that is older than what we know changes nothing. TENTATIVE is noted as an
    attendance to be confirmed. One that comes too late is answered by a letter, so that nobody believes it counted.
    """
    key = of_uid(uid)
    invitation = Invitation.objects.select_related("event", "guest", "allotment").filter(pk=key or 0).first()
    if invitation is None or (attendee is not None and attendee.lower() != invitation.email.lower()):
        return "unknown"
    if replied_at and invitation.answered_at and replied_at < invitation.answered_at:
        return "old"
    if partstat.upper() == "TENTATIVE":
        asked = Invitation.objects.filter(pk=invitation.pk, state__in=Invitation.STANDING)
        return "noted" if not closed_because(invitation, now) and asked.update(is_to_be_confirmed=True) else "late"
    said = PARTSTATS.get(partstat.upper())
    if said is None:
        return "same"
    if invitation.state == State.PROXY and said == State.COMING:
        return "same"  # somebody comes: a program knows no proxy
    companions = min(invitation.companions, invitation.companions_allowed)
    kept = {"needs": invitation.needs, "food": invitation.food, "remark": invitation.remark}
    try:
        is_new = answer(invitation, said, now=now, companions=companions, how=How.CALENDAR, **kept)
    except ValidationError as error:
        mails.invitation_too_late(invitation, now=now)
        return str(error.code)
    return "answered" if is_new else "same"


# --- By the staff -----------------------------------------------------------------------------------------


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Any, now: datetime) -> None:
    """Take an invitation back; its seats are free, its page says whom to call. Nobody is written to."""
    allotment = seats.lock(invitation.allotment) if invitation.allotment else None
    invitation.refresh_from_db(from_queryset=Invitation.objects.select_for_update())
    held = invitation.held
    Invitation.objects.filter(pk=invitation.pk).update(held=0)
    history.move(invitation, "withdraw", by=by, now=now)
    if allotment and held:
        seats.give_back(allotment, held)


@transaction.atomic
def invite_again(invitation: Invitation, *, by: Any, now: datetime) -> None:
    """Let an invitation that was taken back count again, with the same address. Raises ValidationError: full."""
    allotment = seats.lock(invitation.allotment) if invitation.allotment else None
    invitation.refresh_from_db(from_queryset=Invitation.objects.select_for_update())
    held = 1 + invitation.companions_allowed
    history.move(invitation, "invite_again", by=by, now=now)
    _take(allotment, held, before_the_line=True)
    cleared: dict[str, Any] = {"answered_at": None, "answered_how": "", "answered_by": None, "spoke_with": ""}
    cleared |= {"companions": 0, "proxy": "", "found_by": "", "needs": [], "food": "", "remark": ""}
    cleared |= {"version": F("version") + 1}
    Invitation.objects.filter(pk=invitation.pk).update(held=held, **cleared)
    invitation.refresh_from_db()


@transaction.atomic
def set_terms(
    event: Event,
    invitations: InvitationQuerySet,
    *,
    answer_until: datetime | None,
    companions: int | None,
    now: datetime,
) -> int:
    """Another deadline for these invitations of the event, and perhaps another number of companions for those who are
    silent; returns how many. Seats that had been freed are kept again. Raises ValidationError: full, past."""
    if answer_until is not None and answer_until <= now:
        raise ValidationError(_("The deadline for answers has passed already."), code="past")
    rows = invitations.filter(event=event).exclude(state=State.WITHDRAWN)
    keys = sorted(set(rows.exclude(allotment=None).values_list("allotment", flat=True)))
    for allotment in Allotment.objects.select_for_update().filter(pk__in=keys).order_by("pk"):
        silent = rows.silent().filter(allotment=allotment)
        before = silent.aggregate(n=Sum("held"))["n"] or 0
        each = F("companions_allowed") if companions is None else companions
        after = sum(
            1 + (one if companions is None else companions)
            for one in silent.values_list("companions_allowed", flat=True)
        )
        if after < before:
            seats.give_back(allotment, before - after)
        _take(allotment, after - before, before_the_line=True)
        silent.update(companions_allowed=each, held=each + 1)
    uncounted = rows.silent().filter(allotment=None)
    if companions is not None:
        uncounted.update(companions_allowed=companions)
    uncounted.update(held=F("companions_allowed") + 1)
    return rows.update(answer_until=answer_until)


def hand_over(invitations: InvitationQuerySet, *, now: datetime) -> int:
    """Note that a card was handed over, or a message sent by hand; returns how many had none before."""
    return invitations.filter(told_at=None).exclude(state=State.WITHDRAWN).update(told_at=now)


# --- By the clock -----------------------------------------------------------------------------------------


def fallen_silent(now: datetime) -> InvitationQuerySet:
    """Those whose deadline is over without an answer, and who still keep seats. Whose office has yet to confirm keeps
    them."""
    return Invitation.objects.silent().filter(Q(answer_until__lte=now), held__gt=0, is_to_be_confirmed=False)


def free_due(now: datetime) -> int:
    """Free the seats of those who have not answered in time, and offer them to the line; returns how many seats."""
    freed = 0
    for key in sorted(set(fallen_silent(now).values_list("allotment", flat=True)), key=lambda key: key or 0):
        freed += _free(key, now)
    return freed


@transaction.atomic
def _free(key: int | None, now: datetime) -> int:
    allotment = Allotment.objects.select_for_update().get(pk=key) if key else None
    held = dict(fallen_silent(now).select_for_update().filter(allotment=key).values_list("pk", "held"))
    Invitation.objects.filter(pk__in=held).update(held=0)
    if allotment and held:
        seats.give_back(allotment, sum(held.values()))
        registration.offer_free_seats(allotment, now=now)
    return sum(held.values())


# --- Forgetting -------------------------------------------------------------------------------------------


@transaction.atomic
def forget(guests: Iterable[Guest], *, now: datetime) -> int:
    """Destroy these guests and their invitations, and write to nobody; returns how many guests."""
    guests = list(guests)
    keys = [guest.pk for guest in guests]
    holding = Invitation.objects.filter(guest__in=keys, held__gt=0).exclude(allotment=None)
    for key in sorted(set(holding.values_list("allotment", flat=True))):
        allotment = Allotment.objects.select_for_update().get(pk=key)
        held = holding.filter(allotment=key).aggregate(n=Sum("held"))["n"] or 0
        Invitation.objects.filter(guest__in=keys, allotment=key).delete()
        if held:
            seats.give_back(allotment, held)
            registration.offer_free_seats(allotment, now=now)
    Guest.objects.filter(pk__in=keys).delete()
    return len(guests)
