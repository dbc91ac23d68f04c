"""Reading the mailbox to which reports and answers come (IMAP, RFC 3501), from where it was left off.

Each letter and the place behind it are one transaction: whoever is killed in between deals with it again, and dealing
with it twice changes nothing. Nothing is deleted. What people wrote stays unread, for people.
"""

from __future__ import annotations

import imaplib
import logging
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from django.db import DatabaseError, transaction

from izbaku.mail import incoming
from izbaku.mail.incoming import Was
from izbaku.mail.models import Mailbox

PATIENCE = 30  # seconds for each answer of the server
MOST = 500  # letters of one run
NEWS = timedelta(days=30)  # what is older is history
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
UNAVAILABLE = (imaplib.IMAP4.error, OSError)

logger = logging.getLogger(__name__)


class _Line:
    """One connection to a folder; `url` is `imaps://user:password@host/INBOX`, `imap+starttls://` or `imap://`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.folder = unquote(parts.path.strip("/")) or "INBOX"
        self.address = f"{self.user}@{parts.hostname}/{self.folder}"
        host = parts.hostname or "localhost"
        self.imap: imaplib.IMAP4
        if parts.scheme == "imaps":
            tls = ssl.create_default_context()
            self.imap = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=tls, timeout=PATIENCE)
        else:
            self.imap = imaplib.IMAP4(host, parts.port or 143, timeout=PATIENCE)
            if parts.scheme == "imap+starttls":
                self.imap.starttls(ssl.create_default_context())

    def open(self) -> int:
        """Sign in and open the folder; returns what makes its numbers valid."""
        self.imap.login(self.user, self.password)
        answer, _count = self.imap.select(f'"{self.folder}"')
        if answer != "OK":
            raise imaplib.IMAP4.error("There is no such folder.")
        _name, values = self.imap.response("UIDVALIDITY")
        return int(values[0]) if values and values[0] else 0

    def search(self, *words: str) -> list[int]:
        _answer, found = self.imap.uid("SEARCH", *words)
        return sorted(int(number) for number in (found[0] or b"").split())

    def fetch(self, number: int) -> bytes | None:
        """The beginning of a letter, without marking it as read; None when it is gone."""
        _answer, found = self.imap.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{incoming.MOST_BYTES}>)")
        return next((part[1] for part in found if isinstance(part, tuple)), None)

    def mark_read(self, number: int) -> None:
        with suppress(*UNAVAILABLE):  # a folder that we may only read is read all the same
            self.imap.uid("STORE", str(number), "+FLAGS.SILENT", r"(\Seen)")


@contextmanager
def _opened(url: str) -> Iterator[tuple[_Line, int]]:
    line = _Line(url)
    try:
        yield line, line.open()
    finally:
        with suppress(*UNAVAILABLE):
            line.imap.logout()
        with suppress(OSError):
            line.imap.shutdown()  # where the line broke, nobody has closed it yet


def read(url: str, *, now: datetime) -> Counter[str]:
    """Deal with what is new; returns how many letters of which sort there were. A server that cannot be reached is
    asked again the next time."""
    tally: Counter[str] = Counter()
    try:
        with _opened(url) as (line, validity):
            box, _is_new = Mailbox.objects.get_or_create(address=line.address, defaults={"validity": validity})
            for number in _new_ones(line, box, validity, now)[:MOST]:
                raw = line.fetch(number)
                was = _deal_with(box, number, raw, now) if raw is not None else None
                if was is not None:
                    tally[was] += 1
                    if was != Was.PERSON:
                        line.mark_read(number)
            Mailbox.objects.filter(pk=box.pk).update(read_at=now)
    except UNAVAILABLE as error:
        logger.warning("The mailbox could not be read: %s.", type(error).__name__)
        tally["unavailable"] += 1
    return tally


def _new_ones(line: _Line, box: Mailbox, validity: int, now: datetime) -> list[int]:
    day = now - NEWS
    since = f"{day.day}-{MONTHS[day.month - 1]}-{day.year}"  # in English, whatever the server's language
    if box.validity == validity:
        # `n:*` names the last letter even where it is older.
        found = line.search("UID", f"{box.last + 1}:*", "SINCE", since)
        return [number for number in found if number > box.last]
    # All numbers are new: what machines wrote has been marked as read when it was dealt with.
    Mailbox.objects.filter(pk=box.pk).update(validity=validity, last=0)
    return line.search("UNSEEN", "SINCE", since)


def _deal_with(box: Mailbox, number: int, raw: bytes, now: datetime) -> str | None:
    """What it was; None when another process was quicker."""
    with transaction.atomic():
        place = Mailbox.objects.select_for_update().get(pk=box.pk)
        if place.last >= number:
            return None
        try:
            with transaction.atomic():
                was: str = incoming.take(raw, now=now)
        except DatabaseError:
            raise
        except Exception:
            # One letter that a room cannot deal with must not stop the others. Its words stay out of the log.
            logger.exception("Letter %d of the mailbox could not be dealt with.", number)
            was = "failed"
        Mailbox.objects.filter(pk=box.pk).update(last=number)
    return was
