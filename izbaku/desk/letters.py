"""What of the letters waits for a person: counted on the desk, listed under the same name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from izbaku.mail import claims, figures, kinds
from izbaku.mail.kinds import Letter
from izbaku.mail.models import Hold, Message, Pulse

State = Message.State
RECENTLY = timedelta(days=7)
NAMES: dict[str, Any] = {
    "uncertain": _("letters that may or may not have arrived"),
    "refused": _("letters refused in the last seven days"),
}

# Addresses that are keys: whoever has one acts as the person to whom it was sent.
KEYS = ("events:registration", "events:invitation", "own_calendar", "unsubscribe", "students:solved")
# Letters whose words are of one room alone; the right that the room itself asks for.
ROOMS = {"privacy.": "privacy.handle_requests", "students.": "students.oversee_cases"}


@cache
def _keys() -> re.Pattern[str]:
    """The beginnings of such addresses, in every language."""
    beginnings = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for name in KEYS:
                before, _mark, _after = reverse(name, args=["KEY"]).partition("KEY")
                beginnings.add(before)
    return re.compile(f"({'|'.join(map(re.escape, sorted(beginnings, key=len, reverse=True)))})[\\w.~-]*[\\w~-]")


def without_keys(letter: Letter) -> Letter:
    """As staff may see it: whoever looks at a letter must not come to hold its reader's keys."""
    text, subject = (_keys().sub(r"\1…", words) for words in (letter.text, letter.subject))
    return replace(letter, text=text, subject=subject, calendar=None)


def may_read(user: Any, kind: str) -> bool:
    """Whether the words of such letters are for this person; their fate is for everybody who may see the outbox."""
    return all(user.has_perm(right) for beginning, right in ROOMS.items() if kind.startswith(beginning))


def question(name: str, now: datetime) -> Q:
    """Uncertain ones that nobody else decides about: neither a secret, nor soon sent once more by itself."""
    if name == "refused":
        return Q(state=State.FAILED, settled_at__gt=now - RECENTLY)
    by_itself = [kind for kind in kinds.all_names() if kinds.get(kind).when_uncertain is kinds.WhenUncertain.AGAIN]
    soon = Q(kind__in=by_itself, attempts__lt=2, due_at__gt=now - 2 * claims.AGAIN_AFTER)
    return Q(state=State.UNCERTAIN) & ~Q(kind__in=kinds.secret_names()) & ~soon


def counts(now: datetime) -> dict[str, int]:
    """One question, by an index of few rows."""
    unresolved = Message.objects.order_by().filter(state__in=(State.UNCERTAIN, State.FAILED))
    counted: dict[str, int] = unresolved.aggregate(**{name: Count("pk", filter=question(name, now)) for name in NAMES})
    return counted


def stands_still(now: datetime) -> bool:
    """Whether nothing leaves: the sweep is dead though letters are due, or the relay is held."""
    if Hold.objects.filter(what=Hold.RELAY, until__gt=now).exists():
        return True
    is_swept = Pulse.objects.filter(name=Pulse.SWEEP, at__gt=now - figures.DEAD_AFTER).exists()
    return not is_swept and Message.objects.due(now - figures.DEAD_AFTER).exists()


def narrowed(letters: QuerySet[Message], name: str, now: datetime) -> QuerySet[Message]:
    return letters.filter(question(name, now)) if name in NAMES else letters
