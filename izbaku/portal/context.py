"""What every page knows of itself."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, override

from izbaku import times
from izbaku.kept import asked


def page(request: HttpRequest) -> dict[str, Any]:
    """`alternates`: the same page in each language; `canonical_url`: its one full address."""
    return {
        "alternates": [(code, name, _address(request, code)) for code, name in settings.LANGUAGES],
        "canonical_url": settings.SITE_ADDRESS + request.path,
        # The year that is celebrated: "40th", "1986–2026".
        "nth": times.ordinal(settings.PROGRAMME_YEAR - settings.SISTERS_SINCE, get_language() or "tr"),
        "years": f"{settings.SISTERS_SINCE}–{settings.PROGRAMME_YEAR}",
        "site_address": settings.SITE_ADDRESS,
        "site_name": settings.SITE_NAME,
    }


def _address(request: HttpRequest, language: str) -> str:
    """As `translate_url` does, without finding the view anew for each language."""
    match = request.resolver_match
    if match is None:  # no such page in any language
        with override(language):
            return reverse("home")
    # Without what only counts visitors: a kept page would pass it on to everybody.
    query = urlencode(asked(request.META.get("QUERY_STRING", "")))
    with override(language):
        try:
            path = reverse(match.view_name, args=match.args, kwargs=match.kwargs)
        except NoReverseMatch:
            path = request.path
    return f"{path}?{query}" if query else path
