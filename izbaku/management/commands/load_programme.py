import sys
from typing import Any

from django.core.management.base import BaseCommand

from izbaku.portal import programme


class Command(BaseCommand):
    help = "Loads the shipped programme; can be repeated, and keeps what staff have edited."

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0

        def progress() -> None:
            nonlocal done
            done += 1
            if sys.stderr.isatty():
                self.stderr.write(f"\rEvents: {done}", ending="")

        self.stdout.write(str(programme.load(programme.read(), progress)))
