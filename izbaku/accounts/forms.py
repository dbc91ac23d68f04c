"""Forms about oneself. Nothing is asked that is not needed."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from izbaku import text
from izbaku.accounts.models import User
from izbaku.privacy import notices
from izbaku.privacy.forms import WithNotice


def _name(typed: str) -> str:
    """Without what nobody sees; nothing but that is no name."""
    if typed and not (typed := text.name(typed)):
        raise ValidationError(forms.Field.default_error_messages["required"], code="required")
    return typed


class SignupForm(WithNotice):
    """What signing up asks beside the address: a name, to be greeted by."""

    notice_purpose = "account"

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def clean_name(self) -> str:
        return _name(self.cleaned_data["name"])

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the account exists; the page's language becomes the person's."""
        user.name = self.cleaned_data["name"]
        user.language = get_language() or "tr"
        user.save(update_fields=["name", "language"])
        notices.remember_for(user, self.notice_shown)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["name", "language", "city"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def clean_name(self) -> str:
        return _name(self.cleaned_data["name"])
