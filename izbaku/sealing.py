"""The key ring: what is sealed can be read in Python alone; the database, its dumps and the disk hold tokens.

    class Case(models.Model):
        question = SealedTextField(_("question"))           # case.question is text; the column holds a token

    token = sealing.seal(data)                              # bytes in, bytes out
    data = sealing.unseal(token)                            # or SealBroken, which names the key and nothing else

Keys come from SEALING_KEYS, newest first: the first seals, each of them opens. A token says `sealed:1:<key>:<Fernet>`;
the number is the scheme, the key a fingerprint, so that it can be told which keys are still needed.
A new key: put it first and restart, run `manage.py rotate_keys`, take the old one out and restart.
"""

import os
from collections.abc import ItemsView
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.views.debug import SafeExceptionReporterFilter
from django.views.decorators.debug import sensitive_variables

SCHEME = "sealed:1:"


class SealBroken(Exception):
    """What is stored cannot be opened: its key is missing, or it is not what was sealed."""


def new_key() -> str:
    return Fernet.generate_key().decode()


@sensitive_variables()
def seal(data: bytes) -> bytes:
    """A token of these bytes, made with the newest key; never the same twice."""
    newest, fernet = next(iter(_ring().items()))
    return f"{SCHEME}{newest}:".encode() + fernet.encrypt(data)


@sensitive_variables()
def unseal(token: bytes) -> bytes:
    """The bytes that were sealed. Raises SealBroken, without any part of them, when no key opens the token."""
    if not token.startswith(SCHEME.encode()):
        raise SealBroken("This was never sealed, or by a scheme that is not known here.")
    name, _, sealed = token.removeprefix(SCHEME.encode()).partition(b":")
    fernet = _ring().get(name.decode("ascii", "replace"))
    if fernet is None:
        raise SealBroken(f"The key {name.decode('ascii', 'replace')[:8]!r} is not in SEALING_KEYS.")
    try:
        return fernet.decrypt(sealed)
    except InvalidToken:
        raise SealBroken("This is not what was sealed: it was changed or cut off.") from None


def reseal(token: bytes) -> bytes:
    """The same content under the newest key."""
    return seal(unseal(token))


def newest_prefix() -> str:
    """How every token begins that the newest key has sealed."""
    return f"{SCHEME}{next(iter(_ring()))}:"


class SealedTextField(models.TextField):
    """Text in Python, a token in the database; empty stays empty.

    Nothing can look for it: only `isnull` is a lookup. `dumpdata` writes tokens, which `loaddata` does not open,
    or a stolen token could be read by sending it in: move data with the database's own dump.
    """

    description = "Text that only the portal can read"

    @sensitive_variables()
    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return unseal(value.encode()).decode() if value else value

    @sensitive_variables()
    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        text = super().get_db_prep_value(value, connection, prepared)
        return seal(text.encode()).decode() if isinstance(text, str) and text else text

    def value_to_string(self, obj: models.Model) -> str:
        text = self.value_from_object(obj)
        return seal(text.encode()).decode() if text else ""

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is sealed: nothing but isnull can look for it, not {lookup_name}.")

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self.name} is sealed: {lookup_name} cannot be computed from it.")

    def check(self, **kwargs: Any) -> list[Any]:
        told = super().check(**kwargs)
        if self.unique or getattr(self, "db_index", False):
            told.append(checks.Error("A sealed field can be neither unique nor indexed.", obj=self, id="sealing.E001"))
        return told


class Discreet(SafeExceptionReporterFilter):
    """What a report of an error may show of a frame: no token and nothing marked sensitive, also where DEBUG is on."""

    def is_active(self, request: Any) -> bool:
        return True

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        told = super().get_traceback_frame_variables(request, tb_frame)
        return {name: self.cleansed_substitute if _tells_a_token(value) else value for name, value in told}.items()


def _tells_a_token(value: Any) -> bool:
    try:
        return SCHEME in repr(value)
    except Exception:  # noqa: BLE001  # whatever cannot even be looked at is not shown
        return True


# The ring


@checks.register(checks.Tags.security)
def check_keys(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        _ring()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="sealing.E002")]
    return []


def _ring() -> dict[str, Fernet]:
    """Fingerprint → key, newest first."""
    keys = tuple(key.strip() for key in settings.SEALING_KEYS if key.strip())
    return _opened(keys or (_local_key(settings.SEALING_KEY_FILE),))


@lru_cache(maxsize=8)
@sensitive_variables()
def _opened(keys: tuple[str, ...]) -> dict[str, Fernet]:
    try:
        return {sha256(key.encode()).hexdigest()[:8]: Fernet(key) for key in keys}
    except ValueError:
        raise ImproperlyConfigured(
            "SEALING_KEYS: a key is 44 characters; `manage.py rotate_keys --new` makes one."
        ) from None


def _local_key(path: Path) -> str:
    """The key of this machine, made at the first need; production never comes here."""
    if not settings.IS_LOCAL:
        raise ImproperlyConfigured("SEALING_KEYS is empty.")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
            file.write(new_key())
        try:
            os.link(draft, path)  # whole or not at all: two processes that start together take the same key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
