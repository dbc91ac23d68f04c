"""Questions to the proposals. What somebody may not see does not exist: every view begins with `visible_to`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Exists, OuterRef, Q

from izbaku.freshness import PublicQuerySet
from izbaku.text import words
from proposals import states
from proposals.bodies import BodyMember
from proposals.parties import Author, Partner
from proposals.reviewing import recused
from proposals.states import State

if TYPE_CHECKING:
    from proposals.models import Proposal  # noqa: F401  (in a string below)


class ProposalQuerySet(PublicQuerySet["Proposal"]):
    # --- Who may see ------------------------------------------------------------------------------------

    def public(self) -> Self:
        """What everybody may know: let into the register by the secretariat, and in a state that is shown."""
        return self.filter(state__in=states.PUBLIC, listed_at__isnull=False)

    def of_author(self, user: Any) -> Self:
        """Those that this person has written, alone or with others; an invitation alone opens nothing."""
        if not user.is_authenticated:
            return self.none()
        authors = Author.objects.standing().filter(user=user, proposal=OuterRef("pk"))
        return self.filter(Exists(authors))

    def in_office(self, user: Any) -> Self:
        """Those that the secretariat may work on: all that were submitted, but one's own. Drafts are nobody else's."""
        if not user.has_perm("proposals.handle_proposal"):
            return self.none()
        return self.exclude(state=State.DRAFT).without_conflict(user)

    def reviewable_by(self, user: Any) -> Self:
        """Those whose area a body reviews in which this person sits: submitted, and none of one's own.

        The body that decides meets them all. Whoever is recused meets it in no list, search, score or file.
        """
        if not user.has_perm("proposals.review_proposal"):
            return self.none()
        seats = BodyMember.objects.standing().filter(user=user)
        ours = Exists(seats.filter(body=OuterRef("area__body"))) | Exists(seats.filter(body__decides=True))
        return self.exclude(state__in=(State.DRAFT, State.RECORDED)).filter(ours).without_conflict(user)

    def without_conflict(self, user: Any) -> Self:
        """None of one's own, and none from which this person has declared to keep away."""
        theirs = self.exclude(pk__in=self.model.objects.of_author(user).values("pk"))
        return theirs.exclude(recused(user))

    def visible_to(self, user: Any) -> Self:
        """All that this person may open in any way: public ones, one's own, and what one's work needs."""
        if not user.is_authenticated:
            return self.public()
        ways = [self.model.objects.of_author(user), self.model.objects.in_office(user)]
        ways.append(self.model.objects.reviewable_by(user))
        found = Q(state__in=states.PUBLIC, listed_at__isnull=False)
        for way in ways:
            found |= Q(pk__in=way.values("pk"))
        return self.filter(found)

    # --- What somebody looks for ------------------------------------------------------------------------

    def at_stage(self, stage: str) -> Self:
        """Public ones that show as this stage."""
        return self.public().filter(state__in=states.states_of(stage))

    def in_city(self, city: str) -> Self:
        return self.filter(place__in=(city, self.model.Place.BOTH))

    def of_organisation(self, key: str) -> Self:
        """Where this organisation stands behind it: it proposed it, or has confirmed to be a partner."""
        return self.filter(Exists(Partner.objects.standing().filter(proposal=OuterRef("pk"), key=key)))

    def seeking_a_partner(self) -> Self:
        return self.exclude(seeks_in="").filter(state__in=states.SEEKING)

    def containing(self, text: str) -> Self:
        """Those in whose title, summary or organisations every word of `text` stands, whatever its diacritics."""
        found = self
        for word in words(text):
            found = found.filter(found_by__contains=f" {word}")
        return found

    def newest_first(self) -> Self:
        return self.order_by("-stage_at", "-pk")

    # --- What is due ------------------------------------------------------------------------------------

    def left_alone(self, before: datetime) -> Self:
        """Drafts that nobody has touched since."""
        old = self.filter(state=State.DRAFT, created_at__lt=before)
        return old.exclude(pk__in=self.model.objects.filter(versions__saved_at__gte=before).values("pk"))
