"""What the commands that import a file or an address share."""

import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    UnknownHandler,
)

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.importing import Report
from events.reading import Progress, Unreadable

LIMIT = 10_000_000
TIMEOUT = 20


def fetch(source: str) -> bytes:
    """The bytes of a file, or of an address of the web."""
    try:
        if source.lower().startswith(("http://", "https://")):
            with _opener().open(source, timeout=TIMEOUT) as answer:
                data: bytes = answer.read(LIMIT + 1)
        elif "://" in source:
            raise CommandError("Only http and https addresses are read.")
        else:
            with Path(source).open("rb") as file:
                data = file.read(LIMIT + 1)
    except URLError as error:
        raise CommandError(f"{source} cannot be fetched: {error.reason}") from error
    except (OSError, ValueError) as error:
        raise CommandError(f"{source} cannot be read: {error}") from error
    except HTTPException as error:
        raise CommandError(f"{source} does not answer as a web server does.") from error
    if len(data) > LIMIT:
        raise CommandError(f"{source} is larger than {LIMIT // 1_000_000} MB.")
    return data


def _opener() -> OpenerDirector:
    """Opens http and https only, also where an answer sends us on: the usual one would follow to ftp."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler,
        UnknownHandler,
        HTTPHandler,
        HTTPSHandler,
        HTTPDefaultErrorHandler,
        HTTPRedirectHandler,
        HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


class ImportCommand(BaseCommand):
    """Reads FILE or URL and hands its bytes to `bring_in`."""

    def bring_in(self, data: bytes, report: Report, progress: Progress) -> None:
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="FILE|URL")

    def handle(self, *args: Any, **options: Any) -> None:
        report, done = Report(), 0

        def progress() -> None:
            nonlocal done
            done += 1
            if sys.stderr.isatty():
                self.stderr.write(f"\rEvents: {done}", ending="")

        try:
            self.bring_in(fetch(options["source"]), report, progress)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        if done and sys.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(str(report))
