"""Going easy on servers: waits that grow while one is in trouble, and a pace that all pumps share."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from izbaku.mail.models import Hold, Pulse

STRIKES = 3  # so many in a row before anything is held; trouble at the relay itself counts at once
FIRST_WAIT = {True: timedelta(minutes=1), False: timedelta(minutes=5)}  # by whether it is the relay
LONGEST_WAIT = {True: timedelta(minutes=15), False: timedelta(hours=4)}
FORGIVEN_AFTER = timedelta(days=1)


def strike(what: str, reason: str, *, now: datetime, at_once: bool = False) -> bool:
    """Count one failure of a server; whether it is held now. Each further one doubles the wait."""
    found, _is_new = Hold.objects.get_or_create(what=what, defaults={"until": now})
    strikes = found.strikes + (STRIKES if at_once and not found.strikes else 1)
    is_relay, over = what == Hold.RELAY, strikes - STRIKES
    wait = min(FIRST_WAIT[is_relay] * 2 ** min(over, 20), LONGEST_WAIT[is_relay]) if over >= 0 else timedelta()
    Hold.objects.filter(pk=found.pk).update(strikes=min(strikes, 1000), until=now + wait, reason=reason[:300])
    return bool(wait)


def forgive(*names: str) -> None:
    """A letter was taken: the servers on its way are well."""
    Hold.objects.filter(what__in=names).delete()


def forgive_old(now: datetime) -> None:
    Hold.objects.filter(until__lt=now - FORGIVEN_AFTER).delete()


def allowed(limit: int, now: datetime) -> int:
    """How many letters may be claimed now, so that no minute sees more than `MAIL_PER_MINUTE` of them.

    A bucket that fills at three quarters of the pace and holds one quarter of it; its row is locked until the
    claim commits, so that all pumps together keep the pace.
    """
    pace = settings.MAIL_PER_MINUTE
    if not pace:
        return limit
    room = max(1.0, pace / 4)
    bucket, _is_new = Pulse.objects.select_for_update().get_or_create(
        name=Pulse.PACE, defaults={"at": now, "number": room}
    )
    since = max(0.0, (now - bucket.at).total_seconds())
    left = min(room, bucket.number + since * pace * 0.75 / 60)
    Pulse.objects.filter(pk=bucket.pk).update(at=now, number=left)
    return min(limit, int(left))


def taken(count: int) -> None:
    if settings.MAIL_PER_MINUTE and count:
        Pulse.objects.filter(name=Pulse.PACE).update(number=F("number") - count)
