"""The one door into the mail room: writing letters, taking them back, and a person's word on them.

A rule calls `put` in its own transaction; the bell rings when that commits. A pump claims due rows, sends them and
settles them (`claims.py`); `sweep` makes up for lost bells, crashed pumps and letters that were put off.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from kombu.pools import producers

from izbaku.celery import RINGING, app
from izbaku.mail import kinds
from izbaku.mail.models import Message, Pulse, Suppression
from izbaku.mail.rounds import Mailing

State = Message.State

PIECE = 2000  # rows written by one statement's transaction

FORGOTTEN: dict[str, Any] = {"domain": "", "payload": {}, "subject": "", "text": "", "answer": "", "reader": None}

logger = logging.getLogger(__name__)


def put(
    kind: str,
    *,
    key: str,
    to: str,
    language: str,
    payload: dict[str, Any] | None = None,
    now: datetime,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    held: bool = False,
) -> Message | None:
    """Write a letter into the outbox, in the caller's transaction; None when one with this key is there already.

    Raises ValidationError for something that is no address and LookupError for an unknown kind: both are
    mistakes of the caller, and neither leaves half a row.
    """
    values = _values(kind, to, language, payload, now, due_at, expires_at)
    if held:
        values["state"] = State.HELD
    try:
        # Almost every key is new: it is written at once, and looked for only where it cannot be.
        with transaction.atomic():
            message = Message.objects.create(dedupe_key=key, **values)
    except IntegrityError:
        if not Message.objects.filter(dedupe_key=key).exists():
            raise
        return None
    if not held:
        ring_on_commit()
    return message


@dataclass(frozen=True)
class Draft:
    """One of many letters of a kind."""

    key: str
    to: str
    language: str
    payload: dict[str, Any]
    expires_at: datetime | None = None
    mailing: int | None = None  # the round it belongs to, and whom that round's room means
    reader: int | None = None


def put_many(kind: str, drafts: Iterable[Draft], *, now: datetime, due_at: datetime | None = None) -> int:
    """Write many letters in a few statements, and ring once; returns how many are new.

    Each piece is a transaction of its own unless the caller has one: what is interrupted is simply done again.
    Addresses that are none are passed over and counted in the log.
    """
    count = refused = 0
    for piece in _pieces(drafts, PIECE):
        keys = [draft.key for draft in piece]
        there = set(Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
        rows = []
        for draft in piece:
            if draft.key in there:
                continue
            try:
                values = _values(kind, draft.to, draft.language, draft.payload, now, due_at, draft.expires_at)
            except ValidationError:
                refused += 1
                continue
            rows.append(Message(dedupe_key=draft.key, mailing_id=draft.mailing, reader=draft.reader, **values))
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        count += len(rows)
    if refused:
        logger.warning("%d addresses of %s are none.", refused, kind)
    if count:
        ring_on_commit()
    return count


def _pieces(drafts: Iterable[Draft], size: int) -> Iterator[list[Draft]]:
    """Pieces of an iterable, read no further than needed."""
    source = iter(drafts)
    while piece := list(islice(source, size)):
        yield piece


def _values(
    kind: str,
    to: str,
    language: str,
    payload: dict[str, Any] | None,
    now: datetime,
    due_at: datetime | None,
    expires_at: datetime | None,
) -> dict[str, Any]:
    known = kinds.get(kind)
    recipient = deliverable(to)
    return {
        "kind": kind,
        "rank": known.rank,
        "recipient": recipient,
        "domain": recipient.rpartition("@")[2].lower(),
        "language": language,
        "payload": payload or {},
        "created_at": now,
        "due_at": due_at or now,
        "expires_at": expires_at or (due_at or now) + known.lives,
    }


def deliverable(address: str) -> str:
    """The address as SMTP takes it: its domain in ASCII (RFC 5891). Raises ValidationError for anything else."""
    address = address.strip()
    validate_email(address)
    local, _at, domain = address.rpartition("@")
    if domain.startswith("["):  # a machine by its number: our own relay, or one of its neighbours
        raise ValidationError("This is a machine, no domain.", code="invalid")
    try:
        recipient = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise ValidationError("This domain cannot be written in ASCII.", code="invalid") from error
    if not domain.isascii():
        validate_email(recipient)  # it may have become too long
    return recipient


def ring_on_commit() -> None:
    """Ring once for all letters that this transaction writes."""
    if not any(waiting[1] is ring for waiting in connection.run_on_commit):
        transaction.on_commit(ring)


def ring(task: str = "mail.pump") -> None:
    """Tell the pump that something is due. A lost bell costs seconds: the sweep rings again.

    A dead broker must neither break nor slow a form: after a failure nobody tries again for half a minute.
    """
    if time.monotonic() < _bell.silent_until:
        return
    try:
        with producers[_line].acquire(block=True, timeout=1) as producer:
            app.send_task(task, expires=30, retry=False, producer=producer)
    except Exception as error:  # noqa: BLE001  (every broker has errors of its own)
        _bell.silent_until = time.monotonic() + 30
        logger.warning("The bell could not be rung: %s.", type(error).__name__)
        try:
            Pulse.beat(Pulse.BELL_FAILED, timezone.now())
        except DatabaseError:
            logger.warning("And that could not be counted.")


class _Bell:
    silent_until = float("-inf")


_bell = _Bell()
_line = app.connection_for_write(transport_options=RINGING)  # in a hurry; workers' lines have more patience


# --- A person's word: each act takes a set of letters, touches those it fits, and returns how many -----------


def approve(letters: Any, *, now: datetime) -> int:
    """Let held letters go; returns how many."""
    count: int = letters.filter(state=State.HELD).update(state=State.PENDING, due_at=now)
    ring_on_commit()
    return count


def cancel(letters: Any, *, now: datetime) -> int:
    """Take back letters that nobody has begun to send; returns how many."""
    waiting = letters.filter(state__in=(State.HELD, State.PENDING, State.DEFERRED, State.CLAIMED))
    count: int = waiting.update(state=State.CANCELLED, claim=None, leased_until=None, settled_at=now)
    return count


def retry(letters: Any, *, now: datetime) -> int:
    """Try again what was refused, gave up or came too late, and what is put off at once. Never a secret: its code
    is no longer worth anything; never a reader who was forgotten, nor what was called back with its round."""
    unfinished = (State.FAILED, State.GIVEN_UP, State.EXPIRED, State.DEFERRED)
    known = _not_called_back(letters.filter(state__in=unfinished, recipient__contains="@"))
    count = 0
    for name in set(kinds.all_names()) - set(kinds.secret_names()):
        count += known.filter(kind=name).update(
            state=State.PENDING, due_at=now, expires_at=now + kinds.get(name).lives, attempts=0, settled_at=None
        )
    ring_on_commit()
    return count


def resolve(letters: Any, *, send_again: bool, now: datetime) -> int:
    """A person's word on uncertain letters. Secrets are never sent again, nor is what somebody has decided already."""
    uncertain = letters.filter(state=State.UNCERTAIN)
    if not send_again:
        count: int = uncertain.update(state=State.GIVEN_UP, settled_at=now)
        return count
    again = _not_called_back(uncertain.filter(recipient__contains="@").exclude(kind__in=kinds.secret_names()))
    late = now + timedelta(days=1)  # who decides today means today, also for a letter that has become late
    count = again.filter(expires_at__lt=late).update(state=State.PENDING, due_at=now, expires_at=late)
    count += again.update(state=State.PENDING, due_at=now)
    ring_on_commit()
    return count


