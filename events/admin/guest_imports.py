"""Importing a list of guests: choose a file, look at what becomes of each line, say yes; fetch what was refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from events import guest_files, guest_imports
from events.admin.papers import SEPARATORS
from events.attendance import LANGUAGES
from events.guests import GuestImport, GuestList

PER_PAGE = 100


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File (.xlsx or CSV)"),
        help_text=gettext_lazy("Up to 50,000 lines; the first line names the columns. Nothing is imported yet."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of guests for whom the file names none"), choices=LANGUAGES
    )


class Importing(admin.ModelAdmin):
    """An admin of guest lists that takes guests over from files."""

    change_form_template = "admin/events/guestlist/change_form.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("own-file/", view(self.own_file_view), name="events_guestlist_ownfile"),
            path("<int:pk>/import/", view(self.import_view), name="events_guestlist_import"),
            path("imports/<int:pk>/", view(self.preview_view), name="events_guestlist_preview"),
            path("imports/<int:pk>/refused/", view(self.refused_view), name="events_guestlist_refused"),
            *super().get_urls(),
        ]

    def _may_import(self, request: HttpRequest) -> None:
        if not request.user.has_perm("events.add_guest"):
            raise PermissionDenied

    def own_file_view(self, request: HttpRequest) -> HttpResponse:
        """An empty file with the headings that are understood."""
        self._may_import(request)
        text = guest_imports.own_file(SEPARATORS.get(get_language() or "", ","))
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="guests.csv"'
        return response

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read a file, and show what would become of it."""
        self._may_import(request)
        guest_list = get_object_or_404(GuestList.objects.visible_to(request.user), pk=pk)
        form = FileForm(request.POST or None, request.FILES or None, initial={"language": get_language()})
        if request.method == "POST" and form.is_valid():
            try:
                table = guest_files.read(form.cleaned_data["file"])
                made = guest_imports.look_at(
                    guest_list,
                    table,
                    file_name=form.cleaned_data["file"].name,
                    language=form.cleaned_data["language"],
                    by=request.user,
                    now=timezone.now(),
                )
            except ValidationError as error:
                form.add_error("file", error)
            else:
                return HttpResponseRedirect(reverse("admin:events_guestlist_preview", args=[made.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import guests"),
            "guest_list": guest_list,
            "form": form,
        }
        return TemplateResponse(request, "admin/events/guestlist/import.html", context)

    def _import(self, request: HttpRequest, pk: int) -> GuestImport:
        self._may_import(request)
        lists = GuestList.objects.visible_to(request.user)
        return get_object_or_404(GuestImport.objects.select_related("guest_list").filter(guest_list__in=lists), pk=pk)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What becomes of each line; POST does it."""
        one = self._import(request, pk)
        if request.method == "POST":
            return self._carry_out(request, one)
        fate = request.GET.get("fate", "")
        counts = guest_imports.counts(one.lines)
        if fate not in guest_imports.FATES:
            fate = next((name for name in guest_imports.FATES if counts[name]), "")
        lines = [line for line in one.lines if line["fate"] == fate]
        page = Paginator(lines, PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What becomes of each line"),
            "one": one,
            "counts": [(name, label, counts[name]) for name, label in guest_imports.FATES.items() if counts[name]],
            "fate": fate,
            "page": page,
            "rows": [(line["n"], line["v"], guest_imports.reasons(line)) for line in page],
            "new": counts[guest_imports.ADD],
            "changes": counts[guest_imports.CHANGE],
            "left": counts[guest_imports.REFUSED] + counts[guest_imports.TWICE],
        }
        response = TemplateResponse(request, "admin/events/guestlist/preview.html", context)
        response["Cache-Control"] = "private, no-store"
        return response

    def _carry_out(self, request: HttpRequest, one: GuestImport) -> HttpResponse:
        try:
            done = guest_imports.carry_out(one, with_changes="with_changes" in request.POST, now=timezone.now())
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            text = _("%(new)d guests were added, %(changed)d changed; %(same)d were in the list already.") % {
                "new": done[guest_imports.ADD],
                "changed": done[guest_imports.CHANGE],
                "same": done[guest_imports.SAME],
            }
            self.log_change(request, one.guest_list, text)
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:events_guestlist_preview", args=[one.pk]))

    def refused_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The lines that were not taken over, as they stood, with the reason."""
        one = self._import(request, pk)
        text = "".join(guest_imports.refused(one, SEPARATORS.get(get_language() or "", ",")))
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="refused.csv"'
        response["Cache-Control"] = "private, no-store"
        return response
