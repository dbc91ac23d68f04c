"""Invitations: the list of an event, inviting, answers by telephone. Who reads whose data is noted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from events import invitations, work
from events.admin.acts import keys_of
from events.admin.guest_papers import GuestPapers
from events.admin.guests import Theirs
from events.admin.invitation_acts import ActingOnInvitations
from events.admin.searching import FoundFilter, Searched
from events.attendance import Allotment
from events.courtesies import policy_of
from events.forms import AnswerFields
from events.guests import EVERYBODY, Guest, GuestList, Invitation, spoken_for
from events.models import Event
from izbaku import times
from izbaku.backoffice import CityTimes, MomentWidget, zone_for
from izbaku.privacy import reads

READ = ["name", "proxy", "needs", "food", "remark", "spoke_with"]


class WaitsFilter(admin.SimpleListFilter):
    """Exactly what the desk counts."""

    title = gettext_lazy("what waits")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(work.INVITATIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> QuerySet[Invitation]:
        name = self.value()
        return queryset.filter(work.invitation_question(name, timezone.now())) if name in work.INVITATIONS else queryset


class InviteForm(CityTimes):
    """Whom, with how many companions, until when."""

    lists = forms.ModelMultipleChoiceField(
        label=gettext_lazy("guest lists"), queryset=GuestList.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    companions = forms.IntegerField(label=gettext_lazy("companions a guest may bring"), min_value=0, max_value=49)
    answer_until = forms.SplitDateTimeField(
        label=gettext_lazy("answers until"), required=False, widget=MomentWidget(),
        help_text=gettext_lazy("Empty: until the event begins. Until then the seats are kept."),
    )  # fmt: skip
    allotment = forms.ModelChoiceField(
        label=gettext_lazy("seats"), queryset=Allotment.objects.none(), required=False,
        empty_label=gettext_lazy("not counted"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: Any, event: Event, chosen: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen = chosen
        lists: Any = self.fields["lists"]
        lists.queryset = GuestList.objects.visible_to(user).annotate(n=Count("guests"))
        lists.label_from_instance = lambda one: f"{one} ({one.n})"
        if chosen:
            del self.fields["lists"]
        seats: Any = self.fields["allotment"]
        seats.queryset = Allotment.objects.filter(event=event)
        seats.label_from_instance = _seats
        if not seats.queryset.exists():
            del self.fields["allotment"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.chosen and not data.get("lists"):
            self.add_error("lists", ValidationError(_("Choose at least one list."), code="required"))
        return data


def _seats(allotment: Allotment) -> str:
    free = "∞" if allotment.free is None else allotment.free
    return _("%(whom)s: %(free)s free") % {"whom": allotment, "free": free}


class PhoneForm(AnswerFields):
    """An answer that somebody gave us, taken down by the staff."""

    HOW = [choice for choice in Invitation.How.choices if choice[0] in ("phone", "letter", "in_person")]

    how = forms.ChoiceField(label=gettext_lazy("how"), choices=HOW, widget=forms.RadioSelect)
    spoke_with = forms.CharField(
        label=gettext_lazy("who said so"), max_length=150, required=False,
        help_text=gettext_lazy("The guest, or whoever answered for them."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"how": "phone"}, **kwargs)
        self.fields["answer"].choices = [  # type: ignore[attr-defined]
            (state, Invitation.State(state).label) for state in Invitation.ANSWERS
        ]
        self.order_fields(["answer", "proxy", "companions", "how", "spoke_with"])


@admin.register(Invitation)
class InvitationAdmin(GuestPapers, ActingOnInvitations, Searched, Theirs):
    list_display = ["guest_name", "office", "shown", "seats_of", "seat_label", "answered_day", "of_event"]
    list_filter = [
        FoundFilter,
        WaitsFilter,
        "state",
        ("event", admin.RelatedOnlyFieldListFilter),
        "is_to_be_confirmed",
        "answered_how",
    ]
    list_select_related = ["event", "guest"]
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/events/invitation/change_list.html"
    change_form_template = "admin/events/invitation/change_form.html"
    readonly_fields = [
        "guest_name", "office", "of_event", "shown", "companions_allowed", "held", "answer_until", "companions",
        "proxy", "needs_in_words", "food", "remark", "answered_at", "answered_how", "answered_by", "spoke_with",
        "told_at",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["guest_name", "office", "of_event", "shown", "answer_until", "companions_allowed", "held"]}),
        (gettext_lazy("Protocol"), {"fields": ["is_to_be_confirmed", "official_number", "seat_label", "told_at"]}),
        (gettext_lazy("Answer"), {"fields": [
            "companions", "proxy", "needs_in_words", "food", "remark", "answered_at", "answered_how", "answered_by",
            "spoke_with",
        ]}),
    ]  # fmt: skip

    def get_ordering(self, request: HttpRequest) -> Any:
        return ["event", "guest__rank", "guest__found_by", "pk"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it is taken back; what has had its time is destroyed by night

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("invite/", view(self.invite_view), name="events_invitation_invite"),
            path("<int:pk>/answer/", view(self.answer_view), name="events_invitation_answer"),
            *super().get_urls(),
        ]

    # --- Pages ---

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        event = self.event_asked_for(request, "event__id__exact")
        context = {
            "title": capfirst(str(self.opts.verbose_name_plural)),
            "event_key": event.pk if event else "",
            "card_parts": self.card_parts(request, event) if event else [],
            "may_export": request.user.has_perm("events.export_invitation"),
            "may_write": request.user.has_perm("mail.add_mailing"),
        }
        response = super().changelist_view(request, context | (extra_context or {}))
        listed = getattr(response, "context_data", {}).get("cl")
        if listed is not None:
            reads.note_many(listed.result_list, by=request.user, what=["name"])
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        one = self.get_object(request, object_id)
        with zone_for(one.event.city if one else ""):
            context: dict[str, Any] = {"subtitle": None}
            if one:
                context |= {"title": one.guest.called, "acts": self.acts_for(request, one)}
            response = super().change_view(request, object_id, form_url, context | (extra_context or {}))
            if isinstance(response, TemplateResponse):
                response.render()
                if one:
                    reads.note_many([one], by=request.user, what=READ)
        return response

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:events_invitation_invite"))

    def invite_view(self, request: HttpRequest) -> HttpResponse:
        """First the event, then whom. Nobody is written to."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        sent = request.POST if request.method == "POST" else request.GET
        keys = keys_of(sent.getlist("guest"))
        guests = Guest.objects.visible_to(request.user).filter(pk__in=keys).select_related("guest_list")
        context = self.admin_site.each_context(request) | {"opts": self.opts, "title": _("Invite guests"), "keys": keys}
        event = _events(request).filter(pk__in=keys_of(sent.getlist("event")[:1])).first()
        if event is None:
            language = get_language()
            context["events"] = [(event, times.reading(event, language)) for event in _events(request)[:100]]
            context["listed"] = keys_of(sent.getlist("list"))
            return TemplateResponse(request, "admin/events/invitation/which.html", context)
        with zone_for(event.city):
            policy = policy_of(event)
            initial: dict[str, Any] = {"companions": policy.companions, "answer_until": policy.answer_until}
            initial |= {
                "lists": keys_of(sent.getlist("list")),
                "allotment": Allotment.objects.filter(event=event).first(),
            }
            data = request.POST if request.method == "POST" else None
            form = InviteForm(data, initial=initial, user=request.user, event=event, chosen=len(keys))
            if request.method == "POST" and form.is_valid():
                chosen = guests if keys else _in_lists(request, form)
                try:
                    return self._invite(request, event, chosen, form)
                except ValidationError as error:
                    form.add_error("answer_until" if error.code == "past" else None, error)
            reads.note_many(guests, by=request.user, what=["name"])
            context |= {"event": event, "reading": times.reading(event, get_language()), "form": form, "guests": guests}
            return TemplateResponse(request, "admin/events/invitation/invite.html", context).render()

    def _invite(self, request: HttpRequest, event: Event, guests: QuerySet[Guest], form: InviteForm) -> HttpResponse:
        data = form.cleaned_data
        came = invitations.invite(
            event,
            guests,
            by=request.user,
            now=timezone.now(),
            companions=data["companions"],
            answer_until=data["answer_until"],
            allotment=data.get("allotment"),
        )
        text = _(
            "%(new)d guests were invited; %(already)d were invited already, %(alike)d stand in another list. "
            "Nobody has been written to."
        ) % {"new": came.new, "already": came.already, "alike": came.alike}
        self.log_change(request, event, _("Guests invited: %(n)d") % {"n": came.new})
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(f"{reverse('admin:events_invitation_changelist')}?event__id__exact={event.pk}")

    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What somebody said on the telephone, with who and when."""
        if not self.has_manage_permission(request):
            raise PermissionDenied
        one = get_object_or_404(self.get_queryset(request).select_related("event", "guest", "allotment"), pk=pk)
        form = PhoneForm(request.POST or None, invitation=one)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                is_new = invitations.answer(
                    one, data["answer"], now=timezone.now(), by=request.user, how=data["how"],
                    spoke_with=data["spoke_with"], **form.said(),
                )  # fmt: skip
            except ValidationError as error:
                form.add_error(None, error)
            else:
                text = _("Noted: %(state)s.") % {"state": one.get_state_display()} if is_new else _("That was known.")
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:events_invitation_change", args=[one.pk]))
        reads.note_many([one], by=request.user, what=READ)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Take an answer down"),
            "one": one,
            "reading": times.reading(one.event, get_language()),
            "form": form,
        }
        return TemplateResponse(request, "admin/events/invitation/answer.html", context)

    # --- Columns ---

    @admin.display(description=gettext_lazy("guest"), ordering="guest__found_by")
    def guest_name(self, one: Invitation) -> str:
        return one.guest.called

    @admin.display(description=gettext_lazy("office"))
    def office(self, one: Invitation) -> str:
        return ", ".join(filter(None, (one.guest.office, one.guest.organisation))) or "–"

    @admin.display(description=gettext_lazy("event"), ordering="event")
    def of_event(self, one: Invitation) -> str:
        return str(one.event)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown(self, one: Invitation) -> SafeString:
        label = one.get_state_display()
        if one.is_to_be_confirmed:
            label = f"{label} · " + _("to be confirmed")
        return format_html('<span class="state is-{}">{}</span>', one.state, label)

    @admin.display(description=gettext_lazy("seats"))
    def seats_of(self, one: Invitation) -> int:
        return one.held

    @admin.display(description=gettext_lazy("needs"))
    def needs_in_words(self, one: Invitation) -> str:
        return ", ".join(str(dict(Invitation.NEEDS).get(need, need)) for need in one.needs) or "–"

    @admin.display(description=gettext_lazy("answered"), ordering="answered_at")
    def answered_day(self, one: Invitation) -> str:
        if one.answered_at is None:
            return "–"
        at = one.answered_at.astimezone(times.zone_of(one.event.city)).date()
        return f"{times.day(at, get_language(), weekday=False)}, {one.get_answered_how_display()}"


def _events(request: HttpRequest) -> QuerySet[Event]:
    """Ahead, and open to this person's guests: all, or where their organisation has a quota."""
    ahead = Event.objects.upcoming(times.today(timezone.now())).exclude(state=Event.State.CALLED_OFF).in_order()
    if request.user.has_perm(EVERYBODY):
        return ahead
    return ahead.filter(quotas__organisation__in=spoken_for(request.user)).distinct()


def _in_lists(request: HttpRequest, form: InviteForm) -> QuerySet[Guest]:
    theirs = Guest.objects.visible_to(request.user).filter(guest_list__in=form.cleaned_data["lists"])
    return theirs.select_related("guest_list").in_order()
