"""One event: its texts, date, place and pictures; its sessions beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from events import pictures, telling
from events.admin.acts import Acting, address
from events.admin.forms import EventForm, SessionForm
from events.admin.lists import Listed
from events.admin.seating import (
    AllotmentInline,
    InvitationPolicyInline,
    PolicyInline,
    QuestionInline,
    QuotaInline,
    Seated,
    registrations_of,
)
from events.admin.telling import notice
from events.models import Event, ReportPicture, Session
from izbaku.accounts.models import User
from izbaku.backoffice import (
    ADDRESSES,
    PICTURES,
    MomentWidget,
    Overrides,
    TabbedAdmin,
    TabbedInline,
    zone_for,
)

MOMENTS: Overrides = {models.DateTimeField: {"widget": MomentWidget}}


class Shown:
    """A picture to look at beside the field that replaces it."""

    @admin.display(description=pgettext_lazy("picture", "now"))
    def seen(self, row: Any) -> SafeString | str:
        if not row.picture:
            return "–"
        alt = getattr(row, "picture_alt", None) or getattr(row, "alt", "")
        return format_html('<img class="seen" src="{}" alt="{}">', row.picture.url, alt or "")


class SessionInline(TabbedInline):
    model = Session
    form = SessionForm
    formfield_overrides: ClassVar[Overrides] = MOMENTS
    fields = ["title", "summary", "place", "precision", "starts_at", "ends_at", "starts_on", "ends_on"]


class ReportPictureInline(Shown, TabbedInline):
    model = ReportPicture
    formfield_overrides: ClassVar[Overrides] = PICTURES
    readonly_fields = ["seen"]
    fields = ["seen", "picture", "alt"]


@admin.register(Event)
class EventAdmin(Shown, Seated, Listed, Acting, TabbedAdmin):
    form = EventForm
    formfield_overrides: ClassVar[Overrides] = {**PICTURES, **MOMENTS, **ADDRESSES}
    inlines = [
        SessionInline,
        PolicyInline,
        QuestionInline,
        AllotmentInline,
        InvitationPolicyInline,
        QuotaInline,
        ReportPictureInline,
    ]
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = ["venue", "organisers", "twin"]
    readonly_fields = ["state", "previous_starts_on", "changed_at", "seen"]
    save_on_top = True
    fieldsets = [
        (None, {"fields": ["title", "summary", "description", "kind", "scope", "certainty", "slug"]}),
        (
            gettext_lazy("Where"),
            {"fields": ["city", "venue", "place"]},
        ),
        (
            gettext_lazy("When"),
            {
                "description": gettext_lazy(
                    "Enter times as they stand on the clock of the event’s own city; the portal adds the other city’s."
                ),
                "fields": ["precision", "basis", "starts_at", "ends_at", "starts_on", "ends_on"],
            },
        ),
        (
            gettext_lazy("Who and how"),
            {
                "fields": [
                    "organisers",
                    "spoken",
                    "interpreted",
                    "access",
                    "admission",
                    "ticket_url",
                    "stream_url",
                    "twin",
                    "sources",
                    "responsible",
                ]
            },
        ),
        (gettext_lazy("Reminders"), {"fields": ["reminders_on"]}),
        (gettext_lazy("Picture"), {"fields": ["seen", "picture", "picture_alt"]}),
        (gettext_lazy("Afterwards"), {"fields": ["report", "press"]}),
        (gettext_lazy("Publication"), {"fields": ["state", "publish_at", "previous_starts_on", "changed_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """What this person may not work on does not exist for them: in lists, pages, histories, acts, choices."""
        theirs = Event.objects.editable_by(request.user)
        found = super().get_queryset(request)
        return found if request.user.has_perm("events.every_event") else found.filter(pk__in=theirs.values("pk"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whose an event is, and which other belongs to it, is not for a co-host to change."""
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.has_perm("events.every_event") else [*fields, "organisers", "responsible", "twin"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"responsible": request.user.pk, **super().get_changeform_initial_data(request)}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "responsible":
            kwargs["queryset"] = User.objects.filter(is_active=True, is_staff=True).order_by("name", "email")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied  # before anything is looked for
        return super().history_view(request, object_id, extra_context)

    def get_urls(self) -> list[Any]:
        act = self.admin_site.admin_view(self.act_view)
        return [path("acts/<slug:name>/", act, name="events_event_act"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """In the zone of the event's city, from reading the form to the last label."""
        event = self.get_object(request, object_id) if object_id else None
        city = event.city if event else request.GET.get("city")
        if request.method == "POST":
            # The city that comes with the form: a clock time typed for Baku stays that clock time.
            city = request.POST.get("city", city)
        with zone_for(city):
            context = {
                "acts": self.acts_for(request, event) if event else [],
                "untold": notice(event, timezone.now()) if event else None,
                "untold_address": address("tell", [event.pk]) if event else "",
                "registrations_address": registrations_of(event)
                if event and request.user.has_perm("events.view_registration")
                else "",
                "invitations_address": f"{reverse('admin:events_invitation_changelist')}?event__id__exact={event.pk}"
                if event and request.user.has_perm("events.view_invitation")
                else "",
                "preview_address": reverse("events:preview", args=[event.pk]) if event else "",
                "public_address": reverse("events:event", args=[event.slug])
                if event and event.is_public(timezone.now())
                else "",
                "title": (event.title or event.slug) if event else _("Enter an event"),
                "subtitle": None,
            }
            response = super().changeform_view(request, object_id, form_url, context | (extra_context or {}))
            render = getattr(response, "render", None)
            if render:
                render()
        return response

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        form.files_before = pictures.files_of([obj.pk]) if change else set()
        now = timezone.now()
        if not change or form.changed_data:
            obj.changed_at = now
            obj.sequence += 1 if change else 0
        super().save_model(request, obj, form, change)
        if "publish_at" in form.changed_data and obj.state in Event.PUBLIC_STATES and not obj.is_public(now):
            text = _("Nobody sees this event until the moment that you have entered.")
            self.message_user(request, text, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        event = form.instance
        if any(formset.has_changed() for formset in formsets if formset.model in (Session, ReportPicture)):
            event.changed_at = timezone.now()
        self.save_reminders(form)
        event.save()  # the organisers are known only now, and it is found by their names
        pictures.drop(form.files_before - pictures.files_of([event.pk]))
        if any(formset.has_changed() for formset in formsets):
            self.tell_of_line(request, event)

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        files = pictures.files_of([obj.pk])
        super().delete_model(request, obj)
        pictures.drop(files)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        files = pictures.files_of(queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        pictures.drop(files)

    def _to_preview(self, request: HttpRequest, event: Event) -> HttpResponse | None:
        if "_preview" not in request.POST:
            return None
        return HttpResponseRedirect(reverse("events:preview", args=[event.pk]))

    def response_add(self, request: HttpRequest, obj: Event, post_url_continue: str | None = None) -> HttpResponse:
        return self._to_preview(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Event) -> HttpResponse:
        if untold := telling.to_be_decided([obj], timezone.now()):
            self._say_that_nobody_was_told(request, untold[0])
        return self._to_preview(request, obj) or super().response_change(request, obj)

    def _say_that_nobody_was_told(self, request: HttpRequest, event: Event) -> None:
        """Beside “saved”, on whichever page follows, unless it is the event's own, which says so itself."""
        said = notice(event, timezone.now())
        if said and "_continue" not in request.POST:
            link = format_html('{} <a href="{}">{}</a>', said.text, address("tell", [event.pk]), said.link)
            self.message_user(request, link, messages.WARNING)
