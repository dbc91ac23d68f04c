"""Acts on invitations that ask first: take back, invite again, note that a card was handed over, another deadline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from events import invitations
from events.admin.acts import MOST, keys_of
from events.guests import Invitation
from izbaku.backoffice import CityTimes, MomentWidget, zone_for
from izbaku.privacy import reads

State = Invitation.State


class TermsForm(CityTimes):
    answer_until = forms.SplitDateTimeField(label=gettext_lazy("answers until"), widget=MomentWidget())
    companions = forms.IntegerField(
        label=gettext_lazy("companions a guest may bring"), min_value=0, max_value=49, required=False,
        help_text=gettext_lazy("Of those who have not answered. Empty: as it is."),
    )  # fmt: skip


@dataclass(frozen=True)
class Act:
    name: str
    fits: tuple[str, ...]
    label: Any
    consequence: Any
    done: Any
    form: type[forms.Form] | None = None
    is_weighty: bool = False


ACTS = {
    act.name: act
    for act in [
        Act(
            "withdraw",
            (*Invitation.STANDING, State.DECLINED),
            gettext_lazy("Take the invitation back"),
            gettext_lazy("Their seats become free, and their page says whom to call. Nobody is written to: call them."),
            ngettext_lazy("%(n)d invitation was taken back.", "%(n)d invitations were taken back.", "n"),
            is_weighty=True,
        ),
        Act(
            "invite_again",
            (State.WITHDRAWN,),
            gettext_lazy("Invite again"),
            gettext_lazy(
                "The invitation counts again at the same address, and its seats are kept. Nobody is written to."
            ),
            ngettext_lazy("%(n)d invitation counts again.", "%(n)d invitations count again.", "n"),
        ),
        Act(
            "hand_over",
            (*Invitation.STANDING, State.DECLINED),
            gettext_lazy("Note as handed over"),
            gettext_lazy("They know that they are invited: if the event moves or is called off, they are told."),
            ngettext_lazy("%(n)d invitation is noted.", "%(n)d invitations are noted.", "n"),
        ),
        Act(
            "terms",
            (*Invitation.STANDING, State.DECLINED),
            gettext_lazy("Another deadline"),
            gettext_lazy("Seats of those who have not answered are kept until then, also where they had been freed."),
            ngettext_lazy("%(n)d invitation has the new deadline.", "%(n)d invitations have the new deadline.", "n"),
            form=TermsForm,
        ),
    ]
}


def _terms(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("answer_until", "companions")}


def address(act: str, keys: list[int], filters: str = "") -> str:
    query = QueryDict(mutable=True)
    query.setlist("invitation", [str(key) for key in keys])
    if filters:
        query["_changelist_filters"] = filters
    return f"{reverse('admin:events_invitation_act', args=[act])}?{query.urlencode()}"


def _leads_to(act: Act) -> Callable[..., HttpResponse | None]:
    def go(model_admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            text = _("At most %(n)d invitations at once: choose fewer.") % {"n": MOST}
            model_admin.message_user(request, text, messages.ERROR)
            return None
        return HttpResponseRedirect(address(act.name, keys, request.GET.urlencode()))

    go.__name__ = act.name
    return admin.action(description=act.label, permissions=["manage"])(go)


class ActingOnInvitations(admin.ModelAdmin):
    actions = [_leads_to(act) for act in ACTS.values()]

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.change_invitation")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.act_view)
        return [path("acts/<slug:name>/", view, name="events_invitation_act"), *super().get_urls()]

    def acts_for(self, request: HttpRequest, one: Invitation) -> list[dict[str, Any]]:
        if not self.has_manage_permission(request):
            return []
        return [
            {"name": act.name, "label": act.label, "address": address(act.name, [one.pk])}
            for act in ACTS.values()
            if one.state in act.fits
        ]

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask with GET, act with POST: on all that were shown, or on none."""
        if not self.has_manage_permission(request):
            raise PermissionDenied
        act = ACTS.get(name)
        if act is None:
            raise Http404
        keys = keys_of((request.POST if request.method == "POST" else request.GET).getlist("invitation"))
        chosen = self.get_queryset(request).filter(pk__in=keys).select_related("event", "guest", "allotment")
        ready = [one for one in chosen.order_by("event", "pk") if one.state in act.fits]
        back = self._back(request, keys)
        if not ready:
            self.message_user(request, _("Nothing of what was chosen can be done with."), messages.ERROR)
            return HttpResponseRedirect(back)
        with zone_for(ready[0].event.city):
            form = act.form(request.POST if request.method == "POST" else None) if act.form else None
            if request.method == "POST" and (form is None or form.is_valid()):
                try:
                    self._act(request, act, ready, form)
                except ValidationError as error:
                    if form is None:
                        self.message_user(request, " ".join(error.messages), messages.ERROR)
                        return HttpResponseRedirect(back)
                    form.add_error(None, error)
                else:
                    self.message_user(request, act.done % {"n": len(ready)}, messages.SUCCESS)
                    return HttpResponseRedirect(back)
            reads.note_many(ready, by=request.user, what=["name"])
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": act.label,
                "act": act,
                "ready": ready,
                "form": form,
                "back": back,
                "filters": request.GET.get("_changelist_filters", ""),
                "question": ngettext("It happens to this guest:", "It happens to these %(n)d guests:", len(ready))
                % {"n": len(ready)},
            }
            return TemplateResponse(request, "admin/events/invitation/act.html", context).render()

    @transaction.atomic
    def _act(self, request: HttpRequest, act: Act, ready: list[Invitation], form: Any) -> None:
        now = timezone.now()
        rows = Invitation.objects.filter(pk__in=[one.pk for one in ready])
        if act.name == "hand_over":
            invitations.hand_over(rows, now=now)
        elif act.name == "terms":
            for event in {one.event for one in ready}:
                invitations.set_terms(event, rows, now=now, **_terms(form.cleaned_data))
        else:
            do = {"withdraw": invitations.withdraw, "invite_again": invitations.invite_again}[act.name]
            for one in ready:
                do(one, by=request.user, now=now)
        for one in ready:
            self.log_change(request, one, str(act.label))

    def _back(self, request: HttpRequest, keys: list[int]) -> str:
        filters = request.GET.get("_changelist_filters") or request.POST.get("_changelist_filters")
        if len(keys) == 1 and not filters:
            return reverse("admin:events_invitation_change", args=keys)
        listed = reverse("admin:events_invitation_changelist")
        return f"{listed}?{filters}" if filters else listed
