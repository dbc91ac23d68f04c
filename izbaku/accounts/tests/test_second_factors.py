"""Second factors are sealed, and turn with the keys."""

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from izbaku import sealing
from izbaku.accounts import staffing
from izbaku.accounts.models import User
from izbaku.privacy.tests.make import sign_in

pytestmark = pytest.mark.django_db


def test_second_factors_turn_with_the_keys_and_the_old_key_can_go(settings):
    old, new = sealing.new_key(), sealing.new_key()
    settings.SEALING_KEYS = [old]
    user = User.objects.create_user("nar@example.org")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(user).get_unused_codes()
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        assert "JBSWY3DPEHPK3PXP" not in str(cursor.fetchall())

    settings.SEALING_KEYS = [new, old]
    call_command("rotate_keys", verbosity=0)
    settings.SEALING_KEYS = [new]

    totp, recovery = (Authenticator.objects.get(type=kind).wrap() for kind in ("totp", "recovery_codes"))
    assert sealing.unseal(totp.instance.data["secret"].encode()) == b"JBSWY3DPEHPK3PXP"
    assert recovery.get_unused_codes() == codes


def test_who_has_an_authenticator_app_has_a_second_factor():
    user = User.objects.create_user("nar@example.org")
    RecoveryCodes.activate(user)
    assert not User.objects.get().has_second_factor
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    assert User.objects.get().has_second_factor


def test_the_code_that_proved_an_app_does_not_sign_in_a_second_time(client):
    cache.clear()
    leyla = User.objects.create_user("leyla@example.org", "right-horse-battery")
    staffing.know_address(leyla)
    leyla.emailaddress_set.update(verified=True)  # type: ignore[attr-defined]
    sign_in(client, leyla)
    client.get("/en/account/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    code = auth.format_hotp_value(auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time()))))
    with time_machine.travel(timezone.now(), tick=False):
        assert client.post("/en/account/2fa/totp/activate/", {"code": code}).status_code == 302
        client.logout()
        client.post("/en/account/login/", {"login": "leyla@example.org", "password": "right-horse-battery"})
        answer = client.post("/en/account/2fa/authenticate/", {"code": code})

    assert "recovery codes" in answer.content.decode()  # what else works
    assert not client.get("/me").json()["signed_in"]
