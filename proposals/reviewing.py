"""Tables of judging: who judges what and by which measure, what each has declared and said, and what was decided.

Nothing in them is public: no page, feed or letter reads a decision before it is announced.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.attachments import Attachment
from proposals.states import State

USER = settings.AUTH_USER_MODEL
PROPOSAL = "proposals.Proposal"
BEST = 5  # of five


class Criterion(models.Model):
    """What a body looks at, and how much it counts. One that was used is retired, never deleted."""

    body = models.ForeignKey(
        "proposals.ReviewBody", models.CASCADE, related_name="criteria", verbose_name=_("review body")
    )
    name = models.CharField(_("name"), max_length=150)
    explanation = models.TextField(_("what 1 means, and what 5"), blank=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    position = models.PositiveSmallIntegerField(_("place in the list"), default=0)
    is_asked = models.BooleanField(_("asked at present"), default=True)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="a_weight_counts"),
        ]

    def __str__(self) -> str:
        return self.name


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    def recusing(self) -> Self:
        """Those that keep their person away from the proposal."""
        return self.filter(has_conflict=True)


class Declaration(models.Model):
    """A member's word, given before the text opens: a conflict of interest, or none."""

    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="declarations", verbose_name=_("proposal"))
    user = models.ForeignKey(USER, models.CASCADE, related_name="+", verbose_name=_("person"))
    has_conflict = models.BooleanField(_("has a conflict of interest"))
    why = models.TextField(_("why"), blank=True)
    at = models.DateTimeField(_("declared"), default=timezone.now, editable=False)

    objects = DeclarationQuerySet.as_manager()

    class Personal:
        fields = ("has_conflict", "why")
        whose = "user"

    class Meta:
        verbose_name = _("declaration of interests")
        verbose_name_plural = _("declarations of interests")
        constraints = [models.UniqueConstraint(fields=["proposal", "user"], name="one_declaration_each")]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {self.user_id}"


class ReviewQuerySet(models.QuerySet["Review"]):
    def handed_in(self) -> Self:
        return self.filter(handed_in_at__isnull=False)

    def that_count(self) -> Self:
        """Handed in, of the version that stands, by somebody who has not been recused since."""
        away = Declaration.objects.recusing().filter(proposal=OuterRef("proposal"), user=OuterRef("reviewer"))
        return self.handed_in().filter(version__number=F("proposal__version")).exclude(Exists(away))


