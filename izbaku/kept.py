"""Public pages, kept ready: answered before Django is asked at all.

A kept page is never wrong for longer than the second in which a process believes the programme's version
(`izbaku.freshness`). `KEPT_PAGES=False` switches the keeping off; nothing else changes.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import parse_qsl, urlencode

import brotli
from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port, validate_host

from izbaku import freshness

LONGEST_QUERY = 500  # characters; a longer one is answered, but never kept
# Added by messengers, newsletters and search engines to links that people pass on: no page depends on them.
PASSED_ON = {"fbclid", "gclid", "igshid", "mc_cid", "mc_eid", "ref"}

logger = logging.getLogger(__name__)

Headers = list[tuple[str, str]]
Key = tuple[str, str, str]
Answer = tuple[str, Headers, bytes]

# What a 304 repeats (RFC 9110, 15.4.5); the rest stands in the copy that the browser has.
REPEATED = {"cache-control", "etag", "vary"}
COMPRESSIBLE = ("text/", "application/json", "application/xml", "application/atom+xml", "application/ld+json")


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


@dataclass(frozen=True)
class Variant:
    """One coding of a page, ready to be sent."""

    etag: str
    headers: Headers
    unchanged: Headers
    body: bytes


class Page:
    """A finished answer. A coding is made once, when somebody first asks for it: most pages need one of them."""

    def __init__(self, response: HttpResponse, until: datetime) -> None:
        self.until = until.timestamp()
        self._body = response.content
        self._name = hashlib.sha256(self._body).hexdigest()[:24]
        self._common = [(n, v) for n, v in response.items() if n.lower() not in ("etag", "content-length")]
        self._shrinks = response.get("Content-Type", "").startswith(COMPRESSIBLE) and len(self._body) > 300
        self._variants: dict[str, Variant] = {}
        # With room for the codings: of text, both together take less than half.
        self.size = int(len(self._body) * (1.5 if self._shrinks else 1)) + 200 * len(self._common)

    def variant(self, accepted: str) -> Variant:
        coding = _coding(accepted) if self._shrinks else ""
        if coding not in self._variants:
            self._variants[coding] = self._made(coding)
        return self._variants[coding]

    def _made(self, coding: str) -> Variant:
        body = COMPRESS[coding](self._body) if coding else self._body
        etag = f'"{self._name}-{coding}"' if coding else f'"{self._name}"'
        headers = [*self._common, ("ETag", etag), ("Content-Length", str(len(body)))]
        if coding:
            headers.append(("Content-Encoding", coding))
        return Variant(etag, headers, [header for header in headers if header[0].lower() in REPEATED], body)

    def answer(self, environ: dict[str, Any]) -> Answer:
        """Status line, headers and body for this request."""
        variant = self.variant(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if has_already := environ.get("HTTP_IF_NONE_MATCH"):
            tags = [tag.strip().removeprefix("W/") for tag in has_already.split(",")]
            if variant.etag in tags or "*" in tags:
                return "304 Not Modified", [*variant.unchanged, _now()], b""
        # A new list: a WSGI server may change the one it is given (PEP 3333).
        return "200 OK", [*variant.headers, _now()], b"" if environ["REQUEST_METHOD"] == "HEAD" else variant.body


def _now() -> tuple[str, str]:
    """The server's time, for clocks on a page that was rendered hours ago: a script reads it (Server-Timing)."""
    return "Server-Timing", f'now;desc="{int(time.time() * 1000)}"'


@lru_cache(maxsize=256)
def _coding(accepted: str) -> str:
    """The best coding that an Accept-Encoding header allows; "" for none."""
    allowed = set()
    for offer in accepted.lower().replace(" ", "").split(","):
        name, _semicolon, weight = offer.partition(";q=")
        if weight.strip("0.") or not _semicolon:
            allowed.add(name)
    return next((coding for coding in COMPRESS if coding in allowed), "")


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
    freshness.known.forget()


# --- Keeping and answering -------------------------------------------------------------------------------


class NotPure(RuntimeError):
    """A view wants its page kept, but the page belongs to one visitor."""


def keep(response: HttpResponse, *, until: datetime) -> HttpResponse:
    """Mark a response as the same for everybody until then, or until the programme changes."""
    response.kept_until = until  # type: ignore[attr-defined]
    response["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response


def is_passed_on(name: str) -> bool:
    """Whether a parameter is none of ours, and only counts visitors somewhere else."""
    return name in PASSED_ON or name.startswith("utm_")


def asked(query: str) -> list[tuple[str, str]]:
    """What an address asks for, in one order.

    By name only: of two values with one name, the order decides which of them counts.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    return sorted((pair for pair in pairs if not is_passed_on(pair[0])), key=lambda pair: pair[0])


def plain(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that nothing can be asked of: with a question in its address it leads to the address without, unrendered.

    Otherwise each made-up question would be one more page to render and to keep.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if asked(request.META.get("QUERY_STRING", "")):
            return HttpResponseRedirect(request.path)
        return view(request, *args, **kwargs)

    return answer


def _key(environ: dict[str, Any]) -> Key | None:
    """What a page depends on besides the version; None for a request that Django should see for itself."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    query = environ.get("QUERY_STRING", "")
    if len(query) > LONGEST_QUERY:
        return None
    if query:
        query = urlencode(asked(query))
    secure = environ.get("wsgi.url_scheme") == "https"
    if header := settings.SECURE_PROXY_SSL_HEADER:
        secure = environ.get(header[0], "").split(",")[0].strip() == header[1]
    site = _site(environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""), secure)
    return site and (*site, f"{environ.get('PATH_INFO', '')}?{query}")


@lru_cache(maxsize=64)
def _site(host: str, secure: bool) -> tuple[str, str] | None:
    """The release and the address of the site, or None; remembered, as examining a host costs twice the answer."""
    host = host.lower()
    domain, _port = split_domain_port(host)
    if not settings.KEPT_PAGES or not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return None
    return settings.RELEASE, f"{'https' if secure else 'http'}://{host}"


@receiver(setting_changed)
def _read_settings_anew(**_signal: Any) -> None:
    """Settings change in tests only."""
    _site.cache_clear()


def kept_application(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """WSGI: answer kept pages before Django is asked at all.

    Never touches the database: a version older than a second is read again in `KeptPages`, within Django's
    request, which opens and closes connections as it should.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        key = _key(environ)
        if (
            key
            and freshness.known.is_believed(freshness.at_least(environ))
            and (page := store.get(freshness.known.number, key))
        ):
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
        version = freshness.current(freshness.at_least(request.META))
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
        if response.cookies and all(cookie["max-age"] == 0 for cookie in response.cookies.values()):
            response["Cache-Control"] = "private, no-store"  # a worthless cookie is taken away from one visitor
            return None
        if reason := _why_not_pure(request, response):
            if settings.IS_LOCAL:
                raise NotPure(f"{request.path} cannot be kept: {reason}.")
            logger.error("%s cannot be kept: %s.", request.path, reason)
            response["Cache-Control"] = "private, no-store"
            return None
        # The address names the language; where it does not, the view says that the page is the same in all.
        response["Vary"] = "Accept-Encoding"
        return Page(response, until)

    @staticmethod
    def _response(answer: Answer) -> HttpResponse:
        status, headers, body = answer
        response = HttpResponse(body, status=int(status[:3]))
        del response["Content-Type"]
        for name, value in headers:
            response[name] = value
        return response
