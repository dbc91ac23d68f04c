"""Letters about personal data. They carry a reference and a link, no words of the request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from izbaku import holdings, times
from izbaku.mail.kinds import Kind, Letter, WhenUncertain, register
from izbaku.privacy.models import DataRequest


def _request(message: Any) -> DataRequest | None:
    return DataRequest.objects.filter(pk=message.payload.get("request")).first()


def is_there(message: Any, now: datetime) -> bool:
    return _request(message) is not None


def is_open(message: Any, now: datetime) -> bool:
    request = _request(message)
    return request is not None and request.state == DataRequest.State.OPEN


def _link(label: str, name: str, *args: Any) -> str:
    return f"{label}:\n{settings.SITE_ADDRESS}{reverse(name, args=args)}"


def _letter(subject: str, *paragraphs: str) -> Letter:
    return Letter(subject, "\n\n".join(paragraphs))


def _words(message: Any, request: DataRequest) -> dict[str, str]:
    day = times.day(times.today(request.due_at), message.language, weekday=False)
    return {"reference": request.reference, "day": day}


def received(message: Any) -> Letter:
    request = _request(message)
    assert request is not None
    with override(message.language):
        words = _words(message, request)
        return _letter(
            _("Your request %(reference)s has arrived") % words,
            _("Your request %(reference)s about your personal data has arrived.") % words,
            _("You get an answer by %(day)s at the latest; it costs nothing.") % words,
            *([_link(_("See the request"), "privacy:my_data")] if request.user_id else []),
        )


def answered(message: Any) -> Letter:
    """A link to the answer; who has no account, or none any more, gets the words themselves.

    The way to the Board always stands below (Article 14 of Law no. 6698).
    """
    request = _request(message)
    assert request is not None
    with override(message.language):
        words = _words(message, request)
        spelled_out = message.payload.get("text") or ("" if request.user_id else request.answer)
        return _letter(
            _("The answer to your request %(reference)s") % words,
            _("Your request %(reference)s about your personal data has been answered.") % words,
            spelled_out or _link(_("Read the answer"), "privacy:my_data"),
            _(
                "If you do not agree with this answer, you may complain to the Personal Data Protection Board "
                "(Kişisel Verileri Koruma Kurulu, www.kvkk.gov.tr) within thirty days of learning of it, "
                "and in any case within sixty days of your request."
            ),
        )


def desk(message: Any) -> Letter:
    request = _request(message)
    assert request is not None
    with override(message.language):
        words = _words(message, request)
        return _letter(
            _("Request %(reference)s is to be answered by %(day)s") % words,
            _("A request about personal data waits for an answer. The law gives thirty days.") % words,
            _link(_("Open the request"), "admin:privacy_datarequest_change", request.pk),
        )


def warning(message: Any) -> Letter:
    payload = message.payload
    with override(message.language):
        known = holdings.classes().get(payload["class"])
        words = {**payload, "label": str(known.label) if known else payload["class"]}
        return _letter(
            _("%(label)s: some will be destroyed within %(days)d days") % words,
            _("Their period of keeping ends within %(days)d days: %(label)s, %(count)d in all.") % words,
            _("What an open case or a claim still needs has to be reopened before. All else goes by itself."),
            _link(_("See the periods"), "admin:privacy_retentionrule_changelist"),
        )


AGAIN, MONTH = WhenUncertain.AGAIN, timedelta(days=30)
RECEIVED = gettext_lazy("Request about personal data received")
ANSWER = gettext_lazy("Answer about personal data")
DESK = gettext_lazy("To staff: a request about personal data waits")
WARNING = gettext_lazy("To staff: records will soon be destroyed")
register(Kind("privacy.received", received, is_there, lives=MONTH, when_uncertain=AGAIN, label=RECEIVED))
register(Kind("privacy.answer", answered, is_there, lives=MONTH, when_uncertain=AGAIN, label=ANSWER))
register(Kind("privacy.desk", desk, is_open, when_uncertain=AGAIN, label=DESK))
register(Kind("privacy.warning", warning, when_uncertain=AGAIN, label=WARNING))
