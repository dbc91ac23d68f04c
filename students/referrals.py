"""Passing items of a request to a named body: asked for, agreed to item by item, logged, taken back at any time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from izbaku.accounts.models import Organisation, User
from students import casework, work_mails
from students.models import Case, CaseFile
from students.working import CaseAct, Referral, ReferralItem

What = ReferralItem.What


@transaction.atomic
def ask(
    case: Case, *, body: Organisation, purpose: str, items: Iterable[str], files: Iterable[CaseFile] = (), by: User,
    now: datetime,
) -> Referral:  # fmt: skip
    """Ask the student; nothing leaves by this. Raises ValidationError for a minor, or with nothing to pass on."""
    casework.locked(case)
    if not Case.objects.workable_by(by).filter(pk=case.pk).exists():
        raise PermissionDenied
    if not case.is_open:
        raise ValidationError(_("This request has ended: nothing can be passed on any more."), code="over")
    if case.is_minor:
        raise ValidationError(_("Nobody under eighteen is asked for consent."), code="under_age")
    wanted = [ReferralItem(what=name) for name in items if name != What.FILE]
    wanted += [ReferralItem(what=What.FILE, file=file) for file in files if file.case_id == case.pk]
    if not wanted:
        raise ValidationError(_("Choose what is to be passed on."), code="nothing")
    referral: Referral = case.referrals.create(body=body, purpose=purpose, asked_by=by, asked_at=now)
    for item in wanted:
        item.referral = referral
    ReferralItem.objects.bulk_create(wanted)
    casework.log(case, CaseAct.What.REFERRAL, by=by, text=_("asked: %(body)s") % {"body": body}, now=now)
    work_mails.referral_asked(referral, now=now)
    return referral


def of(case: Case) -> QuerySet[Referral]:
    """All of a request, with their items."""
    items = Prefetch("items", ReferralItem.objects.select_related("file"))
    return case.referrals.select_related("body").prefetch_related(items)


def waiting_for(student: User) -> QuerySet[Referral]:
    return Referral.objects.filter(case__in=Case.objects.of(student), answered_at=None, revoked_at=None)


@transaction.atomic
def decide(referral: Referral, *, agreed: Iterable[int], by: User, now: datetime) -> None:
    """The student's word on each item; what is not named stays here. It can be said once, and taken back."""
    referral = _locked(referral)
    if referral.case.student_id != by.pk:
        raise PermissionDenied
    if not referral.is_open:
        raise ValidationError(_("This has been decided already."), code="decided")
    referral.items.filter(pk__in=list(agreed)).update(is_agreed=True)
    referral.answered_at = now
    referral.save(update_fields=["answered_at"])
    _log(referral, _("decided by the student: %(body)s"), by, now)


@transaction.atomic
def revoke(referral: Referral, *, by: User, now: datetime) -> None:
    """The student takes it back: from this moment on nobody here may pass anything on. What has left has left, and
    the student is told which body to turn to."""
    referral = _locked(referral)
    if referral.case.student_id != by.pk:
        raise PermissionDenied
    if referral.revoked_at is not None:
        return
    referral.revoked_at = now
    referral.save(update_fields=["revoked_at"])
    referral.items.update(is_agreed=False)
    _log(referral, _("taken back by the student: %(body)s"), by, now)


@transaction.atomic
def pass_on(referral: Referral, *, by: User, now: datetime) -> list[ReferralItem]:
    """Note that it is passed on now; returns exactly the items that may be. Raises ValidationError without consent."""
    referral = _locked(referral)
    if not Case.objects.workable_by(by).filter(pk=referral.case_id).exists():
        raise PermissionDenied
    agreed = list(referral.items.filter(is_agreed=True).select_related("file"))
    if not agreed or referral.revoked_at is not None:
        raise ValidationError(_("The student has not agreed to this, or has taken it back."), code="not_agreed")
    if referral.passed_at is None:
        referral.passed_at, referral.passed_by = now, by
        referral.save(update_fields=["passed_at", "passed_by"])
    _log(referral, _("passed on: %(body)s"), by, now)
    return agreed


def to_pass_on(case: Case) -> QuerySet[Referral]:
    """To which the student has agreed at least in part."""
    agreed = Q(items__is_agreed=True, revoked_at=None)
    return of(case).filter(agreed).distinct()


def _locked(referral: Referral) -> Referral:
    return Referral.objects.select_for_update(of=("self",)).select_related("case", "body").get(pk=referral.pk)


def _log(referral: Referral, words: str, by: User, now: datetime) -> None:
    casework.log(referral.case, CaseAct.What.REFERRAL, by=by, text=words % {"body": referral.body}, now=now)
