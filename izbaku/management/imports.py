"""What the commands that import a file or an address share."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.importing import Progress, Report
from events.reading import Unreadable
from izbaku import fetching
from izbaku.audit.doing import Via, acting
from izbaku.management import progress


def read(source: str) -> bytes:
    """The bytes of a file, or of an address of the web."""
    if source.lower().startswith(("http://", "https://")):
        try:
            return fetching.fetch(source)
        except fetching.Unreachable as error:
            raise CommandError(str(error)) from error
    if "://" in source:
        raise CommandError("Only http and https addresses are read.")
    try:
        with Path(source).open("rb") as file:
            data = file.read(fetching.LIMIT + 1)
    except (OSError, ValueError) as error:
        raise CommandError(f"{source} cannot be read: {error}") from error
    if len(data) > fetching.LIMIT:
        raise CommandError(f"{source} is larger than {fetching.LIMIT // 1_000_000} MB.")
    return data


class ImportCommand(BaseCommand):
    """Reads FILE or URL and hands its bytes to `bring_in`."""

    def bring_in(self, data: bytes, report: Report, progress: Progress) -> None:
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="FILE|URL")

    def handle(self, *args: Any, **options: Any) -> None:
        report = Report()
        try:
            data = read(options["source"])
            with acting(Via.IMPORT, type(self).__module__.rpartition(".")[2]), progress.shown() as move:
                self.bring_in(data, report, move)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(report))
