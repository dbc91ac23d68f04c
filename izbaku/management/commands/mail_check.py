"""The nightly reconciliation of letters, by hand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from izbaku.mail import reconciling


class Command(BaseCommand):
    help = "Counts what must never be among the letters; fails when anything is found."

    def handle(self, **_: Any) -> None:
        found = reconciling.run(timezone.now())
        for name, count in found.items():
            self.stdout.write(f"{count:>6}  {name}")
        if any(found.values()):
            raise CommandError("The letters do not add up.")
