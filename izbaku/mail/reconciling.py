"""Every night: what must never be, counted. Each room may add a check of its own in its `letters.py`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from izbaku.mail.models import Hold, Message

State = Message.State
UNTOUCHED = timedelta(hours=1)

logger = logging.getLogger(__name__)

_checks: dict[str, Callable[[datetime], int]] = {}


def check(name: str, count: Callable[[datetime], int]) -> None:
    """Count this every night, too; anything but zero is reported under this name."""
    if name in _checks:
        raise ValueError(f"Two checks are called {name}.")
    _checks[name] = count


def run(now: datetime) -> dict[str, int]:
    """What was found by each check. All must be zero; what is not stands in the log, without anybody's data."""
    found = {name: count(now) for name, count in _checks.items()}
    for name, count in found.items():
        if count:
            logger.error("Letters do not add up: %s: %d.", name, count)
    return found


def _sent_without_a_word(now: datetime) -> int:
    """Neither the relay's, nor a report's, nor the reader's own."""
    return Message.objects.filter(state=State.SENT, evidence="").exclude(code=250).count()


def _due_and_untouched(now: datetime) -> int:
    """Servers that are given a rest are no reason to worry yet, but a pump that passes letters over is."""
    if Hold.objects.filter(what=Hold.RELAY, until__gt=now).exists():
        return 0
    return Message.objects.due(now).filter(due_at__lt=now - UNTOUCHED).count()


def _in_dead_hands(now: datetime) -> int:
    return Message.objects.filter(leased_until__lt=now - UNTOUCHED).count()


def _in_nobodys_hands(now: datetime) -> int:
    return (
        Message.objects.filter(Q(claim__isnull=False) | Q(leased_until__isnull=False))
        .exclude(state__in=(State.CLAIMED, State.SENDING))
        .count()
    )


check("sent without a 250", _sent_without_a_word)
check("due and untouched for an hour", _due_and_untouched)
check("in dead hands for an hour", _in_dead_hands)
check("held by nobody", _in_nobodys_hands)
