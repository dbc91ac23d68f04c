"""What every page knows of itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url


def page(request: HttpRequest) -> dict[str, Any]:
    """`alternates`: the same page in each language; `canonical_url`: its one full address."""
    path = request.get_full_path()
    alternates = [(code, name, translate_url(path, code)) for code, name in settings.LANGUAGES]
    return {
        "alternates": alternates,
        "canonical_url": settings.SITE_ADDRESS + request.path,
        "site_address": settings.SITE_ADDRESS,
        "site_name": settings.SITE_NAME,
    }
