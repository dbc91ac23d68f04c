"""Tables of guests: lists that serve again, who stands in them, and what each was asked to.

A guest is no user: the code in the address is the key to one invitation. Staff write guests down; what guests say of
themselves stands in their invitation.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.attendance import LANGUAGES, LARGEST_PARTY, Allotment, new_code
from events.fields import CodesField
from izbaku.accounts.models import Organisation, Speaker
from izbaku.history import Move, Moves, Step
from izbaku.mail.models import Message
from izbaku.privacy.models import Noticed
from izbaku.text import fold, words

EVERYBODY = "events.every_event"
INVITATION = "invitation"  # what the mail room calls our rounds and their letters


def spoken_for(user: Any) -> models.QuerySet[Any]:
    """The organisations for which this person speaks, by key."""
    return Speaker.objects.standing(timezone.now()).filter(user=user).values("organisation")


# --- Lists and guests -------------------------------------------------------------------------------------


class GuestListQuerySet(models.QuerySet["GuestList"]):
    def visible_to(self, user: Any) -> Self:
        """All lists, or for a co-host those of the organisations it speaks for."""
        return self if user.has_perm(EVERYBODY) else self.filter(organisation__in=spoken_for(user))


class GuestList(models.Model):
    """Guests that are invited together, to one event or to many."""

    name = models.CharField(_("name"), max_length=120)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="guest_lists",
        verbose_name=_("kept by"),
        help_text=_("A partner whose officers see and keep this list. Empty: the association alone."),
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    objects = GuestListQuerySet.as_manager()

    class Meta:
        verbose_name = _("guest list")
        verbose_name_plural = _("guest lists")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["name", "organisation"], name="one_list_a_name"),
            models.UniqueConstraint(fields=["name"], condition=Q(organisation=None), name="one_list_of_ours_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class GuestQuerySet(models.QuerySet["Guest"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.has_perm(EVERYBODY) else self.filter(guest_list__organisation__in=spoken_for(user))

    def in_order(self) -> Self:
        """The order of protocol: the lowest number first, whoever has none last, by name."""
        return self.order_by(F("rank").asc(nulls_last=True), "found_by", "pk")

    def of(self, *emails: str) -> Self:
        return self.alias(address=Lower("email")).filter(address__in=[email.strip().lower() for email in emails])

    def containing(self, text: str) -> Self:
        found = self
        for word in words(text):
            found = found.filter(found_by__contains=word)
        return found


def digits(phone: str) -> str:
    """What of a telephone number tells it from another: `+90 (532) 000 00 00` and `0532 000 00 00` end alike."""
    return "".join(sign for sign in phone if sign.isdecimal())[-10:]


def likeness(name: str, *, email: str = "", phone: str = "", organisation: str = "") -> str:
    """What two entries of one person have in common: the folded name, and the address or what stands in its place."""
    return f"{' '.join(words(name))}|{email.strip().lower() or digits(phone) or fold(organisation)}"[:400]


class Guest(models.Model):
    """Somebody to be invited, as the protocol knows them. Neither an address nor a telephone is needed."""

    guest_list = models.ForeignKey(GuestList, models.CASCADE, related_name="guests", verbose_name=_("guest list"))
    salutation = models.CharField(
        _("salutation"),
        max_length=60,
        blank=True,
        help_text=_("Sayın, Hörmətli, Dear Mr …; empty: as the language has it."),
    )
    title = models.CharField(
        pgettext_lazy("person", "title"), max_length=60, blank=True, help_text=_("Prof. Dr., H.E. …")
    )
    name = models.CharField(_("name"), max_length=120)
    office = models.CharField(_("office"), max_length=200, blank=True)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    rank = models.PositiveIntegerField(
        _("order of protocol"), null=True, blank=True, validators=[MaxValueValidator(999_999)],
        help_text=_("The lowest number comes first; empty: after all others."),
    )  # fmt: skip
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="tr")
    second_language = models.CharField(
        _("second language"),
        max_length=2,
        choices=LANGUAGES,
        blank=True,
        help_text=_("Then one letter and one card say it in both."),
    )
    note = models.CharField(_("note of the staff"), max_length=500, blank=True)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    found_by = models.CharField(max_length=600, blank=True, editable=False)
    likeness = models.CharField(max_length=400, blank=True, editable=False)

    objects = GuestQuerySet.as_manager()

    class Personal:
        fields = (
            "salutation", "title", "name", "office", "organisation", "email", "phone", "language", "second_language",
            "note", "found_by", "likeness",
        )  # fmt: skip
        whose = "email"

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        constraints = [
            models.UniqueConstraint(fields=["guest_list", "likeness"], name="one_guest_a_list"),
            models.CheckConstraint(condition=~Q(name=""), name="a_guest_has_a_name"),
            models.CheckConstraint(condition=~Q(second_language=F("language")), name="two_languages_are_two"),
        ]
        indexes = [
            models.Index(fields=["likeness"], name="guests_alike"),
            models.Index(Lower("email"), name="guests_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.guest_list_id}/{self.pk}"

    def prepare(self) -> Self:
        """What is kept to be found and compared by; `bulk_create` calls no `save`."""
        self.found_by = fold(f"{self.name} {self.organisation} {self.office} {self.email}")[:600]
        self.likeness = likeness(self.name, email=self.email, phone=self.phone, organisation=self.organisation)
        return self

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.prepare()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        if self.second_language and self.second_language == self.language:
            raise ValidationError({"second_language": _("This is the first language already.")}, code="twice")
        if not words(self.name):
            raise ValidationError({"name": _("Enter the guest’s name.")}, code="required")
        self.prepare()
        same = Guest.objects.filter(guest_list=self.guest_list_id, likeness=self.likeness).exclude(pk=self.pk)
        if same.exists():
            raise ValidationError(
                _("A guest of this name with this address is in the list already: change that entry instead."),
                code="known",
            )

    @property
    def languages(self) -> list[str]:
        return [self.language, *([self.second_language] if self.second_language else [])]

    @property
    def called(self) -> str:
        """Title and name, as they stand in lists."""
        return f"{self.title} {self.name}".strip()


# --- How an event invites ---------------------------------------------------------------------------------


class InvitationPolicy(models.Model):
    """How guests are invited to an event: what each invitation begins with."""

    event = models.OneToOneField(
        "events.Event", models.CASCADE, related_name="invitation_policy", verbose_name=_("event")
    )
    answer_until = models.DateTimeField(
        _("answers until"), null=True, blank=True, help_text=_("Empty: until the event begins.")
    )
    companions = models.PositiveSmallIntegerField(
        _("companions a guest may bring"), default=0, validators=[MaxValueValidator(LARGEST_PARTY - 1)]
    )
    contact = models.CharField(
        _("whom guests call"),
        max_length=150,
        blank=True,
        help_text=_("Name and telephone, as they stand on the invitation. Empty: the association’s."),
    )
    reminds_guests = models.BooleanField(
        _("remind guests by letter"),
        default=False,
        help_text=_("Off: the staff call them. On: those who come get the event’s reminders."),
    )

    class Meta:
        verbose_name = _("invitation of guests")
        verbose_name_plural = _("invitation of guests")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class QuotaQuerySet(models.QuerySet["Quota"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.has_perm(EVERYBODY) else self.filter(organisation__in=spoken_for(user))


class Quota(models.Model):
    """How many seats of a shared event a partner may give to guests of its own lists."""

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="quotas", verbose_name=_("event"))
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="quotas", verbose_name=_("organisation")
    )
    seats = models.PositiveIntegerField(_("seats"))

    objects = QuotaQuerySet.as_manager()

    class Meta:
        verbose_name = _("quota of a partner")
        verbose_name_plural = _("quotas of partners")
        constraints = [models.UniqueConstraint(fields=["event", "organisation"], name="one_quota_a_partner")]

    def __str__(self) -> str:
        return f"{self.event_id}/{self.organisation_id}: {self.seats}"

    def used(self) -> int:
        """Seats that its guests hold or were promised."""
        theirs = Invitation.objects.filter(event=self.event_id, guest__guest_list__organisation=self.organisation_id)
        return theirs.aggregate(n=Sum("held"))["n"] or 0


# --- Invitations ------------------------------------------------------------------------------------------


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: Any) -> Self:
        """All, or for a co-host the guests of its own lists."""
        return self if user.has_perm(EVERYBODY) else self.filter(guest__guest_list__organisation__in=spoken_for(user))

    def standing(self) -> Self:
        """Whoever may still come."""
        return self.filter(state__in=Invitation.STANDING)

    def silent(self) -> Self:
        return self.filter(state=Invitation.State.SILENT)

    def coming(self) -> Self:
        """Those who come themselves or send somebody."""
        return self.filter(state__in=Invitation.COMING)

    def told(self) -> Self:
        """Those who know that they are invited: a letter may have reached them, a card was handed to them, or they
        have answered."""
        gone = Message.objects.filter(kind=INVITATION, state__in=(Message.State.SENT, Message.State.UNCERTAIN))
        written = gone.filter(reader__isnull=False).order_by().values("reader")
        return self.filter(Q(told_at__isnull=False) | Q(answered_at__isnull=False) | Q(pk__in=written))

    def in_order(self) -> Self:
        """The order of protocol."""
        return self.order_by(F("guest__rank").asc(nulls_last=True), "guest__found_by", "pk")

    def containing(self, text: str) -> Self:
        found = self
        for word in words(text):
            found = found.filter(Q(guest__found_by__contains=word) | Q(found_by__contains=word))
        return found


def _is_staff(_invitation: Any, by: Any) -> bool:
    return bool(by.is_staff)


class Invitation(Noticed):
    """One guest to one event. Whoever holds the code answers for the guest."""

    class State(models.TextChoices):
        SILENT = "silent", _("Not answered")
        COMING = "coming", _("Comes")
        PROXY = "proxy", _("Sends somebody")
        DECLINED = "declined", _("Does not come")
        WITHDRAWN = "withdrawn", _("Invitation taken back")

    class How(models.TextChoices):
        PAGE = "page", _("on the page")
        PHONE = "phone", _("by telephone")
        CALENDAR = "calendar", _("from a calendar")
        LETTER = "letter", _("by letter")
        IN_PERSON = "in_person", _("in person")

    NEEDS = [("interpreting", _("Interpreting")), ("step_free", _("Step-free access"))]
    COMING = (State.COMING, State.PROXY)
    STANDING = (State.SILENT, State.COMING, State.PROXY)
    ANSWERS = (State.COMING, State.PROXY, State.DECLINED)
    # An answer may be given again: more companions, another proxy. The deadline is asked by `invitations`.
    _ANY = (State.SILENT, *ANSWERS)
    MOVES = Moves(
        Move("come", _ANY, State.COMING, label=_("Comes"), who=_is_staff, by_itself=True),
        Move("send", _ANY, State.PROXY, label=_("Sends somebody"), who=_is_staff, by_itself=True),
        Move("decline", _ANY, State.DECLINED, label=_("Does not come"), who=_is_staff, by_itself=True),
        Move("withdraw", _ANY, State.WITHDRAWN, label=_("Take the invitation back"), who=_is_staff),
        Move("invite_again", (State.WITHDRAWN,), State.SILENT, label=_("Invite again"), who=_is_staff),
    )

    event = models.ForeignKey("events.Event", models.CASCADE, related_name="invitations", verbose_name=_("event"))
    guest = models.ForeignKey(Guest, models.CASCADE, related_name="invitations", verbose_name=_("guest"))
    allotment = models.ForeignKey(
        Allotment, models.PROTECT, null=True, related_name="invitations", editable=False, verbose_name=_("seats")
    )
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SILENT, editable=False)
    companions_allowed = models.PositiveSmallIntegerField(
        _("companions allowed"), default=0, validators=[MaxValueValidator(LARGEST_PARTY - 1)]
    )
    held = models.PositiveSmallIntegerField(_("seats kept"), default=0, editable=False)
    answer_until = models.DateTimeField(_("answer until"), null=True, blank=True)
    is_to_be_confirmed = models.BooleanField(
        _("attendance to be confirmed"),
        default=False,
        help_text=_("Their office has still to confirm: the seats are kept beyond the deadline."),
    )
    official_number = models.CharField(_("number of the official letter"), max_length=60, blank=True)
    seat_label = models.CharField(_("seat"), max_length=30, blank=True, help_text=_("As it stands on the place list."))
    # What was answered
    companions = models.PositiveSmallIntegerField(_("companions"), default=0, editable=False)
    proxy = models.CharField(_("who comes instead"), max_length=200, blank=True, editable=False)
    needs = CodesField(_("needs"), max_length=40, blank=True, default=list, choices=NEEDS, editable=False)
    food = models.CharField(_("food"), max_length=200, blank=True, editable=False)
    remark = models.TextField(_("what the guest wrote"), max_length=1000, blank=True, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    answered_how = models.CharField(_("how"), max_length=10, choices=How, blank=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False,
        verbose_name=_("typed in by"),
    )  # fmt: skip
    spoke_with = models.CharField(_("who said so"), max_length=150, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    told_at = models.DateTimeField(pgettext_lazy("invitation", "handed over"), null=True, editable=False)
    created_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    found_by = models.CharField(max_length=200, blank=True, editable=False)  # who comes instead, folded

    objects = InvitationQuerySet.as_manager()

    class Personal:
        fields = ("proxy", "needs", "food", "remark", "spoke_with", "found_by")
        whose = "email"

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        permissions = [("export_invitation", "Can export invitations")]
        constraints = [
            models.UniqueConstraint(fields=["event", "guest"], name="invited_once"),
            models.CheckConstraint(
                condition=Q(companions__lte=F("companions_allowed")), name="no_more_companions_than_allowed"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("declined", "withdrawn")) | Q(held=0), name="who_stays_away_keeps_no_seat"
            ),
            models.CheckConstraint(condition=~Q(state="proxy") | ~Q(proxy=""), name="a_proxy_has_a_name"),
            models.CheckConstraint(
                condition=~Q(state__in=("coming", "proxy", "declined")) | Q(answered_at__isnull=False),
                name="an_answer_has_a_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["event", "state"], name="invitations_of_event"),
            models.Index(fields=["answer_until"], name="invitations_ending", condition=Q(state="silent", held__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}/{self.pk}"

    @property
    def email(self) -> str:
        return self.guest.email

    @property
    def seats(self) -> int:
        """How many come, or may come."""
        return 1 + (self.companions_allowed if self.state == self.State.SILENT else self.companions)

    @property
    def is_answered(self) -> bool:
        return self.state in self.ANSWERS

    @property
    def uid(self) -> str:
        """Stable per event and guest (RFC 5545 UID), and no clue to another's: an answer by calendar carries it."""
        return f"invitation-{self.pk}-{_mac(self.pk)}@izbaku"

    @property
    def sequence(self) -> int:
        """For calendars: rises with every change of the event and with every answer."""
        return self.event.sequence + self.version


