"""Asking clamd about files, in its own words (INSTREAM); CLAMD_URL says where it listens.

scanning.scan_waiting(now)          # on a timer, every minute; without CLAMD_URL it does nothing
"""

import logging
import socket
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F

from izbaku.attachments import Attachment, Damaged, kinds
from izbaku.sealing import SealBroken

logger = logging.getLogger(__name__)
CHUNK = 64 * 1024
PATIENCE_SECONDS = 30


class NoAnswer(Exception):
    """The scanner cannot be reached, or said something else than yes or no."""


def scan_waiting(now: datetime) -> int:
    """Ask about every file that has no verdict yet, the newest questions first; how many verdicts came.

    A file without an answer ends the round, so that a silent scanner costs one wait, and goes to the end of the line.
    """
    verdicts = 0
    for kind in kinds() if settings.CLAMD_URL else []:
        waiting = kind._base_manager.filter(scan__in=[Attachment.Scan.PENDING, Attachment.Scan.FAILED])
        for attachment in waiting.order_by(F("scanned_at").asc(nulls_first=True), "pk"):
            if not scan(attachment, now):
                return verdicts
            verdicts += 1
    return verdicts


def scan(attachment: Attachment, now: datetime) -> bool:
    """Whether there is a verdict. What is infected is destroyed, and the row stays to say so."""
    try:
        found = what_is_found(attachment.read(), settings.CLAMD_URL)
        state = Attachment.Scan.INFECTED if found else Attachment.Scan.CLEAN
    except (NoAnswer, SealBroken, Damaged) as error:
        found, state = type(error).__name__, Attachment.Scan.FAILED
        logger.warning("%s %s has no verdict: %s", attachment._meta.label, attachment.pk, error)
    with transaction.atomic():
        attachment.scan, attachment.scan_note, attachment.scanned_at = state, found[:100], now
        attachment.save(update_fields=["scan", "scan_note", "scanned_at"])
        if state == Attachment.Scan.INFECTED:
            transaction.on_commit(partial(attachment.path.unlink, missing_ok=True), robust=True)
    return state != Attachment.Scan.FAILED


def what_is_found(data: bytes, url: str) -> str:
    """The name of what infects these bytes; empty when they are clean. Raises NoAnswer."""
    try:
        with _connected(url) as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK):
                chunk = data[start : start + CHUNK]
                line.sendall(len(chunk).to_bytes(4, "big") + chunk)
            line.sendall(bytes(4))
            answer = _answer(line)
    except (OSError, ValueError) as error:
        raise NoAnswer(type(error).__name__) from error
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise NoAnswer(answer[:100])


def _connected(url: str) -> socket.socket:
    place = urlsplit(url)
    if place.scheme == "tcp":
        return socket.create_connection((place.hostname, place.port or 3310), PATIENCE_SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE_SECONDS)
    try:
        line.connect(place.path)
    except OSError:
        line.close()
        raise
    return line


def _answer(line: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096 and (more := line.recv(4096)):
        answer += more
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
