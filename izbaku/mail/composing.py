"""The words of a round: texts with places for each reader, and the letter that comes of them.

One function makes the letter, for the reader and for the preview alike.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _

from izbaku.mail import audiences, kinds
from izbaku.mail.audiences import Audience
from izbaku.mail.kinds import Letter
from izbaku.mail.models import Message
from izbaku.mail.rounds import Mailing, MailingText

PLACE = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")
STRAY = re.compile(r"\{\{|\}\}|\{%|%\}")
EMPTY = re.compile(r"\n(?:[ \t]*\n){2,}")  # where a place on a line of its own had nothing to say
STALE_AFTER = 10.0  # seconds for which what was read for a batch is believed


def places(words: str) -> list[str]:
    return PLACE.findall(words)


def check(words: str, audience: Audience) -> None:
    """Raises ValidationError for a place that this audience does not offer, and for braces that make none."""
    for name in places(words):
        if name not in audience.placeholders:
            near = get_close_matches(name, audience.placeholders, n=1)
            known = ", ".join(f"{{{{ {one} }}}}" for one in (near or audience.placeholders))
            raise ValidationError(
                _("“{{ %(name)s }}” is no place that this letter knows. Known: %(known)s.")
                % {"name": name, "known": known},
                code="unknown_place",
            )
    if stray := STRAY.search(PLACE.sub("", words)):
        raise ValidationError(
            _("“%(sign)s” begins or ends a place that is not whole. A place looks like {{ %(name)s }}.")
            % {"sign": stray[0], "name": next(iter(audience.placeholders), "name")},
            code="broken_place",
        )


def check_whole(mailing: Mailing, texts: Iterable[MailingText]) -> None:
    """Raises ValidationError unless every text has all that its readers need."""
    audience, found = audiences.get(mailing.audience), list(texts)
    if not found:
        raise ValidationError(_("There is no text yet."), code="no_text")
    for text in found:
        language = text.get_language_display()
        if not text.subject.strip() or not text.body.strip():
            raise ValidationError(
                _("%(language)s: subject and text belong together; one of them is empty.") % {"language": language},
                code="half",
            )
        check(text.subject, audience)
        check(text.body, audience)
        for name in set(audience.needs) - set(places(text.body)):
            raise ValidationError(
                _("%(language)s: the text lacks {{ %(name)s }} (%(label)s), without which it is of no use.")
                % {"language": language, "name": name, "label": audience.placeholders[name]},
                code="needed_place",
            )


def fill(words: str, values: Mapping[str, Any]) -> str:
    """The text with what stands in its places: one line each, never read for places again."""
    return PLACE.sub(lambda found: _one_line(values.get(found[1], "")), words.replace("\r\n", "\n"))


def _one_line(value: Any) -> str:
    """A value cannot begin a paragraph, a button or a header, nor hide signs that turn the line around."""
    return "".join(sign for sign in " ".join(str(value).split()) if sign.isprintable())


def languages_of(wanted: str, there: Iterable[str]) -> list[str]:
    """Of the languages a reader wants ("tr", "tr+az") those in which there is a text."""
    known = set(there)
    return [language for language in wanted.split("+") if language in known]


def letter(mailing: Mailing, texts: Mapping[str, MailingText], one: Any, languages: list[str]) -> Letter:
    """As this reader gets it, in one language or two; `one` is the room's row, or None for an example."""
    audience, said = audiences.get(mailing.audience), {}
    for language in languages:
        values = audience.words(mailing, one, language)
        subject, body = (fill(words, values).strip() for words in (texts[language].subject, texts[language].body))
        said[language] = (subject, EMPTY.sub("\n\n", body))
    part = audience.calendar(mailing, one, languages[0]) if one is not None else None
    return kinds.in_one(said, part)


def texts_of(mailing: Mailing) -> dict[str, MailingText]:
    """By language, in the portal's order."""
    return {text.language: text for text in sorted(mailing.texts.all(), key=lambda text: _ORDER.index(text.language))}


_ORDER = list(kinds.BELOW)


# --- What the outbox asks about one letter of a round --------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    mailing: Mailing
    texts: dict[str, MailingText]
    one: Any
    read_at: float


def prepare(messages: list[Message]) -> None:
    """Read the rounds, their texts and the readers of a whole batch at once."""
    rounds = Mailing.objects.prefetch_related("texts").in_bulk({message.mailing_id for message in messages})
    read_at = time.monotonic()
    for key, mailing in rounds.items():
        mine = [message for message in messages if message.mailing_id == key]
        found = audiences.get(mailing.audience).read(mailing, [int(message.reader or 0) for message in mine])
        texts = texts_of(mailing)
        for message in mine:
            one = found.get(int(message.reader or 0))
            message.prepared = Prepared(mailing, texts, one, read_at)  # type: ignore[attr-defined]


def _prepared(message: Message) -> Prepared:
    """What was read for the batch, unless that is a while ago; then it is read anew."""
    found: Prepared | None = getattr(message, "prepared", None)
    if found is None or time.monotonic() - found.read_at > STALE_AFTER:
        prepare([message])
        found = message.prepared  # type: ignore[attr-defined]
    assert found is not None
    return found


def still_wanted(message: Message, now: datetime) -> bool:
    """Its reader is still among those who are meant, and its round has not been called back."""
    if message.mailing_id is None or message.reader is None:
        return False
    found = _prepared(message)
    if found.one is None or found.mailing.state == Mailing.State.CANCELLED:
        return False
    return audiences.get(found.mailing.audience).still_wanted(found.mailing, found.one, now)


def build(message: Message) -> Letter:
    found = _prepared(message)
    wanted = "+".join([message.language, *message.payload.get("and", [])])
    return letter(found.mailing, found.texts, found.one, languages_of(wanted, found.texts))


def came_back(message: Message, now: datetime) -> None:
    """Let the room hear that this letter has bounced."""
    if message.mailing is not None and message.reader is not None:
        audiences.get(message.mailing.audience).came_back(message.mailing, message.reader, message, now)


def test_letter(message: Message) -> Letter:
    """To whoever writes the round, with an example in place of a reader."""
    mailing = Mailing.objects.prefetch_related("texts").get(pk=message.payload["mailing"])
    made = letter(mailing, texts_of(mailing), None, [message.language])
    with translation.override(message.language):
        return Letter(f"[{_('Test')}] {made.subject}", made.text)


def test_still_wanted(message: Message, now: datetime) -> bool:
    return MailingText.objects.filter(mailing=message.payload.get("mailing"), language=message.language).exists()
