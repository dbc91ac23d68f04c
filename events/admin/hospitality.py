"""How an event invites, and what partners may give away: for protocol officers, who do not change the event itself."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from events.admin.guests import Theirs
from events.admin.seating import InvitationPolicyForm
from events.guests import InvitationPolicy, Quota
from izbaku.backoffice import MomentWidget, Overrides, zone_for


@admin.register(InvitationPolicy)
class InvitationPolicyAdmin(admin.ModelAdmin):
    form = InvitationPolicyForm
    formfield_overrides: ClassVar[Overrides] = {models.DateTimeField: {"widget": MomentWidget}}
    list_display = ["event", "companions", "contact", "reminds_guests"]
    list_select_related = ["event"]
    autocomplete_fields = ["event"]
    fields = ["event", "answer_until", "companions", "contact", "reminds_guests"]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """In the zone of the event's city, as on the event's own page."""
        one = self.get_object(request, object_id) if object_id else None
        with zone_for(one.event.city if one else ""):
            response = super().changeform_view(request, object_id, form_url, extra_context)
            render = getattr(response, "render", None)
            if render:
                render()
        return response


@admin.register(Quota)
class QuotaAdmin(Theirs):
    list_display = ["event", "organisation", "seats", "given"]
    list_select_related = ["event", "organisation"]
    autocomplete_fields = ["event", "organisation"]
    fields = ["event", "organisation", "seats"]

    @admin.display(description=gettext_lazy("given away"))
    def given(self, quota: Quota) -> int:
        return quota.used()
