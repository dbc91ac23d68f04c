"""Sends what is due: claims, asks once more, marks, hands over, settles."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from izbaku.mail import claims, kinds, outbox, returning
from izbaku.mail.claims import Settled
from izbaku.mail.folder import Folder
from izbaku.mail.models import Hold, Message
from izbaku.mail.rendering import mime
from izbaku.mail.smtp import Fate, Relay, Transport

INSIST_FOR = 60.0  # seconds for which a result waits for a restarting database
BELIEVED_FOR = 1.0  # seconds after which what was read for the batch is read anew
BATCH_SECONDS = 5.0  # then the rest goes back and the claim begins anew: a code need not wait for a hundred reminders

stopping = Event()  # set by who is asked to end: the letter in hand is finished, the rest goes back

Result = TypeVar("Result")
logger = logging.getLogger(__name__)


def transport() -> Transport:
    """Where letters leave by: the relay of `MAIL_URL`, or a folder where none is set."""
    if settings.MAIL_URL:
        return Relay(settings.MAIL_URL)
    return Folder(Path(settings.MAIL_FOLDER))


def run(clock: Callable[[], datetime], by: Transport | None = None, *, seconds: float = float("inf")) -> Counter[str]:
    """Send until nothing is due, the relay is in trouble, or the time is over (then the bell rings for who goes on);
    returns how many letters met which fate."""
    tally: Counter[str] = Counter()
    begun = time.monotonic()
    with by or transport() as open_transport:
        while letters := claims.claim(clock()):
            if not _Batch(letters, open_transport, clock, tally).send():
                break
            if stopping.is_set():
                break
            if time.monotonic() - begun > seconds:
                outbox.ring()
                break
    return tally


class _Batch:
    """Letters in these hands. The result of the last one waits in memory for the mark of the next."""

    def __init__(
        self, letters: list[Message], by: Transport, clock: Callable[[], datetime], tally: Counter[str]
    ) -> None:
        self.letters, self.by, self.clock, self.tally = letters, by, clock, tally
        self.before: Settled | None = None
        self.held: set[str] = set()
        self.believed_until = float("-inf")

    def send(self) -> bool:
        """False when the relay is in trouble. Whatever happens, the last result is stored and the rest goes back."""
        enough = time.monotonic() + BATCH_SECONDS
        try:
            for number, message in enumerate(self.letters):
                if time.monotonic() > self.believed_until:
                    self._prepare(self.letters[number:])
                if Hold.RELAY in self.held or time.monotonic() > enough or stopping.is_set():
                    break
                if message.domain not in self.held:
                    self._send(message)
        finally:
            if self.before:
                insist(self.before.store)
                self._learn(self.before)
            insist(lambda: claims.let_go(self.letters))
        return Hold.RELAY not in self.held

    def _prepare(self, letters: list[Message]) -> None:
        """Read for many at once what is asked of each before it leaves, and again before it is stale."""
        insist(lambda: claims.look(letters, self.clock()))
        for name in {message.kind for message in letters}:
            prepare = kinds.prepare_of(name)
            if prepare:
                mine = [message for message in letters if message.kind == name]
                try:
                    insist(partial(prepare, mine))
                except (InterfaceError, OperationalError):
                    raise
                except Exception:
                    logger.exception("Letters of kind %s could not be prepared.", name)  # each is read by itself
        self.believed_until = time.monotonic() + BELIEVED_FOR

    def _send(self, message: Message) -> None:
        now = self.clock()
        try:
            if state := insist(lambda: claims.obstacle(message, now)):
                self._set_aside(message, state, str(state))
                return
            letter = insist(lambda: kinds.get(message.kind).build(message))
            message.first_tried_at = message.first_tried_at or now
            mail = mime(message, letter)
        except (InterfaceError, OperationalError):
            raise
        except Exception as error:
            # A letter that cannot be built must not stop the others. Its words stay out of the log.
            logger.exception("Letter %s (%s) could not be built.", message.pk, message.kind)
            self._set_aside(message, Message.State.FAILED, type(error).__name__)
            return
        before, since = self.before, time.monotonic()
        is_mine = insist(lambda: claims.mark(message, subject=letter.subject, text=letter.text, now=now, before=before))
        self.before = None
        if before:
            self._learn(before)
        if not is_mine:
            return
        outcome = self.by.send(returning.path_of(message), message.recipient, mail, since=since)
        self.before = Settled(message, outcome, self.clock())
        self.tally[outcome.fate.name.lower()] += 1
        if outcome.fate is Fate.TROUBLE:
            self.held.add(Hold.RELAY)

    def _set_aside(self, message: Message, state: Message.State, why: str) -> None:
        insist(lambda: claims.set_aside(message, state, now=self.clock()))
        self.tally[why] += 1

    def _learn(self, settled: Settled) -> None:
        if settled.held:
            self.held.add(settled.held)


def insist(act: Callable[[], Result]) -> Result:
    """Do it again on a new line to the database, for up to a minute; every act here may be done twice.

    Beyond that the reaper decides: what was claimed goes back, what was being sent is uncertain.
    """
    deadline = time.monotonic() + INSIST_FOR
    while True:
        try:
            return act()
        except (InterfaceError, OperationalError):
            if time.monotonic() > deadline or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(0.5)
