"""allauth's forms that ask for a letter: none by the hundred; signing up asks no password and has a trap for robots."""

from typing import Any

from allauth.account.forms import RequestLoginCodeForm, ResetPasswordForm, SignupForm
from allauth.core import context
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.limits import is_too_often, network


def check_letters(email: str) -> None:
    """Raise ValidationError when too many letters were asked for to this address, whether it has an account or not.

    Few a minute from one network, so that a stranger elsewhere keeps no owner out; more an hour from all of them.
    """
    asking, now = context.request, timezone.now()
    here = is_too_often(asking, "letter", now=now, most=3, whose=f"{email} {network(asking)}")
    if here or is_too_often(asking, "letters", now=now, most=30, seconds=3600, whose=email):
        raise ValidationError(
            _("Letters went to this address a moment ago: the code of the last one works. Ask again in a minute."),
            code="too_often",
        )


class CodeForm(RequestLoginCodeForm):  # type: ignore[misc]
    def clean_email(self) -> Any:
        check_letters(self.cleaned_data["email"])
        return super().clean_email()


class ResetForm(ResetPasswordForm):  # type: ignore[misc]
    def clean_email(self) -> Any:
        check_letters(self.cleaned_data["email"])
        return super().clean_email()


class TrappedSignupForm(SignupForm):  # type: ignore[misc]
    """Asks no password: before its address is proven, nobody knows whose account it is. One can be set afterwards."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password1"]
        # allauth hides it by an inline style, which our content policy refuses; forms.css does it instead.
        trap = self.fields[settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD]
        trap.widget = forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1", "aria-hidden": "true"})

    def clean(self) -> dict[str, Any]:
        """The last check, so that what is refused for another reason costs no letter."""
        cleaned: dict[str, Any] = super().clean()
        if not self.errors:
            try:
                check_letters(cleaned["email"])
            except ValidationError as error:
                self.add_error("email", error)
        return cleaned
