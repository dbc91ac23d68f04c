"""What leaves the desk of an event's registrations: a file for a spreadsheet, and a list for the door."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.attendance import Allotment, Registration
from events.models import Event
from izbaku import times
from izbaku.privacy import reads

SEPARATORS = {"tr": ";", "az": ";"}  # what a spreadsheet of that language expects
STAMP = "%Y-%m-%d %H:%M"


class Papers(admin.ModelAdmin):
    def event_asked_for(self, request: HttpRequest, name: str = "event") -> Event | None:
        raise NotImplementedError

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """One event's registrations as CSV, in the language of the page. The desk has asked for the password again."""
        if not request.user.has_perm("events.export_registration"):
            raise PermissionDenied
        event = self.event_asked_for(request)
        if event is None:
            return self._which(request)
        rows = list(self.get_queryset(request).filter(event=event).select_related("allotment").order_by("created_at"))
        reads.note_many(rows, by=request.user, what=["name", "email", "language", "answers"], again=True)
        self.log_change(request, event, _("Registrations exported: %(n)d") % {"n": len(rows)})
        response = HttpResponse(to_csv(event, rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="registrations-{event.slug}.csv"'
        response["Cache-Control"] = "private, no-store"
        return response

    def doorlist_view(self, request: HttpRequest) -> HttpResponse:
        """Who comes, on paper: name, seats, state, and a box to tick. No addresses."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        event = self.event_asked_for(request)
        if event is None:
            return self._which(request)
        rows = list(self.get_queryset(request).filter(event=event, state__in=Registration.SEATED))
        reads.note_many(rows, by=request.user, what=["name"])
        allotments = {allotment.pk: allotment for allotment in Allotment.objects.filter(event=event)}
        context = {
            "event": event,
            "reading": times.reading(event, get_language()),
            "rows": [(one, allotments.get(one.allotment_id or 0)) for one in sorted(rows, key=_as_called)],
            "seats": sum(one.party for one in rows),
            "has_cities": any(allotment.city for allotment in allotments.values()),
            "now": times.moment(timezone.now(), event.city, get_language()),
        }
        response = TemplateResponse(request, "admin/events/registration/doorlist.html", context)
        response["Cache-Control"] = "private, no-store"
        return response

    def _which(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, _("Choose an event first."), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:events_registration_changelist"))


def _as_called(one: Registration) -> tuple[str, int]:
    """In the order in which one looks for a name at the door, whatever its diacritics."""
    return one.found_by, one.pk


def to_csv(event: Event, registrations: list[Registration]) -> str:
    """With a byte order mark, so that a spreadsheet reads the letters; what people typed is no formula."""
    questions = list(dict.fromkeys(answer["question"] for one in registrations for answer in one.answers))
    headings = [
        _("number"),
        _("name"),
        _("e-mail address"),
        _("language"),
        _("seats"),
        _("seats for"),
        _("state"),
        _("since"),
        _("registered"),
    ]
    zone = times.zone_of(event.city)
    file = io.StringIO()
    writer = csv.writer(file, delimiter=SEPARATORS.get(get_language() or "", ","))
    writer.writerow([*map(str, headings), *map(reads.harmless, questions)])
    for one in registrations:
        answers = {answer["question"]: str(answer["answer"]) for answer in one.answers}
        cells: list[Any] = [
            one.pk,
            one.name,
            one.email,
            one.get_language_display(),
            one.party,
            str(one.allotment or ""),
            str(one.get_state_display()),
            one.state_at.astimezone(zone).strftime(STAMP),
            one.created_at.astimezone(zone).strftime(STAMP),
            *(answers.get(question, "") for question in questions),
        ]
        writer.writerow([reads.harmless(str(cell)) for cell in cells])
    return "\ufeff" + file.getvalue()
