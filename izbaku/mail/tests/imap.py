"""A small IMAP server on loopback (RFC 3501: what a reader of one folder needs), which breaks off when told to."""

from __future__ import annotations

import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread


@dataclass
class Box:
    """A folder: letters by number. `breaks_at` names a command at whose number the line breaks, once."""

    url: str = ""
    validity: int = 7
    letters: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    breaks_at: str = ""
    next: int = 1

    def put(self, letter: bytes) -> int:
        self.letters[self.next] = letter
        self.next += 1
        return self.next - 1

    def renumber(self) -> None:
        """As after a restore from a backup: the same letters under new numbers."""
        kept = [(number in self.seen, letter) for number, letter in sorted(self.letters.items())]
        self.validity, self.letters, self.seen, self.next = self.validity + 1, {}, set(), 1
        for was_seen, letter in kept:
            number = self.put(letter)
            self.seen |= {number} if was_seen else set()


class _Conversation(socketserver.StreamRequestHandler):
    box: Box

    def handle(self) -> None:
        self.say("* OK ready")
        with suppress(OSError):
            while line := self.rfile.readline():
                tag, _space, command = line.decode().strip().partition(" ")
                if self.box.breaks_at and re.match(self.box.breaks_at, command):
                    self.box.breaks_at = ""
                    return
                if not self.answer(tag, command):
                    return

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def answer(self, tag: str, command: str) -> bool:
        words = command.split(" ")
        verb = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        match verb:
            case "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            case "LOGIN" if words[-1].strip('"') != "secret":
                self.say(f"{tag} NO wrong")
                return True
            case "SELECT":
                self.say(f"* {len(self.box.letters)} EXISTS")
                self.say(f"* OK [UIDVALIDITY {self.box.validity}]")
            case "UID SEARCH":
                self.say("* SEARCH " + " ".join(map(str, self.found(words[2:]))))
            case "UID FETCH":
                if letter := self.box.letters.get(int(words[2])):
                    cut = letter[: int(command.partition("<0.")[2].partition(">")[0])]
                    self.wfile.write(
                        b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\n%s)\r\n" % (words[2].encode(), len(cut), cut)
                    )
            case "UID STORE":
                self.box.seen.add(int(words[2]))
            case "LOGOUT":
                self.say("* BYE")
        self.say(f"{tag} OK done")
        return verb != "LOGOUT"

    def found(self, words: list[str]) -> list[int]:
        numbers = sorted(self.box.letters)
        if words[0] == "UNSEEN":
            return [number for number in numbers if number not in self.box.seen]
        first = int(words[1].partition(":")[0])
        return [number for number in numbers if number >= first] or numbers[-1:]  # as RFC 3501 reads `n:*`


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@contextmanager
def running() -> Iterator[Box]:
    box = Box()
    server = _Server(("127.0.0.1", 0), type("Conversation", (_Conversation,), {"box": box}))
    box.url = f"imap://portal:secret@127.0.0.1:{server.server_address[1]}/INBOX"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()


DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")


@contextmanager
def dovecot() -> Iterator[tuple[str, Path]]:
    """A real one, where it is installed and we are root: its address, and the Maildir into which letters are put."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # it gives up its rights
        yield from _dovecot(Path(folder))


def _dovecot(folder: Path) -> Iterator[tuple[str, Path]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    maildir = folder / "mail"
    for name in ("new", "cur", "tmp"):
        (maildir / name).mkdir(parents=True)
    for path in (maildir, *maildir.iterdir()):
        shutil.chown(path, "nobody")
    settings = f"""
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{maildir}
default_login_user = dovenull
default_internal_user = dovecot
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}
}}
"""
    (folder / "dovecot.conf").write_text(settings)
    process = subprocess.Popen([str(DOVECOT), "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.DEVNULL)
    try:
        for _turn in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"imap://portal:secret@127.0.0.1:{port}/INBOX", maildir
    finally:
        process.terminate()
        process.wait()
