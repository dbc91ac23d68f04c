from typing import Any

from django.core.management.base import BaseCommand

from events.models import refresh_outdated


class Command(BaseCommand):
    help = "Makes the events' ready lines anew where an earlier release made them; run it after each migrate."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{refresh_outdated()} events made ready")
