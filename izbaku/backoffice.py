"""What all admin pages share: texts by language, times of the event's own city, pictures made clean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, ClassVar, TypeAlias

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from modeltranslation.admin import TranslationAdmin, TranslationBaseModelAdmin, TranslationStackedInline
from modeltranslation.utils import get_translation_fields

from izbaku import times
from izbaku.images import reencode
from izbaku.text import fold, words
from izbaku.times import Precision

Overrides: TypeAlias = "Mapping[type[models.Field[Any, Any]], Mapping[str, Any]]"
# An address that is typed without its beginning.
ADDRESSES: Overrides = {models.URLField: {"assume_scheme": "https"}}


def by_language(names: Iterable[Any], translated: dict[str, list[str]]) -> list[Any]:
    """Neighbouring translated fields, language by language: what one person writes in one go stands together."""
    ordered: list[Any] = []
    run: list[str] = []
    for name in [*names, None]:
        if name in translated:
            run.append(name)
            continue
        for columns in zip(*(translated[field] for field in run), strict=True):
            ordered += columns
        run = []
        ordered.append(name)
    return ordered[:-1]


class _LanguageTabs(TranslationBaseModelAdmin):
    """Orders the fields; `admin.js` lays tabs over them, and without it they stand below each other."""

    def replace_orig_field(self, option: Any) -> Any:
        if not option:
            return option
        return by_language(option, {name: get_translation_fields(name) for name in self.trans_opts.all_fields})


class TabbedAdmin(_LanguageTabs, TranslationAdmin):
    formfield_overrides: ClassVar[Overrides] = ADDRESSES

    class Media:
        js = [forms.Script("js/admin.js", defer=True)]


class TabbedInline(_LanguageTabs, TranslationStackedInline):
    extra = 0


class FoldedSearch(admin.ModelAdmin):
    """Finds "Kültürpark" for "kulturpark", in `search_fields` of a list that is short enough to be read as a whole."""

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        asked = words(search_term)
        if not asked:
            return queryset, False
        rows = queryset.order_by().values_list("pk", *self.search_fields)
        texts = ((key, fold(" ".join(str(value or "") for value in values))) for key, *values in rows)
        return queryset.filter(pk__in=[key for key, text in texts if all(word in text for word in asked)]), False


class PictureField(forms.ImageField):
    """Takes JPEG, PNG and WebP, and keeps nothing of them but the pixels."""

    def to_python(self, data: Any) -> Any:
        upload = forms.FileField.to_python(self, data)
        return upload and reencode(upload)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"accept": "image/jpeg,image/png,image/webp"}


PICTURES: Overrides = {models.ImageField: {"form_class": PictureField}}


class MomentWidget(AdminSplitDateTime):
    """A day and a time, each with a name of its own for people who hear the page."""

    name = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], (_("day"), _("time")), strict=True):
            part["attrs"]["aria-label"] = f"{self.name}: {label}"
        return context


def city_time() -> str:
    """Whose clock the page shows: that of the zone in which it is being answered."""
    return _("Baku time") if timezone.get_current_timezone_name() == "Asia/Baku" else _("İzmir time")


class CityTimes(forms.Form):
    """Labels of moments say whose clock they mean; what the date's precision does not use is left out.

    The form must be made, read and rendered with the city's zone active (`timezone.override`): what is typed is
    then that city's time, whatever the server's is.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if _is_implied(self.initial):
            self.initial["ends_on"] = None
        for field in self.fields.values():
            if isinstance(field, forms.SplitDateTimeField):
                field.label = f"{str(field.label)[:1].upper()}{str(field.label)[1:]} ({city_time()})"
                if isinstance(field.widget, MomentWidget):
                    field.widget.name = field.label

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("starts_at", "ends_at", "starts_on", "ends_on"):
            if data.get(name) and not 1900 <= data[name].year < 2200:
                self.add_error(name, _("Is the year right?"))
        precision = data.get("precision")
        if precision:
            unused = {"starts_on", "ends_on"} if precision == Precision.TIME else {"starts_at", "ends_at"}
            if precision == Precision.UNKNOWN:
                unused |= {"starts_on", "ends_on"}
            for name in unused:
                data[name] = None
                self.errors.pop(name, None)
        return data


def _is_implied(dates: MutableMapping[str, Any]) -> bool:
    """Whether the last day follows from the first and the precision, so that nobody has typed it."""
    first, last, precision = (dates.get(name) for name in ("starts_on", "ends_on", "precision"))
    if not first or not last:
        return False
    return precision == Precision.TIME or (first, last) == times.whole_period(first, None, str(precision))


def zone_for(city: str | None) -> Any:
    """Activates the city's zone: `with zone_for(city): …`."""
    return timezone.override(times.zone_of(city or ""))
