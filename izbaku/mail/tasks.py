from celery import shared_task
from django.conf import settings
from django.utils import timezone

from izbaku.mail import claims, mailbox, mailings, pump, reconciling

PIECES = 10  # of rounds that one sweep writes before it sends: 20,000 letters
RUN_SECONDS = 60  # then other tasks have their turn


@shared_task(name="mail.pump", expires=30)
def run_pump() -> None:
    pump.run(timezone.now, seconds=RUN_SECONDS)


@shared_task(name="mail.advance", expires=30)
def advance() -> None:
    """Rounds that are due start, those that run are written, those that are done end."""
    mailings.advance(timezone.now())


@shared_task(name="mail.sweep", expires=30)
def sweep() -> None:
    """Make up for lost bells and crashed pumps, then send what is due."""
    claims.reap(timezone.now())
    claims.send_uncertain_again(timezone.now())
    mailings.advance(timezone.now(), pieces=PIECES)
    pump.run(timezone.now, seconds=RUN_SECONDS)


@shared_task(name="mail.reconcile", expires=3000)
def reconcile() -> None:
    """Count what must never be, and settle what nobody has decided about."""
    claims.settle_old(timezone.now())
    reconciling.run(timezone.now())


@shared_task(name="mail.read", expires=50)
def read_mailbox() -> None:
    """Reports on our letters, and answers from calendar programs."""
    if settings.MAILBOX_URL:
        mailbox.read(settings.MAILBOX_URL, now=timezone.now())
