"""The sign-in that `make run` prints opens the staff's pages."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from izbaku.accounts.models import User

pytestmark = pytest.mark.django_db


def printed(capsys, *arguments):
    call_command("staff_signin", *arguments)
    return capsys.readouterr().out


def sign_in(client, password):
    login = client.get("/admin/", follow=True).redirect_chain[-1][0]
    return client.post(login, {"login": "staff@localhost", "password": password}, follow=True)


def test_the_printed_password_opens_the_staff_pages(client, capsys):
    password = re.search(r"with password (\S+)", printed(capsys))[1]

    page = sign_in(client, password)

    assert page.request["PATH_INFO"] == "/admin/"
    assert page.status_code == 200


def test_it_is_printed_once_and_a_new_one_replaces_it_also_where_the_address_was_never_confirmed(client, capsys):
    old = re.search(r"with password (\S+)", printed(capsys))[1]
    assert "with password" not in printed(capsys)
    EmailAddress.objects.all().delete()

    new = re.search(r"with password (\S+)", printed(capsys, "--new"))[1]

    assert sign_in(client, old).request["PATH_INFO"] != "/admin/"
    assert sign_in(client, new).request["PATH_INFO"] == "/admin/"
    assert User.objects.count() == 1


def test_production_has_no_such_account(settings):
    settings.IS_LOCAL = False

    with pytest.raises(CommandError, match="createsuperuser"):
        call_command("staff_signin")
    assert not User.objects.exists()
