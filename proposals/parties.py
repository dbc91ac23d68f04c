"""Who stands behind a proposal: its authors, the organisations, and those who follow it."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from izbaku import text
from izbaku.accounts.models import Organisation
from izbaku.freshness import PublicModel, PublicQuerySet
from izbaku.privacy import consents
from izbaku.privacy.models import Noticed
from izbaku.times import City

LANGUAGES = [("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]
USER = settings.AUTH_USER_MODEL
PROPOSAL = "proposals.Proposal"


def new_code() -> str:
    """A secret that opens one thing: 128 bits."""
    return secrets.token_urlsafe(16)


class AuthorQuerySet(PublicQuerySet["Author"]):
    def standing(self) -> Self:
        """Those who take part: an invitation counts once it is accepted."""
        return self.filter(accepted_at__isnull=False, left_at=None)

    def named(self) -> Self:
        """Those who want their name shown, here and by the ledger of consents."""
        return self.standing().filter(is_named=True, user__in=consents.holders("publish_name")).exclude(name="")

    def of(self, *emails: str) -> Self:
        return self.alias(address=Lower("email")).filter(address__in=[email.strip().lower() for email in emails])


class Author(PublicModel, Noticed):
    """Who writes it. The first one claims the draft by signing in; others are invited by letter, and accept.

    `is_named` is this person's consent to be named on the proposal's page: given and taken back apart from
    everything else, never a condition. Without it the page names organisations only.
    """

    proposal = models.ForeignKey(
        "proposals.Proposal", models.CASCADE, related_name="authors", verbose_name=_("proposal")
    )
    user = models.ForeignKey(
        USER, models.CASCADE, null=True, blank=True, related_name="authorships", verbose_name=_("person")
    )
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="tr")
    is_first = models.BooleanField(_("began it"), default=False)
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    invited_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    left_at = models.DateTimeField(_("declined or left"), null=True, editable=False)
    is_named = models.BooleanField(_("named on the page"), default=False)
    named_at = models.DateTimeField(_("agreed to be named"), null=True, editable=False)

    objects = AuthorQuerySet.as_manager()  # type: ignore[misc]

    class Personal:
        fields = ("email", "name", "language", "is_named")
        whose = "email"

    class Meta:
        verbose_name = pgettext_lazy("proposal", "author")
        verbose_name_plural = pgettext_lazy("proposal", "authors")
        ordering = ["-is_first", "pk"]
        constraints = [
            models.UniqueConstraint("proposal", Lower("email"), name="one_author_an_address"),
            models.UniqueConstraint(
                fields=["proposal", "user"], condition=Q(user__isnull=False), name="one_author_a_person"
            ),
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(is_first=True), name="one_author_began_it"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(user__isnull=False), name="who_takes_part_has_signed_in"
            ),
        ]  # fmt: skip
        indexes = [models.Index(Lower("email"), name="authors_of_address")]

    def __str__(self) -> str:
        return f"{self.proposal_id}/{self.pk}"


class PartnerQuerySet(PublicQuerySet["Partner"]):
    def standing(self) -> Self:
        """Those that the page names: confirmed, and not taken back."""
        return self.filter(confirmed_at__isnull=False, declined_at=None)

    def of(self, *emails: str) -> Self:
        return self.alias(address=Lower("email")).filter(address__in=[email.strip().lower() for email in emails])


class Partner(PublicModel, Noticed):
    """An organisation behind a proposal: the one that proposes it, or a partner. Named once it has confirmed.

    The letter goes to an address that the author gives; whoever answers there says that they may speak for it.
    `organisation` is set where the portal knows it by that name, or by the secretariat: conflicts of interest by
    organisation are found by it, and by `key`, its name folded.
    """

    class Part(models.TextChoices):
        PROPOSER = "proposer", _("proposes it")
        PARTNER = "partner", _("partner")

    proposal = models.ForeignKey(
        "proposals.Proposal", models.CASCADE, related_name="partners", verbose_name=_("proposal")
    )
    part = models.CharField(_("part"), max_length=10, choices=Part, default=Part.PARTNER)
    organisation = models.ForeignKey(
        Organisation, models.SET_NULL, null=True, blank=True, related_name="proposals", verbose_name=_("organisation")
    )
    name = models.CharField(_("organisation"), max_length=200)
    key = models.SlugField(max_length=200, editable=False)
    city = models.CharField(_("city"), max_length=10, choices=City, blank=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="tr")
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    invited_at = models.DateTimeField(_("invited"), null=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    confirmed_by = models.CharField(_("confirmed by"), max_length=120, blank=True, editable=False)
    declined_at = models.DateTimeField(_("declined"), null=True, editable=False)

    objects = PartnerQuerySet.as_manager()  # type: ignore[misc]

    class Personal:
        fields = ("email", "confirmed_by", "language")
        whose = "email"

    class Meta:
        verbose_name = _("organisation behind a proposal")
        verbose_name_plural = _("organisations behind proposals")
        ordering = ["-part", "pk"]
        constraints = [models.UniqueConstraint(fields=["proposal", "key"], name="one_organisation_a_proposal")]
        indexes = [
            models.Index(fields=["key"], name="proposals_of_organisation"),
            models.Index(Lower("email"), name="partners_of_address"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = text.slug(self.name)[:200] or "-"
        super().save(*args, **kwargs)

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None and self.declined_at is None


class FollowerQuerySet(models.QuerySet["Follower"]):
    def standing(self) -> Self:
        """Those who have confirmed their address."""
        return self.filter(confirmed_at__isnull=False)

    def of(self, *emails: str) -> Self:
        return self.alias(address=Lower("email")).filter(address__in=[email.strip().lower() for email in emails])


class Follower(Noticed):
    """An address that hears of public changes, once its owner has confirmed it by the letter's link."""

    proposal = models.ForeignKey(
        "proposals.Proposal", models.CASCADE, related_name="followers", verbose_name=_("proposal")
    )
    email = models.EmailField(_("e-mail address"), max_length=254)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES)
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)

    objects = FollowerQuerySet.as_manager()

    class Personal:
        fields = ("email", "language")
        whose = "email"

    class Meta:
        verbose_name = _("follower of a proposal")
        verbose_name_plural = _("followers of proposals")
        constraints = [models.UniqueConstraint("proposal", Lower("email"), name="follows_once")]
        indexes = [models.Index(Lower("email"), name="followers_of_address")]

    def __str__(self) -> str:
        return f"{self.proposal_id}/{self.pk}"
