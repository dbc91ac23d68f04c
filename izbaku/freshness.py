"""The programme's version: one number that every change of anything public raises.

A public page is a function of (release, version, address, language); `izbaku.kept` keeps pages by it. A change
raises the version in its own transaction, every process believes the number it has read for a second, and the
person who made the change does not wait even that long. After restoring a database, restart the workers:
version numbers may repeat.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

BELIEVED_FOR = 1.0  # seconds for which a process trusts the version it has read
FRESH_COOKIE = "fresh"
ZONES = (ZoneInfo("Europe/Istanbul"), ZoneInfo("Asia/Baku"))

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


def sealed(number: int) -> str:
    """The version as a cookie carries it: with a proof that it is ours, as each greater one asks the database anew."""
    return f"{number}.{_proof(number)}"


@lru_cache(maxsize=256)
def _proof(number: int) -> str:
    return salted_hmac("izbaku.freshness", str(number), algorithm="sha256").hexdigest()[:24]


def at_least(environ: dict[str, Any]) -> int:
    """The version that this visitor has made and expects to see; 0 for everybody else, and for a made-up number."""
    cookies = environ.get("HTTP_COOKIE", "")
    if FRESH_COOKIE not in cookies:
        return 0
    for cookie in cookies.split(";"):
        name, _equals, value = cookie.strip().partition("=")
        if name != FRESH_COOKIE:
            continue
        number, _dot, proof = value.partition(".")
        if number.isascii() and number.isdecimal() and len(number) < 16:
            if int(number) <= known.number:  # asks for nothing: spared the proof
                return int(number)
            return int(number) if proof.isascii() and constant_time_compare(proof, _proof(int(number))) else 0
    return 0


def mark_fresh(response: HttpResponse) -> None:
    """Let the receiver's next requests see at least the version that is committed now."""
    response.set_cookie(
        FRESH_COOKIE,
        sealed(_read()),
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
