"""allauth's forms of passkeys, for answers that no browser gives: a refusal in the form, never an error page."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 20_000  # characters; a browser's answer has a few thousand


class Credential(forms.JSONField):
    """An object, of a size that a browser sends."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error
        if found and not isinstance(found, dict):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """An answer counts once: the form that is shown again does not carry it, nor read it."""
        return initial


NO_ANSWER = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


class _Checked:
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except NO_ANSWER as error:
            raise get_adapter().validation_error("incorrect_code") from error


class Login(_Checked, LoginWebAuthnForm):  # type: ignore[misc]
    credential = Credential(required=True, widget=forms.HiddenInput)


class Authenticate(_Checked, AuthenticateWebAuthnForm):  # type: ignore[misc]
    credential = Credential(required=True, widget=forms.HiddenInput)


class Reauthenticate(_Checked, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    credential = Credential(required=True, widget=forms.HiddenInput)


NAME = _("What you call it")


class Add(AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=NAME, required=False, max_length=100)
    credential = Credential(required=True, widget=forms.HiddenInput)

    def clean(self) -> Any:
        try:
            return super().clean()
        except NO_ANSWER as error:
            raise get_adapter().validation_error("incorrect_code") from error


class Edit(EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=NAME, max_length=100)
