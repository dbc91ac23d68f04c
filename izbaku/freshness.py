"""The programme's version, and the pages kept for it.

A public page is a function of (release, version, address, language). Any change of anything public raises the
version in its own transaction; a kept page is therefore never wrong for longer than the second in which a process
believes the version it has read, and the person who made the change does not wait even that long.

`KEPT_PAGES=False` switches the keeping off; nothing else changes. After restoring a database, restart the workers:
version numbers may repeat.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from functools import lru_cache
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
LONGEST_QUERY = 500  # characters; a longer one is answered, but never kept
ZONES = (ZoneInfo("Europe/Istanbul"), ZoneInfo("Asia/Baku"))

logger = logging.getLogger(__name__)

# --- The version -----------------------------------------------------------------------------------------

_has_bumped: ContextVar[bool] = ContextVar("has_bumped", default=False)


class ProgrammeVersion(models.Model):
    """One row that counts the changes of anything public."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


def bump() -> None:
    """Raise the version in the caller's transaction.

    Call it before touching public rows, never after: the one row is then the first lock that every change of the
    programme takes, and two of them cannot wait for each other.
    """
    with transaction.atomic():
        version = ProgrammeVersion.objects.filter(pk=1)
        if not version.update(number=models.F("number") + 1):
            # Two first changes at once: the second finds the row that the first has just made.
            ProgrammeVersion.objects.bulk_create([ProgrammeVersion(pk=1)], ignore_conflicts=True)
            version.update(number=models.F("number") + 1)
    _has_bumped.set(True)


def _read() -> int:
    return ProgrammeVersion.objects.filter(pk=1).values_list("number", flat=True).first() or 0


class Known:
    """The version as this process last read it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = 0
        self.read_at = float("-inf")

    def is_believed(self, at_least: int = 0) -> bool:
        return at_least <= self.number and time.monotonic() - self.read_at < BELIEVED_FOR

    def current(self, at_least: int = 0) -> int:
        if not self.is_believed(at_least):
            with self._lock:  # one thread reads, so that no slow answer overwrites a newer one
                if not self.is_believed(at_least):
                    # The second of trust begins before the question: the answer may be on its way for long.
                    asked_at = time.monotonic()
                    self.number = _read()
                    self.read_at = asked_at
        return self.number

    def forget(self) -> None:
        self.number, self.read_at = 0, float("-inf")


known = Known()


def current(at_least: int = 0) -> int:
    """The committed version: at most a second old, and read anew if it is less than `at_least`.

    Ask outside a transaction; inside one that has raised the version, the number may never come true.
    """
    return known.current(at_least)


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

    # As in Django: otherwise `Event.objects.delete()` would exist and empty the table.
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        with transaction.atomic():
            bump()
            return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[M], fields: Any, batch_size: int | None = None) -> int:
        with transaction.atomic():
            bump()
            return super().bulk_update(objs, fields, batch_size)


class PublicModel(models.Model):
    """A row that the public sees: saving or deleting it makes every kept page old.

    Not covered, because Django writes them without asking the model: a many-to-many table, and rows deleted along
    with a parent that is not public. Save a public row in the same transaction, or call `bump`.
    """

    objects = PublicQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            bump()
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            bump()
            return super().delete(*args, **kwargs)


def next_midnight(now: datetime) -> datetime:
    """The earlier of the two cities' next midnights."""
    return min(
        datetime.combine(now.astimezone(zone).date() + timedelta(days=1), clock_time(), zone) for zone in ZONES
    ).astimezone(UTC)


# --- Pages, and where they are kept ----------------------------------------------------------------------

Headers = list[tuple[str, str]]
Key = tuple[str, str, str]
Answer = tuple[str, Headers, bytes]

# What a 304 repeats (RFC 9110, 15.4.5); the rest stands in the copy that the browser has.
REPEATED = {"cache-control", "etag", "vary"}
COMPRESSIBLE = ("text/", "application/json", "application/xml", "application/atom+xml", "application/ld+json")


