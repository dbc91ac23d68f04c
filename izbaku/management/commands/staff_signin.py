"""A staff sign-in for this machine."""

import secrets
from argparse import ArgumentParser
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from izbaku.accounts.models import User

EMAIL = "staff@localhost"


class Command(BaseCommand):
    help = "Makes a staff account for this machine and prints its random password once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new", action="store_true", help="give an existing account a new password")

    def handle(self, *, new: bool, **_: Any) -> None:
        if not settings.IS_LOCAL:
            raise CommandError("Only for PORTAL_ENV=local; use createsuperuser in production.")
        user = User.objects.filter(email=EMAIL).first()
        if user and not new:
            self.stdout.write(f"Staff sign-in: /admin/ as {EMAIL} (`make staff` makes a new password)")
            return
        password = secrets.token_urlsafe(12)
        if user:
            user.set_password(password)
            user.save()
        else:
            user = User.objects.create_superuser(EMAIL, password, name="Staff")
        # Nobody reads letters at this address: it counts as confirmed, or the first sign-in would ask for a code.
        EmailAddress.objects.update_or_create(user=user, email=EMAIL, defaults={"verified": True, "primary": True})
        self.stdout.write(
            f"Staff sign-in: /admin/ as {EMAIL} with password {password}\n"
            "This password is shown only now; `make staff` makes a new one."
        )
