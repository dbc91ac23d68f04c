"""Letters that come back: each has a return path of its own (VERP), and reports to it are read (RFC 3464).

`MAIL_RETURN` says where: in `bounces+{}@example.org` the token of the letter stands in place of the braces. The token
carries a MAC: nobody who has not received a letter can make its address look dead.
"""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message as Mail
from hmac import compare_digest

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from izbaku.mail import kinds
from izbaku.mail.models import Message, Suppression
from izbaku.mail.smtp import Fate, Outcome
from izbaku.mail.suppressing import suppress_hash

State, Evidence = Message.State, Message.Evidence

MOST_RETURNS = 3  # so many letters that came back for other reasons, within REMEMBERED, and the address gets a rest
REMEMBERED = timedelta(days=30)
REST = timedelta(days=90)


def path_of(message: Message) -> str:
    """The envelope's sender of this letter."""
    return settings.MAIL_RETURN.replace("{}", f"{message.pk:x}-{_mac(message.pk)}")


def _mac(key: int) -> str:
    """80 bits; small letters, because servers on the way may make them small."""
    digest = salted_hmac("mail.returning", str(key), algorithm="sha256").digest()
    return b32encode(digest[:10]).decode().lower()


def letter_at(addresses: Iterable[str]) -> int | None:
    """The key of the letter whose return path is among these addresses; None where nobody's is, or a forged one."""
    before, braces, after = settings.MAIL_RETURN.partition("{}")
    if not braces:
        return None
    pattern = re.compile(rf"{re.escape(before)}([0-9a-f]{{1,15}})-([a-z2-7]{{16}}){re.escape(after)}", re.IGNORECASE)
    for address in addresses:
        if found := pattern.fullmatch(address.strip()):
            key = int(found[1], 16)
            if compare_digest(found[2].lower(), _mac(key)):
                return key
    return None


@dataclass(frozen=True)
class Report:
    """What a mail server says became of a letter: `action` is failed, delayed, delivered, relayed or expanded."""

    action: str
    status: str  # RFC 3463, as 5.1.1; empty where it gives none
    words: str

    @property
    def has_arrived(self) -> bool:
        """With the reader's server, or at least taken by ours: it is not lost."""
        return self.action in ("delivered", "relayed", "expanded", "delayed")

    @property
    def says_no_such_address(self) -> bool:
        return self.action == "failed" and Outcome(Fate.REFUSED, None, self.status).says_no_such_address


def report_in(mail: Mail) -> Report | None:
    """The report of a delivery-status notification; of several readers that of the first that failed."""
    reports = [
        _read(block)
        for part in mail.walk()
        if part.get_content_type() == "message/delivery-status"
        for block in _blocks(part)
        if block["Action"]
    ]
    failed = [report for report in reports if report.action == "failed"]
    return next(iter(failed or reports), None)


def _blocks(part: Mail) -> list[Mail]:
    """One for the letter, then one for each reader; something that is broken has none."""
    content = part.get_payload()
    return [block for block in content if isinstance(block, Mail)] if isinstance(content, list) else []


def _read(block: Mail) -> Report:
    action = str(block["Action"]).strip().lower()
    status = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", str(block["Status"] or ""))
    _kind, _semicolon, words = str(block["Diagnostic-Code"] or "").partition(";")
    return Report(action, status[0] if status else "", " ".join(words.split()))


@transaction.atomic
def take(key: int, report: Report, *, now: datetime) -> bool:
    """Draw the conclusions of a report on this letter; whether it said anything new."""
    message = Message.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if message is None or not message.attempts:
        return False
    if report.has_arrived:
        return bool(has_arrived(Message.objects.filter(pk=key), Evidence.REPORT, now=now))
    if report.action != "failed" or message.state == State.BOUNCED:
        return False
    if message.state in (State.SENT, State.UNCERTAIN, State.SENDING):
        _came_back(message, report, now)
    elif not report.says_no_such_address:
        return False  # on its way once more: then the next attempt tells
    _suppress(message, report, now)
    return True


def _came_back(message: Message, report: Report, now: datetime) -> None:
    code = re.match(r"[45]\d\d\b", report.words)
    message.state, message.evidence, message.settled_at = State.BOUNCED, Evidence.REPORT, now
    message.claim = message.leased_until = None
    message.code = int(code[0]) if code else None
    # Servers like to repeat the address in their answer.
    words = re.sub(re.escape(message.recipient), "…", report.words, flags=re.IGNORECASE)
    if not words.startswith(report.status) and report.status not in words[:12]:
        words = f"{report.status} {words}"
    message.answer = words.strip()[:300]
    message.save(update_fields=["state", "evidence", "settled_at", "claim", "leased_until", "code", "answer"])
    hears = kinds.came_back_of(message.kind)
    if hears:
        hears(message, now)


def _suppress(message: Message, report: Report, now: datetime) -> None:
    """For good where there is no such address; for a while where letters keep coming back for other reasons."""
    is_known = "@" in message.recipient  # or its hash, once it is forgotten
    address_hash = Suppression.hash_of(message.recipient) if is_known else message.recipient
    if report.says_no_such_address:
        suppress_hash(address_hash, Suppression.Reason.NO_SUCH_ADDRESS, now=now)
        return
    back = Message.objects.filter(recipient=message.recipient, state=State.BOUNCED, settled_at__gt=now - REMEMBERED)
    if back.count() >= MOST_RETURNS and not Suppression.objects.filter(address_hash=address_hash, until=None).exists():
        suppress_hash(address_hash, Suppression.Reason.UNREACHABLE, now=now, until=now + REST)


def has_arrived(letters: object, evidence: str = Evidence.ANSWER, *, now: datetime) -> int:
    """Uncertain letters of which we know by now that they have arrived; returns how many."""
    uncertain = letters.filter(state=State.UNCERTAIN)  # type: ignore[attr-defined]
    count: int = uncertain.update(state=State.SENT, evidence=evidence, settled_at=now)
    return count
