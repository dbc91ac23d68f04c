from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events import samples


class Command(BaseCommand):
    help = "Loads sample events in the coming weeks, or with --remove takes them away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="take all sample events away")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.stdout.write(f"{samples.remove()} sample events removed")
        elif not settings.IS_LOCAL:
            raise CommandError("Sample events are for PORTAL_ENV=local only.")
        else:
            self.stdout.write(f"{samples.load(timezone.now())} sample events added")
