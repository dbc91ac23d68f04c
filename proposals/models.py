"""Proposals for cooperation: what they say, and where they stand. Their authors and organisations: `parties.py`;
areas and those who review them: `bodies.py`.

Three things are kept apart. What its authors are writing is the *open version* (`ProposalVersion` without
`submitted_at`): text as it was typed, never read by anybody else. Submitting checks and freezes it and copies it into
the proposal's own fields, which the committee, the dossier and the register read. A state is changed by
`izbaku.history.move` alone, along `MOVES` (`moves.py`; conditions and people in `guards.py`, where the committee's,
the dossier's and the project's side put theirs; letters in `mails.py`).

Tables of reviews, meetings, dossiers and milestones hang on `Proposal` and `ProposalVersion` from modules of their own.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from izbaku import addresses, text, times
from izbaku.attachments import Attachment
from izbaku.freshness import PublicModel
from izbaku.history import Moves, Step
from izbaku.privacy.models import Kept
from izbaku.times import City, Precision
from proposals import delivery, reviewing, states
from proposals.bodies import Area, BodyMember, ReviewBody
from proposals.moves import MOVES
from proposals.parties import LANGUAGES, Author, Follower, Partner, new_code
from proposals.querysets import ProposalQuerySet
from proposals.states import State

__all__ = [  # Django finds its tables through this module
    "Area", "Author", "BodyMember", "Follower", "Partner", "Project", "Proposal", "ProposalFile", "ProposalStep",
    "ProposalVersion", "ReviewBody", "State", "delivery", "reviewing",
]  # fmt: skip
TEXTS = ("title", "summary", "why", "what", "benefits", "calendar", "seeks")  # in up to three languages
USER = settings.AUTH_USER_MODEL


# --- The proposal -----------------------------------------------------------------------------------------


class Proposal(PublicModel, Kept):
    """An idea for both cities. Its fields say what was submitted last; see the module for what is still written."""

    class Place(models.TextChoices):
        IZMIR = City.IZMIR.value, City.IZMIR.label
        BAKU = City.BAKU.value, City.BAKU.label
        BOTH = "both", _("both cities")

    class Currency(models.TextChoices):
        TRY = "TRY", _("Turkish lira (TRY)")
        AZN = "AZN", _("Azerbaijani manat (AZN)")
        EUR = "EUR", _("Euro (EUR)")
        USD = "USD", _("US dollar (USD)")

    MOVES: ClassVar[Moves] = MOVES

    # How it is reached: by its authors, by everybody
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    slug = models.SlugField(_("address"), max_length=100, unique=True, null=True, blank=True)
    # Where it stands
    state = models.CharField(_("state"), max_length=15, choices=State, default=State.DRAFT, editable=False)
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)  # the last one that was submitted
    created_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(_("first submitted"), null=True, editable=False)
    listed_at = models.DateTimeField(_("in the register since"), null=True, blank=True, editable=False)
    stage_at = models.DateTimeField(_("at this stage since"), default=timezone.now, editable=False)  # as shown
    answer_by = models.DateField(_("changes expected by"), null=True, blank=True)
    responsible = models.ForeignKey(
        USER, models.SET_NULL, null=True, blank=True, related_name="looks_after_proposals",
        verbose_name=_("who looks after it"),
    )  # fmt: skip
    # What it says
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, related_name="proposals", verbose_name=pgettext_lazy("proposal", "area")
    )
    language = models.CharField(_("written in"), max_length=2, choices=LANGUAGES, default="tr")
    title = models.CharField(_("title"), max_length=200, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    why = models.TextField(_("why"), blank=True)
    what = models.TextField(_("what"), blank=True)
    benefits = models.TextField(_("who benefits"), blank=True)
    calendar = models.TextField(_("calendar"), blank=True)
    starts_on = models.DateField(_("begins"), null=True, blank=True)
    ends_on = models.DateField(_("ends"), null=True, blank=True)
    place = models.CharField(_("where"), max_length=10, choices=Place, blank=True)
    budget = models.DecimalField(
        _("budget"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, blank=True)
    seeks_in = models.CharField(_("partner sought in"), max_length=10, choices=Place, blank=True)
    seeks = models.TextField(_("which partner is sought"), blank=True)
    # For the association alone
    contact_name = models.CharField(_("contact person"), max_length=120, blank=True)
    contact_email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    contact_phone = models.CharField(_("telephone"), max_length=40, blank=True)
    # Of those that were reported: only what was published
    is_reported = models.BooleanField(_("known from the press"), default=False)
    is_on_agenda = models.BooleanField(_("on the agenda, not the association’s own"), default=False)
    published_stage = models.CharField(_("stage as published"), max_length=250, blank=True)
    sources = models.TextField(
        _("sources"), blank=True, validators=[addresses.check_lines], help_text=_("One address a line.")
    )
    is_sample = models.BooleanField(_("sample, not real"), default=False)
    found_by = models.TextField(blank=True, editable=False)  # public words, folded

    objects = ProposalQuerySet.as_manager()  # type: ignore[misc]

    class Personal:
        fields = ("contact_name", "contact_email", "contact_phone")

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        permissions = [
            ("review_proposal", "Can review proposals of one's review bodies"),
            ("decide_proposal", "Can close reviews and decide, as chair"),
            ("handle_proposal", "Can receive, announce and present proposals"),
        ]
        indexes = [
            models.Index(fields=["state", "stage_at"], name="proposals_at_stage"),
            models.Index(fields=["area", "state"], name="proposals_of_area"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(budget=None) | Q(budget__gte=0), name="no_budget_below_zero"),
            models.CheckConstraint(
                condition=Q(budget=None) | ~Q(currency=""), name="a_budget_says_its_currency"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gte=F("starts_on")),
                name="a_proposal_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_state_of_the_table"),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT) | Q(slug__isnull=False, area__isnull=False),
                name="submitted_with_address_and_area",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title or str(_("Proposal %(n)s") % {"n": self.pk})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Also renews the words it is found by. A state is not saved this way: `history.move` does that."""
        if kwargs.get("update_fields") is None and self.pk:
            self.found_by = self._words()
        super().save(*args, **kwargs)

    def _words(self) -> str:
        """Public words only: whoever searches learns nothing that the page does not say."""
        # Of what was reported only the title is public, also while somebody has sent more that nobody has read yet.
        fields = ("title",) if self.is_reported else ("title", "summary")
        said = [getattr(self, f"{field}_{language}") or "" for field in fields for language, _n in LANGUAGES]
        said += [partner.name for partner in self.partners.standing()]
        return "".join(f" {word}" for word in text.words(" ".join(said)))

    @property
    def stage(self) -> State:
        """What everybody may know of the state."""
        return states.stage_of(self.state)

    @property
    def stage_label(self) -> str:
        return str(self.stage.label)

    @property
    def is_public(self) -> bool:
        return self.state in states.PUBLIC and self.listed_at is not None

    @property
    def is_open(self) -> bool:
        """Whether its whole text is public, not title, summary and organisations alone."""
        return self.state in states.OPEN and not self.is_reported

    @property
    def is_with_the_author(self) -> bool:
        return self.state in states.WITH_THE_AUTHOR

    @property
    def source_list(self) -> list[str]:
        return addresses.links(self.sources)

    def said(self, field: str, language: str) -> str:
        """A text in this language, or in the one it was written in; empty where neither is there."""
        return getattr(self, f"{field}_{language}") or getattr(self, f"{field}_{self.language}") or ""

    def is_fallback(self, field: str, language: str) -> bool:
        """Whether `said` has to take the language it was written in."""
        return not getattr(self, f"{field}_{language}") and bool(getattr(self, f"{field}_{self.language}"))

    def is_author(self, user: Any) -> bool:
        """Whether this person has written it, alone or with others. One query."""
        return user is not None and self.authors.standing().filter(user=user).exists()

    def is_chaired_by(self, user: Any) -> bool:
        """Whether this person chairs the body of its area now. One query."""
        members = BodyMember.objects.standing().filter(user=user, is_chair=True)
        return members.filter(body__areas=self.area_id).exists()


