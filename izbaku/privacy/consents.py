"""Giving consent, withdrawing it, and asking whether it holds. It is never a condition of anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from izbaku.freshness import bump
from izbaku.holdings import hash_of
from izbaku.privacy.models import Consent, ConsentPurpose
from izbaku.privacy.notices import Shown

Act, How = Consent.Act, Consent.How
ADULT = 18


def is_adult(birth_year: int, now: datetime) -> bool:
    """Surely so: who turns eighteen this year may not have had the birthday."""
    return now.year - birth_year > ADULT


def asked(slugs: list[str], *, is_minor: bool = False) -> list[ConsentPurpose]:
    """Those purposes that a form may show, in its order; to people under eighteen none."""
    if is_minor:
        return []
    found = {purpose.slug: purpose for purpose in ConsentPurpose.objects.filter(slug__in=slugs, is_asked=True)}
    return [found[slug] for slug in slugs if slug in found]


def give(
    who: Any, purpose: str, *, how: str, now: datetime, shown: Shown | None = None, is_minor: bool = False
) -> Consent | None:
    """Write it down; None when it holds already. Raises ValidationError for people under eighteen."""
    if is_minor:
        raise ValidationError(_("Nobody under eighteen is asked for consent."), code="under_age")
    return _act(who, purpose, Act.GIVEN, how=how, now=now, shown=shown)


def withdraw(who: Any, purpose: str, *, how: str, now: datetime) -> Consent | None:
    """Takes effect at once, on kept pages too; None when there was nothing to withdraw."""
    return _act(who, purpose, Act.WITHDRAWN, how=how, now=now)


@transaction.atomic
def _act(who: Any, slug: str, act: str, *, how: str, now: datetime, shown: Shown | None = None) -> Consent | None:
    bump()  # also the lock: two acts at once are written one after the other
    purpose = ConsentPurpose.objects.get(slug=slug)
    if holds(who, slug) == (act == Act.GIVEN):
        return None
    user, address = (None, who) if isinstance(who, str) else (who, who.email)
    return Consent.objects.create(
        purpose=purpose,
        act=act,
        user=user,
        address_hash=hash_of(address),
        notice=shown.notice if shown else None,
        language=shown.language if shown else "",
        at=now,
        how=how,
    )


def acts_of(who: Any) -> QuerySet[Consent]:
    """The ledger of one person: an account's own acts, or those of an address that has no account."""
    if isinstance(who, str):
        return Consent.objects.filter(user=None, address_hash=hash_of(who))
    return Consent.objects.filter(user=who)


def holds(who: Any, purpose: str) -> bool:
    """The last act decides; without one there is no consent."""
    last = acts_of(who).filter(purpose__slug=purpose).order_by("-at", "-pk").values_list("act", flat=True).first()
    return last == Act.GIVEN


def standing(who: Any) -> list[Consent]:
    """The acts by which something is allowed at present."""
    last: dict[int, Consent] = {}
    for act in acts_of(who).select_related("purpose").order_by("-at", "-pk"):
        last.setdefault(act.purpose_id, act)
    return [act for act in last.values() if act.act == Act.GIVEN]


def holders(purpose: str) -> QuerySet[Any]:
    """Keys of the accounts whose consent holds: `User.objects.filter(pk__in=consents.holders("publish_name"))`."""
    acts = Consent.objects.filter(purpose__slug=purpose, user__isnull=False)
    newest = acts.filter(user=OuterRef("user")).order_by("-at", "-pk").values("pk")[:1]
    return acts.filter(pk=Subquery(newest), act=Act.GIVEN).order_by().values_list("user", flat=True)
