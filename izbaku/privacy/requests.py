"""What people ask about their data: taken in, reminded of, answered within thirty days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from izbaku import holdings
from izbaku.holdings import Person
from izbaku.mail import outbox
from izbaku.privacy import erasing, notices, retention
from izbaku.privacy.models import DataRequest, RetentionRule
from izbaku.privacy.notices import Shown

State, Kind = DataRequest.State, DataRequest.Kind
MOST_AT_ONCE = MOST_IN_A_DAY = 5
REMIND_AT = (10, 3, 0)  # days left; then every day


def ask(user: Any, *, kind: str, text: str, language: str, now: datetime, shown: Shown | None = None) -> DataRequest:
    """Take a request in and start its clock; the person and those who answer get a letter.

    Raises ValidationError when several of this person wait already, or came within a day: withdrawing one does not
    make room for the next letter to staff.
    """
    if DataRequest.objects.open().filter(user=user).count() >= MOST_AT_ONCE:
        raise ValidationError(_("Several of your requests wait already. You get an answer to each."), code="many")
    if DataRequest.objects.filter(user=user, asked_at__gt=now - timedelta(days=1)).count() >= MOST_IN_A_DAY:
        raise ValidationError(
            _("You have sent %(n)d requests within a day. You can write the next one tomorrow.") % {"n": MOST_IN_A_DAY},
            code="often",
        )
    return _take_in(user, user.email, kind=kind, text=text, language=language, now=now, shown=shown)


def take_in(address: str, *, kind: str, text: str, language: str, now: datetime) -> DataRequest:
    """The same for what came by letter, mail or telephone; staff have made sure who is asking."""
    user = get_user_model()._default_manager.filter(email__iexact=address).first()
    return _take_in(user, address, kind=kind, text=text, language=language, now=now)


def _take_in(user: Any, address: str, *, now: datetime, shown: Shown | None = None, **said: str) -> DataRequest:
    with transaction.atomic():
        request = DataRequest(
            user=user, email=address, asked_at=now, due_at=now + timedelta(days=DataRequest.DAYS), **said
        )
        if shown:
            notices.remember(shown, request)
        request.save()
        _to_person(request, "privacy.received", now)
        _to_staff(request, "asked", now)
    return request


def withdraw(request: DataRequest, *, now: datetime) -> None:
    """The person no longer wants it. Nothing happens when it has been answered."""
    with transaction.atomic():
        request = DataRequest.objects.select_for_update().get(pk=request.pk)
        if request.state == State.OPEN:
            _close(request, State.WITHDRAWN, now)


def answer(request: DataRequest, *, by: Any, text: str, now: datetime, erase: bool = False) -> None:
    """Answer for good; with `erase` all that is held of the person goes first, and only the answer is still sent.

    Raises ValidationError when it was answered before, when there is no text, or when something forbids erasing.
    """
    if not text.strip():
        raise ValidationError(_("An answer needs words."), code="empty")
    with transaction.atomic():
        request = DataRequest.objects.select_for_update().get(pk=request.pk)
        if request.state != State.OPEN:
            raise ValidationError(_("This request is closed already."), code="closed")
        address, language = request.email, request.language
        if erase:
            erasing.erase(Person.of(request.user or address), now=now, rule="at the person's request")
            request.refresh_from_db()
        request.answer, request.answered_by = ("" if erase else text), by
        _close(request, State.ANSWERED, now)
        if address:
            payload = {"request": request.pk, "text": text} if erase else {"request": request.pk}
            key = f"privacy.answer:{request.pk}"
            outbox.put("privacy.answer", key=key, to=address, language=language, payload=payload, now=now)


def _close(request: DataRequest, state: str, now: datetime) -> None:
    request.state, request.answered_at = state, now
    retention.start(request, "data_request", now)
    request.save()


def remind(now: datetime) -> int:
    """Letters to those who answer, ten and three days before the day, on it, and daily after it; returns how many
    requests they were about. A second call on the same day writes nothing."""
    soon = DataRequest.objects.open().filter(due_at__lt=now + timedelta(days=REMIND_AT[0] + 1))
    return sum(_to_staff(request, stage, now) for request in soon if (stage := _stage(request, now)))


def _stage(request: DataRequest, now: datetime) -> str:
    left = (request.due_at - now).days
    if left < 0:
        return f"late-{now:%Y-%m-%d}"
    return next((f"{days}" for days in reversed(REMIND_AT) if left <= days), "")


def warn(now: datetime) -> int:
    """Tell staff, once a week and class, what will be destroyed soon; returns how many classes."""
    count = 0
    for rule in RetentionRule.objects.filter(warn_days__gt=0):
        known = holdings.classes().get(rule.record_class)
        coming = known.due(now + timedelta(days=rule.warn_days), rule.period) if known else 0
        if not coming:
            continue
        week = now.isocalendar()
        payload = {"class": rule.record_class, "count": coming, "days": rule.warn_days}
        count += _put_to_staff("privacy.warning", f"{rule.record_class}:{week.year}-{week.week}", payload, now)
    return count


# --- Letters ----------------------------------------------------------------------------------------------


def contacts() -> list[Any]:
    """Who answers: people with the permission; without any, the administrators."""
    people = ModelBackend().with_perm("privacy.handle_requests", is_active=True, include_superusers=False)
    return list(people.order_by("pk")) or list(
        get_user_model()._default_manager.filter(is_superuser=True, is_active=True).order_by("pk")
    )


def _to_person(request: DataRequest, kind: str, now: datetime) -> None:
    outbox.put(
        kind,
        key=f"{kind}:{request.pk}",
        to=request.email,
        language=request.language,
        payload={"request": request.pk},
        now=now,
    )


def _to_staff(request: DataRequest, stage: str, now: datetime) -> bool:
    return _put_to_staff("privacy.desk", f"{request.pk}:{stage}", {"request": request.pk}, now)


def _put_to_staff(kind: str, key: str, payload: dict[str, Any], now: datetime) -> bool:
    letters = [
        outbox.put(
            kind, key=f"{kind}:{key}:{person.pk}", to=person.email, language=person.language, payload=payload, now=now
        )
        for person in contacts()
    ]
    return any(letters)
