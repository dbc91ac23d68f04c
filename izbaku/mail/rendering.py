"""A letter as the MIME message that leaves: the same bytes on every attempt (RFC 5322, 2046).

The parts are put together by hand: the standard library's writer takes longer than everything else about a letter,
draws new boundaries each time, and encodes a long `List-Unsubscribe` until nobody can read it.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.header import Header
from email.utils import format_datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import conditional_escape, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from izbaku.mail import kinds
from izbaku.mail.suppressing import address_of_button

if TYPE_CHECKING:
    from izbaku.mail.kinds import CalendarPart, Letter
    from izbaku.mail.models import Message

URL_ALONE = re.compile(r"^(?:(?P<label>[^\n]+):\n)?(?P<url>https?://\S+)$")
LONGEST_LABEL = 45  # of a button
BREAK = "\r\n"


def mime(message: Message, letter: Letter) -> bytes:
    """Ready to be sent; needs `message.first_tried_at`, which dates it."""
    assert message.first_tried_at is not None
    name = hashlib.sha256(message.message_id.encode()).hexdigest()[:28]
    button = address_of_button(message) if kinds.get(message.kind).is_optional else ""
    head = [
        f"From: {_encoded(settings.MAIL_FROM_NAME)} <{settings.MAIL_FROM}>",
        f"To: <{message.recipient}>",
        f"Subject: {_encoded(letter.subject, 'Subject')}",
        f"Date: {format_datetime(message.first_tried_at)}",
        f"Message-ID: {message.message_id}",
        "Auto-Submitted: auto-generated",  # RFC 3834: no holiday answers
        f"Content-Language: {', '.join(letter.languages) or message.language}",
        "MIME-Version: 1.0",
    ]
    if settings.CONTACT["email"]:
        head.append(f"Reply-To: <{settings.CONTACT['email']}>")
    if button:
        head += [f"List-Unsubscribe: <{button}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    text = plain(letter, message.language, button)
    parts = [_text("plain", text), _text("html", html(letter, message.language, button))]
    if not letter.calendar:
        return _joined("alternative", parts, name, head).encode()
    encoded = _base64(letter.calendar.body)
    parts.append(_calendar(letter.calendar, encoded, "inline"))
    both = [_joined("alternative", parts, name + "a"), _calendar(letter.calendar, encoded, "attachment")]
    return _joined("mixed", both, name, head).encode()


def _encoded(words: str, header: str = "From") -> str:
    """As a header may carry it (RFC 2047), in lines of at most 76 letters; never more than one header."""
    words = " ".join(words.split())
    return Header(words, None if words.isascii() else "utf-8", header_name=header).encode(linesep=BREAK)


def _text(subtype: str, words: str) -> str:
    body = b2a_qp(BREAK.join(f"{words}\n".splitlines()).encode() + b"\r\n", istext=True).decode()
    head = f'Content-Type: text/{subtype}; charset="utf-8"{BREAK}Content-Transfer-Encoding: quoted-printable'
    return f"{head}{BREAK * 2}{body}"


def _base64(body: bytes) -> str:
    letters = b64encode(body).decode()
    return "".join(letters[at : at + 76] + BREAK for at in range(0, len(letters), 76))


def _calendar(calendar: CalendarPart, encoded: str, where: str) -> str:
    """Once as an alternative, which mail programs offer to answer, and once as a file for those that do not."""
    head = [
        f'Content-Type: text/calendar; charset="utf-8"; method={calendar.method}',
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="invite.ics"' if where == "attachment" else "",
    ]
    return BREAK.join(line for line in head if line) + BREAK * 2 + encoded


def _joined(subtype: str, parts: list[str], boundary: str, head: list[str] | None = None) -> str:
    """`=_` never begins a line of quoted-printable or base64, so that the boundary needs no search."""
    lines = [*(head or []), f'Content-Type: multipart/{subtype}; boundary="=_{boundary}"', ""]
    for part in parts:
        lines += [f"--=_{boundary}", part.removesuffix(BREAK)]
    return BREAK.join([*lines, f"--=_{boundary}--", ""])


def plain(letter: Letter, language: str, button: str = "") -> str:
    if not button:
        return letter.text
    with translation.override(language):
        return f"{letter.text.rstrip()}\n\n--\n{_('No more reminders and invitations')}:\n{button}"


def html(letter: Letter, language: str, button: str = "") -> str:
    with translation.override(language):
        return render_to_string(
            "mail/letter.html",
            {
                "subject": letter.subject,
                "paragraphs": list(_paragraphs(letter, language)),
                "language": language,
                "site_name": settings.SITE_NAME,
                "site_address": settings.SITE_ADDRESS,
                "contact": settings.CONTACT,
                "button": button,
            },
        )


@dataclass(frozen=True)
class Paragraph:
    """A piece of a letter as HTML shows it."""

    shape: str
    html: SafeString
    url: str = ""
    language: str = ""  # where it is not the letter's own


def _paragraphs(letter: Letter, language: str) -> Iterator[Paragraph]:
    """Each says in which language it is, so that it is read aloud in that one (WCAG 3.1.2)."""
    said_of = {words: code for code, words in kinds.BELOW.items()}
    for number, (spoken, text) in enumerate(letter.parts):
        if number:
            yield _paragraph(kinds.BETWEEN)
        for part in re.split(r"\n\s*\n", text.strip("\n")):
            own = said_of.get(part, spoken) if spoken else ""
            yield replace(_paragraph(part), language=own if own != language else "")


def _paragraph(part: str) -> Paragraph:
    """What people typed stays text. An indented paragraph is a code to be typed, a link that stands alone
    (after a line that ends in a colon, its label) a button, or a link where its label is a sentence."""
    if part.startswith("    "):
        return Paragraph("code", conditional_escape(part.strip()))
    if found := URL_ALONE.match(part.strip()):
        label = conditional_escape(found["label"] or found["url"])
        return Paragraph("button" if len(label) <= LONGEST_LABEL else "link", label, found["url"])
    return Paragraph("text", mark_safe(urlize(part.strip(), autoescape=True).replace("\n", "<br>")))
