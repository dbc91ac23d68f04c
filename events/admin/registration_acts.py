"""Acts on registrations that ask first: approve, turn down, cancel; offer what is free to those who wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy, ngettext, ngettext_lazy
from django.utils.translation import gettext as _

from events import registration
from events.admin.acts import MOST, keys_of
from events.admin.seating import WHY, Line, offers
from events.attendance import Allotment, Registration
from events.models import Event
from izbaku import times
from izbaku.privacy import reads

State = Registration.State


@dataclass(frozen=True)
class Act:
    name: str
    do: Callable[..., bool]
    fits: tuple[str, ...]
    label: Any
    consequence: Any
    done: Any
    refusal: Any
    is_weighty: bool = False


def _cancel(one: Registration, *, now: Any) -> bool:
    """Without offering the seats: staff look at the line first."""
    return registration.cancel(one, now=now, offers=False)


ACTS = {
    act.name: act
    for act in [
        Act(
            "approve",
            registration.approve,
            (State.PENDING,),
            gettext_lazy("Approve"),
            gettext_lazy(
                "Each gets a seat and a letter that says so. Who finds no free seat goes to the waiting list, "
                "and hears that."
            ),
            ngettext_lazy("%(n)d registration was approved.", "%(n)d registrations were approved.", "n"),
            gettext_lazy("It does not wait for approval."),
        ),
        Act(
            "reject",
            registration.reject,
            (State.PENDING,),
            gettext_lazy("Turn down"),
            gettext_lazy("Each gets a letter that says so. It cannot be taken back; they may register again."),
            ngettext_lazy("%(n)d registration was turned down.", "%(n)d registrations were turned down.", "n"),
            gettext_lazy("It does not wait for approval."),
            is_weighty=True,
        ),
        Act(
            "cancel",
            _cancel,
            Registration.STANDING,
            gettext_lazy("Cancel the registration"),
            gettext_lazy(
                "Each gets a letter that says so, and their seats become free. Nobody of the waiting list is written "
                "to by this: you see who waits, and offer the seats yourself."
            ),
            ngettext_lazy("%(n)d registration was cancelled.", "%(n)d registrations were cancelled.", "n"),
            gettext_lazy("It has ended already."),
            is_weighty=True,
        ),
    ]
}


def _leads_to(act: Act) -> Callable[..., HttpResponse | None]:
    def go(
        model_admin: ActingOnRegistrations, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponse | None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            text = _("At most %(n)d registrations at once: choose fewer.") % {"n": MOST}
            model_admin.message_user(request, text, messages.ERROR)
            return None
        return HttpResponseRedirect(address(act.name, keys, request.GET.urlencode()))

    go.__name__ = act.name
    return admin.action(description=act.label, permissions=["manage"])(go)


def address(act: str, keys: list[int], filters: str = "") -> str:
    """Where the act's page stands: numbers alone, never a name."""
    query = QueryDict(mutable=True)
    query.setlist("registration", [str(key) for key in keys])
    if filters:
        query["_changelist_filters"] = filters
    return f"{reverse('admin:events_registration_act', args=[act])}?{query.urlencode()}"


