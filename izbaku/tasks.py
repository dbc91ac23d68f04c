from celery import shared_task
from django.utils import timezone

from izbaku import attachments, scanning


@shared_task(name="files.scan", expires=50)
def scan_files() -> None:
    scanning.scan_waiting(timezone.now())


@shared_task(name="files.sweep", expires=3000)
def sweep_files() -> None:
    attachments.sweep(timezone.now())
