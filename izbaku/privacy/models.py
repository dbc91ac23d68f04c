"""Notices shown, consents given, how long records are kept, who read them, what people have asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, F, Max, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku import times
from izbaku.freshness import PublicModel, PublicQuerySet
from izbaku.privacy.unchanging import Unchanging, UnchangingModel

USER = settings.AUTH_USER_MODEL
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


# --- Notices ----------------------------------------------------------------------------------------------


class NoticeQuerySet(PublicQuerySet["Notice"]):
    def in_force(self, now: datetime) -> Any:
        """Published and begun; the newest version of each purpose first."""
        return self.filter(published_at__isnull=False, valid_from__lte=now).order_by("purpose", "-version")

    def update(self, **kwargs: Any) -> int:
        self._refuse_published()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._refuse_published()
        return super().delete()

    delete.queryset_only = True  # type: ignore[attr-defined]

    def _refuse_published(self) -> None:
        if self.filter(published_at__isnull=False).exists():
            raise Unchanging("A published notice stays as it is: make a new version.")

    def confirm(self, on: Any) -> int:
        """The lawyer's word on a text. It changes nothing of what people have read."""
        return super().update(confirmed_on=on)


class Notice(PublicModel):
    """What people are told where they give their data: one version for one purpose, in every language.

    The parts are those of Article 10 of Law no. 6698 and Article 4 of the communiqué on the duty to inform.
    """

    PARTS = ("summary", "controller", "aims", "recipients", "grounds", "rights")

    purpose = models.SlugField(_("purpose"), help_text=_("The short name under which a form asks for it: account."))
    version = models.PositiveIntegerField(_("version"), editable=False)
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("in one sentence: who, and why"))
    controller = models.TextField(
        _("who is the controller"), help_text=_("The association’s contact follows by itself.")
    )
    aims = models.TextField(_("for which purposes"))
    recipients = models.TextField(_("to whom, and for what, it is passed on"))
    grounds = models.TextField(_("how it is collected, and the legal ground"))
    keeping = models.TextField(_("how long it is kept"), blank=True)
    rights = models.TextField(_("rights under Article 11"))
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    confirmed_on = models.DateField(_("confirmed by the association’s lawyer"), null=True, editable=False)

    objects = NoticeQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["purpose", "-version"]
        constraints = [models.UniqueConstraint(fields=["purpose", "version"], name="one_notice_a_version")]
        permissions = [("publish_notice", "Can publish notices")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version}"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            if self._state.adding:
                last = Notice.objects.filter(purpose=self.purpose).aggregate(last=Max("version"))["last"] or 0
                self.version = last + 1
            elif Notice.objects.filter(pk=self.pk, published_at__isnull=False).exists():
                raise Unchanging("A published notice stays as it is: make a new version.")
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.is_published:
            raise Unchanging("A published notice stays as it is: make a new version.")
        return super().delete(*args, **kwargs)

    def missing(self) -> list[tuple[str, str]]:
        """(part, language) pairs that are still empty."""
        return [
            (part, language)
            for part in ("title", *self.PARTS)
            for language in LANGUAGES
            if not (getattr(self, f"{part}_{language}") or "").strip()
        ]


class Noticed(models.Model):
    """A record that remembers which notice its person was shown; `notices.remember` fills it."""

    notice = models.ForeignKey(Notice, models.PROTECT, null=True, editable=False, related_name="+")
    notice_language = models.CharField(max_length=2, blank=True, editable=False)
    notice_shown_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class NoticeShown(UnchangingModel):
    """The same for an account: it goes with the account."""

    user = models.ForeignKey(USER, models.CASCADE, related_name="+", verbose_name=_("person"))
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", verbose_name=_("notice"))
    language = models.CharField(_("language"), max_length=2)
    shown_at = models.DateTimeField(_("shown"))

    class Personal:
        fields = ("notice", "language", "shown_at")

    class Meta:
        verbose_name = _("notice that was shown")
        verbose_name_plural = _("notices that were shown")

    def __str__(self) -> str:
        return f"{self.notice} · {self.language}"


# --- Consents ---------------------------------------------------------------------------------------------


