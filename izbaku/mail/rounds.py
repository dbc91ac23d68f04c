"""Rounds of letters: what is written to many at once, held until somebody lets it go.

The letters themselves are rows of the outbox that name their round; what became of a round is counted from them.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.history import Move, Moves, Step
from izbaku.mail import audiences

COMPOSE, APPROVE = "mail.change_mailing", "mail.approve_mailing"


class MailingQuerySet(models.QuerySet["Mailing"]):
    def visible_to(self, user: Any) -> Self:
        """Those of audiences that this person may write to; what one may not see does not exist."""
        if not user.has_perm("mail.view_mailing"):
            return self.none()
        found = Q(pk=None)
        for audience in audiences.all_of_them():
            found |= Q(audience=audience.name) & audience.visible_to(user)
        return self.filter(found)

    def to_be_expanded(self) -> Self:
        """Running, and not everybody has been written to yet."""
        return self.filter(state=Mailing.State.RUNNING, expanded_at=None)


def _composes(mailing: Mailing, by: Any) -> bool:
    return bool(by.has_perm(COMPOSE))


def _approves(mailing: Mailing, by: Any) -> bool:
    return bool(by.has_perm(APPROVE))


def _either(mailing: Mailing, by: Any) -> bool:
    return _composes(mailing, by) or _approves(mailing, by)


class Mailing(models.Model):
    """One round of letters to one audience: an invitation, a follow-up, an announcement.

    Whom it reaches, a room says (`audiences.py`): `about` is the key of what it is about (an event), `choice` what else
    that room must remember. It is never expanded before it runs, so that it reaches those who are meant by then.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        TESTED = "tested", _("Tested")
        HELD = "held", _("Waits for approval")
        SCHEDULED = "scheduled", _("Approved; starts at its time")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Called back")
        FINISHED = "finished", _("Finished")

    WRITABLE = (State.DRAFT, State.TESTED)
    LETTING_GO = (State.RUNNING, State.FINISHED)  # a refused letter of a finished round may be tried again
    MOVES = Moves(
        Move("change", WRITABLE, State.DRAFT, who=_composes),
        Move("test", WRITABLE, State.TESTED, label=_("Test letter to myself"), who=_composes),
        Move("hold", (State.TESTED,), State.HELD, label=_("Ask for approval"), who=_composes),
        Move("take_back", (State.HELD,), State.DRAFT, label=_("Back to draft"), who=_either),
        Move("approve", (State.HELD,), State.SCHEDULED, label=_("Approve"), who=_approves),
        Move("start", (State.SCHEDULED,), State.RUNNING, by_itself=True),
        Move("stop", (State.SCHEDULED, State.RUNNING), State.PAUSED, by_itself=True, needs_reason=True),
        Move("pause", (State.SCHEDULED, State.RUNNING), State.PAUSED, label=_("Pause"), who=_either),
        Move("resume", (State.PAUSED,), State.SCHEDULED, label=_("Go on"), who=_either),
        Move(
            "cancel",
            (*WRITABLE, State.HELD, State.SCHEDULED, State.RUNNING, State.PAUSED),
            State.CANCELLED,
            label=_("Call back"),
            who=_either,
        ),
        Move("finish", (State.RUNNING,), State.FINISHED, by_itself=True),
    )

    name = models.CharField(_("name"), max_length=150, help_text=_("For the staff; readers never see it."))
    audience = models.CharField(_("readers"), max_length=50)
    about = models.BigIntegerField(_("about"), null=True, blank=True)
    choice = models.JSONField(default=dict, blank=True, editable=False)
    follows = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followers",
        verbose_name=_("follows"),
        editable=False,
    )
    wave = models.PositiveSmallIntegerField(_("wave"), default=1, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)  # of the words: who approves approves these
    starts_at = models.DateTimeField(
        _("starts"), null=True, blank=True, help_text=_("Empty: as soon as it is approved.")
    )
    composer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("written by"),
        editable=False,
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    after = models.BigIntegerField(default=0, editable=False)  # the last reader who was written to, or left out
    expanded_at = models.DateTimeField(null=True, editable=False)

    objects = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("round of letters")
        verbose_name_plural = _("rounds of letters")
        permissions = [("approve_mailing", "Can let rounds of letters go")]
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["audience", "about"], name="rounds_about"),
            models.Index(fields=["state"], name="rounds_going", condition=Q(state__in=("scheduled", "running"))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_writable(self) -> bool:
        return self.state in self.WRITABLE


class MailingText(models.Model):
    """What a round says in one language, with places such as `{{ guest }}`."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), max_length=20_000)

    class Meta:
        verbose_name = _("text of a round")
        verbose_name_plural = _("texts of a round")
        constraints = [models.UniqueConstraint(fields=["mailing", "language"], name="one_text_per_language")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.language}"


class MailingStep(Step):
    """Who wrote, tested, approved, paused a round, and when."""

    of = models.ForeignKey(Mailing, models.CASCADE, related_name="steps")

    class Meta(Step.Meta):
        verbose_name = _("step of a round")
        verbose_name_plural = _("steps of a round")


class LeftOut(models.Model):
    """A reader whom a round did not write to, and why. The room that knows the reader knows who it is."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="left_out", db_index=False)
    reader = models.BigIntegerField()
    reason = models.CharField(max_length=30)

    class Meta:
        verbose_name = _("reader left out")
        verbose_name_plural = _("readers left out")
        constraints = [models.UniqueConstraint(fields=["mailing", "reader"], name="left_out_once")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.reason}"


class MailingRule(models.Model):
    """How the association lets rounds go; one row, which staff change."""

    second_person = models.BooleanField(
        _("somebody else approves"),
        default=False,
        help_text=_("Whoever wrote a round cannot approve it. Without this it is noted who approved alone."),
    )

    class Meta:
        verbose_name = _("rule for rounds of letters")
        verbose_name_plural = _("rules for rounds of letters")

    def __str__(self) -> str:
        return str(_("A second person approves") if self.second_person else _("Who writes may approve"))

    @classmethod
    def needs_a_second(cls) -> bool:
        return cls.objects.filter(second_person=True).exists()