class Review(models.Model):
    """What one member thinks of one version of a proposal. A draft until it is handed in."""

    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="reviews", verbose_name=_("proposal"))
    version = models.ForeignKey(
        "proposals.ProposalVersion", models.CASCADE, related_name="reviews", verbose_name=_("version")
    )
    reviewer = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="reviews", verbose_name=_("reviewer"))
    to_committee = models.TextField(_("comment for the committee"), blank=True)
    to_author = models.TextField(_("comment for the author"), blank=True)
    begun_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    handed_in_at = models.DateTimeField(_("handed in"), null=True, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Personal:
        fields = ("reviewer", "to_committee", "to_author")
        whose = "reviewer"

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["handed_in_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["version", "reviewer"], name="one_review_each")]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {self.reviewer_id}"


class Score(models.Model):
    """1 to 5, or empty for "not applicable". The weight is that of the day, so that no sum changes afterwards."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="scores", verbose_name=_("review"))
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+", verbose_name=_("criterion"))
    value = models.PositiveSmallIntegerField(_("score"), null=True)
    weight = models.PositiveSmallIntegerField(_("weight"))

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="one_score_a_criterion"),
            models.CheckConstraint(
                condition=Q(value=None) | Q(value__gte=1, value__lte=BEST), name="a_score_from_one_to_five"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.value or '–'}"


class Remark(models.Model):
    """A word of the internal discussion. No letter and no public page reads this table."""

    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="remarks", verbose_name=_("proposal"))
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    text = models.TextField(_("text"), max_length=5000)
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)

    class Personal:
        fields = ("by", "text")
        whose = "by"

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.proposal_id}: {self.by_id}"


# --- Meetings and decisions -------------------------------------------------------------------------------


class Meeting(models.Model):
    """A meeting of the body that decides: an agenda, who was there, decisions, minutes."""

    body = models.ForeignKey(
        "proposals.ReviewBody", models.PROTECT, related_name="meetings", verbose_name=_("review body")
    )
    at = models.DateTimeField(_("begins at"))
    place = models.CharField(_("place"), max_length=200, blank=True)
    notes = models.TextField(_("notes for the minutes"), blank=True)
    present: Any = models.ManyToManyField(USER, blank=True, related_name="+", verbose_name=_("who is present"))
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    closed_by = models.ForeignKey(
        USER, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("closed by")
    )

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.body} {timezone.localtime(self.at):%d.%m.%Y}"

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class AgendaItem(models.Model):
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="items", verbose_name=_("meeting"))
    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="agenda", verbose_name=_("proposal"))
    position = models.PositiveSmallIntegerField(_("place in the agenda"), default=0)

    class Meta:
        verbose_name = _("item of the agenda")
        verbose_name_plural = _("items of the agenda")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["meeting", "proposal"], name="once_on_an_agenda")]

    def __str__(self) -> str:
        return f"{self.position}. {self.proposal}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> Self:
        return self.filter(taken_back_at=None)

    def unannounced(self) -> Self:
        """Decided, and nobody outside the committee knows it."""
        return self.standing().filter(announced_at=None)


class Decision(models.Model):
    """What a meeting has decided on a proposal. It is in force inside; outside it does not exist until announced."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        CHANGES = "changes", _("Ask for changes")
        DEFER = "defer", _("Defer")
        REJECT = "reject", _("Reject")

    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="decisions", verbose_name=_("proposal"))
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="decisions", verbose_name=_("meeting"))
    version = models.ForeignKey(
        "proposals.ProposalVersion", models.CASCADE, related_name="+", verbose_name=_("version")
    )
    year = models.PositiveSmallIntegerField(editable=False)
    serial = models.PositiveIntegerField(editable=False)
    verdict = models.CharField(_("decision"), max_length=10, choices=Verdict)
    to_author = models.TextField(_("reasons, for the author"), blank=True)
    to_minutes = models.TextField(_("reasons, for the minutes"), blank=True)
    in_favour = models.PositiveSmallIntegerField(_("votes in favour"), default=0)
    against = models.PositiveSmallIntegerField(_("votes against"), default=0)
    abstained = models.PositiveSmallIntegerField(_("abstentions"), default=0)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("recorded by"))
    at = models.DateTimeField(_("decided"), default=timezone.now, editable=False)
    announced_at = models.DateTimeField(_("announced"), null=True, editable=False)
    taken_back_at = models.DateTimeField(_("taken back"), null=True, editable=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-year", "-serial"]
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="one_decision_a_number"),
            models.UniqueConstraint(
                fields=["proposal"],
                condition=Q(announced_at=None, taken_back_at=None),
                name="one_decision_waits",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"{self.year}/{self.serial}"

    @property
    def outcome(self) -> State:
        """The state to which announcing it leads."""
        return OUTCOMES[Decision.Verdict(self.verdict)]


OUTCOMES = {
    Decision.Verdict.ACCEPT: State.ACCEPTED,
    Decision.Verdict.CHANGES: State.CHANGES_ASKED,
    Decision.Verdict.DEFER: State.DEFERRED,
    Decision.Verdict.REJECT: State.REJECTED,
}


class Minutes(Attachment):
    """The minutes as they were when the meeting was closed: the file is stored, and its hash is of the stored bytes."""

    meeting = models.OneToOneField(Meeting, models.CASCADE, related_name="minutes", verbose_name=_("meeting"))

    class Meta:
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")


def recused(user: Any) -> Q:
    """Of proposals: those from which this person keeps away. To be excluded wherever staff look."""
    return Q(pk__in=Declaration.objects.recusing().filter(user=user).values("proposal"))
