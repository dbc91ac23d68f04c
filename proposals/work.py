"""What waits for the committee and the secretariat: the questions that the desk counts and the lists filter by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from izbaku import times
from proposals import review
from proposals.bodies import BodyMember
from proposals.delivery import DossierItem, Milestone
from proposals.parties import Author
from proposals.querysets import ProposalQuerySet
from proposals.reviewing import Declaration, Review
from proposals.states import State

# In the order in which they are worth doing; who sees which.
NAMES = {
    "owed": _("Proposals that wait for my review"),
    "received": _("Proposals received, not taken up yet"),
    "reviewed": _("All reviews are in: ready for a meeting"),
    "unannounced": _("Decided, not announced"),
    "presentable": _("Approved, in no dossier yet"),
    "unanswered": _("The municipality’s answer is overdue"),
    "unstarted": _("Agreed to, no project yet"),
    "late": _("Projects with a milestone that is overdue"),
}
OF_MEMBERS = ("owed",)
OF_CHAIRS = ("reviewed",)


def names_for(user: Any) -> list[str]:
    """What this person is told of."""
    if user.has_perm("proposals.handle_proposal"):
        mine = [name for name in NAMES if name not in OF_MEMBERS]
    else:
        mine = list(OF_CHAIRS) if user.has_perm("proposals.decide_proposal") else []
    if user.has_perm("proposals.review_proposal"):
        mine = [*OF_MEMBERS, *mine]
    return mine


def question(name: str, user: Any, now: datetime) -> Q:
    """The proposals that wait for this; the name is one of `NAMES`."""
    if name == "owed":
        return review.pending_of(user)
    if name == "received":
        return Q(state=State.SUBMITTED)
    if name == "reviewed":
        return Q(state=State.IN_REVIEW, handed_in__gt=0, handed_in__gte=Coalesce("expected", 0))
    if name == "unannounced":
        return Q(state=State.DECIDED)
    on_its_way = DossierItem.objects.filter(proposal=OuterRef("pk"), answered_on=None)
    today = times.today(now)
    if name == "presentable":
        return Q(~Exists(on_its_way), state=State.ACCEPTED)
    if name == "unanswered":
        return Q(Exists(DossierItem.objects.overdue(today).filter(proposal=OuterRef("pk"))), state=State.PRESENTED)
    if name == "unstarted":
        return Q(state=State.POSITIVE)
    late = Milestone.objects.filter(proposal=OuterRef("pk"), state__in=("planned", "under_way"), due_on__lt=today)
    return Q(Exists(late), state__in=(State.RUNNING, State.PAUSED))


def counted(proposals: ProposalQuerySet) -> ProposalQuerySet:
    """Adds k of n: `handed_in`, reviews of the version that stands; `expected`, members who are not recused."""
    reviews = Review.objects.that_count().filter(proposal=OuterRef("pk")).order_by().values("proposal")
    away = Declaration.objects.recusing().filter(proposal=OuterRef(OuterRef("pk")), user=OuterRef("user"))
    wrote = Author.objects.standing().filter(proposal=OuterRef(OuterRef("pk")), user=OuterRef("user"))
    seats = BodyMember.objects.standing().filter(body=OuterRef("area__body"), user__is_active=True)
    free = seats.exclude(Exists(away)).exclude(Exists(wrote)).order_by().values("body")
    return proposals.annotate(
        handed_in=_number_of(reviews),
        expected=_number_of(free),
    )


def _number_of(rows: Any) -> Coalesce:
    number = rows.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)


def counts(user: Any, now: datetime) -> dict[str, int]:
    """How many of those that this person may meet wait for each, by one question to the database."""
    names = names_for(user)
    if not names:
        return {}
    marks = {f"is_{name}": Case(When(question(name, user, now), then=1), default=0) for name in names}
    found = counted(review.before(user)).annotate(**marks)
    numbers = found.aggregate(**{name: Coalesce(Sum(f"is_{name}"), 0) for name in names})
    return {name: numbers[name] for name in names}
