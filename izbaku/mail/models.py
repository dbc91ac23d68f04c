"""The outbox: the row is the letter, whoever rings the bell."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.mail import rounds
from izbaku.mail.rounds import Mailing

__all__ = ["rounds"]  # Django finds its tables through this module


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, now: datetime) -> Self:
        """Those that may leave now: nobody has them, nothing holds them; codes first, then the oldest due."""
        held = Hold.objects.filter(until__gt=now)
        return self.filter(
            Q(state__in=(Message.State.PENDING, Message.State.DEFERRED)),
            ~Exists(held.filter(what=Hold.RELAY)),
            ~Exists(held.filter(what=OuterRef("domain"))),
            Message.let_go(),
            due_at__lte=now,
        ).order_by("rank", "due_at", "pk")

    def with_strikes(self) -> Self:
        """Adds `has_strikes`: whether the relay or the reader's server was in trouble of late."""
        return self.annotate(has_strikes=Exists(Hold.objects.filter(what__in=(OuterRef("domain"), Hold.RELAY))))

    def open(self) -> Self:
        """Those of which something is still to come."""
        return self.filter(state__in=Message.OPEN)

    def to(self, address: str) -> Self:
        return self.filter(recipient__iexact=address)


class Message(models.Model):
    """One letter to one reader, from the rule that wanted it to the relay's answer.

    `dedupe_key` is its idempotency key: a second `put` with the same key changes nothing.
    """

    class State(models.TextChoices):
        HELD = "held", _("Waits for approval")
        PENDING = "pending", _("Waits to be sent")
        CLAIMED = "claimed", _("Being prepared")
        SENDING = "sending", _("Being sent")
        DEFERRED = "deferred", _("Put off by the receiving server")
        SENT = "sent", _("Sent")
        BOUNCED = "bounced", _("Came back")
        FAILED = "failed", _("Refused")
        UNCERTAIN = "uncertain", _("May or may not have arrived")
        CANCELLED = "cancelled", _("No longer wanted")
        SUPPRESSED = "suppressed", _("Address takes no letters")
        EXPIRED = "expired", _("Came too late")
        GIVEN_UP = "given_up", _("Given up")

    class Evidence(models.TextChoices):
        """What told us of a letter's fate, where it was not the relay's answer."""

        REPORT = "report", _("a report of the mail server")
        ANSWER = "answer", _("its reader answered")

    OPEN = (State.HELD, State.PENDING, State.CLAIMED, State.SENDING, State.DEFERRED, State.UNCERTAIN)

    dedupe_key = models.CharField(_("key"), max_length=150, unique=True)
    kind = models.CharField(_("kind"), max_length=50)
    rank = models.PositiveSmallIntegerField(default=1, editable=False)  # `kinds.Rank`: the lowest leaves first
    recipient = models.CharField(_("to"), max_length=320)
    domain = models.CharField(max_length=255, editable=False)
    language = models.CharField(_("language"), max_length=2)
    payload = models.JSONField(default=dict, blank=True, editable=False)
    mailing = models.ForeignKey(
        Mailing, models.PROTECT, null=True, blank=True, related_name="letters", db_index=False, verbose_name=_("round")
    )
    reader = models.BigIntegerField(null=True, blank=True, editable=False)  # whom the round's room knows by this key
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    expires_at = models.DateTimeField(_("of no use after"), null=True, blank=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    text = models.TextField(_("text"), blank=True)
    claim = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    first_tried_at = models.DateTimeField(_("first tried"), null=True, editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)
    code = models.PositiveSmallIntegerField(_("the server's code"), null=True, editable=False)
    answer = models.CharField(_("the server's answer"), max_length=300, blank=True, editable=False)
    evidence = models.CharField(_("how we know"), max_length=10, choices=Evidence, blank=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Personal:
        fields = ("recipient", "payload", "subject", "text")
        whose = "recipient"

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        permissions = [("handle_letters", "Can retry, take back and resolve letters")]
        indexes = [
            models.Index(
                fields=["rank", "due_at", "id"], name="letters_due", condition=Q(state__in=("pending", "deferred"))
            ),
            models.Index(fields=["leased_until"], name="letters_leased", condition=Q(state__in=("claimed", "sending"))),
            models.Index(fields=["recipient"], name="letters_to"),
            models.Index(fields=["settled_at"], name="letters_settled"),
            models.Index(
                fields=["state"], name="letters_unresolved", condition=Q(state__in=("held", "uncertain", "failed"))
            ),
            models.Index(fields=["mailing", "state"], name="letters_of_rounds", condition=Q(mailing__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=("claimed", "sending")) | Q(claim__isnull=False, leased_until__isnull=False),
                name="taken_by_somebody_for_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @staticmethod
    def let_go() -> Q:
        """Of no round, or of one that lets its letters go: pausing one keeps all that nobody has begun to send."""
        going = Mailing.objects.filter(state__in=Mailing.LETTING_GO)
        return Q(mailing=None) | Q(mailing_id__in=going.order_by().values("pk"))

    @property
    def message_id(self) -> str:
        """The same for every attempt (several servers fold duplicates by it), and no clue to whom it went."""
        key = hmac.new(settings.SECRET_KEY.encode(), self.dedupe_key.encode(), hashlib.sha256).hexdigest()[:32]
        return f"<{key}@{settings.MAIL_DOMAIN}>"


class Hold(models.Model):
    """Nothing leaves to `what` (a domain, or everybody when the relay itself is in trouble) until then."""

    RELAY = "*"

    what = models.CharField(max_length=255, unique=True)
    until = models.DateTimeField()
    strikes = models.PositiveSmallIntegerField(default=0)  # in a row; the first letter that is taken clears them
    reason = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.what


class Pulse(models.Model):
    """What the machinery remembers of itself: its last sweep, bells that failed, what the pace leaves."""

    SWEEP, BELL_FAILED, PACE = "sweep", "bell failed", "pace"

    name = models.CharField(max_length=30, unique=True)
    at = models.DateTimeField()
    number = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, now: datetime) -> None:
        """Note that this has happened (once more)."""
        if not cls.objects.filter(name=name).update(at=now, number=F("number") + 1):
            cls.objects.get_or_create(name=name, defaults={"at": now, "number": 1})


class Suppression(models.Model):
    """An address that takes no letters, and why. Kept as a keyed hash: a list of addresses is of use to nobody."""

    class Reason(models.TextChoices):
        NO_SUCH_ADDRESS = "no_such_address", _("There is no such address")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        UNREACHABLE = "unreachable", _("Its letters keep coming back")
        COMPLAINT = "complaint", _("Complained")
        STAFF = "staff", _("Set by staff")

    class Scope(models.TextChoices):
        ALL = "all", _("All letters but sign-in codes")
        OPTIONAL = "optional", _("Letters that one can do without")

    address_hash = models.CharField(max_length=64, editable=False)
    scope = models.CharField(_("which letters"), max_length=10, choices=Scope, default=Scope.ALL)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    since = models.DateTimeField(_("since"), default=timezone.now)
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("address without letters")
        verbose_name_plural = _("addresses without letters")
        constraints = [models.UniqueConstraint(fields=["address_hash", "scope"], name="suppressed_once")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.since:%Y-%m-%d})"

    @staticmethod
    def hash_of(address: str) -> str:
        return hmac.new(settings.SECRET_KEY.encode(), address.strip().lower().encode(), hashlib.sha256).hexdigest()

    @classmethod
    def among(cls, addresses: Iterable[str], now: datetime) -> dict[str, list[Suppression]]:
        """What holds of these addresses, by their hash, the latest first; nothing of those that take letters."""
        hashes = [cls.hash_of(address) for address in addresses]
        found: dict[str, list[Suppression]] = {}
        for row in cls.objects.filter(Q(until=None) | Q(until__gt=now), address_hash__in=hashes).order_by("-since"):
            found.setdefault(row.address_hash, []).append(row)
        return found

    @classmethod
    def of(cls, address: str, now: datetime, *, optional: bool = True) -> Suppression | None:
        """Why this address takes no (optional, or even no other) letters; None when it takes them."""
        [rows] = cls.among([address], now).values() or [[]]
        return next((row for row in rows if optional or row.scope == cls.Scope.ALL), None)


class Mailbox(models.Model):
    """How far a mailbox has been read: whatever came later is new."""

    address = models.CharField(max_length=255, unique=True)  # user@host/folder; never the password
    validity = models.BigIntegerField(default=0)  # RFC 3501: another one means that all numbers are new
    last = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.address
