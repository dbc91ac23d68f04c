"""The programme: events, their sessions, places, and the days both countries keep."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events import lines
from events.fields import CodesField
from izbaku import times
from izbaku.accounts.models import Organisation
from izbaku.freshness import PublicModel, PublicQuerySet, bump
from izbaku.text import words
from izbaku.times import Basis, City, Precision

SPOKEN = [("tr", _("Turkish")), ("az", _("Azerbaijani")), ("en", _("English")), ("ru", _("Russian"))]
LANGUAGES = lines.LANGUAGES


class Venue(PublicModel):
    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    city = models.CharField(_("city"), max_length=10, choices=City, blank=True)
    district = models.CharField(_("district"), max_length=100, blank=True)
    address = models.CharField(_("address"), max_length=250, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    facts = models.TextField(_("what is known of the place"), blank=True)
    sources = models.TextField(_("sources"), blank=True, help_text=_("One address a line."))

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


class Dated(PublicModel):
    """Something with a date that may be vague. Days are those of the event's own zone, instants are UTC."""

    precision = models.CharField(_("how exact is the date"), max_length=10, choices=Precision, default=Precision.TIME)
    basis = models.CharField(_("where the date comes from"), max_length=10, choices=Basis, default=Basis.STATED)
    starts_at = models.DateTimeField(_("begins at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    starts_on = models.DateField(_("first day"), null=True, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.precision == Precision.TIME and not self.starts_at:
            raise ValidationError({"starts_at": _("Enter the time, or choose that only the day is known.")})
        if self.precision not in (Precision.TIME, Precision.UNKNOWN) and not self.starts_on:
            raise ValidationError({"starts_on": _("Enter the first day, or choose that the date is unknown.")})
        if self.starts_at and self.ends_at and self.ends_at < self.starts_at:
            raise ValidationError({"ends_at": _("The end is before the start.")})
        if self.precision != Precision.TIME and self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("The last day is before the first day.")})

    def set_days(self, city: str) -> None:
        """Make days and instants agree with the precision; nothing here invents a time."""
        if self.precision == Precision.TIME and self.starts_at:
            self.starts_on, self.ends_on = times.calendar_days(self.starts_at, self.ends_at, city)
            return
        self.starts_at = self.ends_at = None
        if self.precision == Precision.UNKNOWN:
            self.starts_on = self.ends_on = None
        elif self.starts_on:
            self.starts_on, self.ends_on = times.whole_period(self.starts_on, self.ends_on, self.precision)


class EventQuerySet(PublicQuerySet["Event"]):
    def public(self, now: datetime) -> Self:
        return self.filter(state__in=Event.PUBLIC_STATES, publish_at__lte=now)

    def appearing(self, now: datetime) -> Self:
        """Those that will become public by themselves."""
        return self.filter(state__in=Event.PUBLIC_STATES, publish_at__gt=now)

    def with_a_day(self) -> Self:
        return self.filter(starts_on__isnull=False)

    def between(self, first: date, last: date) -> Self:
        """Those that touch the days from `first` to `last`, both included."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)

    def upcoming(self, today: date) -> Self:
        """Not over yet; what has no date yet is still ahead unless it was held."""
        return self.filter(Q(ends_on__gte=today) | Q(starts_on=None) & ~Q(certainty=Event.Certainty.HELD))

    def past(self, today: date) -> Self:
        return self.filter(Q(ends_on__lt=today) | Q(starts_on=None, certainty=Event.Certainty.HELD))

    def in_order(self) -> Self:
        return self.order_by(F("starts_on").asc(nulls_last=True), F("starts_at").asc(nulls_first=True), "pk")

    def newest_first(self) -> Self:
        return self.order_by(F("starts_on").desc(nulls_last=True), F("starts_at").desc(nulls_last=True), "-pk")

    def containing(self, text: str) -> Self:
        """Those in which every word of `text` begins a word, in any of the languages, whatever its diacritics."""
        found = self
        for word in words(text):
            found = found.filter(
                models.Exists(EventWord.objects.filter(event=models.OuterRef("pk"), word__startswith=word))
            )
        return found

    def bulk_create(self, objs: Iterable[Event], *args: Any, **kwargs: Any) -> list[Event]:
        events = list(objs)
        for event in events:
            event.set_days(event.city)
        with transaction.atomic():
            created = super().bulk_create(events, *args, **kwargs)
            refresh(created)
        return created


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
    picture = models.ImageField(_("picture"), upload_to="events/", blank=True)
    picture_alt = models.CharField(_("what the picture shows"), max_length=250, blank=True)
    sources = models.TextField(_("sources"), blank=True, help_text=_("One address a line."))
    report = models.TextField(_("report afterwards"), blank=True)
    press = models.TextField(_("press links"), blank=True, help_text=_("One address a line."))
    twin = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, verbose_name=_("twin event in the other city")
    )
    previous_starts_on = models.DateField(_("first planned for"), null=True, blank=True)
    sequence = models.PositiveIntegerField(_("sequence"), default=0, editable=False)
    is_sample = models.BooleanField(_("sample, not real"), default=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    objects = EventQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
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
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the ready lines and the words to find it by."""
        self.set_days(self.city)
        with transaction.atomic():
            super().save(*args, **kwargs)
            refresh([self])

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
        return self.sources.split()

    @property
    def press_list(self) -> list[str]:
        return self.press.split()

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


class Line(models.Model):
    """What is ready to be shown of an event in one language: written with the event, read by the thousand."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="lines")
    language = models.CharField(max_length=2)
    cell = models.TextField()
    card = models.TextField()
    entry = models.TextField()
    made_by = models.CharField(max_length=16, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["language", "event"], name="one_line_per_language")]

    def __str__(self) -> str:
        return f"{self.event_id} ({self.language})"


class EventWord(models.Model):
    """A folded word by which an event is found."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="found_by")
    word = models.CharField(max_length=60, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["event", "word"], name="event_word")]

    def __str__(self) -> str:
        return self.word


def refresh(events: Iterable[Event]) -> None:
    """Write the lines and words of these events anew."""
    events = list(events)
    keys = [event.pk for event in events]
    made_by = lines.maker()
    Line.objects.filter(event__in=keys).delete()
    EventWord.objects.filter(event__in=keys).delete()
    Line.objects.bulk_create(
        Line(
            event=event,
            language=language,
            cell=lines.cell(event, language),
            card=lines.card(event, language),
            entry=lines.entry(event, language),
            made_by=made_by,
        )
        for event in events
        for language in LANGUAGES
    )
    EventWord.objects.bulk_create(
        (EventWord(event=event, word=word[:60]) for event in events for word in event.find_words()),
        batch_size=1000,
    )


def refresh_outdated() -> int:
    """Make anew what templates, words or code of an earlier release have made; returns how many events."""
    outdated = Event.objects.filter(
        models.Exists(Line.objects.filter(event=models.OuterRef("pk")).exclude(made_by=lines.maker()))
        | ~models.Exists(Line.objects.filter(event=models.OuterRef("pk")))
    ).select_related("venue")
    count = 0
    while events := list(outdated[:200]):
        with transaction.atomic():
            refresh(events)
            bump()
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
    sources = models.TextField(_("sources"), blank=True, help_text=_("One address a line."))

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
    values = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.key
