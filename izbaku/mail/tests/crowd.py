"""An audience made of a plain list, for tests of rounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model

from izbaku.mail import audiences, expanding, kinds, mailings
from izbaku.mail.audiences import Audience, Reader
from izbaku.mail.rounds import Mailing

NOON = datetime(2026, 3, 20, 9, tzinfo=UTC)
WORDS = {
    "tr": ("Davet: {{ event }}", "Sayın {{ guest }},\n\nYanıt için:\n{{ link }}"),
    "az": ("Dəvət: {{ event }}", "Hörmətli {{ guest }},\n\nCavab üçün:\n{{ link }}"),
    "en": ("Invitation: {{ event }}", "Dear {{ guest }},\n\nTo answer:\n{{ link }}"),
}


@dataclass
class Crowd:
    """Readers, and what the room says of them."""

    readers: list[Reader] = field(default_factory=list)
    refuses: str = ""
    unwanted: set[int] = field(default_factory=set)
    returned: list[int] = field(default_factory=list)
    asked: int = 0

    def add(self, address: str, language: str = "en", excluded: str = "") -> Reader:
        reader = Reader(len(self.readers) + 1, address, language, excluded)
        self.readers.append(reader)
        return reader

    def expand(self, mailing: Mailing, after: int, limit: int) -> list[Reader]:
        self.asked += 1
        return self.readers[after : after + limit]  # keys are places in the list

    def read(self, mailing: Mailing, keys: list[int]) -> dict[int, Any]:
        return {key: self.readers[key - 1] for key in keys if key <= len(self.readers)}

    def words(self, mailing: Mailing, one: Reader | None, language: str) -> dict[str, str]:
        guest = one.address.partition("@")[0] if one else "Ad Soyad"
        link = f"https://portal.example/{one.key if one else 'example'}"
        return {"guest": guest, "event": {"tr": "Çay", "az": "Çay", "en": "Tea"}[language], "link": link}


@contextmanager
def gathered(**options: Any) -> Iterator[Crowd]:
    """Register the audience "crowd" for one test."""
    crowd, before = Crowd(), (dict(audiences._audiences), dict(kinds._kinds))
    values: dict[str, Any] = {
        "label": "A crowd",
        "letter": "Invitation",
        "expand": crowd.expand,
        "read": crowd.read,
        "words": crowd.words,
        "placeholders": {"guest": "name of the guest", "event": "the event", "link": "the guest's own page"},
        "needs": ("link",),
        "reasons": {"answered": "Has answered"},
        "still_wanted": lambda mailing, one, now: one.key not in crowd.unwanted,
        "refusal": lambda mailing, now: crowd.refuses,
        "came_back": lambda mailing, reader, message, now: crowd.returned.append(reader),
        "can_be_followed": True,
    }
    mailings.register_audience(Audience("crowd", **values | options))
    try:
        yield crowd
    finally:
        for registry, kept in zip((audiences._audiences, kinds._kinds), before, strict=True):
            registry.clear()
            registry.update(kept)  # type: ignore[arg-type]


def officer(email: str = "aylin@example.org", **fields: Any) -> Any:
    make: Any = get_user_model().objects
    return make.create_user(email=email, is_staff=True, is_superuser=True, language="tr", **fields)


def make_tested(by: Any, languages: tuple[str, ...] = ("tr", "az", "en"), **fields: Any) -> Mailing:
    """A round that has been written and tested."""
    mailing = mailings.draft("crowd", name="The tea", by=by, now=NOON, **fields)
    mailings.write(mailing, {language: WORDS[language] for language in languages}, by=by, now=NOON)
    mailings.test(mailing, by=by, now=NOON)
    return mailing


def make_approved(by: Any, **fields: Any) -> Mailing:
    """A round that has been let go by whoever wrote it."""
    mailing = make_tested(by, **fields)
    mailings.hold(mailing, by=by, now=NOON)
    number = expanding.census(mailing, NOON).number
    mailings.approve(mailing, by=by, now=NOON, version=mailing.version, readers=number)
    return mailing
