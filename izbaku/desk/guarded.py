"""What every admin of the desk keeps to, whichever room wrote it: laid over each of them as it is registered."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.filters import SimpleListFilter
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _

# What the filters of Django ask of a field that is declared for them.
OF_A_FILTER = ("exact", "isnull", "isempty", "gte", "lt", "lte")
OF_A_HIERARCHY = ("year", "month", "day")


class Guarded(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list is narrowed by its own filters and by nothing else.

    Django lets whoever may open a list ask anything of any column in the address. Two answers, row or no row, are
    enough to read a code or a hash letter by letter, though no page shows it.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        return lookup in self._askable(request)

    def _askable(self, request: HttpRequest) -> set[str]:
        names: set[str] = set()
        for declared in self.get_list_filter(request):
            asked: Any = declared[0] if isinstance(declared, list | tuple) else declared
            if isinstance(asked, str):
                names |= {asked, *(f"{path}__{way}" for path in _paths(self.model, asked) for way in OF_A_FILTER)}
            elif issubclass(asked, SimpleListFilter):
                names.add(asked.parameter_name or "")
        if self.date_hierarchy:
            names |= {f"{self.date_hierarchy}__{way}" for way in (*OF_A_HIERARCHY, "gte", "lt")}
        return names

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """A form that comes back has lost its files, and nothing else on the page would tell."""
        if context.get("errors") and request.FILES:
            told = _("The form has an error, and a browser keeps no files: choose the picture again.")
            self.message_user(request, told, messages.WARNING)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_actions(self, request: HttpRequest) -> Any:
        """Django's sentence puts a plural where Turkish and Azerbaijani have none."""
        actions: Any = super().get_actions(request)
        if "delete_selected" in actions:
            do, name, _description = actions["delete_selected"]
            actions["delete_selected"] = (do, name, _("Delete the selected"))
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes along, without what only the machinery keeps: ready lines, words to be found by."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        shown = self._shown_models()
        inner = {model._meta for model in apps.get_models(include_auto_created=True) if model not in shown}
        heads = tuple(f"{capfirst(meta.verbose_name)}: " for meta in inner) + tuple(
            f"{capfirst(meta.verbose_name)} object" for meta in inner
        )
        names = {meta.verbose_name_plural for meta in inner} - {model._meta.verbose_name_plural for model in shown}
        kept = {name: count for name, count in counts.items() if name not in names}
        return _without(deleted, heads), kept, lacking, protected

    def _shown_models(self) -> set[type[models.Model]]:
        """Those that staff meet: with an admin of their own, or on the page of another."""
        pages = self.admin_site._registry
        return {*pages, *(inline.model for page in pages.values() for inline in page.inlines)}

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address suggests for a form, as far as the fields can take it."""
        suggested: dict[str, Any] = super().get_changeform_initial_data(request)
        return {name: value for name, value in suggested.items() if _fits(self.model, name, value)}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = OneOfThem(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = SomeOfThem(db_field, self.admin_site)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def _without(listed: list[Any], heads: tuple[str, ...]) -> list[Any]:
    return [
        _without(one, heads) if isinstance(one, list) else one
        for one in listed
        if isinstance(one, list) or not str(one).startswith(heads)
    ]


def _paths(model: type[models.Model], asked: str) -> set[str]:
    """The field itself, and for a relation the key at its other end."""
    target: Any = model
    for name in asked.split("__"):
        field = target._meta.get_field(name)
        target = field.related_model
    return {asked, f"{asked}__{target._meta.pk.name}"} if target else {asked}


def _fits(model: type[models.Model], name: str, value: Any) -> bool:
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return True  # of the form alone, which looks itself
    if field.many_to_many:
        return all(map(_is_key, value))
    if field.is_relation:
        return _is_key(value)
    try:
        field.to_python(value)
    except (ValidationError, ValueError):
        return False
    return not field.choices or value in {str(choice) for choice, _label in field.flatchoices}


def _is_key(value: Any) -> bool:
    text = str(value)
    return text.isascii() and text.isdecimal() and len(text) < 18


class _Keys:
    """Looks up only what can be a key: Django asks the database for whatever was sent."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if not key or _is_key(key)], attr)  # type: ignore[misc]


class OneOfThem(_Keys, AutocompleteSelect):
    pass


class SomeOfThem(_Keys, AutocompleteSelectMultiple):
    pass


def guarded(of: type[admin.ModelAdmin[Any]]) -> type[admin.ModelAdmin[Any]]:
    made: Any = type(of)  # Django collects the media of an admin by its metaclass
    return made(of.__name__, (Guarded, of), {"__module__": of.__module__, "__doc__": of.__doc__})
