"""A real SMTP server on loopback, small enough to break off, hang or refuse at any step of any letter.

`aiosmtpd` (relay.py) is the better citizen; this one misbehaves on purpose: `fault(step, number)` says what happens at
a step ("banner", "EHLO", "MAIL", "RCPT", "DATA", "body", "dot") of the connection's or letter's number.
"""

from __future__ import annotations

import re
import socketserver
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread

HANGS = 5.0  # seconds; the client's patience is set below that
CLOSE, HANG = "close", "hang"


def never(step: str, number: int) -> str:
    return ""


@dataclass
class Post:
    """What has arrived. A fault is "close", "hang", or an answer such as "451 4.3.0 later"; "" is none."""

    fault: Callable[[str, int], str] = never
    url: str = ""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    letters: int = 0
    lines: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @property
    def names(self) -> Counter[str]:
        """How often each Message-ID has been taken."""
        found = (re.search(rb"^Message-ID: (\S+)", body, re.M | re.I) for _to, body in self.received)
        return Counter(match[1].decode() for match in found if match)

    @property
    def readers(self) -> list[str]:
        return [to for to, _body in self.received]


class Broken(Exception):
    pass


class _Conversation(socketserver.StreamRequestHandler):
    post: Post

    def handle(self) -> None:
        with suppress(Broken, OSError):
            self.step("banner", "220 ready")
            while line := self.rfile.readline():
                self.answer(line.decode("ascii", "replace").strip())

    def step(self, name: str, answer: str) -> bool:
        """Whether it went well."""
        return self.suffer(self.post.fault(name, self.post.letters), answer)

    def suffer(self, fault: str, answer: str) -> bool:
        if fault == CLOSE:
            raise Broken
        if fault == HANG:
            time.sleep(HANGS)
            raise Broken
        self.say(fault or answer)
        if fault.startswith("421"):
            raise Broken
        return not fault

    def say(self, answer: str) -> None:
        self.wfile.write(answer.encode() + b"\r\n")

    def answer(self, line: str) -> None:
        verb = line.split(" ", 1)[0].upper()
        self.post.lines.append(line)
        match verb:
            case "EHLO":
                self.step("EHLO", "250-here\r\n250 SIZE 1000000")
            case "MAIL":
                with self.post.lock:
                    self.post.letters += 1
                self.step("MAIL", "250 2.1.0 fine")
            case "RCPT":
                self.to = line.partition("<")[2].rpartition(">")[0]
                self.step("RCPT", "250 2.1.5 fine")
            case "DATA":
                if self.step("DATA", "354 go on"):
                    self.take()
            case "QUIT":
                self.say("221 2.0.0 bye")
                raise Broken
            case "RSET" | "NOOP":
                self.say("250 2.0.0 fine")
            case _:
                self.say("500 5.5.1 what")

    def take(self) -> None:
        lines = []
        if self.post.fault("body", self.post.letters) == CLOSE:
            self.rfile.readline()
            raise Broken
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise Broken
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        fault = self.post.fault("dot", self.post.letters)
        if not fault or fault in (CLOSE, HANG):  # taken, and then silence
            with self.post.lock:
                self.post.received.append((self.to, b"".join(lines)))
        self.suffer(fault, "250 2.0.0 queued")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 50


@contextmanager
def running(fault: Callable[[str, int], str] = never, host: str = "127.0.0.1") -> Iterator[Post]:
    post = Post(fault)
    server = _Server((host, 0), type("Conversation", (_Conversation,), {"post": post}))
    post.url = f"smtp://{host}:{server.server_address[1]}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield post
    finally:
        server.shutdown()
        server.server_close()
