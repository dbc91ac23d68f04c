"""Rounds of letters at the desk: written, tested, approved and watched. Every act is a page that asks, with numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from csp.decorators import csp_replace
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from izbaku.backoffice import zone_for
from izbaku.desk import letters
from izbaku.mail import audiences, composing, expanding, mailings, rendering
from izbaku.mail.models import Message
from izbaku.mail.rounds import LeftOut, Mailing, MailingRule
from izbaku.privacy import reads

State = Mailing.State
SHOWN = 200  # of those left out, on one page
LANGUAGES = [("tr", "Türkçe"), ("az", "Azərbaycanca"), ("en", "English")]


@dataclass(frozen=True)
class Act:
    """Something a person does with a round; `do` gets the form's words as well."""

    label: Any
    consequence: Any
    done: Any
    do: Callable[..., Any]
    shows_readers: bool = False
    asks_why: bool = False
    is_weighty: bool = False


def _approve(mailing: Mailing, *, by: Any, now: Any, version: int, readers: int, why: str) -> None:
    mailings.approve(mailing, by=by, now=now, version=version, readers=readers)


def _plain(do: Callable[..., Any]) -> Callable[..., Any]:
    return lambda mailing, *, by, now, version, readers, why: do(mailing, by=by, now=now)


def _with_reason(do: Callable[..., Any]) -> Callable[..., Any]:
    return lambda mailing, *, by, now, version, readers, why: do(mailing, by=by, now=now, why=why)


ACTS = {
    "test": Act(
        gettext_lazy("Test letter to myself"),
        gettext_lazy("One letter in each language goes to your own address, with an example in place of a reader."),
        gettext_lazy("The test letters leave now. Look at them before you go on."),
        _plain(mailings.test),
    ),
    "hold": Act(
        gettext_lazy("Ask for approval"),
        gettext_lazy("Nothing leaves yet. The words can be changed only after it was taken back."),
        gettext_lazy("It waits for approval."),
        _plain(mailings.hold),
        shows_readers=True,
    ),
    "take_back": Act(
        gettext_lazy("Back to draft"),
        gettext_lazy("It is not approved, and its words can be changed again."),
        gettext_lazy("It is a draft again."),
        _with_reason(mailings.take_back),
        asks_why=True,
    ),
    "approve": Act(
        gettext_lazy("Approve, and let it go"),
        gettext_lazy(
            "The letters leave at the round’s time, or at once where it has none. What has left is not undone."
        ),
        gettext_lazy("It is approved."),
        _approve,
        shows_readers=True,
        is_weighty=True,
    ),
    "pause": Act(
        gettext_lazy("Pause"),
        gettext_lazy("No further letter leaves; one that is being sent at this moment still does."),
        gettext_lazy("It is paused."),
        _with_reason(mailings.pause),
        asks_why=True,
    ),
    "resume": Act(
        gettext_lazy("Go on"),
        gettext_lazy("It goes on where it stopped; nobody gets a second letter."),
        gettext_lazy("It goes on."),
        _plain(mailings.resume),
    ),
    "cancel": Act(
        gettext_lazy("Call back"),
        gettext_lazy("What has not left yet never will. Readers hear nothing of this, and it cannot be undone."),
        gettext_lazy("It was called back."),
        _with_reason(mailings.cancel),
        asks_why=True,
        is_weighty=True,
    ),
    "follow_up": Act(
        gettext_lazy("Follow-up to those who have not answered"),
        gettext_lazy("A new draft is begun. Whoever answers until it leaves is left out."),
        gettext_lazy("The follow-up is a draft now."),
        _plain(mailings.follow_up),
    ),
}


class BeginForm(forms.Form):
    """Whom it is for, and a name for the staff."""

    target = forms.ChoiceField(label=gettext_lazy("Readers"))
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=150, help_text=gettext_lazy("For the staff; readers never see it.")
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = timezone.now()
        groups = [
            (str(one.label), [(f"{one.name}:{key}", words) for key, words in one.choices(user, now)])
            for one in audiences.all_of_them()
        ]
        self.has_choices = any(choices for _label, choices in groups)
        self.fields["target"].choices = [group for group in groups if group[1]]  # type: ignore[attr-defined]