def of_uid(uid: str) -> int | None:
    """The key of the invitation to which this UID belongs; None for one that we have not made."""
    stem, _at, host = uid.strip().partition("@")
    name, _dash, rest = stem.partition("-")
    key, _dash, mac = rest.partition("-")
    if name != "invitation" or host != "izbaku" or not (key.isascii() and key.isdecimal() and len(key) < 18):
        return None
    return int(key) if constant_time_compare(mac, _mac(int(key))) else None


def _mac(key: int) -> str:
    return salted_hmac("events.invitation", str(key), algorithm="sha256").hexdigest()[:20]


class InvitationStep(Step):
    """Who gave or took down which answer, and when."""

    of = models.ForeignKey(Invitation, models.CASCADE, related_name="steps")

    class Meta(Step.Meta):
        verbose_name = _("answer")
        verbose_name_plural = _("answers")


# --- Imports ----------------------------------------------------------------------------------------------


class GuestImport(models.Model):
    """A file that was read and waits for a word: what becomes of each line stands in `lines`. Gone after two days."""

    guest_list = models.ForeignKey(GuestList, models.CASCADE, related_name="imports", verbose_name=_("guest list"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("by"))
    made_at = models.DateTimeField(_("read"), default=timezone.now)
    file_name = models.CharField(_("file"), max_length=200)
    columns = models.JSONField(default=dict)
    lines = models.JSONField(default=list)
    done_at = models.DateTimeField(_("imported"), null=True)

    class Personal:
        fields = ("lines",)

    class Meta:
        verbose_name = _("import of guests")
        verbose_name_plural = _("imports of guests")

    def __str__(self) -> str:
        return f"{self.guest_list_id}/{self.pk}"
