"""The measure of all things here: Django with one view, no middleware, and bytes that are already there."""

import os
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, MIDDLEWARE=[])


@cache
def body(name: str) -> bytes:
    return (Path(os.environ["BENCH_BODIES"]) / name).read_bytes()


def same_bytes(_request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(body(name))


urlpatterns = [path("<slug:name>", same_bytes)]
application = get_wsgi_application()
