"""From a round to its letters, piece by piece. Each piece is one transaction with the place where the next begins:
whoever is killed in the middle loses nothing, and whoever goes on writes nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from izbaku.mail import audiences, outbox
from izbaku.mail.audiences import Audience, Reader
from izbaku.mail.composing import languages_of
from izbaku.mail.models import Message, Suppression
from izbaku.mail.outbox import Draft
from izbaku.mail.rounds import LeftOut, Mailing

PIECE = 2000  # readers of one transaction
LIVES = timedelta(days=30)
EXAMPLES = 10  # of each reason, shown to staff
OF_EACH = 4  # readers of each language, or pair of languages, as whom staff read the letter


@dataclass(frozen=True)
class Sifted:
    """One reader, and whether a letter is written."""

    reader: Reader
    recipient: str = ""
    languages: tuple[str, ...] = ()
    reason: str = ""
    address_hash: str = ""


def _sift(audience: Audience, readers: list[Reader], texts: set[str], now: datetime) -> Iterator[Sifted]:
    """Who of these is written to, and why not. Twice the same address is for the caller to find."""
    found = [_looked_at(reader, texts) for reader in readers]
    hashes = {one.address_hash for one in found if one.recipient}
    blocked: dict[str, str] = {}
    active = Suppression.objects.filter(Q(until=None) | Q(until__gt=now), address_hash__in=hashes)
    if not audience.is_optional:
        active = active.filter(scope=Suppression.Scope.ALL)
    for address_hash, reason in active.values_list("address_hash", "reason"):
        is_own_wish = reason == Suppression.Reason.UNSUBSCRIBED and blocked.get(address_hash) != "suppressed"
        blocked[address_hash] = "unsubscribed" if is_own_wish else "suppressed"
    for one in found:
        reason = blocked.get(one.address_hash, "") if one.recipient else ""
        yield Sifted(one.reader, reason=reason) if reason else one


def _looked_at(reader: Reader, texts: set[str]) -> Sifted:
    if reader.excluded:
        return Sifted(reader, reason=reader.excluded)
    if not reader.address.strip():
        return Sifted(reader, reason="no_address")
    try:
        recipient = outbox.deliverable(reader.address)
    except ValidationError:
        return Sifted(reader, reason="invalid_address")
    languages = tuple(languages_of(reader.language, texts))
    if not languages:
        return Sifted(reader, reason="no_text")
    return Sifted(reader, recipient, languages, address_hash=Suppression.hash_of(recipient))


def _key(audience: Audience, mailing: Mailing, one: Sifted) -> str:
    """Of one letter per address the key is the address, so that the database keeps the promise."""
    if audience.one_per_address:
        return f"mailing:{mailing.pk}:{one.address_hash[:40]}"
    return audience.key(mailing, one.reader.key)


@dataclass
class Census:
    """How many a round reaches now, by the code that will write to them."""

    languages: Counter[str] = field(default_factory=Counter)  # "tr", or "tr+az" for both in one letter
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[int]] = field(default_factory=dict)
    without_text: Counter[str] = field(default_factory=Counter)  # languages that nobody has written in
    readers: dict[int, tuple[str, ...]] = field(default_factory=dict)  # a sample, each with their languages

    @property
    def number(self) -> int:
        return self.languages.total()

    @property
    def number_left_out(self) -> int:
        return self.left_out.total()


def census(mailing: Mailing, now: datetime) -> Census:
    """Count without writing: nobody is promised anything."""
    audience, found = audiences.get(mailing.audience), Census()
    texts = set(mailing.texts.values_list("language", flat=True))
    seen: set[str] = set()
    after = 0
    while readers := audience.expand(mailing, after, PIECE):
        after = readers[-1].key
        taken = _taken_elsewhere(audience, mailing, readers)
        for one in _sift(audience, readers, texts, now):
            reason = one.reason
            if not reason and audience.one_per_address and one.recipient.lower() in seen:
                reason = "twice"
            if not reason and one.reader.key in taken:
                reason = "already"
            if reason:
                found.left_out[reason] += 1
                shown = found.examples.setdefault(reason, [])
                if len(shown) < EXAMPLES:
                    shown.append(one.reader.key)
                if reason == "no_text":
                    found.without_text[one.reader.language] += 1
                continue
            seen.add(one.recipient.lower())
            spoken = "+".join(one.languages)
            found.languages[spoken] += 1
            if found.languages[spoken] <= OF_EACH:
                found.readers[one.reader.key] = one.languages
    return found


def _taken_elsewhere(audience: Audience, mailing: Mailing, readers: list[Reader]) -> set[int]:
    """Those who got a letter of the same key from another round."""
    if audience.one_per_address:
        return set()
    keys = {audience.key(mailing, reader.key): reader.key for reader in readers}
    there = Message.objects.filter(dedupe_key__in=keys).exclude(mailing=mailing)
    return {keys[key] for key in there.values_list("dedupe_key", flat=True)}


def expand_piece(mailing: Mailing, *, now: datetime, size: int = PIECE) -> bool:
    """Write to the next readers; False when there is nothing (more) to do, or somebody else is at it."""
    with transaction.atomic():
        found = Mailing.objects.to_be_expanded().filter(pk=mailing.pk).order_by()
        locked = found.select_for_update(of=("self",), skip_locked=True).first()
        if locked is None:
            return False
        audience = audiences.get(locked.audience)
        readers = audience.expand(locked, locked.after, size)
        if not readers:
            Mailing.objects.filter(pk=locked.pk).update(expanded_at=now)
            return False
        _write(audience, locked, readers, now)
        Mailing.objects.filter(pk=locked.pk).update(after=readers[-1].key)
    return True


def _write(audience: Audience, mailing: Mailing, readers: list[Reader], now: datetime) -> None:
    texts = set(mailing.texts.values_list("language", flat=True))
    expires_at = audience.of_use_until(mailing) or now + LIVES
    left_out: dict[int, str] = {}
    letters: dict[str, Sifted] = {}
    for one in _sift(audience, readers, texts, now):
        if one.reason:
            left_out[one.reader.key] = one.reason
            continue
        key = _key(audience, mailing, one)
        if key in letters:
            left_out[one.reader.key] = "twice"
        else:
            letters[key] = one
    for key in Message.objects.filter(dedupe_key__in=letters).values_list("dedupe_key", flat=True):
        left_out[letters.pop(key).reader.key] = "twice" if audience.one_per_address else "already"
    LeftOut.objects.bulk_create(
        [LeftOut(mailing=mailing, reader=reader, reason=reason) for reader, reason in left_out.items()]
    )
    drafts = (
        Draft(
            key=key,
            to=one.recipient,
            language=one.languages[0],
            payload={"and": list(one.languages[1:])} if len(one.languages) > 1 else {},
            expires_at=expires_at,
            mailing=mailing.pk,
            reader=one.reader.key,
        )
        for key, one in letters.items()
    )
    outbox.put_many(audience.name, drafts, now=now)
