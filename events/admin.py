"""The programme in the admin site: language tabs, sessions beside their event, and acts that ask first."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from modeltranslation.admin import TranslationAdmin, TranslationStackedInline

from events import publishing
from events.models import Event, Observance, Session, Venue


class SessionInline(TranslationStackedInline):
    model = Session
    extra = 0
    fields = ["title", "summary", "place", "precision", "starts_at", "ends_at", "starts_on", "ends_on"]


@admin.register(Event)
class EventAdmin(TranslationAdmin):
    list_display = ["title", "starts_on", "kind", "city", "state", "certainty", "is_sample"]
    list_filter = ["state", "kind", "scope", "city", "certainty", "is_sample"]
    search_fields = ["title_tr", "title_az", "title_en", "slug"]
    date_hierarchy = "starts_on"
    inlines = [SessionInline]
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = ["venue", "organisers", "twin"]
    readonly_fields = ["state", "previous_starts_on", "changed_at"]
    actions = ["publish", "withdraw", "postpone", "call_off", "duplicate"]
    save_on_top = True
    fieldsets = [
        (None, {"fields": ["title", "summary", "description", "slug", "kind", "scope", "certainty"]}),
        (_("When"), {"fields": ["precision", "basis", "starts_at", "ends_at", "starts_on", "ends_on"]}),
        (_("Where"), {"fields": ["city", "venue", "place"]}),
        (
            _("Who and how"),
            {
                "fields": [
                    "organisers",
                    "spoken",
                    "interpreted",
                    "access",
                    "admission",
                    "ticket_url",
                    "stream_url",
                ]
            },
        ),
        (_("Picture"), {"fields": ["picture", "picture_alt"]}),
        (_("Afterwards"), {"fields": ["report", "press", "sources", "twin"]}),
        (_("Publication"), {"fields": ["state", "publish_at", "previous_starts_on", "changed_at"]}),
    ]

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        obj.changed_at = timezone.now()
        if change and form.changed_data:
            obj.sequence += 1
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.save()  # the organisers are known only now, and it is found by their names

    def _each(self, request: HttpRequest, queryset: QuerySet[Event], act: Any) -> None:
        done = 0
        for event in queryset:
            try:
                act(event, now=timezone.now())
                done += 1
            except ValidationError as error:
                self.message_user(request, f"{event}: {' '.join(error.messages)}", messages.ERROR)
        if done:
            text = ngettext("%(n)d event was changed.", "%(n)d events were changed.", done) % {"n": done}
            self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Publish"))
    def publish(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        self._each(request, queryset, publishing.publish)

    @admin.action(description=_("Take back to draft"))
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        self._each(request, queryset, publishing.withdraw)

    @admin.action(description=_("Postpone"))
    def postpone(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        self._each(request, queryset, publishing.postpone)

    @admin.action(description=_("Call off"))
    def call_off(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        self._each(request, queryset, publishing.call_off)

    @admin.action(description=_("Copy as a draft"))
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        self._each(request, queryset, publishing.copy)


@admin.register(Venue)
class VenueAdmin(admin.ModelAdmin):
    list_display = ["name", "city", "district", "address"]
    list_filter = ["city"]
    search_fields = ["name", "district"]


@admin.register(Observance)
class ObservanceAdmin(TranslationAdmin):
    list_display = ["title", "day", "month", "country"]
    list_filter = ["country"]
