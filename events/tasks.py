from celery import shared_task
from django.utils import timezone

from events import guest_imports, invitations, registration, reminders


@shared_task(name="events.remind", expires=50)
def remind() -> None:
    reminders.send_due(timezone.now())


@shared_task(name="events.free_seats", expires=50)
def free_seats() -> None:
    """Of offers that nobody took up, and of guests who have not answered in time."""
    now = timezone.now()
    registration.lapse_due(now)
    invitations.free_due(now)
    guest_imports.sweep(now)
