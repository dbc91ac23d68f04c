from typing import Any

from django.core.management.base import BaseCommand

from izbaku.audit.doing import Via, acting
from izbaku.management import progress
from izbaku.portal import programme


class Command(BaseCommand):
    help = "Loads the shipped programme; can be repeated, and keeps what staff have edited."

    def handle(self, *args: Any, **options: Any) -> None:
        with acting(Via.IMPORT, "load_programme"), progress.shown() as move:
            report = programme.load(programme.read(), move)
        self.stdout.write(str(report))
