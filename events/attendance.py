"""Tables of who comes: how one registers for an event, its seats, and the registrations."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.freshness import PublicModel
from izbaku.privacy.models import Kept, Noticed
from izbaku.text import fold, words
from izbaku.times import City

LANGUAGES = [("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]
LARGEST_PARTY = 50
FEW = 0.1  # of the capacity: below that, a page says that few seats are left


class RegistrationPolicy(PublicModel):
    """How one registers for an event. Without one, or with mode `none`, nobody can."""

    class Mode(models.TextChoices):
        NONE = "none", _("No registration")
        OPEN = "open", _("Open: confirmed at once")
        APPROVAL = "approval", _("By approval")
        INVITATION = "invitation", _("By invitation only")
        OUTSIDE = "outside", _("Elsewhere, by a link")

    event = models.OneToOneField(
        "events.Event", models.CASCADE, related_name="registration_policy", verbose_name=_("event")
    )
    mode = models.CharField(_("registration"), max_length=10, choices=Mode, default=Mode.NONE)
    outside_url = models.URLField(_("address of the registration elsewhere"), blank=True)
    opens_at = models.DateTimeField(_("opens at"), null=True, blank=True, help_text=_("Empty: at once."))
    closes_at = models.DateTimeField(
        _("closes at"), null=True, blank=True, help_text=_("Empty: when the event begins.")
    )
    party_limit = models.PositiveSmallIntegerField(
        _("seats one person may take"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_PARTY)],
    )
    offer_hours = models.PositiveSmallIntegerField(
        _("hours to take an offered seat"), default=24, validators=[MinValueValidator(1), MaxValueValidator(336)]
    )
    quiet_hours = models.PositiveSmallIntegerField(
        _("hours before the start from which no seat is offered any more"),
        default=3,
        validators=[MaxValueValidator(336)],
    )

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registration")
        constraints = [
            models.CheckConstraint(condition=Q(party_limit__gte=1), name="at_least_one_seat_each"),
        ]

    def __str__(self) -> str:
        return str(self.get_mode_display())

    def clean(self) -> None:
        super().clean()
        if self.mode == self.Mode.OUTSIDE and not self.outside_url:
            raise ValidationError({"outside_url": _("Enter the address where people register.")})
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValidationError({"closes_at": _("It closes before it opens.")})


class Allotment(models.Model):
    """Seats of an event: for everybody, or for people of one city. `taken` is kept by the database.

    Not a public model: `taken` changes with every registration, and the pages say only free, few or full; whoever
    takes or gives back seats raises the programme's version when that word changes.
    """

    class Left(models.TextChoices):
        FREE = "free", _("Seats free")
        FEW = "few", _("Few seats left")
        FULL = "full", _("Full: waiting list")

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="allotments", verbose_name=_("event"))
    city = models.CharField(
        _("for people from"), max_length=10, choices=City, blank=True, help_text=_("Empty: for everybody.")
    )
    capacity = models.PositiveIntegerField(_("seats"), null=True, blank=True, help_text=_("Empty: as many as come."))
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)

    class Meta:
        verbose_name = _("seats")
        verbose_name_plural = _("seats")
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(taken__lte=F("capacity")), name="never_more_taken_than_there_are"
            ),
            models.UniqueConstraint(fields=["event", "city"], name="one_allotment_a_city"),
        ]

    def __str__(self) -> str:
        return str(self.get_city_display()) if self.city else str(_("everybody"))

    def clean(self) -> None:
        super().clean()
        if self.capacity is not None and self.pk and self.capacity < self.taken:
            raise ValidationError(
                {"capacity": _("%(n)d seats are taken already.") % {"n": self.taken}}, code="below_taken"
            )

    @property
    def free(self) -> int | None:
        """Seats that nobody has; None for as many as come."""
        return None if self.capacity is None else self.capacity - self.taken

    @property
    def left(self) -> Left:
        return self.left_with(self.taken)

    def left_with(self, taken: int) -> Left:
        if self.capacity is None:
            return self.Left.FREE
        free = self.capacity - taken
        if free <= 0:
            return self.Left.FULL
        return self.Left.FEW if free <= max(1, self.capacity * FEW) else self.Left.FREE


def new_code() -> str:
    """A secret that opens one registration: 128 bits, nothing to confuse when read aloud is asked of it."""
    return secrets.token_urlsafe(16)


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def standing(self) -> Self:
        return self.filter(state__in=Registration.STANDING)

    def coming(self) -> Self:
        return self.filter(state=Registration.State.CONFIRMED)

    def in_line(self) -> Self:
        """The waiting list, first come first."""
        return self.filter(state=Registration.State.WAITING).order_by("waiting_since", "pk")

    def of(self, *emails: str) -> Self:
        """Of these addresses, however they are written; `iexact` would compare UPPER, for which there is no index."""
        return self.alias(address=Lower("email")).filter(address__in=[email.strip().lower() for email in emails])

    def containing(self, text: str) -> Self:
        """Those in whose name or address every word of `text` stands, whatever its diacritics."""
        found = self
        for word in words(text):
            found = found.filter(found_by__contains=word)
        return found


class Registration(Kept, Noticed):
    """One person, alone or with others, who wants to come. Never a user: the code in the address is the key."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting for approval")
        CONFIRMED = "confirmed", _("Confirmed")
        WAITING = "waiting", _("On the waiting list")
        OFFERED = "offered", _("Seat offered")
        REJECTED = "rejected", _("Not accepted")
        DECLINED = "declined", _("Offer declined")
        LAPSED = "lapsed", _("Offer lapsed")
        CANCELLED = "cancelled", _("Cancelled")

    STANDING = (State.PENDING, State.CONFIRMED, State.WAITING, State.OFFERED)
    SEATED = (State.CONFIRMED, State.OFFERED)  # whose seats count as taken

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="registrations", verbose_name=_("event"))
    allotment = models.ForeignKey(
        Allotment, models.PROTECT, related_name="registrations", verbose_name=_("seats"), null=True
    )
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail address"), max_length=254)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES)
    party = models.PositiveSmallIntegerField(
        _("seats"), default=1, validators=[MinValueValidator(1), MaxValueValidator(LARGEST_PARTY)]
    )
    answers = models.JSONField(_("answers"), default=list, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("registered"), default=timezone.now, editable=False)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, editable=False)
    offered_until = models.DateTimeField(_("offered until"), null=True, editable=False)
    state_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    found_by = models.CharField(max_length=400, blank=True, editable=False)  # name and address, folded

    objects = RegistrationQuerySet.as_manager()

    class Personal:
        fields = ("name", "email", "language", "answers", "found_by")
        whose = "email"

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        permissions = [("export_registration", "Can export registrations")]
        constraints = [
            models.UniqueConstraint(
                "event",
                Lower("email"),
                condition=Q(state__in=("pending", "confirmed", "waiting", "offered")),
                name="one_standing_registration",
            ),
            models.CheckConstraint(condition=Q(party__gte=1), name="a_party_of_one_at_least"),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(offered_until__isnull=False), name="an_offer_has_an_end"
            ),
        ]
        indexes = [
            models.Index(
                fields=["allotment", "waiting_since", "id"], name="waiting_line", condition=Q(state="waiting")
            ),
            models.Index(fields=["offered_until"], name="offers_ending", condition=Q(state="offered")),
            models.Index(fields=["event", "state"], name="registrations_of_event"),
            models.Index(Lower("email"), name="registrations_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}/{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.found_by = fold(f"{self.name} {self.email}")[:400]
        super().save(*args, **kwargs)

    @property
    def is_standing(self) -> bool:
        return self.state in self.STANDING

    @property
    def uid(self) -> str:
        """Stable per event and person (RFC 5545 UID)."""
        return f"registration-{self.pk}@izbaku"


class OwnCalendarQuerySet(models.QuerySet["OwnCalendar"]):
    def of(self, *emails: str) -> Self:
        return self.alias(address=Lower("email")).filter(address__in=[email.strip().lower() for email in emails])


class OwnCalendar(models.Model):
    """The key to a calendar of all that one address has registered for. Only letters to that address carry it."""

    email = models.EmailField(_("e-mail address"), max_length=254)
    token = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    objects = OwnCalendarQuerySet.as_manager()

    class Personal:
        fields = ("email",)

    class Meta:
        verbose_name = _("own calendar")
        verbose_name_plural = _("own calendars")
        constraints = [models.UniqueConstraint(Lower("email"), name="one_calendar_an_address")]

    def __str__(self) -> str:
        return str(self.pk)


class Question(PublicModel):
    """Something that an event asks of those who register."""

    class Kind(models.TextChoices):
        TEXT = "text", _("A line of text")
        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("One of several")

    policy = models.ForeignKey(RegistrationPolicy, models.CASCADE, related_name="questions")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    text = models.CharField(_("question"), max_length=200)
    choices = models.TextField(_("answers to choose from"), blank=True, help_text=_("One a line."))
    is_required = models.BooleanField(_("must be answered"), default=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        super().clean()
        if self.kind == self.Kind.CHOICE and len(self.choices.split("\n")) < 2:
            raise ValidationError({"choices": _("Write at least two answers, one a line.")})