def _not_called_back(letters: Any) -> Any:
    return letters.exclude(mailing_id__in=Mailing.objects.filter(state=Mailing.State.CANCELLED).order_by().values("pk"))


def renew(letters: Any, *, due_at: datetime, expires_at: datetime) -> int:
    """Let letters that were taken back before anybody tried to send them leave then after all.

    Whatever stood against one of them is asked again when its turn comes. Returns how many.
    """
    never_tried = letters.filter(state=State.CANCELLED, attempts=0)
    count: int = never_tried.update(state=State.PENDING, due_at=due_at, expires_at=expires_at, settled_at=None)
    ring_on_commit()
    return count


# --- Forgetting ------------------------------------------------------------------------------------------


def forget(address: str) -> int:
    """Erase a reader: letters that wait are withdrawn, all lose address and words; returns how many.

    A keyed hash stays in place of the address, so that the same person can still be recognised by it, by nobody else.
    What is on its way at this moment arrives; its row says nothing any more.
    """
    recipient = deliverable(address)
    letters = Message.objects.to(recipient)
    letters.filter(state__in=Message.OPEN).exclude(state=State.SENDING).update(
        state=State.CANCELLED, claim=None, leased_until=None
    )
    return letters.update(recipient=Suppression.hash_of(recipient), **FORGOTTEN)


def forget_before(moment: datetime) -> int:
    """Retention: settled letters older than this lose address and words; returns how many."""
    old = Message.objects.filter(settled_at__lt=moment, recipient__contains="@").exclude(state__in=Message.OPEN)
    addresses = old.order_by().values_list("recipient", flat=True).distinct()
    count = 0
    for address in list(addresses):
        count += old.filter(recipient=address).update(recipient=Suppression.hash_of(address), **FORGOTTEN)
    return count
