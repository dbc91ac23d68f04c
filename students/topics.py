"""What students ask about: topics with guidance, their questions, rules for dates, whom to call, universities.

Nothing here is shown as a fact before staff have confirmed it: leads are for staff alone, guidance and rules carry
their source and the day on which somebody checked it.
"""

from __future__ import annotations

import json
from datetime import datetime, time
from hashlib import sha256
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from izbaku import addresses, times
from izbaku.freshness import PublicModel, PublicQuerySet

LEADS = _("Unverified leads. For staff alone: they are never shown to visitors.")
LINES = _("One address a line.")


class Confirmed(PublicModel):
    """Something that is told or computed only once staff have checked it with the official body.

    `guidance.confirm` is the one way to it. Whoever changes a word of what was confirmed takes the confirmation back:
    what was checked is kept as a fingerprint.
    """

    CHECKED: ClassVar[tuple[str, ...]]  # the columns for which the confirmation stands

    sources = models.TextField(_("sources"), blank=True, validators=[addresses.check_lines], help_text=LINES)
    checked_on = models.DateField(_("checked on"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    confirmed_words = models.CharField(max_length=64, blank=True, editable=False)
    leads = models.TextField(_("leads"), blank=True, help_text=LEADS)

    class Meta:
        abstract = True

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None and self.confirmed_words == self.words_now()

    def words_now(self) -> str:
        """The fingerprint of what would be confirmed at this moment."""
        values = [getattr(self, name) for name in self.CHECKED]
        words = json.dumps(["" if value is None else str(value) for value in values])
        return sha256(words.encode()).hexdigest()

    @property
    def source_list(self) -> list[str]:
        return addresses.links(self.sources)


class TopicQuerySet(PublicQuerySet["Topic"]):
    def offered(self) -> Any:
        return self.filter(is_offered=True)


class Topic(Confirmed):
    """One thing students ask about. Its guidance is shown once it is confirmed; until then the official links alone."""

    CHECKED = (
        "guidance_tr", "guidance_az", "guidance_en", "checklist_tr", "checklist_az", "checklist_en",
        "sources", "checked_on",
    )  # fmt: skip

    class Class(models.TextChoices):
        PAPERS = "papers", _("Permits and papers")
        STUDY = "study", _("Studying")
        LIVING = "living", _("Money, housing, health and work")
        SAFETY = "safety", _("Emergencies, law and psychological help")
        COMMUNITY = "community", _("Friends, culture and social life")

    slug = models.SlugField(_("address"), unique=True)
    topic_class = models.CharField(_("class"), max_length=10, choices=Class)
    title = models.CharField(_("title"), max_length=150)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_offered = models.BooleanField(_("offered"), default=True)
    is_sensitive = models.BooleanField(
        _("sensitive"), default=False, help_text=_("Only assigned people with the role see its requests.")
    )
    is_emergency = models.BooleanField(
        _("emergency"), default=False, help_text=_("Instead of the form it is shown whom to call now.")
    )
    shows_events = models.BooleanField(_("leads to the programme’s student events"), default=False)
    guidance = models.TextField(_("guidance"), blank=True)
    checklist = models.TextField(_("checklist"), blank=True, help_text=_("One thing a line."))

    objects = TopicQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "pk"]
        permissions = [("confirm_topic", "Can confirm guidance and rules for dates")]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | (Q(checked_on__isnull=False) & ~Q(sources="")),
                name="confirmed_guidance_names_its_source",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def checklist_items(self) -> list[str]:
        return [line.strip() for line in self.checklist.splitlines() if line.strip()]


class OfficialLink(PublicModel):
    """An official page; without a topic it stands below each of them."""

    topic = models.ForeignKey(
        Topic, models.CASCADE, null=True, blank=True, related_name="links", verbose_name=_("topic")
    )
    url = models.URLField(_("address"))
    is_seen = models.BooleanField(
        _("seen in our sources"), default=False, help_text=_("Otherwise the page says that nobody has checked it yet.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("official link")
        verbose_name_plural = _("official links")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["topic", "url"], name="one_link_a_topic"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        return self.url.partition("://")[2].partition("/")[0].removeprefix("www.")


class Meaning(models.TextChoices):
    """What a date that a student enters is: rules for dates count from it."""

    NONE = "", _("no date to count from")
    ENTRY = "entry", _("entry into Türkiye")
    PERMIT_EXPIRY = "permit_expiry", _("end of the residence permit")
    REGISTRATION = "registration", _("registration at the university")
    GRADUATION = "graduation", _("graduation")
    CHANGE = "change", _("the change (address, university)")


class TopicQuestion(PublicModel):
    """A topic's own question, perhaps asked only after a certain answer to an earlier one.

    Answers are stored by value: `yes`, `no`, or the number of the chosen line, the same in every language.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("A line of text")
        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("One of several")
        DATE = "date", _("A date")

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="questions", verbose_name=_("topic"))
    key = models.SlugField(_("short name"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    text = models.CharField(_("question"), max_length=250)
    choices = models.TextField(
        _("answers to choose from"), blank=True, help_text=_("One a line, in every language in the same order.")
    )
    is_required = models.BooleanField(_("must be answered"), default=False)
    meaning = models.CharField(_("meaning of the date"), max_length=15, choices=Meaning, blank=True)
    only_if = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="follow_ups", verbose_name=_("only after")
    )
    only_if_answer = models.CharField(
        _("when the answer to it is"), max_length=10, blank=True, help_text=_("yes, no, or the number of the line: 2")
    )
    emergency_answer = models.CharField(
        _("answer that is an emergency"),
        max_length=10,
        blank=True,
        help_text=_("yes, no, or the number of the line. It stops the form and shows whom to call now."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["topic", "key"], name="one_question_a_key"),
            models.CheckConstraint(
                condition=Q(only_if=None, only_if_answer="") | (Q(only_if__isnull=False) & ~Q(only_if_answer="")),
                name="a_condition_names_its_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        super().clean()
        if self.kind == self.Kind.CHOICE and len(self.choices.splitlines()) < 2:
            raise ValidationError({"choices": _("Write at least two answers, one a line.")})
        if self.meaning and self.kind != self.Kind.DATE:
            raise ValidationError({"meaning": _("Only a date can be counted from.")})
        if self.only_if is None:
            if self.only_if_answer:
                raise ValidationError({"only_if": _("Choose the question whose answer decides.")})
            return
        if self.only_if.topic_id != self.topic_id:
            raise ValidationError({"only_if": _("Choose a question of the same topic.")})
        stands_before = self.only_if.position < self.position or (
            self.only_if.position == self.position and (self.pk is None or self.only_if.pk < self.pk)
        )
        if not stands_before:
            raise ValidationError({"only_if": _("Choose a question that stands before this one.")})
        if self.only_if_answer not in self.only_if.values:
            raise ValidationError(
                {"only_if_answer": _("Possible are: %(values)s.") % {"values": ", ".join(self.only_if.values)}}
            )

    @property
    def values(self) -> list[str]:
        """What can be stored for it; empty for texts and dates."""
        if self.kind == self.Kind.YES_NO:
            return ["yes", "no"]
        if self.kind == self.Kind.CHOICE:
            return [str(number) for number, _line in enumerate(self.choices.splitlines(), start=1)]
        return []

    def in_words(self, value: str) -> str:
        """The stored answer as the page's reader says it."""
        if self.kind == self.Kind.YES_NO:
            return str({"yes": _("Yes"), "no": _("No")}.get(value, ""))
        lines = self.choices.splitlines()
        if self.kind == self.Kind.CHOICE:
            return lines[int(value) - 1].strip() if value.isdecimal() and 0 < int(value) <= len(lines) else ""
        return value


class DeadlineRule(Confirmed):
    """From a date that a student enters follows another one, once staff have confirmed the rule with its source."""

    CHECKED = (
        "topic_id", "title_tr", "title_az", "title_en", "counts_from", "amount", "unit", "direction", "is_opening",
        "only_if_id", "only_if_answer", "sources", "checked_on",
    )  # fmt: skip

    class Unit(models.TextChoices):
        DAYS = "days", _("days")
        WORKING_DAYS = "working_days", _("working days (Türkiye)")
        MONTHS = "months", _("months")

    class Direction(models.TextChoices):
        AFTER = "after", _("after")
        BEFORE = "before", _("before")

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="deadline_rules", verbose_name=_("topic"))
    key = models.SlugField(_("short name"), max_length=60, unique=True)
    title = models.CharField(_("what is due"), max_length=200)
    counts_from = models.CharField(
        _("counted from"), max_length=15, choices=[choice for choice in Meaning.choices if choice[0]]
    )
    amount = models.PositiveSmallIntegerField(_("how many"), validators=[MinValueValidator(0)])
    unit = models.CharField(_("of what"), max_length=15, choices=Unit, default=Unit.DAYS)
    direction = models.CharField(_("before or after"), max_length=10, choices=Direction, default=Direction.AFTER)
    is_opening = models.BooleanField(
        _("the first day on which something can be done"),
        default=False,
        help_text=_("Otherwise the last day; only last days set when a request is due."),
    )
    only_if = models.ForeignKey(
        TopicQuestion, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("only after")
    )
    only_if_answer = models.CharField(
        _("when the answer to it is"), max_length=10, blank=True, help_text=_("yes, no, or the number of the line: 2")
    )

    class Meta:
        verbose_name = _("rule for a date")
        verbose_name_plural = _("rules for dates")
        ordering = ["topic", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | (Q(checked_on__isnull=False) & ~Q(sources="")),
                name="a_confirmed_rule_names_its_source",
            ),
            models.CheckConstraint(
                condition=Q(only_if=None, only_if_answer="") | (Q(only_if__isnull=False) & ~Q(only_if_answer="")),
                name="a_rules_condition_names_its_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Helpline(Confirmed):
    """Whom to call in an emergency. What staff have not entered yet is shown as not known."""

    CHECKED = ("phone", "url", "hours", "opens", "closes", "spoken", "sources", "checked_on")

    class Hours(models.TextChoices):
        UNKNOWN = "", _("not known")
        ALWAYS = "always", _("day and night")
        DAILY = "daily", _("every day, at these times")
        WEEKDAYS = "weekdays", _("Monday to Friday, at these times")

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    about = models.CharField(_("when to call"), max_length=250, blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    url = models.URLField(_("address"), blank=True)
    hours = models.CharField(_("hours"), max_length=10, choices=Hours, blank=True)
    opens = models.TimeField(_("from"), null=True, blank=True)
    closes = models.TimeField(_("until"), null=True, blank=True)
    spoken = models.CharField(
        _("languages spoken"), max_length=60, blank=True, help_text=_("Codes with spaces between: tr az en ru")
    )
    is_first = models.BooleanField(_("always first"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("emergency number")
        verbose_name_plural = _("emergency numbers")
        ordering = ["-is_first", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hours__in=("", "always")) | (Q(opens__isnull=False) & Q(closes__isnull=False)),
                name="hours_have_a_beginning_and_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.hours in (self.Hours.DAILY, self.Hours.WEEKDAYS) and (self.opens is None or self.closes is None):
            raise ValidationError({"opens": _("Enter from when until when somebody answers.")})

    @property
    def languages(self) -> list[str]:
        return self.spoken.split()

    def is_open(self, now: datetime) -> bool | None:
        """Whether somebody answers at this moment, by İzmir's clock; None where nobody has confirmed it."""
        if not self.phone or self.hours == self.Hours.UNKNOWN or not self.is_confirmed:
            return None
        if self.hours == self.Hours.ALWAYS:
            return True
        assert self.opens is not None
        assert self.closes is not None
        there = now.astimezone(times.zone_of("izmir"))
        clock: time = there.timetz().replace(tzinfo=None)
        overnight = self.closes <= self.opens
        # After midnight of a line that is open over night the evening before counts.
        began = there.weekday() if not (overnight and clock < self.closes) else (there.weekday() - 1) % 7
        if self.hours == self.Hours.WEEKDAYS and began > 4:
            return False
        if overnight:
            return clock >= self.opens or clock < self.closes
        return self.opens <= clock < self.closes


class University(PublicModel):
    """A university in İzmir."""

    class Kind(models.TextChoices):
        STATE = "state", pgettext_lazy("university", "state")
        FOUNDATION = "foundation", _("foundation")

    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    leads = models.TextField(_("leads"), blank=True, help_text=LEADS)
    sources = models.TextField(_("sources"), blank=True, validators=[addresses.check_lines], help_text=LINES)

    class Meta:
        verbose_name = _("university")
        verbose_name_plural = _("universities")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name
