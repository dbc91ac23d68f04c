"""`/dev/inbox/`: the letters of a machine without a mail server. `PORTAL_ENV=local` only."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SHOWN = 100


@dataclass(frozen=True)
class Received:
    name: str
    to: str
    subject: str
    sent_at: datetime | None
    text: str


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _received(path: Path) -> Received:
    mail = _read(path)
    plain = mail.get_body(("plain",))
    return Received(
        name=path.stem,
        to=str(mail["To"]),
        subject=str(mail["Subject"]),
        sent_at=mail["Date"].datetime if mail["Date"] else None,
        text=plain.get_content() if plain else "",
    )


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The newest letters first, with their words."""
    paths = sorted(Path(settings.MAIL_FOLDER).glob("*.eml"), reverse=True)[:SHOWN]
    return render(request, "mail/inbox.html", {"letters": [_received(path) for path in paths]})


@never_cache
@require_safe
@csp_replace({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": []})  # type: ignore[arg-type]  # it takes views with arguments too
def as_html(request: HttpRequest, name: str) -> HttpResponse:
    """One letter as a mail program shows it: no script runs, nothing is loaded."""
    path = Path(settings.MAIL_FOLDER) / f"{name}.eml"
    if not path.is_file():
        raise Http404
    body = _read(path).get_body(("html",))
    return HttpResponse(body.get_content() if body else "")