class WordsForm(forms.Form):
    """The round's texts in three languages, and when it starts."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    starts_at = forms.SplitDateTimeField(
        label=gettext_lazy("Starts"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=gettext_lazy("İzmir time. Empty: as soon as it is approved."),
    )

    def __init__(self, *args: Any, mailing: Mailing, **kwargs: Any) -> None:
        texts = composing.texts_of(mailing)
        initial: dict[str, Any] = {"name": mailing.name, "starts_at": mailing.starts_at}
        for language, text in texts.items():
            initial |= {f"subject_{language}": text.subject, f"body_{language}": text.body}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for part, label in zip(self.fields["starts_at"].widget.widgets, (_("day"), _("time")), strict=True):  # type: ignore[attr-defined]
            part.attrs["aria-label"] = f"{self.fields['starts_at'].label}: {label}"
        for language, name in LANGUAGES:
            tongue = {"lang": language, "class": "vLargeTextField"}
            subject = forms.TextInput(attrs=tongue | {"class": "vTextField"})
            self.fields[f"subject_{language}"] = forms.CharField(
                label=_("Subject (%(language)s)") % {"language": name}, max_length=200, required=False, widget=subject
            )
            self.fields[f"body_{language}"] = forms.CharField(
                label=_("Text (%(language)s)") % {"language": name},
                max_length=20_000,
                required=False,
                widget=forms.Textarea(attrs=tongue | {"rows": 12}),
            )

    @property
    def texts(self) -> dict[str, tuple[str, str]]:
        data = self.cleaned_data
        return {code: (data[f"subject_{code}"], data[f"body_{code}"]) for code, _name in LANGUAGES}


@admin.register(Mailing)
class MailingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "readers", "what_about", "state", "starts_at", "composer"]
    list_filter = ["state"]
    list_select_related = ["composer"]
    search_fields = ["name"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailing]:
        return super().get_queryset(request) & Mailing.objects.visible_to(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("readers"))
    def readers(self, mailing: Mailing) -> str:
        return str(_audience_label(mailing))

    @admin.display(description=gettext_lazy("about"))
    def what_about(self, mailing: Mailing) -> str:
        return _about(mailing)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview_view), name="mail_mailing_preview"),
            path("<int:pk>/preview/html/", view(self.html_view), name="mail_mailing_html"),
            path("<int:pk>/left-out/", view(self.left_out_view), name="mail_mailing_leftout"),
            path("<int:pk>/progress/", view(self.progress_view), name="mail_mailing_progress"),
            path("<int:pk>/act/<slug:name>/", view(self.act_view), name="mail_mailing_act"),
            *super().get_urls(),
        ]

    def _found(self, request: HttpRequest, pk: int) -> Mailing:
        """What one may not see does not exist."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        mailing = get_object_or_404(self.get_queryset(request).prefetch_related("texts"), pk=pk)
        if mailing.audience not in {one.name for one in audiences.all_of_them()}:
            raise Http404
        return mailing

    def _page(self, request: HttpRequest, template: str, title: Any, **context: Any) -> TemplateResponse:
        base = self.admin_site.each_context(request) | {"opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/mail/mailing/{template}.html", base | context)

    # --- Writing ------------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Choose whom it is for; the words come on the next page, begun by the room that knows these readers."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        chosen = {"target": f"{request.GET.get('audience', '')}:{request.GET.get('about', '')}"}
        form = BeginForm(request.POST if request.method == "POST" else None, initial=chosen, user=request.user)
        if request.method == "POST" and form.is_valid():
            audience, _colon, about = form.cleaned_data["target"].partition(":")
            mailing = mailings.draft(
                audience, about=int(about), name=form.cleaned_data["name"], by=request.user, now=timezone.now()
            )
            self.log_addition(request, mailing, "")
            return HttpResponseRedirect(self._address(mailing))
        return self._page(request, "add", _("New round of letters"), form=form)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The round as it stands: its words, whom it reaches, how far it is, and what can be done next."""
        is_key = object_id.isascii() and object_id.isdecimal() and len(object_id) < 18
        mailing = self._found(request, int(object_id) if is_key else 0)
        may_write = mailing.is_writable and self.has_change_permission(request)
        with zone_for(None):
            form = WordsForm(request.POST if request.method == "POST" else None, mailing=mailing) if may_write else None
            if request.method == "POST":
                if form is None:
                    raise PermissionDenied
                if form.is_valid() and self._write(request, mailing, form):
                    messages.success(request, _("Saved. Test it before you ask for approval."))
                    return HttpResponseRedirect(self._address(mailing))
            now = timezone.now()
            audience = audiences.get(mailing.audience)
            has_run = mailing.steps.filter(move="start").exists()
            context: dict[str, Any] = {
                "mailing": mailing,
                "form": form,
                "media": self.media + (form.media if form else forms.Media()),
                "texts": composing.texts_of(mailing).values(),
                "audience": _audience_label(mailing),
                "about": _about(mailing),
                "places": [
                    (f"{{{{ {name} }}}}", label, name in audience.needs)
                    for name, label in audience.placeholders.items()
                ],
                "acts": self._acts(request, mailing),
                "steps": [(step, _move_label(step.move)) for step in mailing.steps.select_related("by")],
                "refusal": audience.refusal(mailing, now) if mailing.state not in _OVER else "",
                "second": MailingRule.needs_a_second() and mailing.state == State.HELD,
            }
            if has_run:
                context |= _told(mailing)
            elif mailing.state not in _OVER:
                context |= _census(mailing)
            return self._page(request, "round", mailing.name, **context).render()

    def _write(self, request: HttpRequest, mailing: Mailing, form: WordsForm) -> bool:
        try:
            data = form.cleaned_data
            mailings.write(
                mailing, form.texts, by=request.user, now=timezone.now(), name=data["name"], starts_at=data["starts_at"]
            )
        except ValidationError as error:
            form.add_error(None, error)
            return False
        self.log_change(request, mailing, str(_("Words")))
        return True

    # --- Acts ---------------------------------------------------------------------------------------------

    def _acts(self, request: HttpRequest, mailing: Mailing) -> list[tuple[str, Act]]:
        names = [move.name for move in Mailing.MOVES.open_to(mailing, request.user) if move.name in ACTS]
        if "approve" in names and not mailings.may_approve(mailing, request.user):
            names.remove("approve")
        can_follow = audiences.get(mailing.audience).can_be_followed and mailing.state in Mailing.LETTING_GO
        if can_follow and self.has_add_permission(request):
            names.append("follow_up")
        return [(name, ACTS[name]) for name in ACTS if name in names]

    def act_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """GET asks, with whom it reaches; POST does it."""
        mailing = self._found(request, pk)
        act = ACTS.get(name)
        if act is None:
            raise Http404
        if name not in dict(self._acts(request, mailing)):
            if request.method == "POST" or mailing.state in _OVER:
                messages.error(
                    request, _("This cannot be done any more, or not yet, or it is for somebody else to do.")
                )
            return HttpResponseRedirect(self._address(mailing))
        error = None
        if request.method == "POST":
            error = self._do(request, mailing, name, act)
            if isinstance(error, HttpResponse):
                return error
            mailing.refresh_from_db()
        context = _census(mailing) if act.shows_readers else {}
        return self._page(
            request,
            "act",
            act.label,
            mailing=mailing,
            act=act,
            name=name,
            error=error,
            back=self._address(mailing),
            **context,
        )

    def _do(self, request: HttpRequest, mailing: Mailing, name: str, act: Act) -> HttpResponse | ValidationError:
        sent = request.POST
        numbers = {key: int(sent[key]) if sent.get(key, "").isdecimal() else 0 for key in ("version", "readers")}
        try:
            made = act.do(mailing, by=request.user, now=timezone.now(), why=sent.get("why", "")[:1000], **numbers)
        except ValidationError as error:
            return error
        self.log_change(request, mailing, str(act.label))
        messages.success(request, act.done)
        return HttpResponseRedirect(self._address(made if isinstance(made, Mailing) else mailing))

    @staticmethod
    def _address(mailing: Mailing) -> str:
        return reverse("admin:mail_mailing_change", args=[mailing.pk])

    # --- Looking ------------------------------------------------------------------------------------------

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Real readers, one at a time, by the code that delivers; the keys in their links are hidden."""
        mailing = self._found(request, pk)
        found = expanding.census(mailing, timezone.now())
        key, language = self._chosen(request, mailing, found)
        letter = self._letter(request, mailing, key, language)
        place = found.readers.index(key) if key in found.readers else 0
        return self._page(
            request,
            "preview",
            _("As a reader sees it"),
            mailing=mailing,
            letter=letter and letters.without_keys(letter),
            reader=key,
            who=self._who(mailing, key),
            language=language,
            languages=[(code, LANGUAGES_BY[code]) for code in composing.texts_of(mailing)],
            number=place + 1,
            sample=len(found.readers),
            following=found.readers[(place + 1) % len(found.readers)] if found.readers else None,
            back=self._address(mailing),
        )

    @method_decorator(csp_replace({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "sandbox": []}))
    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self._found(request, pk)
        key, language = self._chosen(request, mailing, expanding.census(mailing, timezone.now()))
        letter = self._letter(request, mailing, key, language)
        if letter is None:
            raise Http404
        return HttpResponse(
            rendering.html(letters.without_keys(letter), language), headers={"Cache-Control": "private, no-store"}
        )

    @staticmethod
    def _chosen(request: HttpRequest, mailing: Mailing, found: expanding.Census) -> tuple[int | None, str]:
        """A reader of the sample, and a language in which there is a text."""
        asked = request.GET.get("reader", "")
        key = int(asked) if asked.isdecimal() and len(asked) < 18 and int(asked) in found.readers else None
        there = list(composing.texts_of(mailing))
        language = request.GET.get("language", "")
        return (
            key if key is not None else next(iter(found.readers), None),
            language if language in there else next(iter(there), ""),
        )

    def _letter(self, request: HttpRequest, mailing: Mailing, key: int | None, language: str) -> Any:
        if not language:
            return None
        one = audiences.get(mailing.audience).read(mailing, [key]).get(key) if key is not None else None
        _note(request, [one])
        return composing.letter(mailing, composing.texts_of(mailing), one, [language])

    @staticmethod
    def _who(mailing: Mailing, key: int | None) -> str:
        if key is None:
            return str(_("an example"))
        audience = audiences.get(mailing.audience)
        one = audience.read(mailing, [key]).get(key)
        return audience.describe(mailing, one) if one is not None else ""

    def left_out_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who is not written to, and why: by name, with the page where it is mended."""
        mailing = self._found(request, pk)
        audience = audiences.get(mailing.audience)
        reason = request.GET.get("reason", "")
        if mailing.steps.filter(move="start").exists():
            rows = LeftOut.objects.filter(mailing=mailing, **({"reason": reason} if reason else {}))
            pairs = list(rows.order_by("reason", "reader").values_list("reason", "reader")[:SHOWN])
            total = rows.count()
        else:
            found = expanding.census(mailing, timezone.now())
            chosen = {why: keys for why, keys in found.examples.items() if reason in ("", why)}
            pairs = [(why, key) for why, keys in sorted(chosen.items()) for key in keys]
            total = sum(count for why, count in found.left_out.items() if reason in ("", why))
        people = audience.read(mailing, [key for _why, key in pairs])
        _note(request, list(people.values()))
        lines = [
            (audience.reason(why), audience.describe(mailing, people[key]), audience.link(people[key]))
            for why, key in pairs
            if key in people
        ]
        return self._page(
            request,
            "left_out",
            _("Who is left out"),
            mailing=mailing,
            lines=lines,
            total=total,
            back=self._address(mailing),
        )

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bar alone, for a page that asks again; without scripts one reloads the round's page."""
        mailing = self._found(request, pk)
        return TemplateResponse(request, "admin/mail/mailing/progress.html", {"mailing": mailing} | _told(mailing))


