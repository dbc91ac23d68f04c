"""The moves of a letter's life between the outbox and the relay (docs/house.md, "Letters").

Every move is fenced: it happens only if the row is still in the state, and in the hands, that the move expects.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from izbaku.mail import holds, kinds
from izbaku.mail.models import Hold, Message, Pulse, Suppression
from izbaku.mail.smtp import Fate, Outcome
from izbaku.mail.suppressing import suppress

State = Message.State

BATCH = 100
CLAIM_LEASE = timedelta(minutes=5)
SENDING_LEASE = timedelta(minutes=15)  # longer than the final dot may take (RFC 5321: ten minutes)
AGAIN_AFTER = timedelta(minutes=15)
UNDECIDED = timedelta(days=30)
LOST_LINE_WAIT = timedelta(minutes=1)
PATIENCE = [timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720, 1440)]


def claim(now: datetime, limit: int = BATCH) -> list[Message]:
    """Take due letters, so that no other process does. One short transaction."""
    mine = uuid4()
    with transaction.atomic():
        limit = holds.allowed(limit, now)
        # PostgreSQL: locked rows are somebody else's. SQLite: BEGIN IMMEDIATE lets one claim at a time.
        due = list(
            Message.objects.due(now)
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)[:limit]
        )
        if not due:
            return []
        Message.objects.filter(pk__in=due).update(state=State.CLAIMED, claim=mine, leased_until=now + CLAIM_LEASE)
        holds.taken(len(due))
    claimed = Message.objects.filter(claim=mine, state=State.CLAIMED).with_strikes()
    return list(claimed.order_by("rank", "due_at", "pk"))


def look(letters: list[Message], now: datetime) -> None:
    """Read for a whole batch at once what its readers do not take."""
    found = Suppression.among((message.recipient for message in letters), now)
    for message in letters:
        message.refusals = found.get(Suppression.hash_of(message.recipient), [])  # type: ignore[attr-defined]


def _is_refused(message: Message, now: datetime, *, optional: bool) -> bool:
    if not hasattr(message, "refusals"):
        look([message], now)
    return any(optional or row.scope == Suppression.Scope.ALL for row in message.refusals)  # type: ignore[attr-defined]


def obstacle(message: Message, now: datetime) -> State | None:
    """Why it should not leave after all, by what was read a moment ago. Nothing has been sent: always safe."""
    kind = kinds.get(message.kind)
    if "@" not in message.recipient:
        return State.CANCELLED  # forgotten while it was being sent, and the relay was in trouble
    if message.expires_at and message.expires_at <= now:
        return State.EXPIRED
    if not kind.is_secret and _is_refused(message, now, optional=kind.is_optional):
        return State.SUPPRESSED
    return None if kind.still_wanted(message, now) else State.CANCELLED


def set_aside(message: Message, state: State, *, now: datetime) -> None:
    """Settle a claimed letter that does not leave."""
    _mine(message, State.CLAIMED).update(
        state=state, claim=None, leased_until=None, settled_at=now, **_blanked(message)
    )


def mark(message: Message, *, subject: str, text: str, now: datetime, before: Settled | None = None) -> bool:
    """Say for good that this letter is now being sent, in one commit with what became of the one before.

    False when somebody else has taken it, or its round was paused meanwhile: it must not be sent. At most one letter
    per process is ever in doubt. Said twice (the line to the database broke as it committed) it changes nothing:
    nobody else can have marked a letter that is in these hands.
    """
    is_secret = kinds.is_secret(message.kind)
    message.first_tried_at = message.first_tried_at or now
    with transaction.atomic():
        if before:
            before.store()
        mine = _mine(message, State.CLAIMED, State.SENDING).filter(Message.let_go() | Q(state=State.SENDING))
        marked = mine.update(
            state=State.SENDING,
            leased_until=now + SENDING_LEASE,
            attempts=message.attempts + 1,
            first_tried_at=message.first_tried_at,
            subject="" if is_secret else subject[:250],
            text="" if is_secret else text,
        )
    return bool(marked)


class Settled:
    """What became of one letter; kept until it could be stored. `held` names the server that is held because of it."""

    def __init__(self, message: Message, outcome: Outcome, now: datetime) -> None:
        self.message, self.outcome, self.now = message, outcome, now
        # Servers like to repeat the address in their answer.
        self.answer = outcome.answer.replace(message.recipient, "…")
        self.held = ""

    def store(self) -> None:
        """Write it down; a second time changes nothing."""
        if _mine(self.message, State.SENDING).update(claim=None, leased_until=None, **self._values()):
            self._draw_conclusions()

    def _values(self) -> dict[str, Any]:
        message, fate, now = self.message, self.outcome.fate, self.now
        values: dict[str, Any] = {"code": self.outcome.code, "answer": self.answer}
        if fate is Fate.TROUBLE:
            return values | {"state": State.PENDING, "attempts": message.attempts}
        if fate is Fate.DEFERRED:
            wait = PATIENCE[min(message.attempts, len(PATIENCE) - 1)] if self.outcome.code else LOST_LINE_WAIT
            if not message.expires_at or now + wait < message.expires_at:
                return values | {"state": State.DEFERRED, "due_at": now + wait}
            fate = Fate.REFUSED
        values |= _blanked(message)
        if fate is Fate.UNCERTAIN:
            return values | {"state": State.UNCERTAIN, "due_at": now}
        return values | {"state": State.SENT if fate is Fate.SENT else State.FAILED, "settled_at": now}

    def _draw_conclusions(self) -> None:
        message, outcome = self.message, self.outcome
        if outcome.fate is Fate.SENT:
            if getattr(message, "has_strikes", False):
                holds.forgive(message.domain, Hold.RELAY)
        elif outcome.says_no_such_address:
            suppress(message.recipient, Suppression.Reason.NO_SUCH_ADDRESS, now=self.now)
        elif outcome.blames_relay or outcome.blames_domain:
            server = Hold.RELAY if outcome.blames_relay else message.domain
            if holds.strike(server, self.answer, now=self.now, at_once=outcome.fate is Fate.TROUBLE):
                self.held = server


def let_go(letters: list[Message]) -> None:
    """Give back what was claimed and not begun, so that it need not wait for its lease to end."""
    claims = {message.claim for message in letters}
    Message.objects.filter(claim__in=claims, state=State.CLAIMED).update(
        state=State.PENDING, claim=None, leased_until=None
    )


def _mine(message: Message, *states: State) -> Any:
    return Message.objects.filter(pk=message.pk, claim=message.claim, state__in=states)


def _blanked(message: Message) -> dict[str, Any]:
    """A secret keeps nothing once it may have left."""
    if not kinds.is_secret(message.kind):
        return {}
    return {"payload": {}, "text": "", "subject": ""}


# --- The sweep's side -------------------------------------------------------------------------------------


def reap(now: datetime) -> int:
    """Take letters from pumps that have died; returns how many. What was claimed goes back; what was being sent
    may have arrived, and is never simply sent again."""
    Pulse.beat(Pulse.SWEEP, now)
    holds.forgive_old(now)
    over = Message.objects.filter(leased_until__lte=now)
    count = over.filter(state=State.CLAIMED).update(state=State.PENDING, claim=None, leased_until=None)
    secrets = over.filter(state=State.SENDING, kind__in=kinds.secret_names())
    count += secrets.update(
        state=State.UNCERTAIN, claim=None, leased_until=None, due_at=now, payload={}, text="", subject=""
    )
    return count + over.filter(state=State.SENDING).update(
        state=State.UNCERTAIN, claim=None, leased_until=None, due_at=now
    )


def settle_old(now: datetime) -> int:
    """What nobody has decided for a month, or approved in time, is settled: nothing is kept for ever."""
    letters = Message.objects.order_by()
    old = letters.filter(state=State.UNCERTAIN, due_at__lt=now - UNDECIDED)
    count = old.update(state=State.GIVEN_UP, settled_at=now)
    return count + letters.filter(state=State.HELD, expires_at__lt=now).update(state=State.EXPIRED, settled_at=now)


def send_uncertain_again(now: datetime) -> int:
    """Send once more what its kind allows, after a while in which a bounce or an answer could have come."""
    allowed = [kind for kind in kinds.all_names() if kinds.get(kind).when_uncertain is kinds.WhenUncertain.AGAIN]
    waiting = Message.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        state=State.UNCERTAIN,
        kind__in=allowed,
        due_at__lte=now - AGAIN_AFTER,
        attempts__lt=2,
    )
    return waiting.update(state=State.PENDING)
