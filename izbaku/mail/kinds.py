"""What kinds of letters there are. Each room registers its own in `letters.py`; the mail room knows no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from izbaku.mail.models import Message


@dataclass(frozen=True)
class CalendarPart:
    """An iTIP message (RFC 5546) that goes along: `body` is the whole VCALENDAR, `method` REQUEST or CANCEL."""

    method: str
    body: bytes


BETWEEN = "\n\n· · ·\n\n"  # two languages of one letter
# Said to those who read the second language, above the first.
BELOW = {"tr": "Türkçesi aşağıdadır.", "az": "Azərbaycanca mətn aşağıdadır.", "en": "English below."}


@dataclass(frozen=True)
class Letter:
    """What the reader gets. The text is plain, paragraphs apart by empty lines; the HTML part is made from it.

    `languages` are those of its parts, in order, where it says the same in several (`in_one`).
    """

    subject: str
    text: str
    calendar: CalendarPart | None = None
    languages: tuple[str, ...] = ()

    @property
    def parts(self) -> list[tuple[str, str]]:
        """(language, text) of each; without a language where the letter is in one, or does not say."""
        texts = self.text.split(BETWEEN)
        return list(zip(self.languages, texts, strict=True)) if len(texts) == len(self.languages) else [("", self.text)]


def in_one(said: Mapping[str, tuple[str, str]], calendar: CalendarPart | None = None) -> Letter:
    """One letter of the (subject, text) of each language, one below the other; the first line tells of the second."""
    languages, texts = tuple(said), [text for _subject, text in said.values()]
    if below := " ".join(BELOW[language] for language in languages[1:]):
        texts[0] = f"{below}\n\n{texts[0]}"
    subjects = dict.fromkeys(subject for subject, _text in said.values())
    return Letter(" · ".join(subjects), BETWEEN.join(texts), calendar, languages)


class WhenUncertain(Enum):
    """What becomes of a letter whose connection was lost after the last word."""

    ASK = "a person decides"
    AGAIN = "sent once more after a while"
    NEVER = "never sent again"


class Rank(IntEnum):
    """Who goes first when several letters are due: somebody waits at the door for a code."""

    CODE = 0
    ANSWER = 1
    REMINDER = 2
    MAILING = 3


def always(message: Message, now: datetime) -> bool:
    return True


@dataclass(frozen=True)
class Kind:
    """`build` makes the letter just before it leaves; `still_wanted` is asked at the same moment.

    A secret (a sign-in code) is never sent twice, shown to nobody, and blanked as soon as it has left.
    An optional one (a reminder, an invitation) carries the way to unsubscribe (RFC 8058); never so an answer to
    what somebody did. `prepare` may read for a whole batch at once what these two ask, and reads anew a second later.
    `came_back` hears of a bounce.
    """

    name: str
    build: Callable[[Message], Letter]
    still_wanted: Callable[[Message, datetime], bool] = always
    is_secret: bool = False
    lives: timedelta = timedelta(days=3)
    when_uncertain: WhenUncertain = WhenUncertain.ASK
    is_optional: bool = False
    rank: Rank = Rank.ANSWER
    label: Any = ""  # what staff call it
    prepare: Callable[[list[Message]], None] | None = None
    came_back: Callable[[Message, datetime], None] | None = None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    if kind.name in _kinds:
        raise ValueError(f"Two kinds of letters are called {kind.name}.")
    _kinds[kind.name] = kind
    return kind


def get(name: str) -> Kind:
    """Raises LookupError for a kind that no room has registered."""
    return _kinds[name]


def prepare_of(name: str) -> Callable[[list[Message]], None] | None:
    return _kinds[name].prepare if name in _kinds else None


def came_back_of(name: str) -> Callable[[Message, datetime], None] | None:
    return _kinds[name].came_back if name in _kinds else None


def is_secret(name: str) -> bool:
    """Also of a kind that no room knows any more: what is unknown is treated with care."""
    return name not in _kinds or _kinds[name].is_secret


def secret_names() -> list[str]:
    return [kind.name for kind in _kinds.values() if kind.is_secret]


def optional_names() -> list[str]:
    return [kind.name for kind in _kinds.values() if kind.is_optional]


def all_names() -> list[str]:
    return list(_kinds)
