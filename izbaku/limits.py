"""How often one visitor may knock: counted in the database, for all workers together."""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.core.internal.ratelimit import get_ip
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from izbaku.models import Knock

# One statement: the first knock of a window writes the row, later ones count in it as long as there is room.
COUNT = """
    INSERT INTO izbaku_knock (key, times, until) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET times = izbaku_knock.times + 1 WHERE izbaku_knock.times < %s
"""


def network(request: HttpRequest) -> str:
    """Whence a visitor knocks: an IPv4 address, or the /64 in which one IPv6 visitor has all addresses."""
    return str(get_ip(request))


def is_too_often(
    request: HttpRequest, act: str, *, now: datetime, most: int, seconds: int = 60, whose: str = ""
) -> bool:
    """Count this act; True once it came more than `most` times within the window.

    Counted for `whose` (an address typed into a form), or else for the network. What is kept is a hash made with the
    portal's key: nobody can try addresses on it. Exactly `most` pass, however many come at the same moment: the
    database compares and counts in one step.
    """
    if most < 1:
        return True
    who = whose.strip().lower() or network(request)
    window = int(now.timestamp()) // seconds
    key = salted_hmac("izbaku.knock", f"{act}:{who}:{window}", algorithm="sha256").hexdigest()
    until = datetime.fromtimestamp((window + 1) * seconds, UTC)
    _sweep(now)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [key, connection.ops.adapt_datetimefield_value(until), most])
        return cursor.rowcount == 0


def _sweep(now: datetime) -> None:
    """Windows that are over; each process looks once a minute."""
    minute = int(now.timestamp()) // 60
    if minute != _swept.minute:
        _swept.minute = minute
        Knock.objects.filter(until__lt=now).delete()


class _Swept:
    minute = 0


_swept = _Swept()
