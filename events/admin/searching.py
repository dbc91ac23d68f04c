"""Looking for people by name: the words stand in the session, never in an address or a log."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def _kept_in(request: HttpRequest, model: Any) -> dict[str, str]:
    found: dict[str, str] = request.session.get(f"{model._meta.model_name}_searches", {})
    return found


class FoundFilter(admin.SimpleListFilter):
    """What was searched for; the address carries a key that means something in this session alone."""

    title = gettext_lazy("search")
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        self.texts, self.model = _kept_in(request, model_admin.model), model_admin.model
        key = request.GET.get("found", "")
        return [(key, f"“{self.texts[key]}”" if key in self.texts else _("no longer known"))] if key else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        text = self.texts.get(self.value() or "")
        return queryset.filter(pk__in=self.model.objects.containing(text).values("pk")) if text else queryset.none()


class Searched(admin.ModelAdmin):
    """A list with a box for names; its template has the form."""

    change_list_template = "admin/events/searched.html"

    def get_urls(self) -> list[Any]:
        name = f"events_{self.opts.model_name}_search"
        return [path("search/", self.admin_site.admin_view(self.search_view), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"search_address": reverse(f"admin:events_{self.opts.model_name}_search")}
        return super().changelist_view(request, context | (extra_context or {}))

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Keep what is looked for in the session, and show the list narrowed to it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        filters = QueryDict(request.POST.get("filters", ""), mutable=True)
        for name in ("found", "p", "all"):
            filters.pop(name, None)
        if text := request.POST.get("text", "").strip()[:100]:
            key = secrets.token_urlsafe(6)
            earlier = list(_kept_in(request, self.model).items())[-9:]
            request.session[f"{self.opts.model_name}_searches"] = dict([*earlier, (key, text)])
            filters["found"] = key
        return HttpResponseRedirect(
            f"{reverse(f'admin:events_{self.opts.model_name}_changelist')}?{filters.urlencode()}"
        )