class ConsentPurpose(PublicModel):
    """Something that may be done with a person's data only if that person says so, and never as a condition."""

    slug = models.SlugField(_("short name"), unique=True)
    question = models.CharField(_("what the box says"), max_length=250)
    explanation = models.TextField(_("explanation"), blank=True)
    is_asked = models.BooleanField(_("asked at present"), default=True)

    class Meta:
        verbose_name = _("purpose of consent")
        verbose_name_plural = _("purposes of consent")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.question


class Consent(UnchangingModel):
    """One act: given or withdrawn. The last act on a purpose holds."""

    class Act(models.TextChoices):
        GIVEN = "given", _("given")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class How(models.TextChoices):
        FORM = "form", _("on a form")
        MY_DATA = "my_data", _("on “My data”")
        LETTER = "letter", _("by letter or telephone")
        ERASED = "erased", _("with the person’s data")

    purpose = models.ForeignKey(ConsentPurpose, models.PROTECT, related_name="acts", verbose_name=_("purpose"))
    act = models.CharField(_("act"), max_length=10, choices=Act)
    user = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("person"))
    address_hash = models.CharField(max_length=64, db_index=True, editable=False)
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="+", verbose_name=_("notice"))
    language = models.CharField(_("language"), max_length=2, blank=True)
    at = models.DateTimeField(_("when"))
    how = models.CharField(_("how"), max_length=10, choices=How)

    class Personal:
        fields = ("purpose", "act", "at", "how")

    class Meta:
        verbose_name = _("act of consent")
        verbose_name_plural = _("ledger of consents")
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(address_hash=""), name="consent_of_somebody")]

    def __str__(self) -> str:
        return f"{self.purpose.slug} {self.act}"


# --- Keeping and destroying -------------------------------------------------------------------------------


class RetentionRule(models.Model):
    """How long a class of records is kept, and why. Staff may set the period between its two limits."""

    class Begins(models.TextChoices):
        CHANGE = "change", _("the last change")
        CLOSING = "closing", _("closing")
        EVENT = "event", _("the end of the event")
        SENDING = "sending", _("sending")
        EXPIRY = "expiry", _("expiring")
        READING = "reading", _("reading")
        WITHDRAWAL = "withdrawal", _("withdrawal")
        ANSWER = "answer", _("the answer")
        DESTRUCTION = "destruction", _("destruction")
        SIGNING_UP = "signing_up", _("signing up")
        SIGNING_IN = "signing_in", _("the last sign-in")

    record_class = models.SlugField(_("class of records"), unique=True, editable=False)
    days = models.PositiveIntegerField(_("days"))
    shortest = models.PositiveIntegerField(_("at least"), editable=False)
    longest = models.PositiveIntegerField(_("at most"), editable=False)
    begins = models.CharField(_("counted from"), max_length=20, choices=Begins, editable=False)
    reason = models.TextField(_("reason"))
    warn_days = models.PositiveIntegerField(
        _("warn staff so many days before"), default=0, help_text=_("0: no warning.")
    )

    class Meta:
        verbose_name = _("period of keeping")
        verbose_name_plural = _("periods of keeping")
        ordering = ["record_class"]
        constraints = [
            models.CheckConstraint(
                condition=Q(days__gte=F("shortest"), days__lte=F("longest")), name="kept_between_its_limits"
            )
        ]

    def __str__(self) -> str:
        return self.record_class

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.days)

    def clean(self) -> None:
        if self.days is not None and not self.shortest <= self.days <= self.longest:
            raise ValidationError(
                {
                    "days": _("Between %(shortest)d and %(longest)d days.")
                    % {"shortest": self.shortest, "longest": self.longest}
                }
            )


class Kept(models.Model):
    """A record that is kept for a time once it is closed; `retention.start` sets the day.

    `kept_as` names its class: two rows of one table may be of different classes.
    """

    kept_as = models.CharField(max_length=50, blank=True, editable=False)
    kept_since = models.DateTimeField(_("closed"), null=True, editable=False)
    destroy_after = models.DateTimeField(_("destroyed after"), null=True, editable=False, db_index=True)

    class Meta:
        abstract = True


class Destroyed(UnchangingModel):
    """What was destroyed: which class, how many, when, by which rule. Nothing of whom."""

    record_class = models.CharField(_("class of records"), max_length=50)
    count = models.PositiveIntegerField(_("how many"))
    at = models.DateTimeField(_("when"))
    rule = models.CharField(_("by which rule"), max_length=100)

    class Meta:
        verbose_name = _("destruction")
        verbose_name_plural = _("log of destructions")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.record_class}: {self.count}"


