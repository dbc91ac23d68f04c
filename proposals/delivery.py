"""Tables of what follows a yes: the dossier for the municipality and its answer, the project and its news."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import PurePosixPath
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.attachments import Attachment
from izbaku.freshness import PublicModel, PublicQuerySet

USER = settings.AUTH_USER_MODEL
PROPOSAL = "proposals.Proposal"
LANGUAGES = [("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]


class Dossier(models.Model):
    """Accepted proposals as they are put before the municipality. Once frozen, it has a number and never changes."""

    title = models.CharField(_("title"), max_length=200)
    year = models.PositiveSmallIntegerField(null=True, editable=False)
    serial = models.PositiveIntegerField(null=True, editable=False)
    is_sample = models.BooleanField(_("sample, not real"), default=False)
    made_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    frozen_at = models.DateTimeField(_("frozen"), null=True, editable=False)
    frozen_by = models.ForeignKey(
        USER, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("frozen by")
    )

    class Meta:
        verbose_name = _("dossier")
        verbose_name_plural = _("dossiers")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="one_dossier_a_number"),
            models.CheckConstraint(
                condition=Q(frozen_at=None, year=None, serial=None)
                | Q(frozen_at__isnull=False, year__isnull=False, serial__isnull=False),
                name="a_number_once_frozen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.title}" if self.number else self.title

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def was_handed_over(self) -> bool:
        return HandOver.objects.filter(dossier=self).exists()

    @property
    def number(self) -> str:
        return f"{self.year}-{self.serial:02}" if self.serial is not None else ""


class DossierItemQuerySet(models.QuerySet["DossierItem"]):
    def unanswered(self) -> Self:
        return self.filter(dossier__handover__isnull=False, answered_on=None)

    def overdue(self, today: date) -> Self:
        """Handed over, and the day by which an answer was expected has passed without one."""
        return self.unanswered().filter(dossier__handover__expected_on__lt=today)


class DossierItem(models.Model):
    """A proposal in a dossier, in the version that was accepted, and what the municipality said to it."""

    class Answer(models.TextChoices):
        NONE = "", _("none yet")
        POSITIVE = "positive", _("positive")
        NEGATIVE = "negative", _("negative")

    dossier = models.ForeignKey(Dossier, models.CASCADE, related_name="items", verbose_name=_("dossier"))
    proposal = models.ForeignKey(PROPOSAL, models.PROTECT, related_name="dossiers", verbose_name=_("proposal"))
    position = models.PositiveSmallIntegerField(_("place in the dossier"), default=0)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True, default="", editable=False)
    answered_on = models.DateField(_("answered on"), null=True, editable=False)
    answer_number = models.CharField(_("number of the answer"), max_length=60, blank=True, editable=False)

    objects = DossierItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal in the dossier")
        verbose_name_plural = _("proposals in the dossier")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "proposal"], name="once_in_a_dossier"),
            models.CheckConstraint(
                condition=Q(answer="", answered_on=None) | ~Q(answer="") & Q(answered_on__isnull=False),
                name="an_answer_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.proposal}"


class DossierFile(Attachment):
    """The frozen dossier in one language. `sha256` is of the stored bytes: whoever holds the paper can compare."""

    dossier = models.ForeignKey(Dossier, models.CASCADE, related_name="files", verbose_name=_("dossier"))
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES)

    class Meta:
        verbose_name = _("file of the dossier")
        verbose_name_plural = _("files of the dossier")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["dossier", "language"], name="one_file_a_language")]


class HandOver(models.Model):
    """That a frozen dossier was handed over: when, to which office, under which number, and when an answer is due."""

    dossier = models.OneToOneField(Dossier, models.PROTECT, related_name="handover", verbose_name=_("dossier"))
    on = models.DateField(_("handed over on"))
    office = models.CharField(_("office"), max_length=200)
    registry_number = models.CharField(_("registry number there"), max_length=60, blank=True)
    expected_on = models.DateField(_("answer expected by"), null=True, blank=True)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("recorded by"))

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_on=None) | Q(expected_on__gte=models.F("on")), name="an_answer_comes_after"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office}, {self.on:%d.%m.%Y}"


# --- The project ------------------------------------------------------------------------------------------


class Milestone(PublicModel):
    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        UNDER_WAY = "under_way", _("Under way")
        REACHED = "reached", _("Reached")
        DROPPED = "dropped", _("Dropped")

    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="milestones", verbose_name=_("proposal"))
    title = models.CharField(_("title"), max_length=200)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED)
    reached_on = models.DateField(_("reached on"), null=True, blank=True)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = [models.F("due_on").asc(nulls_last=True), "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="reached", reached_on__isnull=False) | ~Q(state="reached") & Q(reached_on=None),
                name="reached_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class NewsQuerySet(PublicQuerySet["News"]):
    def public(self) -> Self:
        return self.filter(published_at__isnull=False)


class News(PublicModel):
    """News of a project: a draft until it is published, and then those who follow hear of it."""

    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="news", verbose_name=_("project"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    by = models.ForeignKey(
        USER, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("written by")
    )
    begun_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)

    objects = NewsQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("news of a project")
        verbose_name_plural = _("news of projects")
        ordering = ["-published_at", "-pk"]

    def __str__(self) -> str:
        return self.title


def picture_name(row: models.Model, name: str) -> str:
    """A name that nobody guesses: a draft's picture lies where everybody could fetch it."""
    return f"proposals/{secrets.token_urlsafe(16)}{PurePosixPath(name).suffix.lower()}"


class NewsPicture(PublicModel):
    news = models.ForeignKey(News, models.CASCADE, related_name="pictures", verbose_name=_("news of a project"))
    picture = models.ImageField(_("picture"), upload_to=picture_name)
    alt = models.CharField(_("what the picture shows"), max_length=250)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.alt


class LinkedEvent(PublicModel):
    """An event of the programme that belongs to a project."""

    proposal = models.ForeignKey(PROPOSAL, models.CASCADE, related_name="linked", verbose_name=_("project"))
    event = models.ForeignKey("events.Event", models.CASCADE, related_name="+", verbose_name=_("event"))

    class Meta:
        verbose_name = _("event of the project")
        verbose_name_plural = _("events of the project")
        constraints = [models.UniqueConstraint(fields=["proposal", "event"], name="an_event_once_a_project")]

    def __str__(self) -> str:
        return str(self.event)