def _compressed(body: bytes, content_type: str) -> dict[str, bytes]:
    """The body in each coding that makes it smaller; "" is the body itself."""
    bodies = {"": body}
    if content_type.startswith(COMPRESSIBLE) and len(body) > 300:
        bodies["br"] = brotli.compress(body, quality=5)
        bodies["gzip"] = gzip.compress(body, 6, mtime=0)
    return bodies


@dataclass(frozen=True)
class Variant:
    """One coding of a page, ready to be sent."""

    etag: str
    headers: Headers
    unchanged: Headers
    body: bytes


@dataclass(frozen=True)
class Page:
    """A finished answer in each coding, made once."""

    until: float
    variants: dict[str, Variant]
    size: int

    @classmethod
    def of(cls, response: HttpResponse, until: datetime) -> Self:
        name = hashlib.sha256(response.content).hexdigest()[:24]
        common = [(n, v) for n, v in response.items() if n.lower() not in ("etag", "content-length")]
        variants = {}
        for coding, body in _compressed(response.content, response.get("Content-Type", "")).items():
            etag = f'"{name}-{coding}"' if coding else f'"{name}"'
            headers = [*common, ("ETag", etag), ("Content-Length", str(len(body)))]
            if coding:
                headers.append(("Content-Encoding", coding))
            unchanged = [header for header in headers if header[0].lower() in REPEATED]
            variants[coding] = Variant(etag, headers, unchanged, body)
        size = sum(len(variant.body) + 200 * len(variant.headers) for variant in variants.values())
        return cls(until.timestamp(), variants, size)

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Status line, headers and body for this request."""
        variant = self.variants.get(_coding(environ.get("HTTP_ACCEPT_ENCODING", ""))) or self.variants[""]
        if has_already := environ.get("HTTP_IF_NONE_MATCH"):
            tags = [tag.strip().removeprefix("W/") for tag in has_already.split(",")]
            if variant.etag in tags or "*" in tags:
                return "304 Not Modified", list(variant.unchanged), b""
        # A copy: a WSGI server may change the list it is given (PEP 3333).
        return "200 OK", list(variant.headers), b"" if environ["REQUEST_METHOD"] == "HEAD" else variant.body


@lru_cache(maxsize=256)
def _coding(accepted: str) -> str:
    """The best coding that an Accept-Encoding header allows; "" for none."""
    allowed = set()
    for offer in accepted.lower().replace(" ", "").split(","):
        name, _semicolon, weight = offer.partition(";q=")
        if weight.strip("0.") or not _semicolon:
            allowed.add(name)
    return next((coding for coding in ("br", "gzip") if coding in allowed), "")


class Store:
    """Pages of one version; the least recently used go first when `KEPT_BYTES` are full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._version = 0
        self.size = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, version: int, key: Key) -> Page | None:
        """The page kept for this version; asking for a new version empties the store."""
        with self._lock:
            if version != self._version:
                self._empty(version)
            page = self._pages.get(key)
            if page is None:
                return None
            if page.until <= time.time():
                self._drop(key)
                return None
            self._pages.move_to_end(key)
            return page

    def put(self, version: int, key: Key, page: Page) -> None:
        """Keep a page, unless the programme has changed since its rendering began."""
        with self._lock:
            if version != self._version or page.size > settings.KEPT_BYTES:
                return
            if key in self._pages:
                self._drop(key)
            self._pages[key] = page
            self.size += page.size
            while self.size > settings.KEPT_BYTES:
                self._drop(next(iter(self._pages)))

    def clear(self) -> None:
        with self._lock:
            self._empty(0)

    def _empty(self, version: int) -> None:
        self._pages.clear()
        self._version, self.size = version, 0

    def _drop(self, key: Key) -> None:
        self.size -= self._pages.pop(key).size


store = Store()


def forget() -> None:
    """Drop every kept page and the known version: for tests, where versions come back after a rollback."""
    store.clear()
    known.forget()


# --- Keeping and answering -------------------------------------------------------------------------------


class NotPure(RuntimeError):
    """A view wants its page kept, but the page belongs to one visitor."""


