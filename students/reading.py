"""A request in the reader's words: what was said, which dates follow, the conversation, the files and when they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from izbaku import times
from izbaku.privacy.models import RetentionRule
from izbaku.text import upper
from students import guidance, keeping
from students.models import Case, CaseFile
from students.topics import Topic, TopicQuestion

CHOICES: dict[str, Any] = {"asked_as": Case.AskedAs, "citizenship": Case.Citizenship, "way": Case.Way}
SHOWN = ("question", "asked_as", "is_minor", "citizenship", "university", "way", "phone", "safe_hours")


def told(topic: Topic | None, values: dict[str, Any], given: dict[str, str], language: str) -> list[tuple[str, str]]:
    """(label, words) of all that was said, what is empty left out."""
    lines = [(str(Case._meta.get_field(name).verbose_name), _words(name, values.get(name))) for name in SHOWN]  # type: ignore[union-attr]
    questions = guidance.questions_of(topic) if topic else []
    answers = [
        (question.text, answer_in_words(question, given[question.key], language))
        for question in questions
        if question.key in given
    ]
    said = [(label, words) for label, words in (*lines[:1], *answers, *lines[1:]) if words]
    return [(upper(label[:1], language) + label[1:], words) for label, words in said]


def of_case(case: Case, language: str) -> list[tuple[str, str]]:
    return told(case.topic, {name: getattr(case, name) for name in SHOWN}, case.given, language)


def _words(name: str, value: Any) -> str:
    if name == "is_minor":
        return _("Yes") if value else ""
    if name in CHOICES:
        return str(CHOICES[name](value).label) if value else ""
    return str(value) if value else ""


def answer_in_words(question: TopicQuestion, value: str, language: str) -> str:
    """What was stored, as somebody who reads this language says it."""
    if question.kind == TopicQuestion.Kind.DATE:
        try:
            return times.day(date.fromisoformat(value), language, weekday=False)
        except ValueError:
            return value
    return question.in_words(value)


def dates(topic: Topic | None, given: dict[str, str], language: str) -> list[tuple[guidance.Due, str, str]]:
    """(date, as the language writes it, when its rule was checked)."""
    found = guidance.dates(topic, given) if topic else []
    return [
        (due, times.day(due.on, language), times.day(due.rule.checked_on, language, weekday=False))
        for due in found
        if due.rule.checked_on
    ]


@dataclass(frozen=True)
class File:
    """A file and when it goes, in words."""

    file: CaseFile
    goes: str
    size: str


def files(case: Case, language: str) -> list[File]:
    rules = RetentionRule.objects.in_bulk(field_name="record_class")
    return [File(file, _goes(file, case, rules, language), _size(file.size)) for file in case.files.all()]


def _goes(file: CaseFile, case: Case, rules: dict[str, RetentionRule], language: str) -> str:
    at = keeping.goes_at(file, case, rules)
    if at is not None:
        return _("Deleted on %(day)s.") % {"day": times.day(times.today(at), language, weekday=False)}
    rule = rules.get(keeping.IDENTITY if file.is_identity else keeping.class_of(case))
    if rule is None:
        return ""
    return ngettext(
        "Deleted %(n)d day after your request is closed.", "Deleted %(n)d days after your request is closed.", rule.days
    ) % {"n": rule.days}


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} kB"


def when(at: datetime, language: str) -> str:
    """By İzmir's clock: the office is there."""
    there = at.astimezone(times.zone_of("izmir"))
    return f"{times.day(there.date(), language, weekday=False)}, {times.clock(there, language)}"