_OVER = (State.CANCELLED, State.FINISHED)
LANGUAGES_BY = dict(LANGUAGES)


def _note(request: HttpRequest, people: list[Any]) -> None:
    """Who opened whose data, where the room's rows are personal data."""
    rows = [one for one in people if isinstance(one, models.Model) and hasattr(one, "Personal")]
    if rows:
        fields = rows[0].Personal.fields  # type: ignore[attr-defined]
        reads.note_many(rows, by=request.user, what=[name for name in fields if name in ("name", "email")] or fields)


def _audience_label(mailing: Mailing) -> Any:
    try:
        return audiences.get(mailing.audience).label
    except LookupError:
        return mailing.audience


def _about(mailing: Mailing) -> str:
    try:
        return audiences.get(mailing.audience).about(mailing)
    except LookupError:
        return ""


def _move_label(name: str) -> Any:
    if name in ACTS:
        return ACTS[name].label
    return {
        "change": _("Words changed"),
        "start": _("Started"),
        "stop": _("Stopped by itself"),
        "finish": _("Finished"),
    }.get(name, name)


def _census(mailing: Mailing) -> dict[str, Any]:
    """Whom it would reach now, and who is left out."""
    found, audience = expanding.census(mailing, timezone.now()), audiences.get(mailing.audience)
    return {
        "census": found,
        "languages": [(_spoken(code), count) for code, count in sorted(found.languages.items())],
        "left_out": [(reason, audience.reason(reason), count) for reason, count in sorted(found.left_out.items())],
    }


