"""Acts that ask first: a page says what will happen to which events; a button does it to all of them, or to none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext, ngettext_lazy
from django.utils.translation import gettext as _

from events import publishing, telling
from events.admin.forms import MoveForm, PublishForm
from events.admin.telling import TellForm
from events.attendance import Registration
from events.models import Event
from izbaku import times
from izbaku.backoffice import zone_for
from izbaku.freshness import bump

MOST = 200  # events at once: what fits into an address, and into one head


@dataclass(frozen=True)
class Act:
    name: str
    do: Callable[..., Any]
    label: Any
    consequence: Any
    done: Any
    form: Callable[..., forms.Form] | None = None
    needs: str = "change"
    is_for_many: bool = True
    is_weighty: bool = False


ACTS = {
    act.name: act
    for act in [
        Act(
            "publish",
            publishing.publish,
            gettext_lazy("Publish"),
            gettext_lazy("Everybody will see it: on its page, in the calendar, in search and in the feeds."),
            ngettext_lazy("%(n)d event was published.", "%(n)d events were published.", "n"),
            form=PublishForm,
        ),
        Act(
            "confirm",
            publishing.confirm,
            gettext_lazy("Confirm as held"),
            gettext_lazy("The page will say that it took place. Confirm only what you know."),
            ngettext_lazy("%(n)d event was confirmed as held.", "%(n)d events were confirmed as held.", "n"),
        ),
        Act(
            "move",
            publishing.move,
            gettext_lazy("Move to another date"),
            gettext_lazy(
                "The page shows the new date and remembers the first planned day. "
                "Calendars that people have subscribed to follow. Nobody is written to."
            ),
            ngettext_lazy("%(n)d event was moved.", "%(n)d events were moved.", "n"),
            form=MoveForm,
            is_for_many=False,
        ),
        Act(
            "postpone",
            publishing.postpone,
            gettext_lazy("Postpone"),
            gettext_lazy("It stays visible and says “Postponed”; the new date is not known yet. Nobody is written to."),
            ngettext_lazy("%(n)d event was postponed.", "%(n)d events were postponed.", "n"),
        ),
        Act(
            "call_off",
            publishing.call_off,
            gettext_lazy("Call off"),
            gettext_lazy("It will not take place. It stays visible and says “Called off”. Nobody is written to."),
            ngettext_lazy("%(n)d event was called off.", "%(n)d events were called off.", "n"),
            is_weighty=True,
        ),
        Act(
            "tell",
            telling.tell,
            gettext_lazy("Tell those who registered"),
            gettext_lazy(
                "Each gets one letter in their own language: the new date in both cities’ times, the old one, "
                "and the entry for their calendar."
            ),
            ngettext_lazy("%(n)d letter will leave.", "%(n)d letters will leave.", "n"),
            form=TellForm,
        ),
        Act(
            "withdraw",
            publishing.withdraw,
            gettext_lazy("Take back to draft"),
            gettext_lazy(
                "It disappears from the portal; links that people have already find nothing. "
                "If it will not take place, call it off instead."
            ),
            ngettext_lazy("%(n)d event was taken back to draft.", "%(n)d events were taken back to draft.", "n"),
            is_weighty=True,
        ),
        Act(
            "copy",
            publishing.copy,
            gettext_lazy("Copy as a draft"),
            gettext_lazy(
                "A draft with the same texts, date, place, organisers and sessions. "
                "The report, press links and pictures of how it was are not copied."
            ),
            ngettext_lazy("%(n)d event was copied.", "%(n)d events were copied.", "n"),
            needs="add",
        ),
    ]
}


def _leads_to(act: Act) -> Callable[..., HttpResponse | None]:
    def go(model_admin: Acting, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponse | None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            text = _("At most %(n)d events at once: choose fewer.") % {"n": MOST}
            model_admin.message_user(request, text, messages.ERROR)
            return None
        return HttpResponseRedirect(address(act.name, keys, request.GET.urlencode()))

    go.__name__ = act.name
    return admin.action(description=act.label, permissions=[act.needs])(go)


def address(act: str, keys: list[int], filters: str = "") -> str:
    """Where the act's page stands for these events; `filters` lead back to the same list."""
    query = QueryDict(mutable=True)
    query.setlist("event", [str(key) for key in keys])
    if filters:
        query["_changelist_filters"] = filters
    return f"{reverse('admin:events_event_act', args=[act])}?{query.urlencode()}"


def keys_of(values: list[str]) -> list[int]:
    return [int(value) for value in values[:MOST] if value.isascii() and value.isdecimal() and len(value) < 18]


def _zone_city(events: list[Event]) -> str:
    """The city whose clock the page shows: the events' own, where they have one in common."""
    return events[0].city if len({event.city for event in events}) == 1 else ""


