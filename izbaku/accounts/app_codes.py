"""allauth's forms for the codes of an app: each counts once, and who has lost the telephone reads what else works."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP
from django.utils.translation import gettext_lazy as _


class Activate(ActivateTOTPForm):  # type: ignore[misc]
    def clean_code(self) -> Any:
        """What proved the app is used up: whoever has seen it typed cannot sign in with it."""
        code = super().clean_code()
        if not TOTP(Authenticator(user=self.user))._mark_code_used(code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class _SaysWhatWorks:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("Without the app, one of your recovery codes works, too.")  # type: ignore[attr-defined]


class Authenticate(_SaysWhatWorks, AuthenticateForm):  # type: ignore[misc]
    pass


class Reauthenticate(_SaysWhatWorks, ReauthenticateForm):  # type: ignore[misc]
    pass
