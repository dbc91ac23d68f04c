"""Clearly labelled sample requests, so that the desk can be tried. Never in production."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from izbaku.accounts.models import User
from izbaku.mail.models import Message
from students import asking
from students.models import Case
from students.topics import Topic

# Nobody: this address leads nowhere (RFC 2606), and no letter is left for it.
ADDRESS = "sample-student@example.org"
NAME = "Nümunə Tələbə"
# topic, language, columns, answers to the topic's questions
REQUESTS: list[tuple[str, str, dict[str, Any], dict[str, str]]] = [
    (
        "ikamet",
        "az",
        {"question": "Nümunə: bu, real müraciət deyil. İkamət icazəmin vaxtı bitir.", "citizenship": "az"},
        {"held": "no", "permit": "no", "applied": "no"},
    ),
    (
        "yurt-kira",
        "tr",
        {"question": "Örnek: bu gerçek bir başvuru değildir. Kiralık oda arıyorum.", "citizenship": "both"},
        {"tonight": "yes", "what": "2"},
    ),
    (
        "hukuki-psikolojik",
        "az",
        {"question": "Nümunə: bu, real müraciət deyil. Bir müqavilə haqqında soruşuram.", "citizenship": "unsaid"},
        {"danger": "no", "what": "1"},
    ),
    (
        "sosyal-hayat",
        "en",
        {"question": "Sample: this is no real request. I would like to meet other students.", "asked_as": "friend"},
        {"what": "2"},
    ),
]


@transaction.atomic
def load(now: datetime) -> int:
    """Ask what is not there yet, by the same act as the form; returns how many are new."""
    student = User.objects.filter(email=ADDRESS).first() or User.objects.create_user(ADDRESS, name=NAME, language="az")
    EmailAddress.objects.get_or_create(user=student, email=ADDRESS, defaults={"verified": True, "primary": True})
    there = set(Case.objects.of(student).values_list("topic__slug", flat=True))
    added = 0
    for slug, language, values, given in REQUESTS:
        topic = Topic.objects.filter(slug=slug).first()
        if topic is None or slug in there:
            continue
        draft = asking.keep(None, topic=topic, typed={}, by=student, now=now)
        asking.send(draft, topic=topic, by=student, language=language, values=values, given=given, shown=None, now=now)
        added += 1
    Message.objects.filter(recipient=ADDRESS).delete()
    return added


@transaction.atomic
def remove() -> int:
    """Take them away with whoever asked; returns how many there were."""
    cases = Case.objects.filter(student__email=ADDRESS)
    count = cases.count()
    Message.objects.filter(recipient=ADDRESS).delete()
    cases.delete()
    User.objects.filter(email=ADDRESS).delete()
    return count
