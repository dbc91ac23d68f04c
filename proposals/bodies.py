"""Areas, and the bodies that review them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from izbaku.freshness import PublicModel

USER = settings.AUTH_USER_MODEL


class ReviewBody(PublicModel):
    """A committee that reviews the proposals of one or more areas."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    decides = models.BooleanField(_("decides on every proposal"), default=False)

    class Meta:
        verbose_name = _("review body")
        verbose_name_plural = _("review bodies")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["decides"], condition=Q(decides=True), name="one_body_decides"),
        ]

    def __str__(self) -> str:
        return self.name


class BodyMemberQuerySet(models.QuerySet["BodyMember"]):
    def standing(self) -> Self:
        """Those who sit in it now. A disabled account sits nowhere: it would count for a quorum that it cannot join."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()), user__is_active=True)


class BodyMember(models.Model):
    """Somebody who sits in a review body. What they may do there is said by their role."""

    body = models.ForeignKey(ReviewBody, models.CASCADE, related_name="members", verbose_name=_("review body"))
    user = models.ForeignKey(USER, models.CASCADE, related_name="review_bodies", verbose_name=_("person"))
    is_chair = models.BooleanField(_("chairs it"), default=False)
    since = models.DateTimeField(_("since"), default=timezone.now)
    until = models.DateTimeField(_("until"), null=True, blank=True)

    objects = BodyMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a review body")
        verbose_name_plural = _("members of review bodies")
        ordering = ["body", "-is_chair", "pk"]
        constraints = [models.UniqueConstraint(fields=["body", "user"], name="sits_once_in_a_body")]

    def __str__(self) -> str:
        return f"{self.body_id}: {self.user_id}"


class Area(PublicModel):
    """What a proposal is about; its body reviews it. Closed areas take no new proposals."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    body = models.ForeignKey(ReviewBody, models.PROTECT, related_name="areas", verbose_name=_("review body"))
    opens_at = models.DateTimeField(_("takes proposals from"), null=True, blank=True, help_text=_("Empty: at once."))
    closes_at = models.DateTimeField(_("takes proposals until"), null=True, blank=True, help_text=_("Empty: always."))

    class Meta:
        verbose_name = pgettext_lazy("proposal", "area")
        verbose_name_plural = pgettext_lazy("proposal", "areas")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    def is_open(self, now: datetime) -> bool:
        return (self.opens_at is None or self.opens_at <= now) and (self.closes_at is None or now < self.closes_at)
