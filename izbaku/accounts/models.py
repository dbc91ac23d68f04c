"""Who people are, and for whom they speak."""

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.freshness import PublicModel
from izbaku.times import City

LANGUAGES = [("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new account; without a password it can only sign in by other means."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail. Guests and people who only register never become users."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=2, default="tr", choices=LANGUAGES)
    city = models.CharField(
        _("city"),
        max_length=10,
        choices=City,
        blank=True,
        help_text=_("Where you live. Staff see it beside your name."),
    )
    is_staff = models.BooleanField(_("works in the admin site"), default=False)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Without it the person cannot sign in, and open sessions end at once.")
    )
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    warned_at = models.DateTimeField(null=True, editable=False)  # told that the account will go: nobody signs in

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Personal:
        fields = ("email", "name", "language", "city")

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [("hand_over", "Can let people go and hand over what was theirs")]
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_per_address")]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """No password at all is one that nobody can type: an empty one would count as set."""
        if not self.password:
            self.set_unusable_password()
        super().save(*args, **kwargs)

    def get_short_name(self) -> str:
        """What the portal calls the person: the name, or the address before its @."""
        return self.name or self.email.partition("@")[0]

    @cached_property
    def has_second_factor(self) -> bool:
        """Whether signing in needs more than a code or a password: an authenticator app or a passkey."""
        return self.authenticator_set.exclude(type="recovery_codes").exists()  # type: ignore[attr-defined]

    @property
    def lacks_second_factor(self) -> bool:
        """Staff who have yet to enrol: until then they have no rights at all."""
        return settings.SECOND_FACTOR_REQUIRED and self.is_staff and not self.has_second_factor

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return not self.lacks_second_factor and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.lacks_second_factor and super().has_module_perms(app_label)


class FormerAddress(models.Model):
    """An address that its owner had confirmed and has changed: for a time, what stands under it is still theirs."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="former_addresses")
    email = models.EmailField(_("e-mail address"))
    given_up_at = models.DateTimeField(_("changed at"), default=timezone.now)

    class Personal:
        fields = ("email",)

    class Meta:
        verbose_name = _("former address")
        verbose_name_plural = _("former addresses")

    def __str__(self) -> str:
        return f"{self.user_id}"


class RoleWish(models.Model):
    """A guarded role that one administrator has asked for, and a second one has not given yet.

    It goes with whoever asked: nobody can confirm what an administrator who left has wished for.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="wished_roles")
    role = models.ForeignKey("auth.Group", models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="one_wish_for_a_role")]

    def __str__(self) -> str:
        return f"{self.role_id}: {self.user_id}"


class Organisation(PublicModel):
    """An association, municipality, university, company … named as it names itself."""

    class Kind(models.TextChoices):
        ASSOCIATION = "association", _("Association")
        MUNICIPALITY = "municipality", _("Municipality")
        EXECUTIVE = "executive", _("Executive authority (icra hakimiyyəti)")
        MINISTRY = "ministry", _("Ministry or public body")
        MISSION = "mission", _("Embassy or consulate")
        CHAMBER = "chamber", _("Chamber")
        UNIVERSITY = "university", _("University or school")
        COMPANY = "company", _("Company")
        PRESS = "press", _("Press")
        CULTURE = "culture", _("Cultural institution")
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind, blank=True)
    city = models.CharField(_("city"), max_length=10, choices=City, blank=True)
    site = models.URLField(_("web site"), blank=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SpeakerQuerySet(models.QuerySet["Speaker"]):
    def standing(self, now: datetime) -> Self:
        """Those who may speak for their organisation: confirmed, and not ended."""
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=now), confirmed_at__lte=now)


class Speaker(models.Model):
    """A person who speaks for an organisation, once staff have confirmed it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="speaks_for", verbose_name=_("person")
    )
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="speakers", verbose_name=_("organisation")
    )
    position = models.CharField(_("position there"), max_length=150, blank=True)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
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
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = SpeakerQuerySet.as_manager()

    class Personal:
        fields = ("position",)

    class Meta:
        verbose_name = _("person who speaks for an organisation")
        verbose_name_plural = _("people who speak for organisations")
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="speaks_once_for_each")]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.user_id}"