def _spoken(codes: str) -> str:
    return " + ".join(LANGUAGES_BY.get(code, code) for code in codes.split("+"))


def _told(mailing: Mailing) -> dict[str, Any]:
    """How far it is, in words and numbers."""
    found, audience = mailings.progress(mailing), audiences.get(mailing.audience)
    listed = reverse("admin:mail_message_changelist")
    return {
        "progress": found,
        "states": [
            (state.label, found.states[state], f"{listed}?mailing={mailing.pk}&state__exact={state}")
            for state in Message.State
            if found.states[state]
        ],
        "languages": [(_spoken(code), count) for code, count in sorted(found.languages.items())],
        "left_out": [(reason, audience.reason(reason), count) for reason, count in sorted(found.left_out.items())],
        "bar": ngettext("%(done)d of %(n)d letter is settled", "%(done)d of %(n)d letters are settled", found.letters)
        % {"done": found.done, "n": found.letters},
        "goes_on": mailing.state == State.RUNNING,
    }


@admin.register(MailingRule)
class MailingRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row: how the association lets rounds go."""

    list_display = ["__str__"]
    actions = None

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """There is one rule: whoever adds it a second time changes it. Asked here alone, not on every page."""
        rule = MailingRule.objects.first()
        if rule is not None:
            return redirect("admin:mail_mailingrule_change", rule.pk)
        return super().add_view(request, form_url, extra_context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
