"""How often one visitor may knock: counted in the database, for all workers together."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from allauth.core.internal.ratelimit import get_ip
from django.db.models import F
from django.http import HttpRequest

from izbaku.models import Knock


def network(request: HttpRequest) -> str:
    """Whence a visitor knocks: an IPv4 address, or the /64 in which one IPv6 visitor has all addresses."""
    return str(get_ip(request))


def is_too_often(
    request: HttpRequest, act: str, *, now: datetime, most: int, seconds: int = 60, whose: str = ""
) -> bool:
    """Count this act; True once it came more than `most` times within the window.

    Counted for `whose` (an address typed into a form), or else for the network. What is kept is a hash: it holds no
    address. Exactly `most` pass, however many come at the same moment: the database compares and counts in one step.
    """
    who = whose.strip().lower() or network(request)
    window = int(now.timestamp()) // seconds
    key = hashlib.sha256(f"{act}:{who}:{window}".encode()).hexdigest()
    room = Knock.objects.filter(key=key, times__lt=most)
    if room.update(times=F("times") + 1):
        return False
    until = datetime.fromtimestamp((window + 1) * seconds, UTC)
    _knock, is_first = Knock.objects.get_or_create(key=key, defaults={"times": 1, "until": until})
    if is_first:
        Knock.objects.filter(until__lt=now).delete()  # of windows that are over
        return most < 1
    return not room.update(times=F("times") + 1)
