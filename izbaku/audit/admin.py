"""The whole trail, for those who answer for it: also of records that are no longer here. Nothing can be done to it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from izbaku.audit import reading
from izbaku.audit.models import Entry


class ModelFilter(admin.SimpleListFilter):
    title = _("kind of record")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return reading.kinds()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ["when", "who", "what", "record", "fields_changed"]
    list_display_links = ["when"]
    list_filter = ["act", "via", ModelFilter]
    date_hierarchy = "at"
    ordering = ["-pk"]
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        for row, line in zip(rows, reading.lines(rows, request.user), strict=True):
            row.line = line  # type: ignore[attr-defined]
        page.result_list = rows
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One line in full, as on the page of its record."""
        entry = self.get_object(request, object_id)
        if not self.has_view_permission(request, entry):
            raise PermissionDenied
        if entry is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": entry._meta.verbose_name,
            "opts": self.opts,
            "lines": {"object_list": reading.lines([entry], request.user)},
        }
        return TemplateResponse(request, "admin/audit/entry.html", context)

    @admin.display(description=_("when"), ordering="at")
    def when(self, entry: Any) -> str:
        return format_html('<time datetime="{}">{}</time>', entry.at.isoformat(), entry.line.at)

    @admin.display(description=_("who"))
    def who(self, entry: Any) -> str:
        return str(entry.line.who)

    @admin.display(description=_("what"))
    def what(self, entry: Any) -> str:
        return str(entry.line.act_name)

    @admin.display(description=_("record"))
    def record(self, entry: Any) -> str:
        return str(entry.line.record)

    @admin.display(description=_("fields"))
    def fields_changed(self, entry: Any) -> str:
        return ", ".join(dict.fromkeys(change.label for change in entry.line.changes))
