"""Rounds of letters at the desk: begun and written. Acts are in `round_acts.py`, what there is to look at in
`round_pages.py`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from izbaku.backoffice import zone_for
from izbaku.desk.round_acts import OVER, ActingOnRounds, move_label
from izbaku.desk.round_pages import about, audience_label, readers_now, told
from izbaku.mail import audiences, composing, mailings
from izbaku.mail.rounds import Mailing, MailingRule

State = Mailing.State


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

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    starts_at = forms.SplitDateTimeField(
        label=gettext_lazy("Starts"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=gettext_lazy("İzmir time. Empty: as soon as it is approved."),
    )

    is_outdated = False  # somebody else has written since this form was opened

    def __init__(self, *args: Any, mailing: Mailing, **kwargs: Any) -> None:
        texts = composing.texts_of(mailing)
        initial: dict[str, Any] = {"name": mailing.name, "starts_at": mailing.starts_at, "version": mailing.version}
        for language, text in texts.items():
            initial |= {f"subject_{language}": text.subject, f"body_{language}": text.body}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for part, label in zip(self.fields["starts_at"].widget.widgets, (_("day"), _("time")), strict=True):  # type: ignore[attr-defined]
            part.attrs["aria-label"] = f"{self.fields['starts_at'].label}: {label}"
        for language, name in settings.LANGUAGES:
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
        return {code: (data[f"subject_{code}"], data[f"body_{code}"]) for code, _name in settings.LANGUAGES}


@admin.register(Mailing)
class MailingAdmin(ActingOnRounds):
    list_display = ["name", "readers", "what_about", "state", "starts_at", "composer"]
    list_filter = ["state"]
    list_select_related = ["composer"]
    search_fields = ["name"]
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("readers"))
    def readers(self, mailing: Mailing) -> str:
        return str(audience_label(mailing))

    @admin.display(description=gettext_lazy("about"))
    def what_about(self, mailing: Mailing) -> str:
        return about(mailing)

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
                "audience": audience_label(mailing),
                "about": about(mailing),
                "places": [
                    (f"{{{{ {name} }}}}", label, name in audience.needs)
                    for name, label in audience.placeholders.items()
                ],
                "acts": self._acts(request, mailing),
                "steps": [(step, move_label(step.move)) for step in mailing.steps.select_related("by")],
                "refusal": audience.refusal(mailing, now) if mailing.state not in OVER else "",
                "second": MailingRule.needs_a_second() and mailing.state == State.HELD,
            }
            if has_run:
                context |= told(mailing, request.user)
            elif mailing.state not in OVER:
                context |= readers_now(mailing)
            return self._page(request, "round", mailing.name, **context).render()

    def _write(self, request: HttpRequest, mailing: Mailing, form: WordsForm) -> bool:
        try:
            data = form.cleaned_data
            mailings.write(
                mailing,
                form.texts,
                by=request.user,
                now=timezone.now(),
                name=data["name"],
                starts_at=data["starts_at"],
                version=data["version"],
            )
        except ValidationError as error:
            form.add_error(None, error)
            if getattr(error, "code", "") == "changed":  # the other's words are shown; who saves now has seen them
                sent = request.POST.copy()
                sent["version"] = str(mailing.version)
                form.data, form.is_outdated = sent, True
            return False
        self.log_change(request, mailing, str(_("Words")))
        return True


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
