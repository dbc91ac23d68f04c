"""What worker and beat do for the outbox, once: for cron, or for a machine without a broker."""

import signal
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from izbaku.mail import claims, mailings, pump


class Command(BaseCommand):
    help = "Takes letters from crashed pumps and sends what is due."

    def handle(self, **_: Any) -> None:
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: pump.stopping.set())
        reaped = claims.reap(timezone.now())
        again = claims.send_uncertain_again(timezone.now())
        mailings.advance(timezone.now())
        tally = pump.run(timezone.now)
        mailings.advance(timezone.now())  # what is done by now ends
        counts = ", ".join(f"{name}: {number}" for name, number in sorted(tally.items())) or "nothing due"
        self.stdout.write(f"{counts} (taken from crashed pumps: {reaped}, sent once more: {again})")
