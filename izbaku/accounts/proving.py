"""Proving who one is: what a proof of an address ends or leaves behind, and proving again before what is final."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.stagekit import unstash_login
from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed, email_confirmed
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest

from izbaku.accounts import staffing
from izbaku.accounts.models import FormerAddress, User
from izbaku.privacy.models import NoticeShown

FRESH = 300  # seconds for which a proof counts, as allauth counts the other ways
_STATE = "prove_again"


@receiver(email_confirmed)
def cut_off_others(request: HttpRequest, email_address: EmailAddress, **_signal: Any) -> None:
    """An address was proven: whatever somebody else chose before, on an account of that address, opens nothing.

    Else a stranger could sign up with an address that is not theirs, choose a password, and wait until its owner
    proves it. Who has just typed the password as well keeps it: it is their own.
    """
    user: Any = email_address.user
    if request.user.is_authenticated and request.user.pk == user.pk:
        return  # a signed-in person changes their own address
    staffing.end_sessions(user)
    changed = []
    knows_it = any(record["method"] == "password" for record in get_authentication_records(request, user))
    if user.has_usable_password() and not knows_it:
        user.set_unusable_password()
        changed.append("password")
    if user.last_login is None:
        Authenticator.objects.filter(user=user).delete()
        if not _signs_up(request, user) and NoticeShown.objects.filter(user=user).exists():
            user.name = ""  # who signed up with an address that was not theirs gave this name, too
            changed.append("name")
    user.save(update_fields=changed)


@receiver(email_changed)
def remember_former(user: User, from_email_address: EmailAddress | None, **_signal: Any) -> None:
    """Whoever changes their address and then asks for everything, or erases it, means the old one, too."""
    if from_email_address and from_email_address.verified:
        FormerAddress.objects.create(user=user, email=from_email_address.email)


def _signs_up(request: HttpRequest, user: User) -> bool:
    """Whether this is the browser in which the account was made."""
    login = unstash_login(request, peek=True)
    return bool(login and login.signup and login.user and login.user.pk == user.pk)


class ProvingAgain(AbstractCodeVerificationProcess):
    """A code to the address of somebody who is signed in, before what a browser left open must not do."""

    def __init__(self, request: HttpRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(3, settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT, state, request.user)  # type: ignore[arg-type]

    @classmethod
    def begin(cls, request: HttpRequest) -> None:
        """Send a code; an earlier one no longer counts."""
        assert isinstance(request.user, User)
        process = cls(request, cls.initial_state(request.user, request.user.email))
        process.send()
        process.persist()

    @classmethod
    def resume(cls, request: HttpRequest) -> ProvingAgain | None:
        state = request.session.get(_STATE)
        if not state or state.get("user_id") != str(request.user.pk) or state.get("email") != request.user.email:  # type: ignore[union-attr]
            return None
        return cls(request, state).abort_if_invalid()  # type: ignore[no-any-return]

    def send(self) -> None:
        adapter = get_adapter()
        self.state["code"] = adapter.generate_login_code()
        context = {"request": self.request, "code": self.code}
        adapter.send_mail("account/email/login_code", self.state["email"], context)

    def persist(self) -> None:
        self.request.session[_STATE] = self.state

    def abort(self) -> None:
        self.request.session.pop(_STATE, None)

    def finish(self) -> None:
        self.abort()
        record_authentication(self.request, self.user, method="code", email=self.state["email"], reauthenticated=True)


def may_prove_by_code(user: Any) -> bool:
    """Whether a code by e-mail is proof enough: it is for whoever could sign in with nothing else."""
    return user.is_authenticated and not user.has_second_factor


def has_just_proven(request: HttpRequest) -> bool:
    """Signed in with a code, or proved by one, within the last minutes."""
    return any(
        time.time() - record["at"] < FRESH
        for record in get_authentication_records(request, request.user)  # type: ignore[arg-type]
        if record["method"] in ("code", "password_reset") or record.get("reauthenticated")
    )
