"""What all pages of proposals in the admin site keep to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse


class Page(admin.ModelAdmin):
    """What one may not meet does not exist: 404, whichever page asks."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied  # before anything is looked for
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.get_object(request, object_id)
        return super().history_view(request, object_id, extra_context)

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        form = context.get("form")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media + (form.media if form is not None else forms.Media()),
            **context,
        }
        response = TemplateResponse(request, f"admin/proposals/{template}", context)
        response["Cache-Control"] = "private, no-store"
        return response


def tell(form: forms.Form, refusal: ValidationError) -> None:
    """Each error at its field, where the form has it."""
    named: dict[str, list[str]] = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    for field, texts in named.items():
        for text in texts:
            form.add_error(field if field in form.fields else None, text)
