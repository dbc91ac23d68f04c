"""Writing what people are told, publishing it, and knowing which text somebody was shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from izbaku.privacy.models import LANGUAGES, Notice, Noticed, NoticeShown

SALT = "privacy.notice"
TOKEN_LIVES = timedelta(days=2)  # a form may stay open overnight


@dataclass(frozen=True)
class Shown:
    """The text somebody had before their eyes."""

    notice: Notice
    language: str
    at: datetime


def current(purpose: str, now: datetime) -> Notice | None:
    return Notice.objects.in_force(now).filter(purpose=purpose).first()


def all_current(now: datetime) -> list[Notice]:
    """The one in force of each purpose."""
    newest: dict[str, Notice] = {}
    for notice in Notice.objects.in_force(now):
        newest.setdefault(notice.purpose, notice)
    return list(newest.values())


def publish(notice: Notice, *, now: datetime) -> None:
    """From here on its text never changes. Raises ValidationError that names each part and language still empty."""
    with transaction.atomic():
        draft = Notice.objects.select_for_update().get(pk=notice.pk)
        if draft.is_published:
            raise ValidationError(_("This version is published already."), code="published")
        if missing := draft.missing():
            parts = ", ".join(
                f"{Notice._meta.get_field(part).verbose_name} ({language})"  # type: ignore[union-attr]
                for part, language in missing
            )
            raise ValidationError(
                _("Still empty: %(parts)s.") % {"parts": parts}, code="missing", params={"missing": missing}
            )
        draft.published_at = now
        draft.valid_from = max(draft.valid_from, now)
        draft.save()
    notice.published_at, notice.valid_from = draft.published_at, draft.valid_from


def next_version(notice: Notice) -> Notice:
    """A draft with the same words, to be changed."""
    columns = [f"{part}_{language}" for part in ("title", *Notice.PARTS, "keeping") for language in LANGUAGES]
    return Notice.objects.create(purpose=notice.purpose, **{name: getattr(notice, name) for name in columns})


# --- Tokens -----------------------------------------------------------------------------------------------


def token(notice: Notice, language: str, now: datetime) -> str:
    """What a form carries to say which text stood above its button."""
    return signing.dumps([notice.pk, language, int(now.timestamp())], salt=SALT)


def read_token(value: str, purpose: str, now: datetime) -> Shown:
    """Which text was shown. Raises ValidationError: `forged`, `expired` (too old) or `changed` (a newer version)."""
    try:
        key, language, stamp = signing.loads(value, salt=SALT)
        at = datetime.fromtimestamp(stamp, tz=now.tzinfo)
    except (signing.BadSignature, ValueError, TypeError):
        raise ValidationError(
            _("The notice on personal data did not come back with the form. Read it below and send the form again."),
            code="forged",
        ) from None
    if not at - timedelta(minutes=5) <= now < at + TOKEN_LIVES:
        raise ValidationError(
            _("This page has been open for long. Look at the notice on personal data and send the form again."),
            code="expired",
        )
    newest = current(purpose, now)
    if newest is None or newest.pk != key or language not in LANGUAGES:
        raise ValidationError(
            _("The notice on personal data has changed meanwhile. Read it below and send the form again."),
            code="changed",
        )
    return Shown(newest, language, at)


# --- Remembering ------------------------------------------------------------------------------------------


def remember(shown: Shown, record: Noticed) -> None:
    """Write into the record (not yet saved) which text its person was shown."""
    record.notice, record.notice_language, record.notice_shown_at = shown.notice, shown.language, shown.at


def remember_for(user: Any, shown: Shown) -> NoticeShown:
    """The same for an account."""
    return NoticeShown.objects.create(user=user, notice=shown.notice, language=shown.language, shown_at=shown.at)


def parts(notice: Notice, language: str) -> list[tuple[str, str]]:
    """(heading, text) in reading order, in that language."""
    with override(language):
        headings = {
            "controller": _("Who is responsible"),
            "aims": _("What for"),
            "recipients": _("To whom it is passed on"),
            "grounds": _("How it is collected, and on what ground"),
            "keeping": _("How long it is kept"),
            "rights": _("Your rights"),
        }
        texts = [(str(headings[part]), getattr(notice, part)) for part in headings]
    return [(heading, text) for heading, text in texts if text]
