"""How the list of events reads, and what it can be narrowed to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from events import work
from events.models import LANGUAGES, Event
from izbaku import times


class WaitsFilter(admin.SimpleListFilter):
    """Exactly what the desk counts."""

    title = gettext_lazy("what waits")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(work.NAMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        name = self.value()
        return queryset.filter(work.question(name, timezone.now())) if name in work.NAMES else queryset


class MineFilter(admin.SimpleListFilter):
    """What somebody looks after."""

    title = gettext_lazy("who looks after it")
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("I do")), ("nobody", _("Nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        match self.value():
            case "yes":
                return queryset.filter(responsible=request.user.pk)
            case "nobody":
                return queryset.filter(responsible=None)
        return queryset


class Listed(admin.ModelAdmin):
    """Columns for staff, newest first, found whatever the letters' marks."""

    list_display = ["called", "when", "city", "kind", "shown", "certainty", "languages", "preview"]
    list_filter = [WaitsFilter, MineFilter, "state", "city", "kind", "scope", "certainty", "is_sample"]
    list_per_page = 50
    date_hierarchy = "starts_on"
    search_fields = ["title_tr"]  # shows the box; the question is asked in get_search_results
    search_help_text = gettext_lazy("Words of the title, the text, the place or an organiser, in any language.")

    def get_ordering(self, request: HttpRequest) -> Any:
        return [F("starts_on").desc(nulls_last=True), F("starts_at").desc(nulls_last=True), "-pk"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        found = queryset & Event.objects.containing(search_term) if search_term else queryset
        return found, False

    @admin.display(description=gettext_lazy("title"), ordering="title_tr")
    def called(self, event: Event) -> str:
        return event.title or event.slug

    @admin.display(description=gettext_lazy("when"), ordering="starts_on")
    def when(self, event: Event) -> SafeString:
        reading = times.reading(event, get_language())
        if not reading.has_time:
            return format_html("{}", reading.days)
        return format_html('{}<br><span class="quiet">{}</span>', reading.days, reading.times)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown(self, event: Event) -> SafeString:
        label = event.get_state_display()
        if event.state in Event.PUBLIC_STATES and event.publish_at and event.publish_at > timezone.now():
            with timezone.override(times.zone_of(event.city)):
                at = timezone.localtime(event.publish_at)
            language = get_language()
            text = _("from %(day)s, %(clock)s") % {
                "day": times.day(at.date(), language, weekday=False),
                "clock": times.clock(at, language),
            }
            return format_html('<span class="state is-soon">{}</span><br><span class="quiet">{}</span>', label, text)
        return format_html('<span class="state is-{}">{}</span>', event.state, label)

    @admin.display(description=gettext_lazy("languages"))
    def languages(self, event: Event) -> SafeString:
        """Each language, struck through where a text of it is missing, and said so in words."""
        marks = []
        for language in LANGUAGES:
            lacks = any(
                getattr(event, f"{text}_tr") and not getattr(event, f"{text}_{language}") for text in work.TEXTS
            ) or not getattr(event, f"title_{language}")
            marks.append(
                ("lacks", language.upper(), _("incomplete")) if lacks else ("has", language.upper(), _("complete"))
            )
        return format_html_join(" ", '<span class="mark-{}">{}<span class="visually-hidden">: {}</span></span>', marks)

    @admin.display(description=gettext_lazy("preview"))
    def preview(self, event: Event) -> SafeString:
        text = _("Preview of %(title)s") % {"title": event.title or event.slug}
        return format_html(
            '<a href="{}" aria-label="{}">{}</a>', reverse("events:preview", args=[event.pk]), text, _("Preview")
        )
