from typing import Any

from django.core.management.base import BaseCommand

from izbaku.audit.doing import Via, acting
from students import loading


class Command(BaseCommand):
    help = (
        "Loads what students ask about, whom to call, universities; can be repeated, and keeps what staff have edited."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with acting(Via.IMPORT, "load_support"):
            self.stdout.write(f"{loading.load(loading.read())} rows of student support added")
