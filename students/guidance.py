"""Answers before asking: guidance that staff have confirmed, dates computed from confirmed rules, whom to call now.

guidance.confirm(topic, by=officer, on=day, now=now)     # from now on its guidance is shown
guidance.asked_of(topic, given)                          # the questions that apply, and no others
guidance.is_emergency(topic, given)                      # the form stops; guidance.helplines says whom to call
guidance.dates(topic, given)                             # what follows from the dates a student entered
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import holidays
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from izbaku import times
from students import clock
from students.topics import Confirmed, DeadlineRule, Helpline, OfficialLink, Topic, TopicQuestion

LANGUAGES = ("tr", "az", "en")
BESIDE_EVERY_DATE = gettext_lazy(
    "For information only; confirm the date with the Provincial Directorate of Migration Management."
)


# --- Confirming -------------------------------------------------------------------------------------------


@transaction.atomic
def confirm(row: Confirmed, *, by: Any, on: date, now: datetime) -> None:
    """Somebody has checked it with the official body on that day; from now on it is told or computed.

    Raises ValidationError: `sources` when none is named, `future` for a day to come, `languages` when guidance is
    missing in a language.
    """
    if not row.source_list:
        raise ValidationError(_("Name the official source: one address a line."), code="sources")
    if on > times.today(now):
        raise ValidationError(_("This day lies in the future."), code="future")
    if isinstance(row, Topic):
        missing = [language for language in LANGUAGES if not (getattr(row, f"guidance_{language}") or "").strip()]
        if missing:
            raise ValidationError(
                _("The guidance is still empty in: %(languages)s.") % {"languages": ", ".join(missing)},
                code="languages",
            )
    row.checked_on, row.confirmed_at, row.confirmed_by = on, now, by
    row.confirmed_words = row.words_now()
    row.save()


@transaction.atomic
def take_back(row: Confirmed) -> None:
    """It is no longer told or computed until somebody confirms it anew."""
    row.confirmed_at, row.confirmed_by, row.confirmed_words = None, None, ""
    row.save()


def links(topic: Topic) -> list[OfficialLink]:
    """The topic's official pages, then those for everything."""
    own = [link for link in OfficialLink.objects.all() if link.topic_id in (topic.pk, None)]
    return sorted(own, key=lambda link: link.topic_id is None)


# --- Questions --------------------------------------------------------------------------------------------


def questions_of(topic: Topic) -> list[TopicQuestion]:
    return list(topic.questions.select_related("only_if"))


def asked_of(questions: Iterable[TopicQuestion], given: Mapping[str, str]) -> list[TopicQuestion]:
    """Those that apply to these answers. A question that hangs on one that does not apply does not apply either."""
    applying: dict[int, TopicQuestion] = {}
    for question in questions:
        condition = question.only_if
        if condition is None or (condition.pk in applying and given.get(condition.key) == question.only_if_answer):
            applying[question.pk] = question
    return list(applying.values())


def is_emergency(topic: Topic, questions: Iterable[TopicQuestion], given: Mapping[str, str]) -> bool:
    return topic.is_emergency or any(
        question.emergency_answer and given.get(question.key) == question.emergency_answer
        for question in asked_of(questions, given)
    )


# --- Dates ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """A date that follows from what a student entered. Never to be shown without BESIDE_EVERY_DATE and its source."""

    on: date
    rule: DeadlineRule

    @property
    def is_last_day(self) -> bool:
        return not self.rule.is_opening


def dates(topic: Topic, given: Mapping[str, str]) -> list[Due]:
    """What follows by rules that staff have confirmed, the earliest first; an unconfirmed rule computes nothing."""
    questions = asked_of(questions_of(topic), given)
    entered = {
        question.meaning: day for question in questions if question.meaning and (day := _day(given.get(question.key)))
    }
    applying = {question.pk: given.get(question.key) for question in questions}
    found = []
    for rule in topic.deadline_rules.select_related("only_if"):
        since = entered.get(rule.counts_from)
        fits = rule.only_if_id is None or applying.get(rule.only_if_id) == rule.only_if_answer
        if since and fits and rule.is_confirmed and (on := counted(rule, since)):
            found.append(Due(on, rule))
    return sorted(found, key=lambda due: (due.on, due.rule.pk))


def next_deadline(found: Iterable[Due], today: date) -> date | None:
    """The next last day; when all are over, the latest of them."""
    days = [due.on for due in found if due.is_last_day]
    return min((day for day in days if day >= today), default=max(days, default=None))


def counted(rule: DeadlineRule, since: date) -> date | None:
    """The day that the rule makes of this one; the day itself is not counted. None where no calendar reaches."""
    sign = 1 if rule.direction == DeadlineRule.Direction.AFTER else -1
    try:
        match rule.unit:
            case DeadlineRule.Unit.MONTHS:
                return _months(since, sign * rule.amount)
            case DeadlineRule.Unit.WORKING_DAYS:
                return _working_days(since, sign, rule.amount)
        return since + timedelta(days=sign * rule.amount)
    except (OverflowError, ValueError):
        return None


def _months(since: date, months: int) -> date:
    """The same day of that month, or its last one."""
    year, month = divmod(since.year * 12 + since.month - 1 + months, 12)
    return date(year, month + 1, min(since.day, monthrange(year, month + 1)[1]))


def _working_days(since: date, sign: int, amount: int) -> date:
    """Of Türkiye: the authority is there. A half holiday is a working day."""
    closed = holidays.country_holidays("TR")
    day, left = since, amount
    while left:
        day += timedelta(days=sign)
        left -= day.weekday() not in clock.WEEKEND and day not in closed
    return day


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return None


# --- Whom to call -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A number at this moment, for a reader of this language. None: nobody has confirmed it yet."""

    helpline: Helpline
    is_open: bool | None
    speaks: bool | None


def helplines(now: datetime, language: str) -> list[Line]:
    """Whom to call now: what is always first, then who answers now and speaks the language, then who answers, then
    those of whom it is not known; closed ones and those without a number last, but never left out."""
    rows: Iterable[Any] = Helpline.objects.all()
    lines = [
        Line(each, each.is_open(now), language in each.languages if each.is_confirmed and each.languages else None)
        for each in rows
    ]
    return sorted(lines, key=_urgency)


def leads_somewhere(line: Line) -> bool:
    """A name without a number and without a page only costs time."""
    return bool(line.helpline.phone or line.helpline.url)


def _urgency(line: Line) -> tuple[Any, ...]:
    helpline = line.helpline
    opening = {True: 0, None: 1, False: 2}[line.is_open]
    speaking = {True: 0, None: 1, False: 2}[line.speaks]
    return (not helpline.is_first, not helpline.phone, opening, speaking, helpline.position, helpline.pk)
