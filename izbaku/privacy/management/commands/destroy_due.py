"""Destroy what has had its time, or only say what would go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from izbaku.privacy import retention


class Command(BaseCommand):
    help = "Destroys records whose period of keeping is over, class by class."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be destroyed, and destroy nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        now = timezone.now()
        for line in retention.report(now) if dry_run else retention.destroy_due(now):
            period = f"{line.rule.days} days" if line.rule else "-"
            self.stdout.write(f"{line.count:>7}  {line.record_class:<20} {period:<10} {line.trouble}".rstrip())
        if dry_run:
            self.stdout.write("Nothing was destroyed.")
