"""The programme: events, their sessions, places, and the days both countries keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events import attendance, changes, guests, lines
from events.dated import Dated
from events.fields import CodesField, picture_name
from events.querysets import EventQuerySet
from events.ready import refresh
from izbaku import addresses, times
from izbaku.accounts.models import Organisation
from izbaku.freshness import PublicModel, bump
from izbaku.text import words
from izbaku.times import City, Precision

SPOKEN = [("tr", _("Turkish")), ("az", _("Azerbaijani")), ("en", _("English")), ("ru", _("Russian"))]
LANGUAGES = lines.LANGUAGES
__all__ = ["attendance", "guests"]  # Django finds its tables through this module


class Venue(PublicModel):
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    city = models.CharField(_("city"), max_length=10, choices=City, blank=True)
    district = models.CharField(_("district"), max_length=100, blank=True)
    address = models.CharField(_("address"), max_length=250, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    facts = models.TextField(_("what is known of the place"), blank=True)
    sources = models.TextField(
        _("sources"), blank=True, validators=[addresses.check_lines], help_text=_("One address a line.")
    )

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Also renews the ready lines and words of the events that take place here."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            refresh(self.events.all())

    @property
    def position(self) -> tuple[float, float] | None:
        if self.latitude is None or self.longitude is None:
            return None
        return (self.latitude, self.longitude)


class Event(Dated):
    class Kind(models.TextChoices):
        FESTIVAL = "festival", _("Festival")
        CONCERT = "concert", _("Concert")
        EXHIBITION = "exhibition", _("Exhibition")
        COMMEMORATION = "commemoration", _("Commemoration")
        CEREMONY = "ceremony", _("Ceremony")
        YOUTH = "youth", _("Youth")
        VOLUNTEERING = "volunteering", _("Volunteering")
        EDUCATION = "education", _("Education")
        CONFERENCE = "conference", _("Conference")
        FORUM = "forum", _("Forum")
        B2B = "b2b", _("B2B meeting")
        DELEGATION = "delegation", _("Trade delegation")
        VISIT = "visit", _("Visit")
        PUBLICATION = "publication", _("Digital publication")
        OTHER = "other", _("Other")

    class Scope(models.TextChoices):
        CORE = "core", _("The 40th-year programme")
        IZMIR = "izmir", _("In İzmir, about Azerbaijan")
        BAKU = "baku", _("In Baku, about İzmir")

    class Certainty(models.TextChoices):
        HELD = "held", _("Held")
        ANNOUNCED = "announced", _("Announced")
        PLANNED = "planned", _("Planned")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLIC = "public", _("Public")
        POSTPONED = "postponed", _("Postponed")
        CALLED_OFF = "called_off", _("Called off")

    class Admission(models.TextChoices):
        UNKNOWN = "", _("Not known")
        FREE = "free", _("Free of charge")
        TICKETED = "ticketed", _("With a ticket")

    PUBLIC_STATES = (State.PUBLIC, State.POSTPONED, State.CALLED_OFF)
    ACCESS = [
        ("step_free", _("Step-free access")),
        ("sign_language", _("Sign language")),
        ("hearing_loop", _("Hearing loop")),
        ("quiet_space", _("Quiet space")),
    ]

    slug = models.SlugField(_("address"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.CORE)
    certainty = models.CharField(_("how certain"), max_length=10, choices=Certainty, default=Certainty.ANNOUNCED)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    publish_at = models.DateTimeField(
        _("publish at"),
        null=True,
        blank=True,
        help_text=_("A public event appears at this moment; empty: at once."),
    )
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("summary"), blank=True)
    description = models.TextField(_("description"), blank=True)
    city = models.CharField(_("city"), max_length=10, choices=City, blank=True)
    venue = models.ForeignKey(
        Venue, models.PROTECT, null=True, blank=True, related_name="events", verbose_name=_("venue")
    )
    place = models.CharField(
        _("place in words"),
        max_length=250,
        blank=True,
        help_text=_("Where it is, when no venue of the list fits."),
    )
    organisers = models.ManyToManyField(Organisation, blank=True, verbose_name=_("organisers"))
    spoken = CodesField(_("spoken languages"), max_length=40, blank=True, default=list, choices=SPOKEN)
    interpreted = CodesField(_("interpreting into"), max_length=40, blank=True, default=list, choices=SPOKEN)
    access = CodesField(_("accessibility"), max_length=80, blank=True, default=list, choices=ACCESS)
    admission = models.CharField(_("admission"), max_length=10, choices=Admission, blank=True, default="")
    ticket_url = models.URLField(_("ticket address"), blank=True)
    stream_url = models.URLField(_("livestream address"), blank=True)
    picture = models.ImageField(_("picture"), upload_to=picture_name, blank=True)
    picture_alt = models.CharField(_("what the picture shows"), max_length=250, blank=True)
    sources = models.TextField(
        _("sources"), blank=True, validators=[addresses.check_lines], help_text=_("One address a line.")
    )
    report = models.TextField(_("report afterwards"), blank=True)
    press = models.TextField(
        _("press links"), blank=True, validators=[addresses.check_lines], help_text=_("One address a line.")
    )
    twin = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, verbose_name=_("twin event in the other city")
    )
    previous_starts_on = models.DateField(_("first planned for"), null=True, blank=True)
    sequence = models.PositiveIntegerField(_("sequence"), default=0, editable=False)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="looks_after",
        verbose_name=_("who looks after it"),
    )
    is_sample = models.BooleanField(_("sample, not real"), default=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    objects = EventQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        permissions = [("every_event", "Can work on the events of all organisers")]
        indexes = [
            models.Index(fields=["starts_on", "ends_on"], name="event_days"),
            models.Index(fields=["ends_on"], name="event_last_day"),
            models.Index(fields=["publish_at"], name="event_appears"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(precision=Precision.TIME, starts_at__isnull=False)
                | ~Q(precision=Precision.TIME) & Q(starts_at=None, ends_at=None),
                name="a_time_only_where_it_is_known",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")) | Q(starts_on=None, ends_on=None),
                name="days_in_order",
            ),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="times_in_order"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(publish_at__isnull=False), name="public_since_a_moment"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.slug

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the ready lines, the words to find it by and its reminders.

        Nobody is written to: that its date, place or state has changed is only noted for those who decide.
        """
        self.set_days(self.city)
        with transaction.atomic():
            before = Event.objects.filter(pk=self.pk).first() if self.pk else None
            if before and changes.facts(before) != changes.facts(self):
                self._count(before)
            super().save(*args, **kwargs)
            refresh([self])
            if before:
                changes.note(self, changes.facts(before))

    def _count(self, before: Event) -> None:
        """Calendar programs notice a change by these two, whoever made it."""
        self.sequence = max(self.sequence, before.sequence + 1)
        if self.changed_at == before.changed_at:
            self.changed_at = timezone.now()

    def clean(self) -> None:
        super().clean()
        if self.picture and not getattr(self, "picture_alt_tr"):  # noqa: B009  (made by modeltranslation)
            raise ValidationError({"picture_alt_tr": _("Describe the picture for people who cannot see it.")})

    def is_public(self, now: datetime) -> bool:
        return self.state in self.PUBLIC_STATES and self.publish_at is not None and self.publish_at <= now

    def is_over(self, now: datetime) -> bool:
        return self.ends_on is not None and self.ends_on < times.today(now, self.city)

    def is_unconfirmed(self, now: datetime) -> bool:
        """Announced, its day gone by, and nobody has confirmed that it was held."""
        return self.certainty != self.Certainty.HELD and self.state == self.State.PUBLIC and self.is_over(now)

    @property
    def has_exact_day(self) -> bool:
        return self.precision in (Precision.TIME, Precision.DAY)

    @property
    def is_certain(self) -> bool:
        return self.certainty != self.Certainty.PLANNED

    @property
    def local_start(self) -> datetime | None:
        return self.starts_at.astimezone(times.zone_of(self.city)) if self.starts_at else None

    @property
    def uid(self) -> str:
        """Stable for ever (RFC 5545 UID): the key does not change when the address does."""
        return f"event-{self.pk}@izbaku"

    @property
    def where(self) -> str:
        if self.place or not self.venue:
            return self.place
        district = "" if self.venue.district in self.venue.address else self.venue.district
        return ", ".join(filter(None, [self.venue.name, self.venue.address, district]))

    @property
    def source_list(self) -> list[str]:
        return addresses.links(self.sources)

    @property
    def press_list(self) -> list[str]:
        return addresses.links(self.press)

    def is_fallback(self, field: str, language: str) -> bool:
        """Whether the text of `field` is missing in `language`, so that the Turkish one is shown."""
        return not getattr(self, f"{field}_{language}") and bool(getattr(self, f"{field}_tr"))

    def find_words(self) -> list[str]:
        texts = [
            getattr(self, f"{field}_{language}") or ""
            for field in ("title", "summary", "description", "place")
            for language in LANGUAGES
        ]
        if self.venue:
            texts += [self.venue.name, self.venue.district, self.venue.address]
        if self.city:
            texts += [times.city_name(self.city, language) for language in LANGUAGES]
        texts += [organisation.name for organisation in self.organisers.all()]
        return words(" ".join(texts))