# --- Who read what ----------------------------------------------------------------------------------------


class Reading(UnchangingModel):
    """Somebody opened personal data: whose, which record, which fields, who, when."""

    record = models.CharField(_("record"), max_length=100, db_index=True, help_text="app.model pk")
    what = models.CharField(_("which fields"), max_length=250)
    whose = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("whose"))
    whose_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by whom"))
    by_hash = models.CharField(max_length=64, blank=True, editable=False)
    at = models.DateTimeField(_("when"), db_index=True)

    class Personal:
        fields = ("record", "what", "at")

    class Meta:
        verbose_name = _("reading of personal data")
        verbose_name_plural = _("read log")
        ordering = ["-at", "-pk"]
        permissions = [("export_reading", "Can export the read log")]

    def __str__(self) -> str:
        return f"{self.record} · {self.what}"


class Breach(models.Model):
    """Something got out, or may have. The Board is told within 72 hours (its decision 2019/10)."""

    HOURS: ClassVar[int] = 72

    title = models.CharField(_("what happened"), max_length=200)
    noticed_at = models.DateTimeField(_("noticed"), default=timezone.now)
    began_at = models.DateTimeField(_("began"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    effect = models.TextField(_("whose data, how many people, what may follow"), blank=True)
    measures = models.TextField(_("what was done"), blank=True)
    board_told_at = models.DateTimeField(_("the Board was told"), null=True, blank=True)
    people_told_at = models.DateTimeField(_("the people were told"), null=True, blank=True)
    late_because = models.TextField(_("if later than 72 hours: why"), blank=True)

    class Meta:
        verbose_name = _("data breach")
        verbose_name_plural = _("data breaches")
        ordering = ["-noticed_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def due_at(self) -> datetime:
        return self.noticed_at + timedelta(hours=self.HOURS)

    def hours_left(self, now: datetime) -> int | None:
        """Negative when it is late; None once the Board was told."""
        return None if self.board_told_at else int((self.due_at - now).total_seconds() // 3600)


# --- What people ask --------------------------------------------------------------------------------------


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    def open(self) -> Any:
        return self.filter(state=DataRequest.State.OPEN)

    def most_urgent_first(self) -> Any:
        """Open ones by their day, so that late ones lead; then those that are done."""
        is_done = Case(When(state=DataRequest.State.OPEN, then=0), default=1)
        return self.annotate(is_done=is_done).order_by("is_done", "due_at", "pk")


class DataRequest(Kept, Noticed):
    """A person asks to be told, corrected, erased, or objects (Articles 11 and 13: answered within thirty days)."""

    DAYS: ClassVar[int] = 30

    class Kind(models.TextChoices):
        CORRECT = "correct", _("Correct something")
        ERASE = "erase", _("Erase my data")
        OBJECT = "object", _("I object to something")
        TELL = "tell", _("I have a question about my data")

    class State(models.TextChoices):
        OPEN = "open", _("Waits for an answer")
        ANSWERED = "answered", _("Answered")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    kind = models.CharField(_("what is asked"), max_length=10, choices=Kind)
    text = models.TextField(_("in the person’s words"), blank=True)
    user = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("person"))
    email = models.EmailField(_("e-mail address"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN, editable=False)
    asked_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("to be answered by"), editable=False)
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    answered_by = models.ForeignKey(
        USER, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("answered by")
    )

    objects = DataRequestQuerySet.as_manager()

    class Personal:
        fields = ("kind", "text", "email", "state", "asked_at", "due_at", "answer", "answered_at")

    class Meta:
        verbose_name = _("request about personal data")
        verbose_name_plural = _("requests about personal data")
        indexes = [models.Index(fields=["due_at"], name="requests_due", condition=Q(state="open"))]
        permissions = [
            ("handle_requests", "Can answer requests about personal data"),
            ("erase_people", "Can erase a person's data"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.reference})"

    @property
    def reference(self) -> str:
        return f"KV-{self.pk:05}"

    def days_left(self, now: datetime) -> int | None:
        """As a calendar counts them: thirty on the day of asking, nought on the last one. Negative when it is late;
        None once it is closed."""
        if self.state != self.State.OPEN:
            return None
        days = (times.today(self.due_at) - times.today(now)).days
        return min(days, -1) if self.due_at < now else days
