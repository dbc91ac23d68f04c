"""The Celery application. The broker only carries bells; nothing depends on its memory."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "izbaku.settings")

app = Celery("izbaku")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    beat_max_loop_interval=5,
    beat_schedule_filename=str(settings.VAR_DIR / "beat-schedule"),
    task_publish_retry_policy={"max_retries": 1},
    timezone="UTC",
    broker_connection_retry_on_startup=True,
    beat_schedule={},
)
if settings.REDIS_URL:
    app.conf.broker_transport_options = {
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "health_check_interval": 25,
        "visibility_timeout": 3600,
    }
else:
    for folder in ("messages", "control"):
        (settings.BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    app.conf.broker_transport_options = {
        "data_folder_in": str(settings.BROKER_DIR / "messages"),
        "data_folder_out": str(settings.BROKER_DIR / "messages"),
        "control_folder": str(settings.BROKER_DIR / "control"),
    }
app.autodiscover_tasks()
