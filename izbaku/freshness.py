"""The programme's version, and the pages kept for it.

A public page is a function of (release, version, address, language). Any change of anything public raises the
version in its own transaction; a kept page is therefore never wrong for longer than the second in which a process
believes the version it has read.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import brotli
from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

BELIEVED_FOR = 1.0  # seconds for which a process trusts the version it has read
FRESH_COOKIE = "fresh"

_bumped: ContextVar[int | None] = ContextVar("bumped", default=None)


class ProgrammeVersion(models.Model):
    """One row that counts the changes of anything public."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


def bump() -> int:
    """Raise the version in the caller's transaction; returns the new number."""
    with transaction.atomic():
        if not ProgrammeVersion.objects.filter(pk=1).update(number=models.F("number") + 1):
            ProgrammeVersion.objects.create(pk=1, number=1)
        number = ProgrammeVersion.objects.values_list("number", flat=True).get(pk=1)
    _bumped.set(number)
    return number


class _Known:
    """The version as this process last read it."""

    def __init__(self) -> None:
        self.number = -1
        self.read_at = float("-inf")

    def current(self, at_least: int = 0) -> int:
        if at_least > self.number or time.monotonic() - self.read_at >= BELIEVED_FOR:
            self.number = ProgrammeVersion.objects.values_list("number", flat=True).filter(pk=1).first() or 0
            self.read_at = time.monotonic()
        return self.number

    def forget(self) -> None:
        self.read_at = float("-inf")


_known = _Known()


def current(at_least: int = 0) -> int:
    """The version, at most a second old, and not older than `at_least` where that has been committed."""
    return _known.current(at_least)


M = TypeVar("M", bound=models.Model)


class PublicQuerySet(models.QuerySet[M]):
    """Bulk changes of public rows raise the version as single ones do."""

    def update(self, **kwargs: Any) -> int:
        with transaction.atomic():
            bump()
            return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            bump()
            return super().delete()

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        with transaction.atomic():
            bump()
            return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[M], fields: Any, batch_size: int | None = None) -> int:
        with transaction.atomic():
            bump()
            return super().bulk_update(objs, fields, batch_size)


class PublicModel(models.Model):
    """A row that the public sees: saving or deleting it makes every kept page old."""

    objects = PublicQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            bump()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            bump()
            return super().delete(*args, **kwargs)


# --- Kept pages ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A finished answer: its headers, and its body in each coding, made once."""

    until: float
    etag: str
    headers: list[tuple[str, str]]
    bodies: dict[str, bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.bodies.values()))

    @classmethod
    def of(cls, response: HttpResponse, until: datetime) -> Self:
        body = response.content
        bodies = {"br": brotli.compress(body, quality=5), "gzip": gzip.compress(body, 6, mtime=0), "": body}
        headers = [(n, v) for n, v in response.items() if n.lower() not in ("etag", "content-length")]
        return cls(until.timestamp(), f'"{hashlib.sha256(body).hexdigest()[:24]}"', headers, bodies)


class Store:
    """Pages of one version, least recently used out first, bounded in bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[str, str], Page] = OrderedDict()
        self._version = -1
        self.size = 0

    def get(self, version: int, key: tuple[str, str]) -> Page | None:
        with self._lock:
            if version != self._version:
                self._pages.clear()
                self._version, self.size = version, 0
            page = self._pages.get(key)
            if page is None:
                return None
            if page.until <= time.time():
                del self._pages[key]
                self.size -= page.size
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, version: int, key: tuple[str, str], page: Page) -> None:
        with self._lock:
            if version != self._version or page.size > settings.KEPT_BYTES:
                return
            if old := self._pages.pop(key, None):
                self.size -= old.size
            self._pages[key] = page
            self.size += page.size
            while self.size > settings.KEPT_BYTES:
                self.size -= self._pages.popitem(last=False)[1].size

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
            self._version, self.size = -1, 0


store = Store()


def forget() -> None:
    """Drop every kept page and the known version (tests, and a change of settings)."""
    store.clear()
    _known.forget()


def keep(response: HttpResponse, *, until: datetime) -> HttpResponse:
    """Mark a response as the same for everybody until then."""
    response.kept_until = until  # type: ignore[attr-defined]
    response["Cache-Control"] = "public, max-age=0, must-revalidate"
    response["Vary"] = "Accept-Encoding"
    return response


def next_midnight(now: datetime) -> datetime:
    """The earlier of the two cities' next midnights."""
    return min(
        datetime.combine(now.astimezone(zone).date() + timedelta(days=1), clock_time(), zone)
        for zone in (ZoneInfo("Europe/Istanbul"), ZoneInfo("Asia/Baku"))
    ).astimezone(UTC)


