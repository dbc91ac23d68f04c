"""Addresses that take no letters, and unsubscribing (RFC 8058).

The token in a letter's `List-Unsubscribe` names the address by its keyed hash: an address in a log would be personal.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.urls import reverse

from izbaku.mail.models import Message, Suppression

_signer = Signer(salt="mail.unsubscribe", sep=".")


def suppress(
    address: str,
    reason: Suppression.Reason,
    *,
    now: datetime,
    until: datetime | None = None,
    scope: Suppression.Scope = Suppression.Scope.ALL,
) -> None:
    """Send nothing more to this address (secrets excepted: who asks for a code at the door gets it)."""
    suppress_hash(Suppression.hash_of(address), reason, now=now, until=until, scope=scope)


def suppress_hash(
    address_hash: str,
    reason: Suppression.Reason,
    *,
    now: datetime,
    until: datetime | None = None,
    scope: Suppression.Scope = Suppression.Scope.ALL,
) -> None:
    """The same for an address of which only the hash is kept."""
    _suppress(address_hash, scope, {"reason": reason, "since": now, "until": until})


def _suppress(address_hash: str, scope: Suppression.Scope, values: dict[str, object]) -> None:
    Suppression.objects.update_or_create(address_hash=address_hash, scope=scope, defaults=values)


def address_of_button(message: Message) -> str:
    """Where this reader unsubscribes from optional letters."""
    token = _signer.sign(f"{message.language}.{Suppression.hash_of(message.recipient)}")
    return str(settings.SITE_ADDRESS) + reverse("unsubscribe", args=[token])


class Reader:
    """Whoever holds a letter's token. Raises ValueError for a token that is none of ours."""

    def __init__(self, token: str) -> None:
        try:
            self.language, _dot, self.address_hash = _signer.unsign(token).partition(".")
        except BadSignature as error:
            raise ValueError("This token is none of ours.") from error

    def _suppressions(self) -> models.QuerySet[Suppression]:
        return Suppression.objects.filter(address_hash=self.address_hash, scope=Suppression.Scope.OPTIONAL)

    @property
    def is_unsubscribed(self) -> bool:
        return self._suppressions().exists()

    def unsubscribe(self, now: datetime) -> None:
        """No more optional letters, from the next claim on; a second time changes nothing."""
        if not self.is_unsubscribed:
            values = {"reason": Suppression.Reason.UNSUBSCRIBED, "since": now, "until": None}
            _suppress(self.address_hash, Suppression.Scope.OPTIONAL, values)

    def subscribe_again(self) -> None:
        """Undo one's own act; what somebody else has set stays."""
        self._suppressions().filter(reason=Suppression.Reason.UNSUBSCRIBED).delete()
