"""Rounds of invitations: whom the mail room reaches when it writes to the guests of an event, and what it can say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import moments
from events.courtesies import deadline, said_in, whom_to_call
from events.guests import EVERYBODY, Guest, Invitation, InvitationQuerySet, spoken_for
from events.letters.guests import calendar_part
from events.models import Event
from izbaku import times
from izbaku.accounts.models import Speaker
from izbaku.mail import composing, mailings
from izbaku.mail.audiences import Audience, Reader
from izbaku.mail.kinds import CalendarPart
from izbaku.mail.rounds import Mailing

State = Invitation.State
TEXTS = settings.BASE_DIR / "templates" / "events" / "rounds"
PLACES = {
    "greeting": gettext_lazy("salutation, title and name"),
    "guest": gettext_lazy("title and name"),
    "office": gettext_lazy("office"),
    "organisation": gettext_lazy("organisation"),
    "event": gettext_lazy("title of the event"),
    "date": gettext_lazy("day of the event"),
    "times": gettext_lazy("time in both cities"),
    "place": gettext_lazy("where it is"),
    "companions": gettext_lazy("how many companions the guest may bring, as a sentence"),
    "deadline": gettext_lazy("until when to answer"),
    "contact": gettext_lazy("whom to call"),
    "link": gettext_lazy("the guest’s own page"),
}
REASONS = {
    "answered": gettext_lazy("Has answered already"),
    "withdrawn": gettext_lazy("The invitation was taken back"),
    "late": gettext_lazy("The time to answer is over"),
}


def _event(mailing: Mailing) -> Event | None:
    return Event.objects.select_related("venue").filter(pk=mailing.about or 0).first()


def _invited(mailing: Mailing) -> InvitationQuerySet:
    """Those whom its composer may see: a partner writes to its own guests. A follow-up: who got the round before."""
    if mailing.composer is None:
        return Invitation.objects.none()
    found = Invitation.objects.visible_to(mailing.composer).filter(event=mailing.about)
    if mailing.follows_id:
        written = Mailing.objects.filter(pk=mailing.follows_id).values("letters__reader")
        found = found.silent().filter(pk__in=written.filter(letters__reader__isnull=False))
    return found


def expand(mailing: Mailing, after: int, limit: int) -> list[Reader]:
    event = _event(mailing)
    rows = _invited(mailing).filter(pk__gt=after).select_related("guest").order_by("pk")[:limit]
    readers = []
    for one in rows:
        if event is not None:
            one.event = event
        readers.append(Reader(one.pk, one.email, "+".join(one.guest.languages), _left_out(one, timezone.now())))
    return readers


def _left_out(one: Invitation, now: datetime) -> str:
    if one.state == State.WITHDRAWN:
        return "withdrawn"
    if one.is_answered:
        return "answered"
    until = deadline(one)
    return "late" if until is not None and until <= now else ""


def read(mailing: Mailing, keys: list[int]) -> dict[int, Any]:
    """Each with its event, and whom its guest calls, which is the same for all."""
    found = Invitation.objects.select_related("guest").in_bulk(keys)
    event = _event(mailing)
    if event is None:
        return {}
    contact = whom_to_call(event)
    for one in found.values():
        one.event = event
        one.contact = contact  # type: ignore[attr-defined]
    return found


def still_wanted(mailing: Mailing, one: Invitation, now: datetime) -> bool:
    """Not answered yet, in time, to an event that everybody may know of."""
    until = deadline(one)
    is_late = until is not None and until <= now
    return one.state == State.SILENT and not is_late and not refusal_of(one.event, now)


def words(mailing: Mailing, one: Invitation | None, language: str) -> dict[str, str]:
    if one is None:
        return _example(mailing, language)
    return said_in(one, language, contact=getattr(one, "contact", None))


def _example(mailing: Mailing, language: str) -> dict[str, str]:
    """Somebody who could be a guest, with an address that opens nothing."""
    event = _event(mailing)
    if event is None:
        return {}
    with translation.override(language):
        guest = Guest(name=_("Name Surname"), office=_("Office"), organisation=_("Organisation"), language=language)
    policy = getattr(event, "invitation_policy", None)
    one = Invitation(event=event, guest=guest, code="example", companions_allowed=getattr(policy, "companions", 0))
    one.answer_until = getattr(policy, "answer_until", None)
    return said_in(one, language)


def calendar(mailing: Mailing, one: Invitation, language: str) -> CalendarPart | None:
    return calendar_part(one, "REQUEST", language)


def refusal(mailing: Mailing, now: datetime) -> str:
    """Why it must not go: what the event says; a writer who has lost the right to its guests (it would reach nobody,
    and say that it is finished); or a text that would leave a gap where the deadline stands."""
    event = _event(mailing)
    if found := refusal_of(event, now):
        return found
    writer = mailing.composer
    if writer is None or not Invitation.objects.visible_to(writer).filter(event=event).exists():
        return _("Whoever wrote this round may not write to these guests any more: call it back, and begin another.")
    if event is None or moments.begins(event) is not None:
        return ""
    names_a_day = any("deadline" in composing.places(text.body) for text in mailing.texts.all())
    if names_a_day and _invited(mailing).silent().filter(answer_until=None).exists():
        return _(
            "The event has no time yet, and some guests have no deadline: {{ deadline }} would stay empty. "
            "Give them one, or write the text without it."
        )
    return ""


def refusal_of(event: Event | None, now: datetime) -> str:
    if event is None or not event.is_public(now):
        return _("The event is not public: its guests would find nothing.")
    if event.state == Event.State.CALLED_OFF:
        return _("The event was called off.")
    if event.state == Event.State.POSTPONED:
        return _("The event was postponed, and its new date is not known.")
    begins = moments.begins(event)
    if (begins is not None and begins <= now) or event.is_over(now):
        return _("The event has begun or is over.")
    return ""


def of_use_until(mailing: Mailing) -> datetime | None:
    event = _event(mailing)
    return moments.begins(event) if event else None


def template(mailing: Mailing, language: str) -> tuple[str, str]:
    """The words with which writing begins, each language by somebody who speaks it."""
    name = "follow_up" if mailing.follows_id else "invitation"
    subject, _newline, body = (TEXTS / f"{name}.{language}.txt").read_text().strip().partition("\n")
    return subject, body.strip()


def describe(mailing: Mailing, one: Invitation) -> str:
    return ", ".join(filter(None, (one.guest.called, one.guest.office, one.guest.organisation)))


def link(one: Invitation) -> str:
    return reverse("admin:events_guest_change", args=[one.guest_id])


def visible_to(user: Any) -> Q:
    """All, or for a co-host its own and those of colleagues who speak for no other organisation: theirs reach guests
    that this one may not see."""
    if user.has_perm(EVERYBODY):
        return Q()
    standing = Speaker.objects.standing(timezone.now())
    ours, others = Q(organisation__in=spoken_for(user)), ~Q(organisation__in=spoken_for(user))
    colleagues = standing.filter(ours).exclude(user__in=standing.filter(others).values("user"))
    return Q(composer=user) | Q(composer__in=colleagues.values("user"))


def about(mailing: Mailing) -> str:
    event = _event(mailing)
    return str(event) if event else ""


def choices(user: Any, now: datetime) -> Iterable[tuple[int, str]]:
    """Events ahead to which somebody is invited whom this person may see, soonest first."""
    invited = Invitation.objects.visible_to(user).values("event")
    events = Event.objects.public(now).upcoming(times.today(now)).in_order().filter(pk__in=invited)
    language = translation.get_language()
    return [(event.pk, f"{event} ({times.reading(event, language).days})") for event in events[:100]]


mailings.register_audience(
    Audience(
        "invitation",
        label=gettext_lazy("Guests of an event"),
        letter=gettext_lazy("Invitation"),
        expand=expand,
        read=read,
        words=words,
        placeholders=PLACES,
        needs=("link",),
        reasons=REASONS,
        still_wanted=still_wanted,
        calendar=calendar,
        refusal=refusal,
        of_use_until=of_use_until,
        template=template,
        key=lambda mailing, reader: f"inv:{mailing.about}:{reader}:{mailing.wave}",
        describe=describe,
        link=link,
        visible_to=visible_to,
        about=about,
        choices=choices,
        one_per_address=False,
        can_be_followed=True,
    )
)
