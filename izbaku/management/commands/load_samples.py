from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events import samples
from proposals import samples as proposal_samples
from students import samples as student_samples


class Command(BaseCommand):
    help = "Loads sample events, requests of students and proposals, or with --remove takes them away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="take all samples away")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.stdout.write(f"{samples.remove()} sample events removed")
            self.stdout.write(f"{student_samples.remove()} sample requests removed")
            self.stdout.write(f"{proposal_samples.remove()} sample proposals removed")
        elif not settings.IS_LOCAL:
            raise CommandError("Sample events are for PORTAL_ENV=local only.")
        else:
            self.stdout.write(f"{samples.load(timezone.now())} sample events added")
            self.stdout.write(f"{student_samples.load(timezone.now())} sample requests added")
            self.stdout.write(f"{proposal_samples.load(timezone.now())} sample proposals added")
