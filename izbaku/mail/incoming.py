"""What comes into the mailbox: reports on our letters, answers from calendar programs, holiday notes, and people.

What machines wrote is dealt with; what people wrote is left as it is, for people.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Mail
from email.utils import getaddresses
from enum import StrEnum
from typing import Any

import icalendar

from izbaku.mail import returning

MOST_BYTES = 256 * 1024  # a report stands before the letter it returns; what comes later is of no use
WHERE_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To")
ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE")

logger = logging.getLogger(__name__)


class Was(StrEnum):
    """What a letter to us was."""

    REPORT = "report"
    FORGED = "forged"  # a report on a letter that we never wrote, or whose address somebody made up
    REPLY = "reply"
    UNKNOWN = "unknown"  # an answer to an invitation that nobody knows
    AUTOMATIC = "automatic"
    PERSON = "person"

    @property
    def is_for_people(self) -> bool:
        return self is Was.PERSON


Hook = Callable[["Reply", datetime], bool]
_hooks: list[Hook] = []


def on_calendar_reply(hook: Hook) -> Hook:
    """Let a room hear of answers from calendar programs: `hook(reply, now)`, True if it was its own.

    Nothing but the UID says that the sender was invited: it must be one that nobody can guess, and the room compares
    the address of the attendee. What lay in a queue for a day comes after what was said meanwhile: the room compares
    the moments too.
    """
    _hooks.append(hook)
    return hook


def take(raw: bytes, *, now: datetime, to: str = "") -> Was:
    """Deal with one letter to us; `to` is the envelope's reader, where whoever hands it over knows. Never raises for
    what somebody sent."""
    mail = message_from_bytes(raw[:MOST_BYTES])
    if (report := returning.report_in(mail)) is not None:
        key = returning.letter_at([to, *_readers(mail)])
        if key is None:
            return Was.FORGED
        returning.take(key, report, now=now)
        return Was.REPORT
    if replies := list(_replies_in(mail)):
        known = [hook for reply in replies for hook in _hooks if hook(reply, now)]
        return Was.REPLY if known else Was.UNKNOWN
    return Was.AUTOMATIC if _is_automatic(mail) else Was.PERSON


def _readers(mail: Mail) -> list[str]:
    found = [str(value) for name in WHERE_TO for value in mail.get_all(name, [])]
    return [address for _name, address in getaddresses(found)]


def _is_automatic(mail: Mail) -> bool:
    """RFC 3834, and what was in use before it."""
    submitted = str(mail["Auto-Submitted"] or "no").partition(";")[0].strip().lower()
    is_bulk = str(mail["Precedence"] or "").strip().lower() in ("bulk", "junk", "auto_reply", "list")
    sender = str(mail["Return-Path"] or "").strip()
    return submitted != "no" or is_bulk or sender == "<>" or "X-Autoreply" in mail or "X-Auto-Response-Suppress" in mail


@dataclass(frozen=True)
class Reply:
    """An answer to one of our requests: `attendee` in small letters, `partstat` ACCEPTED, DECLINED or TENTATIVE, `at`
    when it was given by the program's clock (DTSTAMP), None where it does not say."""

    uid: str
    attendee: str
    partstat: str
    at: datetime | None = None


def _replies_in(mail: Mail) -> list[Reply]:
    """The first readable iTIP reply (RFC 5546); programs send the same twice, inline and as a file."""
    for part in mail.walk():
        if part.get_content_type() in ("text/calendar", "application/ics"):
            body = part.get_payload(decode=True)
            if isinstance(body, bytes) and (found := _parsed(body)):
                return found
    return []


def _parsed(body: bytes) -> list[Reply]:
    try:
        calendar: Any = icalendar.Calendar.from_ical(body)
        if str(calendar.get("METHOD", "")).upper() != "REPLY":
            return []
        found = [_reply(event) for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):  # icalendar raises what its parts raise
        return []
    return [reply for reply in found if reply]


def _reply(event: Any) -> Reply | None:
    """An answer has exactly one attendee: whoever answers."""
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    if len(attendees) != 1 or not event.get("UID"):
        return None
    address = str(attendees[0]).strip().lower().removeprefix("mailto:")
    partstat = str(attendees[0].params.get("PARTSTAT", "")).upper()
    return Reply(str(event["UID"]), address, partstat, _stamp(event)) if partstat in ANSWERS else None


def _stamp(event: Any) -> datetime | None:
    """RFC 5545 asks for UTC; a clock without a zone says nothing that could be compared."""
    found = getattr(event.get("DTSTAMP"), "dt", None)
    return found.astimezone(UTC) if isinstance(found, datetime) and found.tzinfo else None
