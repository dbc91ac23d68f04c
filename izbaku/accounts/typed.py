"""What somebody typed into a form that could not be taken: shown to them once more, so that it can be copied.

A page that was open for too long, or a session that ended meanwhile: with scripts a form remembers by itself
(`data-keep`); this is for everybody else, and for the admin site.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from izbaku.privacy.forms import TOKEN_NAME

SECRET = re.compile(r"csrf|password|code|token|secret|key|credential", re.IGNORECASE)
CARRIED = re.compile(rf"({TOKEN_NAME}|next)$|_|initial-")  # by the form itself, its buttons too: nobody typed it
WORTH = 20  # characters: what is shorter, and one word, is quickly typed again
LOST = 403


def of(request: HttpRequest) -> list[str]:
    """The texts of a posted form, each once, in its order; nothing secret, and nothing when the form came from
    elsewhere: another site must not be able to put words on a page of ours."""
    if request.method != "POST" or not _is_ours(request):
        return []
    values = (
        value.strip()
        for name, sent in request.POST.lists()
        if not SECRET.search(name) and not CARRIED.match(name)
        for value in sent
        if isinstance(value, str)
    )
    return list(dict.fromkeys(value for value in values if len(value) > WORTH or re.search(r"\s", value)))


def _is_ours(request: HttpRequest) -> bool:
    source = urlsplit(request.headers.get("Origin") or request.headers.get("Referer") or "")
    return (source.scheme, source.netloc) == (request.scheme, request.get_host())


class TypedTextStays:
    """Middleware: who sends a form after the session has ended reads what they typed beside the way to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and response.status_code == 302 and self._asks_to_sign_in(response):
            typed = of(request)
            if typed:
                return render(request, "not_sent.html", {"typed": typed, "sign_in": response["Location"]}, status=LOST)
        return response

    @staticmethod
    def _asks_to_sign_in(response: HttpResponse) -> bool:
        return urlsplit(response["Location"]).path in (reverse("account_login"), reverse("admin:login"))