class Acting(admin.ModelAdmin):
    """An admin of events whose acts have a page of their own, from the list and from an event."""

    actions = [_leads_to(act) for act in ACTS.values()]

    def may(self, request: HttpRequest, act: Act) -> bool:
        return self.has_add_permission(request) if act.needs == "add" else self.has_change_permission(request)

    def acts_for(self, request: HttpRequest, event: Event) -> list[dict[str, Any]]:
        """The buttons on an event's own page."""
        now = timezone.now()
        return [
            {"name": act.name, "label": act.label, "address": address(act.name, [event.pk])}
            for act in ACTS.values()
            if self.may(request, act) and publishing.fits(act.name, event, now)
        ]

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask with GET, act with POST."""
        act = ACTS.get(name)
        if act is None:
            raise Http404
        if not self.may(request, act):
            raise PermissionDenied
        keys = keys_of((request.POST if request.method == "POST" else request.GET).getlist("event"))
        events = list(self.get_queryset(request).filter(pk__in=keys).order_by("starts_on", "pk"))
        if not events or (len(events) > 1 and not act.is_for_many):
            text = _("Choose one event.") if events else _("Choose at least one event.")
            self.message_user(request, text, messages.ERROR)
            return self._back(request)
        with zone_for(_zone_city(events)):
            form = act.form(request.POST if request.method == "POST" else None, events=events) if act.form else None
            if request.method == "POST" and (form is None or form.is_valid()):
                made, refusals = self._act(request, act, events, form)
                if not refusals:
                    letters = [n for n in made if isinstance(n, int)]
                    text = act.done % {"n": sum(letters) if letters else len(events)}
                    self.message_user(request, text, messages.SUCCESS)
                    return self._after(request, act, events, made)
                if form and len(events) == 1:
                    _tell(form, refusals[events[0].pk])
            else:
                refusals = {}
            return self._ask(request, act, events, form, refusals).render()

    def _act(
        self, request: HttpRequest, act: Act, events: list[Event], form: forms.Form | None
    ) -> tuple[list[Any], dict[int, ValidationError]]:
        """All or none: what one event refuses is done to no other."""
        made: list[Any] = []
        refusals = {}
        now = timezone.now()
        with transaction.atomic():
            bump()
            for event in Event.objects.select_for_update().filter(pk__in=[event.pk for event in events]):
                try:
                    result = act.do(event, now=now, **(form.cleaned_data if form else {}))
                    made.append(event if result is None else result)
                    self.log_change(request, event, str(act.label))
                except ValidationError as error:
                    refusals[event.pk] = error
            if refusals:
                transaction.set_rollback(True)
        return made, refusals

    def _ask(
        self,
        request: HttpRequest,
        act: Act,
        events: list[Event],
        form: forms.Form | None,
        refusals: dict[int, ValidationError],
    ) -> TemplateResponse:
        now, language = timezone.now(), get_language()
        ready, refused = [], []
        for event in events:
            reading = times.reading(event, language)
            try:
                if event.pk in refusals and not (form and form.errors):
                    raise refusals[event.pk]
                publishing.check(act.name, event, now)
                appears = publishing.appears_at(event, now) if act.name == "publish" else now
                ready.append((event, reading, appears if appears > now else None))
            except ValidationError as error:
                refused.append((event, reading, error.messages))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": act.label,
            "act": act,
            "ready": ready,
            "refused": refused,
            "form": form if ready else None,
            "media": self.media + (form.media if form else forms.Media()),
            "filters": request.GET.get("_changelist_filters") or request.POST.get("_changelist_filters") or "",
            "question": ngettext("It happens to this event:", "It happens to these %(n)d events:", len(ready))
            % {"n": len(ready)},
            "warning": _hears_nothing(ready) if act.name == "withdraw" else "",
            "back": self._back(request, events).url,
        }
        return TemplateResponse(request, "admin/events/act.html", context)

    def _back(self, request: HttpRequest, events: list[Event] | None = None) -> HttpResponseRedirect:
        """To the event, if it was one and came from its own page; to the list as it was otherwise."""
        filters = request.GET.get("_changelist_filters") or request.POST.get("_changelist_filters")
        if events and len(events) == 1 and not filters:
            return HttpResponseRedirect(reverse("admin:events_event_change", args=[events[0].pk]))
        listed = reverse("admin:events_event_changelist")
        return HttpResponseRedirect(f"{listed}?{filters}" if filters else listed)

    def _after(self, request: HttpRequest, act: Act, events: list[Event], made: list[Any]) -> HttpResponse:
        if act.name == "copy" and len(made) == 1:
            return HttpResponseRedirect(reverse("admin:events_event_change", args=[made[0].pk]))
        if undecided := telling.to_be_decided((event for event in made if isinstance(event, Event)), timezone.now()):
            return HttpResponseRedirect(address("tell", [event.pk for event in undecided]))
        return self._back(request, events)


def _hears_nothing(ready: list[Any]) -> str:
    """Who had registered is not written to when an event goes back to draft."""
    people = Registration.objects.standing().filter(event__in=[event for event, _reading, _moment in ready]).count()
    if not people:
        return ""
    text = ngettext(
        "%(n)d person is registered and hears nothing: their page only says that it is not public any more.",
        "%(n)d people are registered and hear nothing: their pages only say that it is not public any more.",
        people,
    )
    return text % {"n": people}


def _tell(form: forms.Form, refusal: ValidationError) -> None:
    """Each error at its field, where the form has it."""
    named: dict[str, list[str]] = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    for field, texts in named.items():
        for text in texts:
            form.add_error(field if field in form.fields else None, text)
