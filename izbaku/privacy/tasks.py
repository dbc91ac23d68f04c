from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from izbaku import times
from izbaku.privacy import requests, retention

NIGHT = range(2, 5)


@shared_task(name="privacy.nightly", expires=timedelta(minutes=50).seconds)
def nightly() -> None:
    """The hourly bell; in the hours of the night it destroys, warns and reminds. A second time changes nothing."""
    now = timezone.now()
    if now.astimezone(times.zone_of("")).hour in NIGHT:
        retention.destroy_due(now)
        requests.warn(now)
        requests.remind(now)
