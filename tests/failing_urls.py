"""The portal's addresses, and one that fails: to see how a failure looks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from izbaku.urls import urlpatterns as portal_urls


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("as if something had failed")


urlpatterns = [path("broken", broken), *portal_urls]
