"""`mail_tick` again and again, as cron would run it, in one process that can be killed and frozen."""

import contextlib
import io
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection  # noqa: E402

from izbaku.mail import pump  # noqa: E402

while not pump.stopping.is_set():
    with contextlib.suppress(DatabaseError):
        call_command("mail_tick", stdout=io.StringIO())
    connection.close()
    time.sleep(0.2)
