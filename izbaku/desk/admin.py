"""The outbox, as staff see it: every letter's fate, and a person's word where one is needed.

It stands in the hall because opening a letter is noted in the read log, and the mail room knows neither.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from csp.decorators import csp_replace
from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from izbaku.desk import letters, rounds
from izbaku.mail import figures, kinds, outbox, rendering, suppressing
from izbaku.mail.kinds import Letter
from izbaku.mail.models import Message, Suppression
from izbaku.mail.rounds import Mailing
from izbaku.privacy import reads

__all__ = ["rounds"]  # Django finds its admins through this module
State = Message.State
LOGGED_ONE_BY_ONE = 100


@dataclass(frozen=True)
class Act:
    """Something a person decides about letters; those in other states are left as they are."""

    label: Any
    consequence: Any
    states: tuple[State, ...]
    do: Callable[[QuerySet[Message], datetime], int]


ACTS = {
    "send_again": Act(
        gettext_lazy("Send once more"),
        gettext_lazy("Whoever has got the letter already gets it twice; many mail programs show it once."),
        (State.UNCERTAIN,),
        lambda chosen, now: outbox.resolve(chosen, send_again=True, now=now),
    ),
    "give_up": Act(
        gettext_lazy("Leave it at that"),
        gettext_lazy("Nothing more is sent. Whether the letter has arrived stays unknown."),
        (State.UNCERTAIN,),
        lambda chosen, now: outbox.resolve(chosen, send_again=False, now=now),
    ),
    "retry": Act(
        gettext_lazy("Try again now"),
        gettext_lazy("The letter leaves if it is still wanted, and if its address takes letters."),
        (State.FAILED, State.GIVEN_UP, State.EXPIRED, State.DEFERRED),
        lambda chosen, now: outbox.retry(chosen, now=now),
    ),
    "take_back": Act(
        gettext_lazy("Take back"),
        gettext_lazy("The letter does not leave. What is being sent at this moment cannot be taken back."),
        (State.HELD, State.PENDING, State.DEFERRED, State.CLAIMED),
        lambda chosen, now: outbox.cancel(chosen, now=now),
    ),
}


def kind_label(name: str) -> str:
    try:
        return str(kinds.get(name).label or name)
    except LookupError:
        return name


class WaitingFilter(admin.SimpleListFilter):
    title = gettext_lazy("waits for a person")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(letters.NAMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return letters.narrowed(queryset, self.value() or "", timezone.now())


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted(((name, kind_label(name)) for name in kinds.all_names()), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class RoundFilter(admin.SimpleListFilter):
    """Only from the round's own page: then it says which."""

    title = gettext_lazy("round")
    parameter_name = "mailing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        key = request.GET.get(self.parameter_name, "")
        if not key.isdecimal() or len(key) > 18:
            return []
        return [(key, mailing.name) for mailing in Mailing.objects.visible_to(request.user).filter(pk=key)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        key = self.value()
        return queryset.filter(mailing=int(key)) if self.lookup_choices and key else queryset


class AgeFilter(admin.SimpleListFilter):
    title = gettext_lazy("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("hour", _("the last hour")),
            ("day", _("the last day")),
            ("week", _("the last week")),
            ("old", _("older")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        spans = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
        if self.value() == "old":
            return queryset.filter(created_at__lte=timezone.now() - spans["week"])
        span = spans.get(self.value() or "")
        return queryset.filter(created_at__gt=timezone.now() - span) if span else queryset


def _act(name: str) -> Any:
    @admin.action(description=ACTS[name].label, permissions=["handle"])
    def action(modeladmin: LetterAdmin, request: HttpRequest, chosen: QuerySet[Message]) -> HttpResponse | None:
        return modeladmin.ask_or_act(request, name, chosen)

    action.__name__ = name
    return action


@admin.register(Message)
class LetterAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["created_at", "what", "to", "language", "state", "due_at", "settled_at", "why"]
    list_filter = [WaitingFilter, "state", RoundFilter, KindFilter, "language", AgeFilter]
    list_per_page = 50
    search_fields = ["recipient"]
    search_help_text = gettext_lazy("A whole e-mail address.")
    ordering = ["-pk"]
    show_full_result_count = False
    actions = [_act(name) for name in ACTS]
    change_list_template = "admin/mail/message/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Without what the letters are made of: codes among it. Only building one reads it."""
        return super().get_queryset(request).defer("payload")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("mail.handle_letters")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], term: str
    ) -> tuple[QuerySet[Message], bool]:
        """A whole address, or its hash: letters whose address is forgotten are found by it, too."""
        address = term.strip()
        if not address:
            return queryset, False
        found = Q(recipient__iexact=address) | Q(recipient=Suppression.hash_of(address))
        with suppress(ValidationError):
            found |= Q(recipient__iexact=outbox.deliverable(address))
        return queryset.filter(found), False

    @admin.display(description=gettext_lazy("letter"))
    def what(self, letter: Message) -> str:
        label = kind_label(letter.kind)
        return f"{label}: {letter.subject}" if letter.subject and not kinds.is_secret(letter.kind) else label

    @admin.display(description=gettext_lazy("to"))
    def to(self, letter: Message) -> str:
        return letter.recipient if "@" in letter.recipient else f"#{letter.recipient[:12]}"

    @admin.display(description=gettext_lazy("the server's answer"))
    def why(self, letter: Message) -> str:
        return f"{letter.code or ''} {letter.answer}".strip()[:80]

    # --- One letter ---------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("figures/", view(self.figures_view), name="mail_message_figures"),
            path("<int:pk>/html/", view(self.html_view), name="mail_message_html"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A letter as its reader saw it, or would see it; who looks is noted."""
        if not self.has_view_permission(request):
            raise PermissionDenied  # before anything is looked for
        message = self.get_object(request, object_id)
        if message is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        letter = self._words(request, message)
        may = self.has_handle_permission(request)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": self.what(message),
            "message": message,
            "to": self.to(message),
            "letter": letter,
            "is_secret": kinds.is_secret(message.kind),
            "is_of_a_room": not letters.may_read(request.user, message.kind),
            "was_sent": bool(message.text),
            "acts": [(name, act) for name, act in ACTS.items() if may and message.state in act.states],
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/mail/message/letter.html", context)

    @method_decorator(csp_replace({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": []}))
    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """As a mail program shows it: no script runs, nothing is loaded, no link leads anywhere."""
        if not self.has_view_permission(request):
            raise PermissionDenied  # before anything is looked for
        message = get_object_or_404(Message, pk=pk)
        letter = self._words(request, message)
        if letter is None:
            raise Http404
        return HttpResponse(rendering.html(letter, message.language), headers={"Cache-Control": "private, no-store"})

    @staticmethod
    def _words(request: HttpRequest, message: Message) -> Letter | None:
        """What was sent; or what would be, while it waits. None for secrets, and for what is forgotten."""
        is_closed = kinds.is_secret(message.kind) or not letters.may_read(request.user, message.kind)
        if is_closed or "@" not in message.recipient:
            return None
        reads.note(message, by=request.user, what=["recipient", "subject", "text"])
        if message.text:
            spoken = (message.language, *message.payload.get("and", []))
            return letters.without_keys(Letter(message.subject, message.text, languages=spoken))
        if message.state not in Message.OPEN:
            return None
        try:
            with transaction.atomic():
                letter = kinds.get(message.kind).build(message)
                transaction.set_rollback(True)  # who only looks leaves nothing behind
            return letters.without_keys(letter)
        except Exception:  # noqa: BLE001  (whatever a room's letter fails with: then there is nothing to show)
            return None

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        found = figures.collect(now)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Figures of the letters"),
            "figures": found,
            "states": [(State(name).label, count, name) for name, count in found.states.items()],
            "oldest": [(kind_label(kind), timedelta(seconds=round(age))) for kind, age in found.oldest_due.items()],
            "uncertain_age": timedelta(seconds=round(found.uncertain_age)),
            "lateness": {name: timedelta(seconds=round(value)) for name, value in found.lateness.items()},
            "suppressed": [(Suppression.Reason(name).label, count) for name, count in found.suppressed.items()],
            "is_swept": found.is_swept(now),
        }
        return TemplateResponse(request, "admin/mail/message/figures.html", context)

    # --- Acts ---------------------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def ask_or_act(self, request: HttpRequest, name: str, chosen: QuerySet[Message]) -> HttpResponse | None:
        """The first time it asks, with the number; confirmed, it acts on those that still fit."""
        act = ACTS[name]
        fitting = chosen.filter(state__in=act.states)
        if request.POST.get("confirmed"):
            touched = list(fitting.order_by()[: LOGGED_ONE_BY_ONE + 1])
            count = act.do(Message.objects.filter(pk__in=chosen.order_by().values("pk")), timezone.now())
            for letter in touched if len(touched) <= LOGGED_ONE_BY_ONE else []:
                self.log_change(request, letter, str(act.label))
            text = ngettext("Done for %(n)d letter.", "Done for %(n)d letters.", count)
            messages.success(request, text % {"n": count})
            return None
        number = fitting.count()
        if not number:
            messages.error(request, _("None of these letters is in a state that this fits."))
            return None
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": act.label,
            "act": act,
            "name": name,
            "number": number,
            "left": chosen.count() - number,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "admin/mail/message/ask.html", context)


class SuppressionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The address is typed, and only its hash is kept."""

    address = forms.CharField(label=gettext_lazy("e-mail address"), max_length=320)

    class Meta:
        model = Suppression
        fields = ["scope", "until"]

    def clean_address(self) -> str:
        return outbox.deliverable(self.cleaned_data["address"])


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Lifting is deleting: the address then takes letters again."""

    form = SuppressionForm
    list_display = ["since", "reason", "scope", "until"]
    list_filter = ["reason", "scope"]
    search_fields = ["address_hash"]
    search_help_text = gettext_lazy("A whole e-mail address; only its hash is kept.")
    ordering = ["-since"]
    fields = ["address", "scope", "until"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["since", "reason", "scope", "until"] if obj else self.fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        if not term.strip():
            return queryset, False
        try:
            address = outbox.deliverable(term)
        except ValidationError:
            return queryset.none(), False
        return queryset.filter(address_hash=Suppression.hash_of(address)), False

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        address, scope = form.cleaned_data["address"], Suppression.Scope(form.cleaned_data["scope"])
        suppressing.suppress(
            address, Suppression.Reason.STAFF, now=timezone.now(), until=form.cleaned_data["until"], scope=scope
        )
        obj.__dict__.update(Suppression.objects.get(address_hash=Suppression.hash_of(address), scope=scope).__dict__)