def keep(response: HttpResponse, *, until: datetime) -> HttpResponse:
    """Mark a response as the same for everybody until then, or until the programme changes."""
    response.kept_until = until  # type: ignore[attr-defined]
    response["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response


def _key(environ: dict[str, Any]) -> Key | None:
    """What a page depends on besides the version; None for a request that Django should see for itself."""
    if not settings.KEPT_PAGES or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    host = (environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")).lower()
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return None
    query = environ.get("QUERY_STRING", "")
    if len(query) > LONGEST_QUERY:
        return None
    if query:
        # By name only: of two values with one name, the order decides which of them counts.
        query = urlencode(sorted(parse_qsl(query, keep_blank_values=True), key=lambda pair: pair[0]))
    secure = environ.get("wsgi.url_scheme") == "https"
    if settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        secure = environ.get(name, "").split(",")[0].strip() == value
    return (
        settings.RELEASE,
        f"{'https' if secure else 'http'}://{host}",
        f"{environ.get('PATH_INFO', '')}?{query}",
    )


def _at_least(environ: dict[str, Any]) -> int:
    """The version that this visitor has made and expects to see; 0 for everybody else."""
    for cookie in environ.get("HTTP_COOKIE", "").split(";"):
        name, _equals, value = cookie.strip().partition("=")
        if name == FRESH_COOKIE and value.isascii() and value.isdecimal() and len(value) < 16:
            return int(value)
    return 0


def kept_application(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """WSGI: answer kept pages before Django is asked at all.

    Never touches the database: a version older than a second is read again in `KeptPages`, within Django's
    request, which opens and closes connections as it should.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        key = _key(environ)
        if key and known.is_believed(_at_least(environ)) and (page := store.get(known.number, key)):
            status, headers, body = page.answer(environ)
            start_response(status, headers)
            return [body]
        return application(environ, start_response)

    return answer


def _why_not_pure(request: HttpRequest, response: HttpResponse) -> str:
    if response.cookies:
        return f"it sets {', '.join(response.cookies)}"
    if getattr(getattr(request, "session", None), "accessed", False):
        return "it reads the session"
    return ""


class KeptPages:
    """Middleware, first of all: answers from the kept pages, and keeps what a view has marked with `keep`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = _key(request.META)
        if key is None:
            return self.get_response(request)
        # Read before the page is rendered: a change in between then makes the page old, never the other way round.
        version = current(_at_least(request.META))
        page = store.get(version, key)
        if page is None:
            response = self.get_response(request)
            page = self._page(request, response)
            if page is None:
                return response
            if request.method == "GET":  # a view may leave the body out of its answer to HEAD
                store.put(version, key, page)
        return self._response(page.answer(request.META))

    def _page(self, request: HttpRequest, response: HttpResponse) -> Page | None:
        until = getattr(response, "kept_until", None)
        if until is None or response.status_code != 200:
            return None
        if reason := _why_not_pure(request, response):
            if settings.IS_LOCAL:
                raise NotPure(f"{request.path} cannot be kept: {reason}.")
            logger.error("%s cannot be kept: %s.", request.path, reason)
            response["Cache-Control"] = "private, no-store"
            return None
        # The address names the language; where it does not, the view says that the page is the same in all.
        response["Vary"] = "Accept-Encoding"
        return Page.of(response, until)

    @staticmethod
    def _response(answer: Answer) -> HttpResponse:
        status, headers, body = answer
        response = HttpResponse(body, status=int(status[:3]))
        del response["Content-Type"]
        for name, value in headers:
            response[name] = value
        return response


def mark_fresh(response: HttpResponse) -> None:
    """Let the receiver's next requests see at least the version that is committed now."""
    response.set_cookie(
        FRESH_COOKIE,
        str(_read()),
        max_age=10,  # seconds: longer than every process needs to notice by itself
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


class FreshForAuthor:
    """Middleware: whoever has just changed something public sees it at the next request, whichever worker answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _has_bumped.set(False)
        try:
            response = self.get_response(request)
            if _has_bumped.get():
                mark_fresh(response)
        finally:
            _has_bumped.reset(token)
        return response
