"""What forms that take personal data share: the notice that was shown, and boxes of consent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.privacy import consents, notices
from izbaku.privacy.models import Consent, DataRequest

TOKEN_NAME = "notice"  # noqa: S105  (the name of a field)


class WithNotice(forms.Form):
    """A form below `{% notice "purpose" %}`: it goes through only with the token of the text that is in force.

    A refused form keeps everything typed and shows the text anew. Afterwards `notice_shown` says what was shown:
    `notices.remember(form.notice_shown, record)` or `notices.remember_for(user, form.notice_shown)`.
    """

    notice_purpose: str
    notice_shown: notices.Shown

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        try:
            self.notice_shown = notices.read_token(self.data.get(TOKEN_NAME, ""), self.notice_purpose, timezone.now())
        except forms.ValidationError as error:
            self.add_error(None, error)
        return data


class WithConsents(forms.Form):
    """Boxes of consent: none is ticked, none is required, and people under eighteen see none.

    Pass `is_minor` when it is known before; a form that asks for the year of birth overrides `is_of_minor`.
    """

    consent_purposes: list[str] = []

    def __init__(self, *args: Any, is_minor: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = consents.asked(self.consent_purposes, is_minor=is_minor)
        for purpose in self.asked:
            self.fields[f"consent_{purpose.slug}"] = forms.BooleanField(
                label=purpose.question, help_text=purpose.explanation, required=False, initial=False
            )

    def is_of_minor(self) -> bool:
        return False

    def save_consents(self, who: Any, *, shown: notices.Shown | None = None) -> None:
        """Write down the boxes that were ticked; an empty box is no act."""
        if self.is_of_minor():
            return
        for purpose in self.asked:
            if self.cleaned_data.get(f"consent_{purpose.slug}"):
                consents.give(who, purpose.slug, how=Consent.How.FORM, now=timezone.now(), shown=shown)


class AskForm(WithNotice):
    """A request about one's own data."""

    notice_purpose = "data_request"

    kind = forms.ChoiceField(label=_("What you ask for"), choices=DataRequest.Kind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("What it is about"),
        help_text=_("A few sentences are enough. Leave out details of your health and numbers of identity papers."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class EraseForm(forms.Form):
    """The last word before everything goes."""

    sure = forms.BooleanField(
        label=_("I want my account and my data to be erased"),
        help_text=_("This cannot be undone."),
        error_messages={"required": _("Tick this box if everything is to go.")},
    )
