"""How the letters of the student's side are built, and whether they are still wanted when their turn comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from izbaku.mail.kinds import Kind, Letter, WhenUncertain, register
from izbaku.mail.models import Message
from students import work_mails
from students.mails import CLOSED, RECEIVED, REOPENED
from students.models import Case

__all__ = ["work_mails"]  # the letters of the staff's side; the outbox finds its kinds through this module


def case_of(message: Message) -> Case | None:
    return Case.objects.exclude(state=Case.State.ERASED).filter(pk=message.payload.get("case")).first()


def letter(name: str, case: Case, language: str) -> Letter:
    """`templates/students/mail/<name>.txt`: its first line is the subject. It is handed reference, state and link, so
    that no template can say more."""
    with translation.override(language):
        about = {
            "reference": case.reference,
            "state": case.get_state_display(),
            "url": settings.SITE_ADDRESS + reverse("students:request", args=[case.reference]),
        }
        text = render_to_string(f"students/mail/{name}.txt", about).strip()
    subject, _newline, body = text.partition("\n")
    return Letter(subject.strip(), body.strip())


def _kind(name: str, template: str, label: Any, *states: str) -> Kind:
    def still_wanted(message: Message, now: datetime) -> bool:
        case = case_of(message)
        return case is not None and (not states or case.state in states)

    def build(message: Message) -> Letter:
        case = case_of(message)
        assert case is not None
        return letter(template, case, message.language)

    kind = Kind(name, build, still_wanted, lives=timedelta(days=7), when_uncertain=WhenUncertain.AGAIN, label=label)
    return register(kind)


_kind(RECEIVED, "received", _("Request: it has arrived"))
_kind(CLOSED, "closed", _("Request: closed"), *Case.OVER)
_kind(REOPENED, "reopened", _("Request: open again"), *Case.OPEN)