class ProposalStep(Step):
    """One step of its life. Of what was only reported, the day may be as vague as the report."""

    of = models.ForeignKey(Proposal, models.CASCADE, related_name="steps", verbose_name=_("proposal"))
    precision = models.CharField(_("date known to"), max_length=10, choices=Precision, default=Precision.TIME)
    happened_on = models.DateField(_("happened on"), null=True, editable=False)  # where that was recorded later

    @property
    def day(self) -> date:
        """In İzmir: when it happened, not when somebody came to record it."""
        return self.happened_on or self.at.astimezone(times.zone_of("")).date()

    @property
    def label(self) -> str:
        """What was done; of a step that no move of the table made (it was reported), where it led."""
        made = {move.name: move.label for move in MOVES}
        return str(made.get(self.move) or State(self.after).label)

    class Meta(Step.Meta):
        verbose_name = _("step of a proposal")
        verbose_name_plural = _("steps of proposals")
        indexes = [models.Index(fields=["of", "at"], name="steps_of_a_proposal")]


class ProposalVersion(models.Model):
    """What was submitted, number by number; the one without `submitted_at` is being written.

    `content` holds text as it was typed: `area`, `language`, `place`, `budget`, …, and `title_tr`, `title_az` …
    of all `TEXTS`; a frozen one besides `organisations`, the names as they stood. Reviews belong to the version read.
    """

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="versions", verbose_name=_("proposal"))
    number = models.PositiveIntegerField(_("version"))
    content = models.JSONField(_("content"), default=dict)
    revision = models.PositiveIntegerField(default=0, editable=False)  # counts the saves: two tabs do not overwrite
    saved_at = models.DateTimeField(_("saved"), default=timezone.now)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    submitted_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))

    class Personal:
        fields = ("content",)

    class Meta:
        verbose_name = _("version of a proposal")
        verbose_name_plural = _("versions of proposals")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "number"], name="one_version_of_a_number"),
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(submitted_at=None), name="one_version_being_written"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id}/{self.number}"

    def said(self, field: str, language: str) -> str:
        """A text in this language, or in the one it was written in."""
        own = self.content.get("language") or "tr"
        return self.content.get(f"{field}_{language}") or self.content.get(f"{field}_{own}") or ""


class ProposalFile(Attachment):
    """An annex. Sealed: until the association presents it, it is for the authors and the committee."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="files", verbose_name=_("proposal"))
    added_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("annex of a proposal")
        verbose_name_plural = _("annexes of proposals")
        ordering = ["pk"]


class Project(Proposal):
    """The same row, as those meet it who look after milestones and news."""

    class Meta:
        proxy = True
        verbose_name = _("project")
        verbose_name_plural = _("projects")
