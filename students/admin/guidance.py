"""Topics, rules for dates and numbers to call. Nothing of them is told as a fact before somebody has confirmed it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from izbaku import times
from izbaku.backoffice import ADDRESSES, Overrides, TabbedAdmin, TabbedInline
from students import guidance, work
from students.topics import DeadlineRule, Helpline, OfficialLink, Topic, TopicQuestion, University


class ConfirmedAdmin(TabbedAdmin):
    """Whoever changes a word of what was confirmed has it confirmed anew: the page says so."""

    change_form_template = "admin/students/confirmed.html"
    readonly_fields = ["stands"]
    actions = None

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_confirm"
        return [
            path("<int:pk>/confirm/", self.admin_site.admin_view(self.confirm_view), name=name),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("confirmed"), boolean=True)
    def is_checked(self, row: Any) -> bool:
        return bool(row.is_confirmed)

    @admin.display(description=gettext_lazy("confirmed"))
    def stands(self, row: Any) -> str:
        if not row.pk or not row.is_confirmed:
            return _("Not confirmed: visitors do not see it.")
        day = times.day(row.checked_on, "tr", weekday=False) if row.checked_on else ""
        return _("Confirmed by %(who)s, checked on %(day)s.") % {"who": row.confirmed_by or "–", "day": day}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        may = request.user.has_perm("students.confirm_topic")
        address = f"admin:{self.opts.app_label}_{self.opts.model_name}_confirm"
        context = {"confirm": reverse(address, args=[row.pk]) if row and may else ""}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask what is confirmed by this, then do it; or take it back."""
        if not request.user.has_perm("students.confirm_topic"):
            raise PermissionDenied
        row: Any = get_object_or_404(self.model, pk=pk)
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])
        if request.method == "POST":
            now = timezone.now()
            try:
                if "take_back" in request.POST:
                    guidance.take_back(row)
                    messages.success(request, _("Taken back: visitors no longer see it."))
                else:
                    guidance.confirm(row, by=request.user, on=times.today(now), now=now)
                    messages.success(request, _("Confirmed: visitors see it from now on."))
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(back)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Confirm"),
            "row": row,
            "back": back,
        }
        return TemplateResponse(request, "admin/students/confirm.html", context)


class QuestionInline(TabbedInline):
    model = TopicQuestion
    fk_name = "topic"


class LinkInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OfficialLink
    extra = 0
    formfield_overrides: ClassVar[Overrides] = ADDRESSES


@admin.register(Topic)
class TopicAdmin(ConfirmedAdmin):
    list_display = ["title", "topic_class", "is_offered", "is_sensitive", "is_emergency", "is_checked"]
    list_filter = ["topic_class", "is_offered", "is_sensitive"]
    inlines = [QuestionInline, LinkInline]


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(ConfirmedAdmin):
    list_display = ["title", "topic", "amount", "unit", "counts_from", "is_checked"]
    list_select_related = ["topic"]


class NumberFilter(admin.SimpleListFilter):
    """Exactly what the desk counts."""

    title = gettext_lazy("telephone")
    parameter_name = "number"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("missing", _("not entered yet"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return work.without_a_number(queryset) if self.value() == "missing" else queryset


@admin.register(Helpline)
class HelplineAdmin(ConfirmedAdmin):
    list_display = ["name", "phone", "hours", "is_first", "is_checked"]
    list_filter = [NumberFilter]


@admin.register(University)
class UniversityAdmin(TabbedAdmin):
    list_display = ["name", "kind", "position"]