def _key(environ: dict[str, Any]) -> tuple[str, str] | None:
    """Host and canonical address; nothing for a host that Django would refuse, or that is not asked plainly."""
    host = environ.get("HTTP_HOST", "")
    domain, _port = split_domain_port(host.lower())
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return None
    query = environ.get("QUERY_STRING", "")
    if len(query) > 500:
        return None
    if query:
        query = urlencode(sorted(parse_qsl(query, keep_blank_values=True)))
    scheme = environ.get("wsgi.url_scheme", "http")
    if settings.SECURE_PROXY_SSL_HEADER:
        scheme = environ.get(settings.SECURE_PROXY_SSL_HEADER[0], scheme)
    return f"{scheme}://{host}", f"{settings.RELEASE} {environ.get('PATH_INFO', '')}?{query}"


def _at_least(cookie_header: str) -> int:
    for part in cookie_header.split(";"):
        name, _equals, value = part.strip().partition("=")
        if name == FRESH_COOKIE and value.isdecimal() and len(value) < 16:
            return int(value)
    return 0


def _coding(accepted: str) -> str:
    offers = {}
    for part in accepted.lower().split(","):
        name, *parameters = part.replace(" ", "").split(";")
        offers[name] = "q=0" not in parameters and "q=0.0" not in parameters
    return next((coding for coding in ("br", "gzip") if offers.get(coding)), "")


def _found(page: Page, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    coding = _coding(environ.get("HTTP_ACCEPT_ENCODING", ""))
    etag = f'{page.etag[:-1]}-{coding}"' if coding else page.etag
    headers = [*page.headers, ("ETag", etag)]
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    if asked and etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")]:
        return 304, [header for header in headers if header[0].lower() != "content-type"], b""
    body = page.bodies[coding]
    if coding:
        headers.append(("Content-Encoding", coding))
    headers.append(("Content-Length", str(len(body))))
    return 200, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body


def kept_application(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """WSGI: answer kept pages before Django is asked at all."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if settings.KEPT_PAGES and environ["REQUEST_METHOD"] in ("GET", "HEAD") and (key := _key(environ)):
            # Only a version believed within the last second is used here: reading it anew is Django's business,
            # which opens and closes database connections properly.
            believed = time.monotonic() - _known.read_at < BELIEVED_FOR
            if believed and _at_least(environ.get("HTTP_COOKIE", "")) <= _known.number:
                page = store.get(_known.number, key)
                if page:
                    status, headers, body = _found(page, environ)
                    start_response("200 OK" if status == 200 else "304 Not Modified", headers)
                    return [body]
        return application(environ, start_response)

    return answer


class KeptPages:
    """Middleware, first of all: answers from the kept pages, and keeps what a view has marked with `keep`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = _key(request.META) if settings.KEPT_PAGES and request.method in ("GET", "HEAD") else None
        if key is None:
            return self.get_response(request)
        version = current(_at_least(request.META.get("HTTP_COOKIE", "")))
        page = store.get(version, key)
        if page is None:
            response = self.get_response(request)
            until = getattr(response, "kept_until", None)
            if until is None or response.status_code != 200:
                return response
            if response.cookies:
                raise RuntimeError(f"{request.path} sets a cookie, so it is not the same for everybody.")
            page = Page.of(response, until)
            if request.method == "GET":
                store.put(version, key, page)
        status, headers, body = _found(page, request.META)
        answer = HttpResponse(body, status=status)
        del answer["Content-Type"]
        for name, value in headers:
            answer[name] = value
        return answer


class FreshForAuthor:
    """After a request that changed something public, its author's next request sees at least that version."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _bumped.set(None)
        try:
            response = self.get_response(request)
            number = _bumped.get()
        finally:
            _bumped.reset(token)
        if number is not None:
            response.set_cookie(FRESH_COOKIE, str(number), max_age=10, httponly=True, samesite="Lax")
        return response
