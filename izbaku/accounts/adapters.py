"""How allauth writes letters and keeps secrets here."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import context as allauth_context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from izbaku import sealing
from izbaku.accounts import proving
from izbaku.accounts.letters import NOTICE, SECRET
from izbaku.accounts.models import User
from izbaku.limits import is_too_often, network
from izbaku.mail import outbox

UNASKED = ("account/email/unknown_account", "account/email/account_already_exists")


def _own_addresses() -> dict[str, str]:
    """The ways that letters name, in the reader's language: on the portal's own host, whatever host was asked."""
    pages = {"signup_url": "account_signup", "password_reset_url": "account_reset_password"}
    return {name: settings.SITE_ADDRESS + reverse(page) for name, page in pages.items()}


class AccountAdapter(DefaultAccountAdapter):
    """Letters of sign-in leave by the outbox, in the reader's language."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the letter now; what carries a code is a secret, which the outbox sends once and then forgets.

        Whoever has no account, or one already, can be made to get a letter by any stranger: a few a day, not more.
        """
        now = timezone.now()
        reader = User.objects.filter(email__iexact=email).first()
        if template_prefix in UNASKED:
            if is_too_often(allauth_context.request, "unasked_letter", now=now, most=3, seconds=86_400, whose=email):
                return
            if reader and not reader.is_active:
                template_prefix = "account/email/account_disabled"
        language = reader.language if reader else translation.get_language()
        with translation.override(language):
            context = {**context, **_own_addresses(), "contact": settings.CONTACT}
            words = {
                "subject": " ".join(render_to_string(f"{template_prefix}_subject.txt", context).split()),
                "text": render_to_string(f"{template_prefix}_message.txt", context).strip(),
            }
        outbox.put(
            (SECRET if "code" in context else NOTICE).name,
            key=f"account:{uuid4().hex}",
            to=email,
            language=language,
            payload=words,
            now=now,
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Wrong passwords are counted by address and network, so that a stranger elsewhere locks nobody out.

        And by address alone, with more patience: a crowd of networks cannot guess for long. A code always works.
        """
        super().pre_authenticate(request, **credentials)
        everywhere = ratelimit.consume(
            request, app="allauth.account", action="login_failed_everywhere", key=credentials.get("email", "").lower()
        )
        if not everywhere:
            raise self.validation_error("too_many_login_attempts")
        self._everywhere = everywhere

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        self._everywhere.rollback()

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Without the host of the request, which its sender chooses."""
        return f"{network(request)}:{credentials.get('email', '').lower()}"

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """A code by e-mail proves again whoever has no second factor; the only way for who has no password."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if proving.may_prove_by_code(user):
            way = {"id": "prove_again", "description": _("Use a code by e-mail"), "url": reverse("account_prove_again")}
            methods.append(way)
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """allauth lets pass whoever has neither password nor second factor; here they prove again by a code.

        Every caller of this asks for a proof where it is missing, so raising says the same.
        """
        request = allauth_context.request
        if proving.has_just_proven(request):
            return False
        if not get_reauthentication_flows(request.user):
            raise ReauthenticationRequired
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """A password that is set is done with: back to the account, not to a form for the next one."""
        return reverse("account_overview")

    def clean_email(self, email: str) -> str:
        """An address that no letter can reach is refused in the form, not in the outbox."""
        try:
            outbox.deliverable(email)
        except ValidationError as error:
            raise ValidationError(self.error_messages["invalid_email"]) from error
        cleaned: str = super().clean_email(email)
        return cleaned


class MFAAdapter(DefaultMFAAdapter):
    """The secrets behind second factors are sealed: a copy of the database opens nobody's account."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text.encode()).decode()
