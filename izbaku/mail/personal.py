"""The letters of a person: told, forgotten, and kept no longer than their rule says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from izbaku.holdings import ERASED, Person, RecordClass, Room, Told, keep, register, standing_alone, told
from izbaku.mail import outbox
from izbaku.mail.models import Message, Suppression

KEYED = ("user", "registration", "invitation")  # what payloads say of a letter to somebody else: about whom it is


def _recipients(person: Person) -> Iterator[str]:
    seen = set()
    for address in sorted(person.addresses):
        try:
            recipient = outbox.deliverable(address)
        except ValidationError:
            continue  # nothing was ever sent there
        if recipient not in seen:
            seen.add(recipient)
            yield recipient


def held(person: Person) -> Iterable[Told]:
    for recipient in _recipients(person):
        for letter in Message.objects.to(recipient).order_by("pk"):
            yield told(letter, "recipient", "created_at", "settled_at", "state", "language", "subject", "text")
        for suppression in Suppression.objects.filter(address_hash=Suppression.hash_of(recipient)):
            yield told(suppression, "scope", "reason", "since", "until")


def erase(person: Person, now: datetime) -> int:
    """Letters to the person lose address and words. Letters to others are theirs: they are sent as they were to be,
    and only the person's addresses go from them; the name too where the letter carries the person's key."""
    count = sum(outbox.forget(recipient) for recipient in _recipients(person))
    count += sum(_hide(letter, person) for letter in _speaking_of(person))
    transaction.on_commit(lambda: _remove({*person.addresses, *_recipients(person)}))
    return count


def _hide(letter: Message, person: Person) -> bool:
    by_key = any((name, key) in _keys(person) for name, key in letter.payload.items() if isinstance(key, int | str))
    alone = standing_alone(person.addresses)

    def hidden(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: hidden(each) for name, each in value.items()}
        if isinstance(value, list):
            return [hidden(each) for each in value]
        if not isinstance(value, str):
            return value
        return person.hidden_in(value) if by_key else alone.sub(ERASED, value)

    kept = {name: hidden(getattr(letter, name)) for name in ("payload", "subject", "text", "answer")}
    if all(value == getattr(letter, name) for name, value in kept.items()):
        return False
    return bool(Message.objects.filter(pk=letter.pk).update(**kept))


def _keys(person: Person) -> set[tuple[str, Any]]:
    """As payloads name records: `{"user": 7}`, `{"registration": 12}`."""
    return {(str(model._meta.model_name), key) for model, key, _words in person.records}


def _speaking_of(person: Person) -> Iterator[Message]:
    """Letters in which an address may stand (what stands before its @ is found in every spelling), or a key."""
    letters = Message.objects.annotate(carried=Cast("payload", TextField()))
    found = Q(pk=None)
    for local in {address.rpartition("@")[0] for address in person.addresses} - {""}:
        words = f"{local}@"
        found |= Q(text__icontains=words) | Q(subject__icontains=words) | Q(answer__icontains=words)
        found |= Q(carried__icontains=words)
    for name, key in _keys(person):
        if name in KEYED:
            found |= Q(**{f"payload__{name}": key})
    yield from letters.filter(found).iterator(chunk_size=500)


def _in_folder() -> Iterator[tuple[Path, EmailMessage]]:
    """Letters of a machine without a mail server."""
    for path in Path(settings.MAIL_FOLDER).glob("*.eml"):
        yield path, message_from_bytes(path.read_bytes(), policy=policy.default)


def _remove(addresses: set[str]) -> None:
    for path, letter in _in_folder():
        body = letter.get_body(("plain",))
        words = f"{letter['To']} {letter['Subject']} {body.get_content() if body else ''}".lower()
        if standing_alone(addresses).search(words):
            path.unlink(missing_ok=True)


def _due(before: datetime) -> QuerySet[Message]:
    return Message.objects.filter(settled_at__lt=before, recipient__contains="@").exclude(state__in=Message.OPEN)


def _destroy(now: datetime, period: timedelta) -> int:
    count = outbox.forget_before(now - period)
    for path, letter in _in_folder():
        sent_at = letter["Date"].datetime if letter["Date"] else None
        if sent_at and sent_at.astimezone(UTC) < now - period:
            path.unlink(missing_ok=True)
    return count


register(Room("letters", _("Letters"), (Message,), held=held, erase=erase))
keep(
    RecordClass(
        "letter",
        _("Addresses and words of sent letters"),
        due=lambda now, period: _due(now - period).count(),
        destroy=_destroy,
    )
)
