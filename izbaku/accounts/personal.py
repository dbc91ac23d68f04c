"""An account and what hangs on it: told, and deleted last of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from izbaku.accounts import mails
from izbaku.accounts.models import FormerAddress, Speaker, User
from izbaku.holdings import Person, RecordClass, Room, Told, keep, register, rooms, told
from izbaku.privacy import erasing


def addresses(user: Any) -> Iterator[str]:
    """Those it has confirmed: what somebody merely typed may be another's, whose data they would be shown.

    Former ones, too, unless somebody else has an account with them now.
    """
    others = EmailAddress.objects.exclude(user=user).filter(email__iexact=OuterRef("email"))
    accounts = User.objects.exclude(pk=user.pk).filter(email__iexact=OuterRef("email"))
    former = FormerAddress.objects.filter(~Exists(others), ~Exists(accounts), user=user).values_list("email")
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email")
    yield from (address for (address,) in confirmed.union(former))


def held(person: Person) -> Iterable[Told]:
    user = person.user
    if user is None:
        return
    yield told(user, "email", "name", "language", "city", "joined_at", "last_login")
    for speaker in Speaker.objects.filter(user=user).select_related("organisation"):
        yield told(speaker, "organisation", "position", "asked_at", "confirmed_at", "ended_at")
    # allauth's models have no names in the portal's languages.
    for address in EmailAddress.objects.filter(user=user):
        labels = {"email": _("e-mail address"), "verified": _("confirmed"), "primary": _("main address")}
        yield told(address, *labels, title=_("e-mail address"), labels=labels)
    for former in FormerAddress.objects.filter(user=user):
        yield told(former, "email", "given_up_at")
    for session in UserSession.objects.filter(user=user):
        labels = {
            "created_at": _("signed in"),
            "last_seen_at": _("last seen"),
            "ip": _("network address (IP)"),
            "user_agent": _("browser"),
        }
        yield told(session, *labels, title=_("sign-in"), labels=labels)
    for factor in Authenticator.objects.filter(user=user):
        labels = {"type": _("kind"), "created_at": _("added"), "last_used_at": _("last used")}
        words = {"type": FACTORS.get(factor.type, factor.type)}
        yield told(factor, *labels, title=_("second factor"), labels=labels, words=words)


FACTORS = {
    Authenticator.Type.TOTP: _("codes of an app"),
    Authenticator.Type.RECOVERY_CODES: _("recovery codes"),
    Authenticator.Type.WEBAUTHN: _("passkey or security key"),
}


def erase(person: Person, now: datetime) -> int:
    """The row goes, and by cascade its addresses, sessions, second factors and what it speaks for."""
    if person.user is None:
        return 0
    return User.objects.filter(pk=person.user.pk).delete()[1].get(User._meta.label, 0)


register(
    Room(
        "account",
        _("Account"),
        (User, Speaker, EmailAddress, FormerAddress, UserSession, Authenticator),
        held=held,
        erase=erase,
        addresses=addresses,
        is_last=True,
    )
)


# --- How long -----------------------------------------------------------------------------------------------


def _unverified(before: datetime) -> QuerySet[User]:
    """Accounts that somebody began to open and never confirmed. Whom staff have invited waits for its person."""
    own = EmailAddress.objects.filter(user=OuterRef("pk"))
    people = User.objects.filter(Exists(own), ~Exists(own.filter(verified=True)), joined_at__lt=before)
    return people.filter(last_login=None, is_staff=False, is_superuser=False).order_by("pk")


def _destroy_unverified(now: datetime, period: timedelta) -> int:
    """By key alone: the address was never shown to be theirs, and what stands under it elsewhere is another's."""
    people = list(_unverified(now - period))
    for user in people:
        person = Person(user).with_records()
        for room in rooms():
            room.erase(person, now)
    return len(people)


keep(
    RecordClass(
        "unverified_account",
        _("Accounts that were never confirmed"),
        due=lambda now, period: _unverified(now - period).count(),
        destroy=_destroy_unverified,
    )
)


def _given_up(before: datetime) -> QuerySet[FormerAddress]:
    return FormerAddress.objects.filter(given_up_at__lte=before)


keep(
    RecordClass(
        "former_address",
        _("Former addresses of accounts"),
        due=lambda now, period: _given_up(now - period).count(),
        destroy=lambda now, period: _given_up(now - period).delete()[0],
    )
)


NOTICE = timedelta(days=30)  # between the letter that warns and the end


def _dormant(before: datetime) -> QuerySet[User]:
    """Accounts of visitors and students with which nobody has signed in since. Who works here is let go by a person."""
    people = User.objects.filter(is_staff=False, is_superuser=False, is_active=True)
    return people.annotate(seen_at=Coalesce("last_login", "joined_at")).filter(seen_at__lt=before).order_by("pk")


def _over(now: datetime, period: timedelta) -> QuerySet[User]:
    """Those that were warned long enough ago, and whose owner has not come since."""
    return _dormant(now - period).filter(warned_at__lte=now - NOTICE, warned_at__gt=F("seen_at"))


def _warn(now: datetime, period: timedelta) -> None:
    soon = _dormant(now + NOTICE - period).filter(Q(warned_at=None) | Q(warned_at__lte=F("seen_at")))
    for user in soon:
        mails.account_ends(user, on=now + NOTICE, now=now)
        User.objects.filter(pk=user.pk).update(warned_at=now)


def _destroy_dormant(now: datetime, period: timedelta) -> int:
    """Warn those whose time is near, and erase those who were warned: as if they had asked for it themselves."""
    _warn(now, period)
    people = list(_over(now, period))
    for user in people:
        erasing.erase(Person.of(user), now=now, rule=f"{period.days} days")
    return len(people)


keep(
    RecordClass(
        "dormant_account",
        _("Accounts that nobody has used for long"),
        due=lambda now, period: _over(now, period).count(),
        destroy=_destroy_dormant,
    )
)
