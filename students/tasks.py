from celery import shared_task
from django.utils import timezone

from students import closing, dues, nudging


@shared_task(name="students.clock", expires=50)
def clock() -> None:
    """Every minute: clocks that nobody has wound, reminders, escalations."""
    dues.repair(timezone.now())
    nudging.send_due(timezone.now())


@shared_task(name="students.lapse", expires=3000)
def lapse() -> None:
    closing.lapse(timezone.now())
