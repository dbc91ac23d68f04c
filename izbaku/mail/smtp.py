"""Handing a letter to the relay, step by step (RFC 5321).

`smtplib.sendmail` hides where a transmission broke. Whether the final dot was reached decides between "never sent"
and "may have arrived", so the steps are taken here one by one.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

STEP_SECONDS = 30
BLOCK_SECONDS = 180  # RFC 5321, 4.5.3.2.5
FINAL_DOT_SECONDS = 600  # RFC 5321, 4.5.3.2.6
LETTERS_PER_CONNECTION = 100


class Fate(Enum):
    SENT = "the relay has taken it"
    REFUSED = "refused for good, for this reader or this content"
    DEFERRED = "not now"
    TROUBLE = "the relay itself is in trouble; nothing is held against the letter"
    UNCERTAIN = "lost after the final dot"


@dataclass(frozen=True)
class Outcome:
    fate: Fate
    code: int | None = None
    answer: str = ""

    @property
    def status(self) -> str:
        """The enhanced status (RFC 3463), as `5.1.1`; empty where the server gives none."""
        found = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", self.answer)
        return found[0] if found else ""

    @property
    def blames_relay(self) -> bool:
        """Trouble at the relay, or a line lost in the middle of a letter."""
        return self.fate is not Fate.SENT and (self.fate is Fate.TROUBLE or self.code is None)

    @property
    def blames_domain(self) -> bool:
        """Said of the reader's server, or of what it thinks of us; not of this one address or mailbox."""
        about = self.status[1:4]
        if self.fate is Fate.DEFERRED:
            return about not in (".1.", ".2.")
        return self.fate is Fate.REFUSED and about == ".7."

    @property
    def says_no_such_address(self) -> bool:
        """RFC 3463: no such mailbox, system or address, moved, no mail at all. 5.1.7 and 5.1.8 speak of the sender."""
        return self.fate is Fate.REFUSED and self.status in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")


class Transport(Protocol):
    """Takes letters while it is open."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def send(self, sender: str, recipient: str, mail: bytes, *, since: float | None = None) -> Outcome: ...


BROKEN = (smtplib.SMTPException, OSError)
FINAL_DOT_WITHIN = 240.0  # seconds after the letter was marked; afterwards somebody else may be deciding about it


class Relay:
    """One connection for up to a hundred letters; `url` is `smtp://user:password@host:port`, `smtps://` for TLS at
    once, `smtp+starttls://` where the connection must turn to TLS."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.scheme, self.host = parts.scheme, parts.hostname or "localhost"
        self.port = parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.connection: smtplib.SMTP | None = None
        self.sent = 0
        self.tls: ssl.SSLContext | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()

    def send(self, sender: str, recipient: str, mail: bytes, *, since: float | None = None) -> Outcome:
        """Hand one letter over; never raises for what a server or a network does. `since` is when it was marked."""
        begun = time.monotonic() if since is None else since
        try:
            connection = self._ready()
            code, answer = connection.mail(sender, self._options(connection, mail))
            if code != 250:
                return self._after_refusal(_refusal_of_sender(code, answer))
        except smtplib.SMTPResponseException as error:
            self._close()
            return Outcome(Fate.TROUBLE, error.smtp_code, _text(error.smtp_error))
        except BROKEN as error:
            self._close()
            return Outcome(Fate.TROUBLE, None, type(error).__name__)
        try:
            code, answer = connection.rcpt(recipient)
            if code not in (250, 251):
                return self._after_refusal(_refusal(code, answer))
            code, answer = connection.docmd("DATA")
            if code != 354:
                return self._after_refusal(_refusal(code, answer))
        except ValueError as error:  # an address that no command can carry; nothing was sent of it
            return self._after_refusal(Outcome(Fate.REFUSED, None, type(error).__name__))
        except BROKEN as error:
            self._close()
            return Outcome(Fate.DEFERRED, None, type(error).__name__)  # before the final dot: nothing was taken
        return self._data(connection, mail, begun)

    def _data(self, connection: smtplib.SMTP, mail: bytes, begun: float) -> Outcome:
        body = smtplib._quote_periods(mail)  # type: ignore[attr-defined]
        if not body.endswith(b"\r\n"):
            body += b"\r\n"
        try:
            self._wait(BLOCK_SECONDS)
            connection.send(body)
            if time.monotonic() - begun > FINAL_DOT_WITHIN:
                raise TimeoutError  # this process was frozen: the letter may be in other hands by now
        except BROKEN as error:
            self._drop()
            return Outcome(Fate.DEFERRED, None, type(error).__name__)
        try:
            self._wait(FINAL_DOT_SECONDS)
            connection.send(b".\r\n")
            code, answer = connection.getreply()
            self._wait(STEP_SECONDS)
        except BROKEN as error:
            self._drop()
            return Outcome(Fate.UNCERTAIN, None, type(error).__name__)
        self.sent += 1
        if code == 250:
            return Outcome(Fate.SENT, code, _text(answer))
        return self._after_refusal(_refusal(code, answer))

    def _wait(self, seconds: float) -> None:
        if self.connection and self.connection.sock:
            self.connection.sock.settimeout(seconds)

    def _ready(self) -> smtplib.SMTP:
        if self.connection and self.sent < LETTERS_PER_CONNECTION:
            return self.connection
        self._close()
        # Reading the machine's certificates takes long: only where they are needed, and once.
        if self.scheme != "smtp" and self.tls is None:
            self.tls = ssl.create_default_context()
        if self.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=STEP_SECONDS, context=self.tls)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=STEP_SECONDS)
        self.connection, self.sent = connection, 0
        if connection.sock:  # or the last dot waits 40 ms for the answer to what went before it (Nagle's algorithm)
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.ehlo_or_helo_if_needed()
        if self.scheme == "smtp+starttls":
            connection.starttls(context=self.tls)
            connection.ehlo()
        if self.user:
            connection.login(self.user, self.password)
        return connection

    @staticmethod
    def _options(connection: smtplib.SMTP, mail: bytes) -> list[str]:
        return [f"SIZE={len(mail)}"] if connection.has_extn("size") else []  # RFC 1870: too large is said at once

    def _after_refusal(self, outcome: Outcome) -> Outcome:
        """Make the connection ready for the next letter, or give it up."""
        if outcome.code == 421:
            self._close()
        elif self.connection:
            try:
                self.connection.rset()
            except BROKEN:
                self._close()
        return outcome

    def _drop(self) -> None:
        """Let go without a word: after DATA, QUIT would be a line of the letter."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def _close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is None:
            return
        try:
            connection.quit()
        except BROKEN:
            connection.close()


def _refusal_of_sender(code: int, answer: bytes) -> Outcome:
    """Said before any reader was named: the relay's trouble, unless this letter is too large for it."""
    outcome = Outcome(Fate.TROUBLE, code, _text(answer))
    if code == 552 or outcome.status == "5.3.4":
        return Outcome(Fate.REFUSED, code, outcome.answer)
    return outcome


def _refusal(code: int, answer: bytes) -> Outcome:
    """4xx puts off, 5xx refuses; a server that talks nonsense puts off, and so does a mailbox that is full."""
    outcome = Outcome(Fate.REFUSED if 500 <= code < 600 else Fate.DEFERRED, code, _text(answer))
    return Outcome(Fate.DEFERRED, code, outcome.answer) if outcome.status == "5.2.2" else outcome


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:300]
