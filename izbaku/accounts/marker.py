"""A cookie without content, by which a public page knows that somebody is signed in and may ask `/me`."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "signed_in"


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
