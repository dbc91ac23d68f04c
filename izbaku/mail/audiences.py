"""Whom a round of letters can reach. Each room registers its audiences in `letters.py`; the mail room knows no other.

    mailings.register_audience(Audience("guest", label=_("Guests of an event"), letter=_("Invitation"), expand=…, …))

Everything about one reader goes through four calls: `expand` names readers piece by piece, `read` fetches a batch of
them at once, `words` says what stands in the places of the text, `still_wanted` is asked at the last moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from izbaku.mail.kinds import CalendarPart
    from izbaku.mail.models import Message
    from izbaku.mail.rounds import Mailing

# Why somebody is left out, whatever the audience; rooms add reasons of their own.
REASONS: dict[str, Any] = {
    "no_address": _("No e-mail address"),
    "invalid_address": _("The e-mail address is none"),
    "suppressed": _("The address takes no letters"),
    "unsubscribed": _("Has unsubscribed"),
    "twice": _("The same address stands in the list already"),
    "already": _("Has been written this letter already"),
    "no_text": _("There is no text in their language"),
}


@dataclass(frozen=True)
class Reader:
    """One line of an audience. `language` is "tr", or "tr+az" for both in one letter; `excluded` names a reason of the
    room's own (`Audience.reasons`) why this one is not written to. An empty address is a reason by itself."""

    key: int
    address: str
    language: str
    excluded: str = ""


def _nobody_refuses(mailing: Mailing, now: datetime) -> str:
    return ""


def _wanted(mailing: Mailing, one: Any, now: datetime) -> bool:
    return True


def _no_calendar(mailing: Mailing, one: Any, language: str) -> CalendarPart | None:
    return None


def _no_end(mailing: Mailing) -> datetime | None:
    return None


def _no_template(mailing: Mailing, language: str) -> tuple[str, str]:
    return "", ""


def _usual_key(mailing: Mailing, reader: int) -> str:
    return f"mailing:{mailing.pk}:{reader}"


def _nothing_happens(mailing: Mailing, reader: int, message: Message, now: datetime) -> None:
    """Nobody needs to know."""


def _for_everybody(user: Any) -> Q:
    return Q()


def _about_nothing(mailing: Mailing) -> str:
    return ""


def _no_choices(user: Any, now: datetime) -> Iterable[tuple[int, str]]:
    return ()


@dataclass(frozen=True)
class Audience:
    """What a room tells of those whom it can write to.

    `expand(mailing, after, limit)`   the next readers, in order of their keys, all above `after`, at most `limit`; an
        empty list ends it. Also those who are left out, with the reason: they are counted and shown.
    `read(mailing, keys)`   {key: the room's own row}, in a constant number of questions; whoever is gone is missing.
    `words(mailing, one, language)`   what stands in the places, as plain text, by name; `one` is None for a test
        letter: an example, without anybody's key.
    `placeholders`   {name: label}: the places that a text may have. `needs` names those that each text must have.
    `still_wanted(mailing, one, now)`   asked just before the letter leaves.
    `calendar(mailing, one, language)`   an iTIP part, if there is one.
    `refusal(mailing, now)`   a sentence why this round must not go (its event was called off), or "". Asked when it is
        held, approved, started and resumed.
    `of_use_until(mailing)`   when its letters are of no use any more.
    `template(mailing, language)`   (subject, text) with which writing begins, in that language.
    `key(mailing, reader)`   the letter's idempotency key, unique among all letters: `inv:{event}:{guest}:{wave}`.
    `came_back(mailing, reader, message, now)`   the letter has bounced: `message.answer` says how.
    `describe(mailing, one)`   how staff know this reader; `link(one)` the page of the desk where they mend it, or "".
    `visible_to(user)`   which rounds of this audience a person may see (a condition on Mailing).
    `about(mailing)`   what it is about, in words; `choices(user, now)` what a new one may be about: (key, words).
    `one_per_address`   an announcement reaches an address once; two guests of one address have a link each.
    """

    name: str
    label: Any
    letter: Any  # what staff call one of its letters
    expand: Callable[[Mailing, int, int], list[Reader]]
    read: Callable[[Mailing, list[int]], dict[int, Any]]
    words: Callable[[Mailing, Any, str], dict[str, str]]
    placeholders: dict[str, Any]
    needs: tuple[str, ...] = ()
    reasons: dict[str, Any] = field(default_factory=dict)
    still_wanted: Callable[[Mailing, Any, datetime], bool] = _wanted
    calendar: Callable[[Mailing, Any, str], CalendarPart | None] = _no_calendar
    refusal: Callable[[Mailing, datetime], str] = _nobody_refuses
    of_use_until: Callable[[Mailing], datetime | None] = _no_end
    template: Callable[[Mailing, str], tuple[str, str]] = _no_template
    key: Callable[[Mailing, int], str] = _usual_key
    came_back: Callable[[Mailing, int, Message, datetime], None] = _nothing_happens
    describe: Callable[[Mailing, Any], str] = lambda mailing, one: str(one)
    link: Callable[[Any], str] = lambda one: ""
    visible_to: Callable[[Any], Q] = _for_everybody
    about: Callable[[Mailing], str] = _about_nothing
    choices: Callable[[Any, datetime], Iterable[tuple[int, str]]] = _no_choices
    one_per_address: bool = True
    is_optional: bool = True  # carries the way to unsubscribe
    can_be_followed: bool = False  # by a round to those who have not answered; `expand` looks at `mailing.follows`

    def reason(self, name: str) -> Any:
        """In words, why somebody is left out."""
        return self.reasons.get(name) or REASONS.get(name) or name


_audiences: dict[str, Audience] = {}


def register(audience: Audience) -> Audience:
    if audience.name in _audiences:
        raise ValueError(f"Two audiences are called {audience.name}.")
    if missing := set(audience.needs) - set(audience.placeholders):
        raise ValueError(f"{audience.name} needs places that it does not offer: {sorted(missing)}.")
    _audiences[audience.name] = audience
    return audience


def get(name: str) -> Audience:
    """Raises LookupError for an audience that no room has registered."""
    return _audiences[name]


def all_of_them() -> list[Audience]:
    return list(_audiences.values())
