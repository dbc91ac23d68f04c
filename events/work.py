"""What waits for the staff: the questions that the desk counts and the list filters by."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from events.attendance import Registration
from events.changes import Change
from events.guests import Invitation, InvitationQuerySet
from events.models import Event, Imported, ReportPicture
from events.querysets import EventQuerySet
from izbaku import times
from izbaku.mail.models import Message

# In the order in which they are worth doing.
NAMES = {
    "untold": _("Changed, and nobody has decided whom to tell"),
    "unconfirmed": _("Past and not confirmed as held"),
    "drafts": _("Drafts waiting"),
    "imported": _("Drafts that an import brought in"),
    "appearing": _("Will appear by themselves"),
    "without_az": _("Without an Azerbaijani translation"),
    "without_en": _("Without an English translation"),
    "without_alt": _("Pictures without a description"),
}
REGISTRATIONS = {
    "approval": _("Registrations waiting for approval"),
    "seats": _("Waiting while seats are free"),
    "offers": _("Offers that end today"),
    "unreached": _("Registrations whose letters were refused"),
}
INVITATIONS = {
    "silent": _("Guests to call: no answer, and the deadline is near"),
    "to_confirm": _("Attendance to be confirmed, and the event is near"),
}
NEAR = timedelta(days=3)
TEXTS = ("title", "summary", "description")


def question(name: str, now: datetime) -> Q:
    """The events that wait for this; the name is one of `NAMES`."""
    if name == "untold":
        changed = Change.objects.filter(event=OuterRef("pk"), settled_at=None)
        people = Registration.objects.standing().filter(event=OuterRef("pk"))
        guests = Invitation.objects.told().filter(event=OuterRef("pk"))
        return Q(Exists(people) | Exists(guests)) & Q(
            Exists(changed), state__in=Event.PUBLIC_STATES, publish_at__lte=now
        )
    if name == "drafts":
        return Q(state=Event.State.DRAFT)
    if name == "imported":
        brought = Imported.objects.filter(Q(key__startswith="ics:") | Q(key__startswith="izmir-culture:"))
        is_brought = Q(pk__in=brought.values("row")) | Q(slug__in=brought.values_list(KT("values__slug")))
        return Q(state=Event.State.DRAFT) & is_brought
    if name == "appearing":
        return Q(state__in=Event.PUBLIC_STATES, publish_at__gt=now)
    if name == "unconfirmed":
        over = Q(city="baku", ends_on__lt=times.today(now, "baku"))
        over |= ~Q(city="baku") & Q(ends_on__lt=times.today(now, "izmir"))
        return Q(state=Event.State.PUBLIC, publish_at__lte=now) & ~Q(certainty=Event.Certainty.HELD) & over
    if name == "without_alt":
        undescribed = ReportPicture.objects.filter(event=OuterRef("pk")).filter(_empty("alt", "tr"))
        return ~Q(picture="") & _empty("picture_alt", "tr") | Q(Exists(undescribed))
    return without(name.removeprefix("without_"))


def without(language: str) -> Q:
    """Those with a Turkish text that has no counterpart in this language."""
    lacking = Q()
    for text in TEXTS:
        lacking |= ~_empty(text, settings.LANGUAGE_CODE) & _empty(text, language)
    return lacking


def _empty(field: str, language: str) -> Q:
    return Q(**{f"{field}_{language}": ""}) | Q(**{f"{field}_{language}": None})


def counts(now: datetime, events: EventQuerySet | None = None) -> dict[str, int]:
    """How many of these events (of all, unless told) wait for each, by one question to the database."""
    return (Event.objects.all() if events is None else events).aggregate(
        **{name: Count("pk", filter=question(name, now)) for name in NAMES}
    )


# --- Registrations ----------------------------------------------------------------------------------------


def registration_question(name: str, now: datetime) -> Q:
    """The registrations that wait for this; the name is one of `REGISTRATIONS`."""
    state = Registration.State
    if name == "approval":
        return Q(state=state.PENDING, event__state=Event.State.PUBLIC) & _ahead(now)
    if name == "offers":
        tomorrow = datetime.combine(times.today(now) + timedelta(days=1), time.min, times.zone_of(""))
        return Q(state=state.OFFERED, offered_until__lte=tomorrow)
    if name == "unreached":
        # An invented address may hold a seat: staff look, and cancel it.
        refused = Message.objects.order_by().filter(state__in=(Message.State.FAILED, Message.State.BOUNCED))
        about = refused.filter(kind__startswith="registration_", recipient__contains="@")
        return Q(state__in=Registration.STANDING, email__in=about.values("recipient")) & _ahead(now)
    fits = Q(allotment__capacity=None) | Q(allotment__capacity__gte=F("allotment__taken") + F("party"))
    return Q(state=state.WAITING, allotment__isnull=False, event__state=Event.State.PUBLIC) & fits & _ahead(now)


def _ahead(now: datetime) -> Q:
    return Q(event__starts_at__gt=now) | Q(event__starts_at=None, event__starts_on__gt=times.today(now))


def registration_counts(now: datetime, events: EventQuerySet | None = None) -> dict[str, int]:
    """The same for the registrations of these events."""
    rows = Registration.objects.all() if events is None else Registration.objects.filter(event__in=events.values("pk"))
    state = Registration.State
    unreached = rows.filter(registration_question("unreached", now)).count()
    rows = rows.filter(state__in=(state.PENDING, state.WAITING, state.OFFERED))  # those who have a seat are many
    names = [name for name in REGISTRATIONS if name != "unreached"]
    counts = rows.aggregate(**{name: Count("pk", filter=registration_question(name, now)) for name in names})
    return counts | {"unreached": unreached}


# --- Invitations ------------------------------------------------------------------------------------------


def invitation_question(name: str, now: datetime) -> Q:
    """The invitations that wait for this; the name is one of `INVITATIONS`."""
    if name == "to_confirm":
        near = Q(event__starts_on__lte=times.today(now) + timedelta(days=7), event__state=Event.State.PUBLIC)
        return Q(is_to_be_confirmed=True, state__in=Invitation.STANDING) & near & _ahead(now)
    ends = Q(answer_until__lte=now + NEAR) | Q(answer_until=None, event__starts_at__lte=now + NEAR)
    return Q(state=Invitation.State.SILENT, event__state=Event.State.PUBLIC) & ends & _ahead(now)


def invitation_counts(now: datetime, rows: InvitationQuerySet) -> dict[str, int]:
    return rows.aggregate(**{name: Count("pk", filter=invitation_question(name, now)) for name in INVITATIONS})
