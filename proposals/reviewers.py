"""What the committee's side holds of a person: declarations, reviews, remarks; and how long. Part of `personal.py`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from izbaku.holdings import Person, RecordClass, Room, Told, keep, register, told
from proposals.bodies import BodyMember
from proposals.delivery import DossierFile
from proposals.reviewing import Declaration, Meeting, Minutes, Remark, Review
from proposals.states import State

ENDED = (State.COMPLETED, State.STOPPED, State.NEGATIVE, State.REJECTED, State.WITHDRAWN)


def held(person: Person) -> Iterable[Told]:
    """Titles are told for the person's own words only; of a proposal from which they keep away just its number."""
    if person.user is None:
        return
    for declaration in Declaration.objects.filter(user=person.user).order_by("pk"):
        number = f"{declaration.proposal_id}"
        yield told(declaration, "has_conflict", "why", "at", values={"proposal": number})
    for review in Review.objects.filter(reviewer=person.user).order_by("pk").prefetch_related("scores__criterion"):
        scores = "\n".join(f"{score.criterion}: {score.value or '–'}" for score in review.scores.all())
        values = {"proposal": f"{review.proposal_id}"}
        yield told(review, "to_committee", "to_author", "begun_at", "handed_in_at", values=values | {"scores": scores})
    for remark in Remark.objects.filter(by=person.user).order_by("pk"):
        yield told(remark, "text", "at", values={"proposal": f"{remark.proposal_id}"})


def erase(person: Person, now: datetime) -> int:
    """The scores stay, as a decision rests on them; nobody can be told from them, and the words go."""
    if person.user is None:
        return 0
    Meeting.present.through.objects.filter(user=person.user).delete()
    BodyMember.objects.filter(user=person.user).delete()
    count = Declaration.objects.filter(user=person.user).delete()[0]
    count += Remark.objects.filter(by=person.user).delete()[0]
    drafts = Review.objects.filter(reviewer=person.user, handed_in_at=None)
    count += drafts.count()
    drafts.delete()
    theirs = Review.objects.filter(reviewer=person.user)
    return count + theirs.update(reviewer=None, to_committee="", to_author="")


register(
    Room(
        "committee",
        _("Reviews of proposals"),
        (Declaration, Review, Remark, Minutes, DossierFile),  # the files are the association's, under its own names
        held=held,
        erase=erase,
    )
)


# --- How long: the words of a judgement go some time after the proposal has ended; scores and decisions stay ------


def _over(before: datetime) -> Q:
    return Q(proposal__state__in=ENDED, proposal__stage_at__lt=before)


def _reviews(before: datetime) -> QuerySet[Review]:
    worded = ~Q(to_committee="") | ~Q(to_author="") | Q(reviewer__isnull=False)
    return Review.objects.filter(_over(before)).filter(worded)


def _due(now: datetime, period: timedelta) -> int:
    before = now - period
    rows = (Declaration.objects.filter(_over(before)), Remark.objects.filter(_over(before)), _reviews(before))
    return sum(found.count() for found in rows)


def _destroy(now: datetime, period: timedelta) -> int:
    before = now - period
    count = Declaration.objects.filter(_over(before)).delete()[0]
    count += Remark.objects.filter(_over(before)).delete()[0]
    return count + Review.objects.filter(pk__in=list(_reviews(before).values_list("pk", flat=True))).update(
        reviewer=None, to_committee="", to_author=""
    )


keep(RecordClass("proposal_review", _("Reviews and discussions of proposals"), due=_due, destroy=_destroy))
