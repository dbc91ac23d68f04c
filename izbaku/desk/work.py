"""Today's work: what waits, and what comes next. A constant number of questions, however long the programme."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events import work
from events.guests import Invitation
from events.models import Event
from events.querysets import EventQuerySet
from izbaku import times
from izbaku.accounts.models import RoleWish
from izbaku.desk import letters
from izbaku.mail.rounds import Mailing
from izbaku.privacy.models import DataRequest
from proposals import work as proposals_work
from students import work as support

SHOWN = 5


@dataclass(frozen=True)
class Waiting:
    name: str
    label: str
    count: int
    address: str


def of(user: Any, now: datetime) -> dict[str, Any]:
    """What the first page shows to this person: nothing of what they may not see."""
    context = _of_events(user, now) if user.has_perm("events.view_event") else {}
    if user.has_perm("events.view_invitation"):
        context["waiting"] = [*context.get("waiting", []), *_of_invitations(user, now)]
    if user.has_perm("students.view_case"):
        context["waiting"] = [*context.get("waiting", []), *_of_requests(user, now)]
    if user.has_perm("students.change_helpline"):
        missing = _("numbers to call in an emergency are not entered yet: students see none")
        listed = f"{reverse('admin:students_helpline_changelist')}?number=missing"
        waiting = Waiting("helplines", missing, support.lines_without_a_number(), listed)
        context["waiting"] = [*context.get("waiting", []), waiting]
    if user.has_perm("mail.handle_letters"):
        context["waiting"] = [*context.get("waiting", []), *_of_letters(now)]
    if user.has_perm("mail.view_mailing"):
        context["waiting"] = [*context.get("waiting", []), *_of_rounds(user)]
    if user.has_perm("privacy.handle_requests"):
        context["waiting"] = [*context.get("waiting", []), *_of_data_requests(now)]
    if user.has_perm("proposals.view_proposal"):
        context["waiting"] = [*context.get("waiting", []), *_of_proposals(user, now)]
    if user.has_perm("accounts.change_user"):
        wishes = RoleWish.objects.exclude(asked_by=user).exclude(user=user).count()
        listed = f"{reverse('admin:accounts_user_changelist')}?works=wished"
        waiting = Waiting("roles", _("roles wait for a second administrator"), wishes, listed)
        people = reverse("admin:accounts_user_changelist")
        gaps = [Waiting(f"support_{name}", str(support.GAPS[name]), 1, people) for name in support.gaps()]
        context["waiting"] = [*gaps, *context.get("waiting", []), waiting]
    waiting_for = context.get("waiting", [])
    context["busy"] = [each for each in waiting_for if each.count]
    context["quiet"] = [each for each in waiting_for if not each.count]
    return context


def _of_proposals(user: Any, now: datetime) -> list[Waiting]:
    listed, counts = reverse("admin:proposals_proposal_changelist"), proposals_work.counts(user, now)
    names = proposals_work.names_for(user)
    return [
        Waiting(f"proposals_{name}", str(proposals_work.NAMES[name]), counts[name], f"{listed}?waits={name}")
        for name in names
    ]


def _of_requests(user: Any, now: datetime) -> list[Waiting]:
    """Of students; of what this person may not see not even the number. An administrator's rights open none."""
    if not support.works_here(user):
        return []
    listed, counts = reverse("admin:students_case_changelist"), support.counts(user, now)
    return [
        Waiting(f"case_{name}", str(label), counts[name], f"{listed}?waits={name}")
        for name, label in support.NAMES.items()
    ]


def _of_data_requests(now: datetime) -> list[Waiting]:
    listed = reverse("admin:privacy_datarequest_changelist")
    counts = DataRequest.objects.open().aggregate(all=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))
    return [
        Waiting("data_late", _("requests about personal data are late"), counts["late"], f"{listed}?clock=late"),
        Waiting("data", _("requests about personal data wait for an answer"), counts["all"], f"{listed}?clock=open"),
    ]


def _of_rounds(user: Any) -> list[Waiting]:
    """For whoever approves, and for whoever writes: what stands still until a person decides."""
    listed = reverse("admin:mail_mailing_changelist")
    held, paused = Mailing.State.HELD, Mailing.State.PAUSED
    found = (
        Mailing.objects.visible_to(user)
        .order_by()
        .aggregate(held=Count("pk", filter=Q(state=held)), paused=Count("pk", filter=Q(state=paused)))
    )
    waiting = [Waiting("paused", _("rounds of letters are paused"), found["paused"], f"{listed}?state__exact={paused}")]
    if user.has_perm("mail.approve_mailing"):
        label = _("rounds of letters wait for approval")
        waiting.insert(0, Waiting("held", label, found["held"], f"{listed}?state__exact={held}"))
    return waiting


def _of_letters(now: datetime) -> list[Waiting]:
    listed, counts = reverse("admin:mail_message_changelist"), letters.counts(now)
    waiting = [
        Waiting(name, str(label), counts[name], f"{listed}?waits={name}") for name, label in letters.NAMES.items()
    ]
    if letters.stands_still(now):
        waiting.insert(0, Waiting("still", _("letters stand still: see why"), 1, reverse("admin:mail_message_figures")))
    return waiting


def _of_events(user: Any, now: datetime) -> dict[str, Any]:
    listed = reverse("admin:events_event_changelist")
    theirs = Event.objects.editable_by(user)
    counts = work.counts(now, theirs)
    context: dict[str, Any] = {
        "waiting": [
            Waiting(name, str(label), counts[name], f"{listed}?waits={name}") for name, label in work.NAMES.items()
        ],
        "coming": _told(theirs.public(now).upcoming(times.today(now)).with_a_day().in_order()[:SHOWN]),
    }
    if user.has_perm("events.view_registration"):
        context["waiting"] += _of_registrations(theirs if not user.has_perm("events.every_event") else None, now)
    if user.has_perm("events.change_event"):
        past = theirs.filter(work.question("unconfirmed", now)).newest_first()[:SHOWN]
        context["unconfirmed"] = _told(past)
        context["confirm"] = reverse("admin:events_event_act", args=["confirm"])
    return context


def _of_registrations(theirs: EventQuerySet | None, now: datetime) -> list[Waiting]:
    listed = reverse("admin:events_registration_changelist")
    counts = work.registration_counts(now, theirs)
    return [
        Waiting(name, str(label), counts[name], f"{listed}?waits={name}") for name, label in work.REGISTRATIONS.items()
    ]


def _of_invitations(user: Any, now: datetime) -> list[Waiting]:
    listed = reverse("admin:events_invitation_changelist")
    counts = work.invitation_counts(now, Invitation.objects.visible_to(user))
    return [
        Waiting(name, str(label), counts[name], f"{listed}?waits={name}") for name, label in work.INVITATIONS.items()
    ]


def _told(events: Any) -> list[tuple[Event, times.Reading]]:
    language = get_language()
    return [(event, times.reading(event, language)) for event in events]
