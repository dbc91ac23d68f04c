"""The secrets behind second factors, which allauth keeps as JSON: they turn with the key ring, as all sealed things."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from izbaku import sealing


def _resealed(value: Any) -> Any:
    """The same with every token under the newest key. Raises SealBroken."""
    if isinstance(value, dict):
        return {name: _resealed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_resealed(each) for each in value]
    is_token = isinstance(value, str) and value.startswith(sealing.SCHEME)
    if is_token and not value.startswith(sealing.newest_prefix()):
        return sealing.reseal(value.encode()).decode()
    return value


def reseal(key: int, *, dry_run: bool = False) -> bool:
    """Whether this one had (or has) to be sealed anew. Raises SealBroken when no key opens it."""
    with transaction.atomic():
        authenticator = Authenticator.objects.select_for_update().get(pk=key)
        fresh = _resealed(authenticator.data)
        if fresh == authenticator.data:
            return False
        if not dry_run:
            authenticator.data = fresh
            authenticator.save(update_fields=["data"])
    return True