class ActingOnRegistrations(admin.ModelAdmin):
    actions = [_leads_to(act) for act in ACTS.values()]

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.change_registration")

    def acts_for(self, request: HttpRequest, one: Registration) -> list[dict[str, Any]]:
        """The buttons on a registration's own page."""
        if not self.has_manage_permission(request):
            return []
        return [
            {"name": act.name, "label": act.label, "address": address(act.name, [one.pk])}
            for act in ACTS.values()
            if one.state in act.fits
        ]

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask with GET, act with POST: to all that were shown, or to none."""
        if not self.has_manage_permission(request):
            raise PermissionDenied
        act = ACTS.get(name)
        if act is None:
            raise Http404
        keys = keys_of((request.POST if request.method == "POST" else request.GET).getlist("registration"))
        chosen = self.get_queryset(request).filter(pk__in=keys).select_related("event", "allotment")
        registrations = list(chosen.order_by("event", "allotment", "created_at", "pk"))
        if not registrations:
            self.message_user(request, _("Choose at least one registration."), messages.ERROR)
            return self._back(request, [])
        ready = [one for one in registrations if one.state in act.fits]
        if request.method == "POST" and ready:
            if self._act(request, act, ready):
                self.message_user(request, act.done % {"n": len(ready)}, messages.SUCCESS)
                self._tell_of_lines(request, ready)
                return self._back(request, registrations)
            self.message_user(
                request, _("Meanwhile somebody has changed one of them; nothing was done."), messages.ERROR
            )
            return HttpResponseRedirect(address(act.name, keys, request.POST.get("_changelist_filters", "")))
        reads.note_many(registrations, by=request.user, what=["name", "email"])
        return self._ask(request, act, registrations, ready)

    def _act(self, request: HttpRequest, act: Act, ready: list[Registration]) -> bool:
        now = timezone.now()
        with transaction.atomic():
            for one in ready:
                if not act.do(one, now=now):
                    transaction.set_rollback(True)
                    return False
                self.log_change(request, one, str(act.label))
        return True

    def _tell_of_lines(self, request: HttpRequest, changed: list[Registration]) -> None:
        now = timezone.now()
        keys = {one.allotment_id for one in changed if one.allotment_id}
        for allotment in Allotment.objects.filter(pk__in=keys).select_related("event"):
            line = Line.of(allotment, now)
            if not line.why:
                text = format_html(
                    '{}: {} <a href="{}">{}</a>', allotment.event, line, offers(allotment), _("Offer the seats …")
                )
                self.message_user(request, text, messages.WARNING)

    def _ask(
        self, request: HttpRequest, act: Act, registrations: list[Registration], ready: list[Registration]
    ) -> TemplateResponse:
        events: dict[Event, list[Registration]] = {}
        for one in ready:
            events.setdefault(one.event, []).append(one)
        language = get_language()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": act.label,
            "act": act,
            "groups": [
                (event, times.reading(event, language), ones, sum(one.party for one in ones), _free(ones))
                for event, ones in events.items()
            ],
            "refused": [one for one in registrations if one.state not in act.fits],
            "filters": request.GET.get("_changelist_filters", ""),
            "question": ngettext(
                "It happens to this registration:", "It happens to these %(n)d registrations:", len(ready)
            )
            % {"n": len(ready)},
            "back": self._back(request, registrations).url,
        }
        return TemplateResponse(request, "admin/events/registration/act.html", context)

    def _back(self, request: HttpRequest, registrations: list[Registration]) -> HttpResponseRedirect:
        filters = request.GET.get("_changelist_filters") or request.POST.get("_changelist_filters")
        if len(registrations) == 1 and not filters:
            return HttpResponseRedirect(reverse("admin:events_registration_change", args=[registrations[0].pk]))
        listed = reverse("admin:events_registration_changelist")
        return HttpResponseRedirect(f"{listed}?{filters}" if filters else listed)

    def offer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who would be offered a free seat, by name and in order; POST offers it to exactly these, or asks again."""
        if not self.has_manage_permission(request):
            raise PermissionDenied
        theirs = Event.objects.editable_by(request.user)
        allotment = get_object_or_404(Allotment.objects.select_related("event").filter(event__in=theirs), pk=pk)
        now = timezone.now()
        if request.method == "POST":
            if self._offer(request, allotment, request.POST.get("shown", "")):
                return HttpResponseRedirect(reverse("admin:events_event_change", args=[allotment.event_id]))
            text = _("Meanwhile the line has changed; nobody was written to. Look again:")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(offers(allotment))
        line, chosen = Line.of(allotment, now), registration.would_be_offered(allotment, now=now)
        waiting = list(Registration.objects.in_line().filter(allotment=allotment)[:MOST])
        reads.note_many(waiting, by=request.user, what=["name"])
        keys = {one.pk for one in chosen}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Offer free seats"),
            "allotment": allotment,
            "reading": times.reading(allotment.event, get_language()),
            "line": line,
            "why": WHY[line.why],
            "chosen": chosen,
            "shown": _shown(chosen),
            "seats": sum(one.party for one in chosen),
            "others": [one for one in waiting if one.pk not in keys],
            "policy": registration.policy_of(allotment.event),
        }
        return TemplateResponse(request, "admin/events/registration/offer.html", context)

    def _offer(self, request: HttpRequest, allotment: Allotment, shown: str) -> bool:
        with transaction.atomic():
            offered = registration.offer_free_seats(allotment, now=timezone.now())
            if not offered or _shown(offered) != shown:
                transaction.set_rollback(True)
                return False
            for one in offered:
                self.log_change(request, one, _("Seat offered"))
        text = ngettext("%(n)d offer was written.", "%(n)d offers were written.", len(offered)) % {"n": len(offered)}
        self.message_user(request, text, messages.SUCCESS)
        return True


def _shown(chosen: list[Registration]) -> str:
    """What the page carries to say whom it has named."""
    return ",".join(str(one.pk) for one in chosen)


def _free(ones: list[Registration]) -> int | None:
    """Seats left for these, where they are counted."""
    allotments = {one.allotment for one in ones if one.allotment}
    if not allotments or any(allotment.free is None for allotment in allotments):
        return None
    return sum(allotment.free or 0 for allotment in allotments)
