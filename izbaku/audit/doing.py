"""Who is at work: a person at a page, an import, a command, a task."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from celery import current_task
from django.http import HttpRequest, HttpResponse

from izbaku.audit.models import Entry

Via = Entry.Via


class Doing:
    """Somebody's work, all of it under one number."""

    def __init__(self, via: str, origin: str, request: HttpRequest | None = None) -> None:
        self._via, self._origin, self._request = via, origin, request
        self.erased: set[int] = set()

    @cached_property
    def number(self) -> UUID:
        return uuid4()

    @property
    def actor(self) -> int | None:
        user: Any = getattr(self._request, "user", None)
        pk = user.pk if user is not None and user.is_authenticated else None
        return None if pk in self.erased else pk

    @property
    def via(self) -> str:
        if self._request is None:
            return self._via
        user: Any = getattr(self._request, "user", None)
        return Via.PERSON if user is not None and (user.is_authenticated or self.erased) else Via.VISITOR

    @property
    def origin(self) -> str:
        match = getattr(self._request, "resolver_match", None)
        return (match.view_name if match else self._origin)[:100]


_doing: ContextVar[Doing | None] = ContextVar("doing", default=None)


def now() -> Doing:
    """What is being done; outside of any request or block, the task or the command that runs."""
    doing = _doing.get()
    if doing is None:
        # Not remembered: a worker runs one task after the other in the same context.
        if current_task:
            return Doing(Via.TASK, current_task.name)
        is_manage = Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1
        return Doing(Via.COMMAND, sys.argv[1] if is_manage else "")
    return doing


@contextmanager
def acting(via: str, origin: str) -> Iterator[None]:
    """What the block changes is the work of `via`, whoever started it."""
    token = _doing.set(Doing(via, origin))
    try:
        yield
    finally:
        _doing.reset(token)


class Trail:
    """Middleware, after authentication: changes are the work of whoever sent the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _doing.set(Doing(Via.VISITOR, "", request))
        try:
            return self.get_response(request)
        finally:
            _doing.reset(token)
