"""The question after a change: whom to tell. Shown with numbers, answered once, and open until the letters leave."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import telling
from events.attendance import LANGUAGES
from events.changes import Change
from events.models import Event
from izbaku.mail.models import Message

Whom = Change.Whom


class TellForm(forms.Form):
    """Whom, and whether at once. Nothing is chosen beforehand: staff say it."""

    whom = forms.ChoiceField(label=gettext_lazy("Who is told"), widget=forms.RadioSelect)
    at_once = forms.BooleanField(
        label=gettext_lazy("Send the letters at once"),
        required=False,
        help_text=gettext_lazy(
            "Otherwise they leave in half an hour. What you change until then replaces them, "
            "so that people read one letter about the last state."
        ),
    )

    def __init__(self, *args: Any, events: list[Event], **kwargs: Any) -> None:
        now = timezone.now()
        urgent = any(telling.is_urgent(event, now) for event in events)
        super().__init__(*args, **kwargs)
        self.initial["at_once"] = urgent
        numbers = telling.audience(events)
        if guests := numbers.get(telling.GUESTS):
            self.fields["whom"].help_text = _guests(guests)
        self.fields["whom"].choices = [  # type: ignore[attr-defined]
            (Whom.STANDING, _numbered(_("Everybody who registered"), numbers[Whom.STANDING])),
            (Whom.CONFIRMED, _numbered(_("Only those whose seat is confirmed"), numbers[Whom.CONFIRMED])),
            (Whom.NOBODY, _("Nobody: they know already, or need not know")),
        ]


def _numbered(label: str, by_language: Counter[str]) -> str:
    """`Everybody who registered: 12 (Türkçe 8, English 4)`."""
    parts = ", ".join(f"{name} {by_language[code]}" for code, name in LANGUAGES if by_language[code])
    return f"{label}: {by_language.total()}" + (f" ({parts})" if parts else "")


def _guests(by_language: Counter[str]) -> str:
    """Guests are told with whoever registered; those without an address have to be called."""
    unreached = by_language.pop("", 0)
    texts = [_numbered(_("Either way those who got an invitation are told"), by_language) + "."] if by_language else []
    if unreached:
        text = ngettext(
            "%(n)d guest has no e-mail address: call them.",
            "%(n)d guests have no e-mail address: call them.",
            unreached,
        )
        texts.append(text % {"n": unreached})
    return " ".join(texts)


@dataclass(frozen=True)
class Notice:
    """What stands on an event's page while its last change is to be told."""

    text: str
    link: str


def notice(event: Event, now: datetime) -> Notice | None:
    change = telling.change_of(event, now)
    if change is None:
        return None
    if change.settled_at is None:
        n = change.audience().count() + change.guests().count()
        text = ngettext(
            "%(n)d person has not been told of the last change.",
            "%(n)d people have not been told of the last change.",
            n,
        )
        return Notice(text % {"n": n}, _("Decide whom to tell …"))
    n = change.letters.filter(state=Message.State.PENDING).count()
    assert change.leaves_at is not None
    at = timezone.localtime(change.leaves_at).strftime("%H:%M")
    text = ngettext(
        "%(n)d letter about the last change leaves at %(at)s.",
        "%(n)d letters about the last change leave at %(at)s.",
        n,
    )
    return Notice(text % {"n": n, "at": at}, _("Send them now, or to nobody …"))
