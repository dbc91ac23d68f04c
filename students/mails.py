"""Letters of the student's side: what is written when. They carry the reference, the state and a link, nothing more.

A letter may be read over somebody's shoulder, forwarded, or printed: it tells neither the topic nor a word of the
request, and its link opens nothing to whoever is not signed in as the student.
"""

from __future__ import annotations

from datetime import datetime

from izbaku.mail import outbox
from izbaku.mail.models import Message
from students.models import Case

RECEIVED, CLOSED, REOPENED = "students.received", "students.closed", "students.reopened"


def received(case: Case, *, now: datetime) -> Message | None:
    """The request has arrived. Once."""
    return _put(RECEIVED, case, f"case_in:{case.pk}", now)


def closed(case: Case, *, now: datetime) -> Message | None:
    """It is closed. Once for each time."""
    return _put(CLOSED, case, f"case_closed:{case.pk}:{now:%Y%m%dT%H%M%S%f}", now)


def reopened(case: Case, *, now: datetime) -> Message | None:
    return _put(REOPENED, case, f"case_again:{case.pk}:{now:%Y%m%dT%H%M%S%f}", now)


def _put(kind: str, case: Case, key: str, now: datetime) -> Message | None:
    if case.student is None:
        return None
    language = case.language or case.student.language
    return outbox.put(kind, key=key, to=case.student.email, language=language, payload={"case": case.pk}, now=now)
