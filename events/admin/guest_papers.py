"""What leaves the desk of an event's invitations: lists to print, a workbook, cards, a text to copy."""

from __future__ import annotations

import io
import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from events import cards
from events.admin.acts import keys_of
from events.courtesies import message
from events.guests import Invitation
from events.models import Event
from izbaku import times
from izbaku.privacy import reads
from izbaku.uploads import XLSX

STAMP = "%Y-%m-%d %H:%M"
MOST_CARDS = 300  # in one file: a quarter of a minute's work
ALL = slice(None)


def _as_seated(one: Invitation) -> list[Any]:
    """A-2 before A-10, whoever has no seat last."""
    parts = re.findall(r"\d+|\D+", one.seat_label)
    return [not one.seat_label, *((part.isdecimal(), int(part) if part.isdecimal() else part) for part in parts)]


class GuestPapers(admin.ModelAdmin):
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        pages = {"calls": self.calls_view, "protocol": self.protocol_view, "places": self.places_view}
        return [
            *(path(f"{name}/", view(page), name=f"events_invitation_{name}") for name, page in pages.items()),
            path("export/", view(self.export_view), name="events_invitation_export"),
            path("cards.pdf", view(self.cards_view), name="events_invitation_cards"),
            path("<int:pk>/card.<str:form>", view(self.card_view), name="events_invitation_card"),
            path("<int:pk>/message/", view(self.message_view), name="events_invitation_message"),
            *super().get_urls(),
        ]

    def event_asked_for(self, request: HttpRequest, name: str = "event") -> Event | None:
        """The event that the address names, if somebody is invited to it whom this person may see."""
        key = request.GET.get(name) or ""
        if not (key.isascii() and key.isdecimal() and len(key) < 18):
            return None
        theirs = Invitation.objects.visible_to(request.user).filter(event=int(key))
        return Event.objects.filter(pk__in=theirs.values("event")).select_related("venue").first()

    def _rows(
        self, request: HttpRequest, event: Event, what: list[str], part: slice = ALL, **filters: Any
    ) -> list[Invitation]:
        found: Any = self.get_queryset(request).filter(event=event, **filters).select_related("guest")
        rows: list[Invitation] = list(found.in_order()[part])
        reads.note_many(rows, by=request.user, what=what, again=True)
        return rows

    def _paper(self, request: HttpRequest, name: str, title: str, what: list[str], **filters: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        event = self.event_asked_for(request)
        if event is None:
            return self._which(request)
        rows = self._rows(request, event, what, **filters)
        for one in rows:
            one.event = event
        if name == "places":
            rows.sort(key=_as_seated)
        language = get_language()
        context = {
            "name": name,
            "title": title,
            "event": event,
            "reading": times.reading(event, language),
            "rows": rows,
            "people": sum(one.seats for one in rows),
            "now": times.moment(timezone.now(), event.city, language),
        }
        response = TemplateResponse(request, "admin/events/invitation/paper.html", context)
        response["Cache-Control"] = "private, no-store"
        return response

    def _which(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, _("Choose an event first."), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:events_invitation_changelist"))

    def calls_view(self, request: HttpRequest) -> HttpResponse:
        """Whom to call: those who have not answered, in the order of protocol."""
        return self._paper(request, "calls", _("Call list"), ["name", "phone", "email"], state=Invitation.State.SILENT)

    def protocol_view(self, request: HttpRequest) -> HttpResponse:
        """Who comes, in the order of protocol."""
        what = ["name", "office", "needs", "food"]
        return self._paper(request, "protocol", _("Order of protocol"), what, state__in=Invitation.COMING)

    def places_view(self, request: HttpRequest) -> HttpResponse:
        """Who sits where."""
        return self._paper(request, "places", _("Place list"), ["name", "office"], state__in=Invitation.COMING)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """One event's invitations as a workbook. The desk has asked for the password again."""
        if not request.user.has_perm("events.export_invitation"):
            raise PermissionDenied
        event = self.event_asked_for(request)
        if event is None:
            return self._which(request)
        rows = self._rows(request, event, ["name", "email", "phone", "proxy", "needs", "food", "remark"])
        self.log_change(request, event, _("Invitations exported: %(n)d") % {"n": len(rows)})
        response = HttpResponse(_workbook(event, rows), content_type=XLSX)
        response["Content-Disposition"] = f'attachment; filename="invitations-{event.slug}.xlsx"'
        response["Cache-Control"] = "private, no-store"
        return response

    # --- Cards and messages ---

    def _one(self, request: HttpRequest, pk: int) -> Invitation:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_queryset(request).select_related("event__venue", "guest")
        one: Invitation = get_object_or_404(found, pk=pk)
        reads.note_many([one], by=request.user, what=["name"])
        return one

    def card_view(self, request: HttpRequest, pk: int, form: str) -> HttpResponse:
        """The card of one guest, to print or to send by messenger."""
        one = self._one(request, pk)
        is_picture = form == "png"
        body = cards.printed([one], form="png" if is_picture else "pdf")
        response = HttpResponse(body, content_type="image/png" if is_picture else "application/pdf")
        response["Content-Disposition"] = f'attachment; filename="invitation-{one.pk}.{"png" if is_picture else "pdf"}"'
        response["Cache-Control"] = "private, no-store"
        return response

    def cards_view(self, request: HttpRequest) -> HttpResponse:
        """The cards of all who have not declined, one a page; of many in parts, each by its own button."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        event = self.event_asked_for(request)
        if event is None:
            return self._which(request)
        number = next(iter(keys_of(request.GET.getlist("part")[:1])), 1)
        begins = MOST_CARDS * (min(max(number, 1), 10_000) - 1)
        part = slice(begins, begins + MOST_CARDS)
        rows = self._rows(request, event, ["name", "office"], part, state__in=Invitation.STANDING)
        if not rows:
            return self._which(request)
        for one in rows:
            one.event = event
        response = HttpResponse(cards.printed(rows, form="pdf"), content_type="application/pdf")
        from_to = f"-{part.start + 1}-{part.start + len(rows)}" if part.start or len(rows) == MOST_CARDS else ""
        response["Content-Disposition"] = f'attachment; filename="cards-{event.slug}{from_to}.pdf"'
        response["Cache-Control"] = "private, no-store"
        return response

    def card_parts(self, request: HttpRequest, event: Event) -> list[tuple[int, str]]:
        """The files of cards to print: (number, "301–600"), without words where one is enough."""
        count = self.get_queryset(request).filter(event=event, state__in=Invitation.STANDING).count()
        if count <= MOST_CARDS:
            return [(1, "")]
        firsts = range(1, count + 1, MOST_CARDS)
        return [(at, f"{first}–{min(first + MOST_CARDS - 1, count)}") for at, first in enumerate(firsts, start=1)]

    def message_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The text to copy into WhatsApp or an SMS, with the guest's own link."""
        one = self._one(request, pk)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Text to copy"),
            "one": one,
            "text": message(one),
        }
        response = TemplateResponse(request, "admin/events/invitation/message.html", context)
        response["Cache-Control"] = "private, no-store"
        return response


def _workbook(event: Event, rows: list[Invitation]) -> bytes:
    """What people typed is no formula."""
    from openpyxl import Workbook  # noqa: PLC0415  (5 MB, which most web workers never need)

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Invitations"))
    sheet.append(
        [
            str(heading)
            for heading in (
                _("order of protocol"), pgettext("person", "title"), _("name"), _("office"), _("organisation"),
                _("e-mail address"), _("telephone"), _("language"), _("state"), _("companions"), _("who comes instead"),
                _("needs"), _("food"),
                _("what the guest wrote"), _("seat"), _("number of the official letter"), _("answered"), _("how"),
                _("who said so"),
            )
        ]
    )  # fmt: skip
    zone = times.zone_of(event.city)
    for one in rows:
        guest = one.guest
        cells: list[Any] = [
            guest.rank, guest.title, guest.name, guest.office, guest.organisation, guest.email, guest.phone,
            "+".join(guest.languages), str(one.get_state_display()), one.companions, one.proxy,
            ", ".join(str(dict(Invitation.NEEDS).get(need, need)) for need in one.needs), one.food, one.remark,
            one.seat_label, one.official_number,
            one.answered_at.astimezone(zone).strftime(STAMP) if one.answered_at else "",
            str(one.get_answered_how_display()), one.spoke_with,
        ]  # fmt: skip
        sheet.append([reads.harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
