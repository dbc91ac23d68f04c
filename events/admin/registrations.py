"""Registrations: the list, one of them, entering somebody by hand. Who reads whose data is noted."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from events import registration, work
from events.admin.papers import Papers
from events.admin.registration_acts import ActingOnRegistrations
from events.attendance import LANGUAGES, Allotment, Registration, RegistrationPolicy
from events.forms import QuestionFields
from events.models import Event
from izbaku import times
from izbaku.backoffice import zone_for
from izbaku.mail import outbox
from izbaku.privacy import notices, reads
from izbaku.text import upper
from izbaku.times import City

Mode = RegistrationPolicy.Mode
SEARCHES = "registration_searches"  # in the session: a name that is looked for stands in no address and no log


class WaitsFilter(admin.SimpleListFilter):
    """Exactly what the desk counts."""

    title = gettext_lazy("what waits")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(work.REGISTRATIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        name = self.value()
        if name not in work.REGISTRATIONS:
            return queryset
        return queryset.filter(work.registration_question(name, timezone.now()))


class FoundFilter(admin.SimpleListFilter):
    """What was searched for; the address carries a key that means something in this session alone."""

    title = gettext_lazy("search")
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        self.texts = request.session.get(SEARCHES, {})
        key = request.GET.get("found", "")
        return [(key, f"“{self.texts[key]}”" if key in self.texts else _("no longer known"))] if key else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        if not self.value():
            return queryset
        text = self.texts.get(self.value())
        return queryset.filter(pk__in=Registration.objects.containing(text).values("pk")) if text else queryset.none()


class ByHand(QuestionFields):
    """Somebody who has called, or stands at the counter."""

    TOLD = [
        ("phone", gettext_lazy("Read to them on the telephone")),
        ("paper", gettext_lazy("Given to them on paper")),
        ("page", gettext_lazy("They have read it on the portal")),
    ]

    name = forms.CharField(label=gettext_lazy("name"), max_length=120)
    email = forms.EmailField(
        label=gettext_lazy("e-mail address"),
        max_length=254,
        help_text=gettext_lazy("The confirmation and the ticket go there."),
    )
    language = forms.ChoiceField(label=gettext_lazy("language of the letters"), choices=LANGUAGES)
    city = forms.ChoiceField(label=gettext_lazy("comes from"), choices=City.choices)
    party = forms.IntegerField(label=gettext_lazy("seats, theirs included"), min_value=1, initial=1)
    told = forms.ChoiceField(
        label=gettext_lazy("how they were told what happens with their data"),
        choices=TOLD,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("The law asks that they know before their data is taken down."),
    )

    def __init__(self, *args: Any, event: Event, policy: RegistrationPolicy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["party"].max_value = policy.party_limit  # type: ignore[attr-defined]
        self.fields["party"].widget.attrs["max"] = policy.party_limit
        if not Allotment.objects.filter(event=event).exclude(city="").exists():
            del self.fields["city"]
        for field in self.fields.values():
            label = str(field.label)
            field.label = upper(label[:1], get_language()) + label[1:]
        self.add_questions(policy)

    def clean_email(self) -> str:
        try:
            return outbox.deliverable(self.cleaned_data["email"])
        except ValidationError as error:
            raise ValidationError(_("No letter can be sent to this address. Is it written right?")) from error


@admin.register(Registration)
class RegistrationAdmin(Papers, ActingOnRegistrations):
    list_display = ["name", "party", "shown", "of_event", "seats_for", "since_day", "language"]
    list_filter = [
        FoundFilter,
        WaitsFilter,
        "state",
        ("event", admin.RelatedOnlyFieldListFilter),
        "allotment__city",
        "language",
    ]
    list_select_related = ["event", "allotment"]
    readonly_fields = ["of_event", "shown", "since", "seats_for", "answered", "told"]
    list_per_page = 50
    ordering = ["-pk"]  # the latest first, by an index
    show_full_result_count = False
    change_list_template = "admin/events/registration/change_list.html"
    fieldsets = [
        (None, {"fields": ["of_event", "shown", "since", "party", "seats_for", "waiting_since", "offered_until"]}),
        (gettext_lazy("Who"), {"fields": ["name", "email", "language", "answered"]}),
        (gettext_lazy("Record"), {"fields": ["created_at", "told", "destroy_after"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        theirs = Event.objects.editable_by(request.user)
        found = super().get_queryset(request)
        return found if request.user.has_perm("events.every_event") else found.filter(event__in=theirs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # nothing is typed over: acts change a registration, and each writes its letter

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it is cancelled; what has had its time is destroyed by night

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied  # before anything is looked for
        return super().history_view(request, object_id, extra_context)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("acts/<slug:name>/", view(self.act_view), name="events_registration_act"),
            path("offer/<int:pk>/", view(self.offer_view), name="events_registration_offer"),
            path("search/", view(self.search_view), name="events_registration_search"),
            path("door/", view(self.doorlist_view), name="events_registration_doorlist"),
            path("export/", view(self.export_view), name="events_registration_export"),
            *super().get_urls(),
        ]

    # --- Pages ---

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        event = self.event_asked_for(request, "event__id__exact")
        context = {
            "title": capfirst(str(self.opts.verbose_name_plural)),
            "event_key": event.pk if event else "",
            "may_export": request.user.has_perm("events.export_registration"),
        }
        response = super().changelist_view(request, context | (extra_context or {}))
        listed = getattr(response, "context_data", {}).get("cl")
        if listed is not None:
            reads.note_many(listed.result_list, by=request.user, what=["name"])
        return response

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Keep what is looked for in the session, and show the list narrowed to it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        filters = QueryDict(request.POST.get("filters", ""), mutable=True)
        for name in ("found", "p", "all"):
            filters.pop(name, None)
        if text := request.POST.get("text", "").strip()[:100]:
            key = secrets.token_urlsafe(6)
            earlier = list(request.session.get(SEARCHES, {}).items())[-9:]
            request.session[SEARCHES] = dict([*earlier, (key, text)])
            filters["found"] = key
        return HttpResponseRedirect(f"{reverse('admin:events_registration_changelist')}?{filters.urlencode()}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        one = self.get_object(request, object_id)
        with zone_for(one.event.city if one else ""):
            context = {
                "acts": self.acts_for(request, one) if one else [],
                "title": _("Registration of %(name)s") % {"name": one.name} if one else "",
                "subtitle": None,
            }
            response = super().change_view(request, object_id, form_url, context | (extra_context or {}))
            if isinstance(response, TemplateResponse):
                response.render()
                if one:
                    reads.note_many([one], by=request.user, what=["name", "email", "language", "answers"])
        return response

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """By hand: first the event, then who. Seats are taken as if they had registered themselves."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        context = self.admin_site.each_context(request) | {"opts": self.opts, "title": _("Register somebody by hand")}
        event = self.event_asked_for(request)
        if event is None:
            return TemplateResponse(
                request, "admin/events/registration/which.html", context | {"events": _open(request)}
            )
        now = timezone.now()
        policy = registration.policy_of(event)
        why = registration.closed_because(event, policy, now)
        notice = notices.current("registration", now)
        context |= {"event": event, "reading": times.reading(event, get_language()), "why": why}
        if why or policy is None or notice is None:
            context["why"] = why or _("The notice on personal data is missing, so this form cannot be sent at present.")
            return TemplateResponse(request, "admin/events/registration/add.html", context)
        form = ByHand(request.POST or None, initial={"language": get_language()}, event=event, policy=policy)
        if request.method == "POST" and form.is_valid():
            try:
                return self._register(request, event, form)
            except ValidationError as error:
                form.add_error("party" if error.code == "party" else None, error)
        return TemplateResponse(request, "admin/events/registration/add.html", context | {"form": form})

    def _register(self, request: HttpRequest, event: Event, form: ByHand) -> HttpResponse:
        data, now = form.cleaned_data, timezone.now()
        notice = notices.current("registration", now)
        assert notice is not None
        one = registration.register(
            event,
            name=data["name"],
            email=data["email"],
            language=data["language"],
            now=now,
            party=data["party"],
            city=data.get("city", ""),
            answers=form.answers(),
            shown=notices.Shown(notice, data["language"], now),
        )
        if one.created_at == now:
            told = dict(ByHand.TOLD)[data["told"]]
            self.log_addition(request, one, _("By hand. The notice: %(told)s.") % {"told": told})
            text = _("Registered: %(state)s. A letter says so.") % {"state": one.get_state_display()}
            self.message_user(request, text, messages.SUCCESS)
        else:
            text = _("This address is registered already; nothing was changed, and their letter went out again.")
            self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:events_registration_change", args=[one.pk]))

    def event_asked_for(self, request: HttpRequest, name: str = "event") -> Event | None:
        """The event that the address names, if this person may work on it."""
        key = request.GET.get(name) or request.POST.get(name) or ""
        if not (key.isascii() and key.isdecimal() and len(key) < 18):
            return None
        return Event.objects.editable_by(request.user).filter(pk=key).first()

    # --- Columns ---

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown(self, one: Registration) -> SafeString:
        return format_html('<span class="state is-{}">{}</span>', one.state, one.get_state_display())

    @admin.display(description=gettext_lazy("event"), ordering="event")
    def of_event(self, one: Registration) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:events_event_change", args=[one.event_id]), one.event)

    @admin.display(description=gettext_lazy("seats for"))
    def seats_for(self, one: Registration) -> str:
        return str(one.allotment) if one.allotment else "–"

    @admin.display(description=gettext_lazy("since"), ordering="state_at")
    def since(self, one: Registration) -> str:
        return times.moment(one.state_at, one.event.city, get_language())

    @admin.display(description=gettext_lazy("since"), ordering="state_at")
    def since_day(self, one: Registration) -> str:
        return times.day(one.state_at.astimezone(times.zone_of(one.event.city)).date(), get_language(), weekday=False)

    @admin.display(description=gettext_lazy("answers"))
    def answered(self, one: Registration) -> SafeString | str:
        pairs = [(given["question"], given["answer"]) for given in one.answers]
        return format_html_join("", "<p>{}<br><strong>{}</strong></p>", pairs) or "–"

    @admin.display(description=gettext_lazy("notice on personal data"))
    def told(self, one: Registration) -> str:
        return f"{one.notice} ({one.notice_language})" if one.notice else "–"


def _open(request: HttpRequest) -> list[tuple[Event, times.Reading]]:
    """Events ahead with a registration of our own, soonest first."""
    now = timezone.now()
    events = Event.objects.editable_by(request.user).public(now).upcoming(times.today(now)).in_order()
    events = events.filter(registration_policy__mode__in=(Mode.OPEN, Mode.APPROVAL))
    return [(event, times.reading(event, get_language())) for event in events[:100]]
