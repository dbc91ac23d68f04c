"""Who may do what, as a document."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from izbaku.desk import doors


class Command(BaseCommand):
    help = "Prints the table of roles and addresses; with --write into docs/permissions.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *, write: bool, **_: Any) -> None:
        with translation.override("en"):
            text = "\n".join(doors.document()) + "\n"
        if write:
            (settings.BASE_DIR / "docs" / "permissions.md").write_text(text)
        else:
            self.stdout.write(text)
