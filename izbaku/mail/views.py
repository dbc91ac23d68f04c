"""The doors of the mail room: unsubscribing, reports on undeliverable letters, and figures for machines."""

from __future__ import annotations

from hmac import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from izbaku.mail import figures, incoming
from izbaku.mail.suppressing import Reader

LOOPBACK = ("127.0.0.1", "::1")


@csrf_exempt  # RFC 8058: a mail program posts without cookies; whoever has the token may
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button (mail scanners open every link); POST acts at once, without cookie, sign-in or redirect."""
    try:
        reader = Reader(token)
    except ValueError as error:
        raise Http404 from error
    if request.method == "POST":
        if "again" in request.POST:
            reader.subscribe_again()
        else:
            reader.unsubscribe(timezone.now())
    with translation.override(reader.language):
        request.LANGUAGE_CODE = reader.language
        answer = render(request, "mail/unsubscribe.html", {"is_unsubscribed": reader.is_unsubscribed})
    answer["Referrer-Policy"] = "no-referrer"
    answer["Content-Language"] = reader.language
    return answer


@csrf_exempt  # a mail server posts without cookies; whoever has the token may
@never_cache
@require_POST
def bounces(request: HttpRequest) -> HttpResponse:
    """One letter to us, as it came (message/rfc822); `X-Original-To` names the envelope's reader. Of a long one only
    the beginning is read. Whatever it was, the answer is the same: nobody learns here which letters exist."""
    if not _bears(request, settings.BOUNCES_TOKEN):
        raise Http404
    raw = request.read(incoming.MOST_BYTES)
    incoming.take(raw, now=timezone.now(), to=request.headers.get("X-Original-To", ""))
    return HttpResponse(status=204)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format; with the token, or on a local machine to itself. To anybody else it does not exist."""
    if not _may_read(request):
        raise Http404
    return HttpResponse(figures.as_text(timezone.now()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        return _bears(request, settings.METRICS_TOKEN)
    # Behind a proxy everybody comes from loopback.
    is_passed_on = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return settings.IS_LOCAL and request.META.get("REMOTE_ADDR") in LOOPBACK and not is_passed_on


def _bears(request: HttpRequest, token: str) -> bool:
    said = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and compare_digest(said.encode(), token.encode())
