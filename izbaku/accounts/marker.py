"""Cookies without content: by one a public page knows that somebody is signed in and may ask `/me`, by the other that
the session has a message for them. A page that is the same for everybody never opens the session for its own sake."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponse

COOKIE = "signed_in"
MESSAGES_COOKIE = "messages"


class SignedInMarker:
    """Middleware: sets and takes away the marker where the session was looked at anyway.

    Never looks at it for its own sake: a page that is the same for everybody must not know who reads it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.session.accessed:
            return response
        has_marker = COOKIE in request.COOKIES
        if request.user.is_authenticated and not has_marker:
            response.set_cookie(
                COOKIE, "1", max_age=settings.SESSION_COOKIE_AGE, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
            )
            if settings.LANGUAGE_COOKIE_NAME not in response.cookies:
                # Whoever signs in reads on in their own language, also where the address names none.
                response.set_cookie(settings.LANGUAGE_COOKIE_NAME, request.user.language, samesite="Lax")
        elif has_marker and not request.user.is_authenticated:
            response.delete_cookie(COOKIE, samesite="Lax")
        return response


class MarkedMessages(SessionStorage):
    """Messages stay in the session, where erasing finds them (some name an address). The cookie says there are any."""

    def _get(self, *args: Any, **kwargs: Any) -> Any:
        if MESSAGES_COOKIE not in self.request.COOKIES:
            return [], True
        return super()._get(*args, **kwargs)  # type: ignore[misc]

    def _store(self, messages: Any, response: HttpResponse, *args: Any, **kwargs: Any) -> Any:
        if messages:
            response.set_cookie(
                MESSAGES_COOKIE, "1", secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
            )
        else:
            response.delete_cookie(MESSAGES_COOKIE, samesite="Lax")
        return super()._store(messages, response, *args, **kwargs)  # type: ignore[misc]