def refresh_outdated() -> int:
    """Make anew what templates, words or code of an earlier release have made; returns how many events."""
    outdated = Event.objects.outdated().select_related("venue")
    count = 0
    while events := list(outdated[:200]):
        with transaction.atomic():
            bump()
            refresh(events)
        count += len(events)
    return count


class Session(Dated):
    """A part of an event with a time of its own."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="sessions", verbose_name=_("event"))
    slug = models.SlugField(_("short name"), max_length=100, blank=True)
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("summary"), blank=True)
    place = models.CharField(_("place in words"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["starts_on", F("starts_at").asc(nulls_first=True), "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def city(self) -> str:
        return self.event.city

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_days(self.event.city)
        super().save(*args, **kwargs)


class ReportPicture(PublicModel):
    """A picture of how it was, shown on the event's page with its description."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="report_pictures", verbose_name=_("event"))
    picture = models.ImageField(_("picture"), upload_to=picture_name)
    alt = models.CharField(_("what the picture shows"), max_length=250)

    class Meta:
        verbose_name = _("picture of how it was")
        verbose_name_plural = _("pictures of how it was")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.alt


class Observance(PublicModel):
    """A day that one of the countries, or both, keeps every year: shown quietly beside the events."""

    class Country(models.TextChoices):
        TR = "TR", _("Türkiye")
        AZ = "AZ", _("Azerbaijan")
        BOTH = "both", _("Türkiye and Azerbaijan")

    month = models.PositiveSmallIntegerField(_("month"))
    day = models.PositiveSmallIntegerField(_("day"))
    title = models.CharField(_("title"), max_length=200)
    country = models.CharField(_("country"), max_length=4, choices=Country)
    sources = models.TextField(
        _("sources"), blank=True, validators=[addresses.check_lines], help_text=_("One address a line.")
    )

    class Meta:
        verbose_name = _("observance")
        verbose_name_plural = _("observances")
        ordering = ["month", "day"]
        constraints = [models.UniqueConstraint(fields=["month", "day", "country"], name="one_observance_a_day")]

    def __str__(self) -> str:
        return self.title


class Imported(models.Model):
    """What an import last wrote into a field, so that the next one knows what staff have edited since."""

    key = models.CharField(max_length=150, unique=True)
    row = models.BigIntegerField(null=True)  # the imported row's own key: an address may change, and a row may go
    values = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.key
