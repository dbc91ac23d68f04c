"""Tables of the staff's work: texts ready to be sent, tags, what was done, referrals, the question after the end.

All that hangs on a request is deleted with it; what is written by hand is sealed.
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from izbaku.sealing import SealedTextField

USER = settings.AUTH_USER_MODEL
CASE = "students.Case"
PLACES = ("name", "reference", "topic", "worker", "association")  # what a ready text may have filled in


def new_token() -> str:
    return secrets.token_urlsafe(24)


class AnswerTime(models.Model):
    """Within how many working hours a request of this priority is to be heard; staff set it."""

    class Priority(models.IntegerChoices):
        URGENT = 1, _("Urgent")
        HIGH = 2, _("High")
        NORMAL = 3, _("Normal")

    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, unique=True, editable=False)
    hours = models.PositiveSmallIntegerField(
        _("working hours"),
        validators=[MinValueValidator(1), MaxValueValidator(400)],
        help_text=_("Of the office in İzmir: a working day has eight. Requests take a new time when they next move."),
    )

    class Meta:
        verbose_name = _("time to answer")
        verbose_name_plural = _("times to answer")
        ordering = ["priority"]

    def __str__(self) -> str:
        return str(self.get_priority_display())


class CannedText(models.Model):
    """A reply written once, in three languages; the student's language decides which one is put into the form."""

    name = models.CharField(_("name"), max_length=100, unique=True, help_text=_("For staff: how it is found again."))
    topic = models.ForeignKey(
        "students.Topic",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("topic"),
        help_text=_("Empty: offered for every topic."),
    )
    asks_for_document = models.BooleanField(_("asks for a document"), default=False)
    text = models.TextField(
        _("text"),
        help_text=_("Filled in by themselves: {name}, {reference}, {topic}, {worker}, {association}."),
    )
    is_offered = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("ready text")
        verbose_name_plural = _("ready texts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        for language, _name in settings.LANGUAGES:
            field = f"text_{language}"
            try:
                filled(getattr(self, field) or "", dict.fromkeys(PLACES, ""))
            except (KeyError, ValueError, IndexError, AttributeError):
                places = ", ".join(f"{{{place}}}" for place in PLACES)
                raise ValidationError({field: _("In braces only: %(places)s.") % {"places": places}}) from None


def filled(text: str, values: dict[str, str]) -> str:
    """The text with its places filled in. Raises KeyError or ValueError for a place that is none.

    Only plain names count: a format that reaches into what is filled in would print what nobody meant to show.
    """
    told = []
    for words, place, spec, conversion in string.Formatter().parse(text):
        told.append(words)
        if place is not None:
            if spec or conversion:
                raise ValueError(place)
            told.append(values[place])
    return "".join(told)


class Tag(models.Model):
    """A word by which staff sort requests."""

    name = models.CharField(_("name"), max_length=50, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CaseTag(models.Model):
    case = models.ForeignKey(CASE, models.CASCADE, related_name="tagged", verbose_name=_("request"))
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+", verbose_name=_("tag"))

    class Meta:
        verbose_name = _("tag of a request")
        verbose_name_plural = _("tags of requests")
        ordering = ["tag__name"]
        constraints = [models.UniqueConstraint(fields=["case", "tag"], name="a_tag_once_a_request")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class CaseAct(models.Model):
    """What staff did that is no move: the request's own log, in place of the trail, which holds nothing of it."""

    class What(models.TextChoices):
        ASSIGNED = "assigned", _("assigned")
        HANDED_OVER = "handed_over", pgettext_lazy("request", "handed over")
        RELEASED = "released", _("put back into the queue")
        WATCHED = "watched", _("is watched")
        UNWATCHED = "unwatched", _("is no longer watched")
        SORTED = "sorted", _("topic, priority or tags changed")
        DOCUMENT = "document", _("asked for a document")
        MERGED = "merged", _("put together")
        REFERRAL = "referral", _("referral")
        FILE_TAKEN_BACK = "file_gone", _("took back a file that was sent to the student")
        ESCALATED = "escalated", _("late: others were told")

    case = models.ForeignKey(CASE, models.CASCADE, related_name="acts", verbose_name=_("request"))
    what = models.CharField(_("what"), max_length=15, choices=What)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    whom = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("to whom"))
    text = SealedTextField(_("about"), blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Personal:
        fields = ("text",)

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Merging(models.Model):
    """A request that was put together with another one of the same student; all its words stand there now."""

    case = models.OneToOneField(CASE, models.CASCADE, related_name="merging", verbose_name=_("request"))
    into = models.ForeignKey(CASE, models.CASCADE, related_name="took_in", verbose_name=_("with"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("merging")
        verbose_name_plural = _("mergings")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Nudge(models.Model):
    """A word to staff about a moment that a request was due: once for each moment, whoever asks how often."""

    class Kind(models.TextChoices):
        REMINDER = "reminder", _("reminder")
        ESCALATION = "escalation", _("escalation")

    case = models.ForeignKey(CASE, models.CASCADE, related_name="nudges")
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("word about being due")
        verbose_name_plural = _("words about being due")
        constraints = [models.UniqueConstraint(fields=["case", "kind", "due_at"], name="nudged_once_a_moment")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Survey(models.Model):
    """The one question after the end: solved? Its key stands in the closing letter and opens nothing else."""

    case = models.ForeignKey(CASE, models.CASCADE, related_name="surveys", verbose_name=_("request"))
    token = models.CharField(max_length=60, unique=True, default=new_token, editable=False)
    asked_at = models.DateTimeField(_("asked"))
    until = models.DateTimeField(_("reopens until"))
    is_solved = models.BooleanField(_("solved"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("question after the end")
        verbose_name_plural = _("questions after the end")
        ordering = ["asked_at"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Referral(models.Model):
    """Something of a request that a named body shall be given: what, and why, the student decides item by item."""

    case = models.ForeignKey(CASE, models.CASCADE, related_name="referrals", verbose_name=_("request"))
    body = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+", verbose_name=_("to whom"))
    purpose = SealedTextField(_("why, in words for the student"))
    code = models.CharField(max_length=60, unique=True, default=new_token, editable=False)
    asked_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    passed_at = models.DateTimeField(_("passed on"), null=True)
    passed_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("passed on by"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Personal:
        fields = ("purpose",)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        ordering = ["asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(passed_at=None) | Q(answered_at__isnull=False), name="nothing_is_passed_on_unasked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Still waiting for the student's word."""
        return self.answered_at is None and self.revoked_at is None


class ReferralItem(models.Model):
    """One item of it: not agreed to until the student says so."""

    class What(models.TextChoices):
        NAME = "name", _("your name and e-mail address")
        PHONE = "phone", _("your telephone number")
        QUESTION = "question", _("what you wrote in your request")
        ANSWERS = "answers", _("your answers to the questions of the topic")
        FILE = "file", _("a file")

    referral = models.ForeignKey(Referral, models.CASCADE, related_name="items")
    what = models.CharField(_("what"), max_length=10, choices=What)
    file = models.ForeignKey("students.CaseFile", models.CASCADE, null=True, related_name="+", verbose_name=_("file"))
    is_agreed = models.BooleanField(_("agreed"), default=False)

    class Meta:
        verbose_name = _("item of a referral")
        verbose_name_plural = _("items of referrals")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(what="file", file__isnull=False) | (~Q(what="file") & Q(file=None)),
                name="a_file_and_nothing_else_names_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def label(self) -> Any:
        return self.file.name if self.file else self.get_what_display()
