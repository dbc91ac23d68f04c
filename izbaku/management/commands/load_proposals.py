from typing import Any

from django.core.management.base import BaseCommand

from izbaku.audit.doing import Via, acting
from proposals import reported


class Command(BaseCommand):
    help = "Loads the proposals that were reported in the press; can be repeated, and keeps what staff have edited."

    def handle(self, *args: Any, **options: Any) -> None:
        with acting(Via.IMPORT, "load_proposals"):
            self.stdout.write(f"{reported.load(reported.read())} reported proposals added")
