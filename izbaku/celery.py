"""The Celery application. The broker only carries bells; nothing depends on its memory."""

import os
from typing import Any

import redis
from celery import Celery
from django.conf import settings
from kombu.transport.redis import Channel
from redis.backoff import NoBackoff
from redis.retry import Retry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "izbaku.settings")

# How long a form may wait for a broker that is frozen or unreachable, in seconds.
RINGING = {"socket_connect_timeout": 0.4, "socket_timeout": 0.4, "max_retries": 0} if settings.REDIS_URL else {}


class Once(redis.Connection):
    """Asks a dead server once: redis-py by itself tries four times, for six seconds and more, while a form waits.

    Workers lose nothing: Celery connects again by itself.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"retry": Retry(NoBackoff(), 0)})


class OnceSecurely(redis.SSLConnection):
    """The same over TLS."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"retry": Retry(NoBackoff(), 0)})


Channel.connection_class, Channel.connection_class_ssl = Once, OnceSecurely

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
    beat_schedule={
        "sweep": {"task": "mail.sweep", "schedule": 15.0, "options": {"expires": 14}},
        "read the mailbox": {"task": "mail.read", "schedule": 60.0, "options": {"expires": 50}},
        "remind": {"task": "events.remind", "schedule": 60.0, "options": {"expires": 50}},
        "free seats": {"task": "events.free_seats", "schedule": 60.0, "options": {"expires": 50}},
        "reconcile letters": {"task": "mail.reconcile", "schedule": 24 * 3600.0, "options": {"expires": 3000}},
        "nightly": {"task": "privacy.nightly", "schedule": 3600.0, "options": {"expires": 3000}},
        "students' clock": {"task": "students.clock", "schedule": 60.0, "options": {"expires": 50}},
        "students' closing": {"task": "students.lapse", "schedule": 3600.0, "options": {"expires": 3000}},
        "scan files": {"task": "files.scan", "schedule": 60.0, "options": {"expires": 50}},
        "sweep files": {"task": "files.sweep", "schedule": 3600.0, "options": {"expires": 3000}},
    },
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
