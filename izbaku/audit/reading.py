"""The trail as staff read it: labels, languages and names instead of columns, codes and numbers.

Names of people and records are looked up while reading, one question for each kind of record on the page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from izbaku.audit import scope
from izbaku.audit.models import Entry

IZMIR = ZoneInfo("Europe/Istanbul")
ON_A_PAGE = 25
Model = type[models.Model]


_called: dict[Model, Callable[[Any], Any]] = {}


def call(model: Model, words: Callable[[Any], Any]) -> None:
    """How the records of a table that is no secret are called, for whoever reads of them."""
    _called[model] = words


@dataclass(frozen=True)
class Change:
    """One field: what it said and what it says; `old` and `new` are empty where nothing was said."""

    label: str
    language: str
    language_name: str
    old: str = ""
    new: str = ""
    is_masked: bool = False
    is_hidden: bool = False  # from this reader
    is_list: bool = False


@dataclass(frozen=True)
class Line:
    at: str
    moment: datetime
    who: str
    act: str
    act_name: str
    record: str  # empty: the record whose history is read
    changes: list[Change]


def page(entries: models.QuerySet[Entry], reader: Any, number: Any, of: models.Model | None = None) -> Page[Any]:
    """A page of lines, newest first; `of` is the record on whose page they stand."""
    found = Paginator(entries, ON_A_PAGE).get_page(number)
    found.object_list = lines(  # type: ignore[assignment]
        list(found.object_list), reader, of
    )
    return found


def lines(rows: Sequence[Entry], reader: Any, of: models.Model | None = None) -> list[Line]:
    """Values and names are for those who may see the record itself; for others, that it changed."""
    names = Names(rows, reader)
    own = (scope.label(type(of)), str(of.pk)) if of is not None else None
    return [
        Line(
            at=date_format(row.at.astimezone(IZMIR), "DATETIME_FORMAT"),
            moment=row.at,
            who=_who(row, names),
            act=row.act,
            act_name=row.get_act_display(),
            record="" if (row.model, row.object_id) == own else names.titled(row.model, row.object_id),
            changes=[_change(row.model, name, told, names) for name, told in row.changes.items()],
        )
        for row in rows
    ]


def kinds() -> list[tuple[str, str]]:
    """Every kind of record that the trail may tell of."""
    found = [(scope.label(model), _headed(model._meta.verbose_name)) for model in scope.tracked()]
    return sorted(found, key=lambda kind: kind[1])


class Names:
    """What records are called, for one reader; for whoever may not see a record, it has a number."""

    def __init__(self, rows: Iterable[Entry], reader: Any) -> None:
        wanted: dict[Model, set[str]] = defaultdict(set)
        accounts = get_user_model()
        for row in rows:
            if row.actor is not None:
                wanted[accounts].add(str(row.actor))
            if model := _model(row.model):
                wanted[model].add(row.object_id)
            for name, told in row.changes.items():
                field = _field(row.model, name)
                if field is not None and field.related_model and told:
                    wanted[field.related_model] |= {str(pk) for pk in _keys(told)}
        self._found = {model: self._look_up(model, pks) for model, pks in wanted.items()}
        self._visible = {model: _may_view(model, reader) for model in wanted}

    @staticmethod
    def _look_up(model: Model, pks: set[str]) -> dict[str, models.Model]:
        # What a record is called may stand in what it points to.
        rows: Any = models.QuerySet(model).select_related()
        return {str(found.pk): found for found in rows.filter(pk__in=pks)}

    def of(self, model: Model, pk: Any) -> str:
        """The record's name, or its number where it has none for the reader, or is no longer here."""
        found = self._found.get(model, {}).get(str(pk))
        if found is None:
            return _("number %(pk)s, no longer here") % {"pk": pk}
        if model in _called:
            return str(_called[model](found))
        return str(found) if self._visible[model] else _("number %(pk)s") % {"pk": pk}

    def may_see(self, label: str) -> bool:
        return self._visible.get(_model(label), False)  # type: ignore[arg-type]

    def person(self, pk: int) -> str:
        """Colleagues may know who changed what on their pages."""
        found = self._found[get_user_model()].get(str(pk))
        return str(found) if found else _("number %(pk)s, no longer here") % {"pk": pk}

    def titled(self, label: str, pk: str) -> str:
        model = _model(label)
        return f"{_headed(model._meta.verbose_name)}: {self.of(model, pk)}" if model else f"{label} {pk}"


def _who(row: Entry, names: Names) -> str:
    if row.actor is not None:
        return names.person(row.actor)
    if row.via == Entry.Via.PERSON:
        return _("somebody whose data has been erased")
    if row.via == Entry.Via.COMMAND and row.origin:
        return f"{row.get_via_display()} ({row.origin})"
    return str(row.get_via_display())


def _change(label: str, name: str, told: Any, names: Names) -> Change:
    field = _field(label, name)
    original = getattr(field, "translated_field", field)
    language = getattr(field, "language", "")
    shown = Change(
        label=_headed(getattr(original, "verbose_name", name)),
        language=language,
        language_name=dict(settings.LANGUAGES).get(language, language),
    )
    if told is None:
        return replace(shown, is_masked=True)
    if not names.may_see(label):
        return replace(shown, is_hidden=True)
    if isinstance(told, dict):
        old, new = (", ".join(_words(field, told.get(how, []), names)) for how in ("removed", "added"))
        return replace(shown, old=old, new=new, is_list=True)
    old, new = (", ".join(_words(field, value, names)) for value in told)
    return replace(shown, old=old, new=new)


def _words(field: Any, value: Any, names: Names) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _words(field, each, names)
    elif value is None or value == "":
        return
    elif field is None:
        yield str(value)
    elif field.related_model:
        yield names.of(field.related_model, value)
    elif field.flatchoices:
        yield str(dict(field.flatchoices).get(value, value))
    elif isinstance(value, bool):
        yield _("yes") if value else _("no")
    else:
        yield _moment(field, value) or str(value)


def _moment(field: Any, value: Any) -> str:
    if isinstance(field, models.DateTimeField):
        found: Any = parse_datetime(str(value))
        return date_format(found.astimezone(IZMIR), "DATETIME_FORMAT") if found else ""
    if isinstance(field, models.DateField):
        day: date | None = parse_date(str(value))
        return date_format(day, "DATE_FORMAT") if day else ""
    return ""


def _keys(told: Any) -> list[Any]:
    values = [*told.get("removed", []), *told.get("added", [])] if isinstance(told, dict) else told
    return [value for value in values if value is not None]


def _model(label: str) -> Model | None:
    try:
        return apps.get_model(label)
    except LookupError:
        return None  # of an earlier release


def _field(label: str, name: str) -> Any:
    model = _model(label)
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _may_view(model: Model, reader: Any) -> bool:
    app = model._meta.app_label
    return any(reader.has_perm(f"{app}.{get_permission_codename(act, model._meta)}") for act in ("view", "change"))


def _headed(words: Any) -> str:
    """With a capital, as the language of the page writes it: İ of i in Turkish and Azerbaijani."""
    text = str(words)
    first = "İ" if text[:1] == "i" and get_language() in ("tr", "az") else text[:1].upper()
    return first + text[1:]
