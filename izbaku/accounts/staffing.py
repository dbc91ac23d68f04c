"""People who work in the admin site: taking them in, letting them go, handing over what was theirs.

Nobody climbs alone. One's own roles are set by others; a guarded role (it opens what people told in confidence, or
gives rights to others) is asked for by one administrator and given by a second. Whoever has the server itself, a
superuser, is both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from izbaku.accounts import mails
from izbaku.accounts.models import RoleWish, User

ADMINISTRATOR = "administrator"
FEWEST_ADMINISTRATORS = 2

Heir = Callable[[User, User], int]
_belongings: dict[str, Heir] = {}
_role_names: dict[str, tuple[Any, Any]] = {}
_guarded: set[str] = set()


def name_roles(names: dict[str, tuple[Any, Any]]) -> None:
    """The desk's table says what each role is called and what its work is."""
    _role_names.update(names)


def role_names() -> dict[str, tuple[Any, Any]]:
    """By group: the role's name and its work, both translated when shown."""
    return _role_names


def role_name(group: Group) -> Any:
    """As people read it; the group's own name is a key."""
    return _role_names.get(group.name, (group.name,))[0]


def guard_roles(names: Iterable[str]) -> None:
    """The desk's table says which roles take two administrators."""
    _guarded.update(names)


def belongings(name: str, hand_over: Heir) -> None:
    """A room says how what a person keeps there passes to another; `hand_over` returns how many things passed."""
    _belongings[name] = hand_over


def administrators() -> set[int]:
    """Those who can take in and let go others, by key."""
    active = User.objects.filter(is_active=True, is_staff=True)
    return set(active.filter(groups__name=ADMINISTRATOR).values_list("pk", flat=True)) | set(
        active.filter(is_superuser=True).values_list("pk", flat=True)
    )


def check_enough_administrators(without: User) -> None:
    """Raise ValidationError when the portal would be left with fewer than two administrators."""
    before = administrators()
    if without.pk in before and len(before - {without.pk}) < FEWEST_ADMINISTRATORS:
        raise ValidationError(
            _("Two administrators must remain. Make somebody else an administrator first."), code="too_few"
        )


def know_address(user: User) -> None:
    """Signing in with a code proves the address in the same step, if it is known; a changed one is proved anew."""
    address = EmailAddress.objects.filter(user=user, email__iexact=user.email).first()
    if address is None:
        EmailAddress.objects.filter(user=user).update(primary=False)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)


@transaction.atomic
def take_in(user: User, *, roles: Iterable[str], by: User, now: datetime) -> None:
    """Give a person work in the admin site, and tell them how to sign in."""
    is_new = not user.is_staff
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    _give(user, set(roles), by=by, now=now)
    if is_new:
        mails.welcome_to_the_desk(user, now=now)


@transaction.atomic
def set_roles(user: User, roles: Iterable[str], *, by: User, now: datetime) -> list[str]:
    """Exactly these roles; returns the guarded ones that now wait for a second administrator.

    Raises ValidationError rather than leave fewer than two administrators, or for one's own roles.
    """
    wanted = set(roles)
    check_own_roles(user, wanted, by=by)
    _lock_administrators()
    if ADMINISTRATOR not in wanted:
        check_enough_administrators(user)
    waiting = _give(user, wanted, by=by, now=now)
    if not wanted and user.is_staff and not user.is_superuser:
        user.is_staff = False  # a person again like any other, who may also erase the account
        user.save(update_fields=["is_staff"])
    return waiting


def check_own_roles(user: User, wanted: Iterable[str], *, by: User) -> None:
    """Raise ValidationError when somebody changes their own roles."""
    if user == by and not by.is_superuser and set(wanted) != _roles_of(user):
        raise ValidationError(_("Your own roles are set by another administrator."), code="own")


def _give(user: User, wanted: set[str], *, by: User, now: datetime) -> list[str]:
    """Give what one administrator may give, keep what was given before, and ask for the rest."""
    waiting = sorted((wanted & _guarded) - _roles_of(user)) if not by.is_superuser else []
    user.groups.set(Group.objects.filter(name__in=wanted.difference(waiting)))
    wishes = RoleWish.objects.filter(user=user)
    wishes.exclude(role__name__in=waiting).delete()
    for role in Group.objects.filter(name__in=waiting).exclude(pk__in=wishes.values("role")):
        RoleWish.objects.create(user=user, role=role, asked_by=by, asked_at=now)
    return waiting


def _roles_of(user: User) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


def can_confirm(wish: RoleWish, by: User) -> bool:
    """A second administrator: neither who asked nor who gets it."""
    return by.has_perm("accounts.change_user") and by.pk not in (wish.asked_by_id, wish.user_id)


@transaction.atomic
def confirm_roles(user: User, *, by: User) -> list[str]:
    """Give the guarded roles that somebody else has asked for; returns their names. None are given twice."""
    wishes = list(RoleWish.objects.select_for_update().select_related("role").filter(user=user).order_by("pk"))
    given = [wish.role for wish in wishes if can_confirm(wish, by) and user.is_active and user.is_staff]
    user.groups.add(*given)
    RoleWish.objects.filter(user=user, role__in=given).delete()
    return [role.name for role in given]


@transaction.atomic
def let_go(user: User, *, heir: User | None, by: User) -> dict[str, int]:
    """Disable an account in one act: rights and sessions end, what was kept passes to `heir`; returns what passed.

    Raises ValidationError when too few administrators would remain, when nobody is named while something has to
    pass, or when the heir cannot work here.
    """
    _lock_administrators()
    check_enough_administrators(user)
    if heir and (heir == user or not heir.is_active or not heir.is_staff):
        raise ValidationError(_("Choose another person who works here."), code="no_heir")
    passed = {}
    if heir:
        passed = {name: hand_over(user, heir) for name, hand_over in _belongings.items()}
    user.is_active = user.is_staff = user.is_superuser = False
    user.save(update_fields=["is_active", "is_staff", "is_superuser"])
    user.groups.clear()
    RoleWish.objects.filter(user=user).delete()
    end_sessions(user)
    return passed


def end_sessions(user: User) -> None:
    """Everywhere, at once."""
    keys = user.usersession_set.values_list("session_key", flat=True)  # type: ignore[attr-defined]
    Session.objects.filter(session_key__in=list(keys)).delete()
    user.usersession_set.all().delete()  # type: ignore[attr-defined]


def _lock_administrators() -> None:
    """Two administrators who let each other go at the same moment must not both succeed."""
    list(User.objects.select_for_update().filter(groups__name=ADMINISTRATOR).order_by("pk"))
