"""A real mail server on loopback that refuses, delays and breaks off when told to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Post:
    """What has arrived, and what the server is told to say."""

    url: str = ""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    at_sender: str = ""
    at_recipient: dict[str, str] = field(default_factory=dict)
    after_data: list[str] = field(default_factory=list)
    breaks_after_dot: int = 0

    @property
    def letters(self) -> list[EmailMessage]:
        return [cast("EmailMessage", message_from_bytes(body, policy=policy.default)) for _to, body in self.received]

    @property
    def readers(self) -> list[str]:
        return [to for to, _body in self.received]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if self.at_sender:
            return self.at_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if answer := self.at_recipient.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.after_data:
            return self.after_data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.received.append((envelope.rcpt_tos[0], envelope.content))
        if self.breaks_after_dot:
            self.breaks_after_dot -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 2.0.0 queued"


@contextmanager
def running() -> Iterator[Post]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    post = Post(f"smtp://127.0.0.1:{port}")
    server = Controller(post, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield post
    finally:
        server.stop()
