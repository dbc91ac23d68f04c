"""Letters through a hostile afternoon: a server that refuses, hangs and breaks off, workers and a beat that are killed,
frozen workers, a broker that forgets everything, a database that breaks its lines. Then they are counted.

    make chaos          five thousand, for some minutes: on DATABASE_URL and REDIS_URL, or on SQLite and folders

The tests run the same trial with fewer letters and a shorter afternoon.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone

ROOT = Path(__file__).resolve().parent.parent.parent
KIND, WORDS = "account_notice", {"subject": "A letter", "text": "Good day\n\nWords"}
LONGEST = 30.0  # seconds of hostility; then the rest is let out in peace


@dataclass
class Tally:
    """`doubled` counts letters that two different acts have sent; a letter that is uncertain may have arrived once."""

    letters: int = 0
    sent: int = 0
    doubled: int = 0
    lost: int = 0
    uncertain: int = 0
    arrived_of_uncertain: int = 0
    said_sent_but_is_not: int = 0
    kills: int = 0  # of workers: each may leave one letter in doubt
    beats: int = 0  # kills of the beat: none may
    freezes: int = 0
    wipes: int = 0
    cuts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.letters} letters in {self.seconds:.0f} s: sent {self.sent}, doubled {self.doubled}, "
            f"lost {self.lost}, uncertain {self.uncertain} (arrived: {self.arrived_of_uncertain}); "
            f"{self.kills} kills of workers, {self.beats} of the beat, {self.freezes} freezes, "
            f"{self.wipes} wipes of the broker, {self.cuts} cuts of all lines to the database, "
            f"faults: {dict(self.faults)}"
        )


class Worker:
    """A real process: a Celery worker on the bell, the beat, or `mail_tick` again and again, as cron would run it."""

    def __init__(self, kind: str, number: int, environment: dict[str, str]) -> None:
        self.kind, self.number, self.environment = kind, number, environment
        self.start()

    def start(self) -> None:
        if self.kind == "celery":
            command = ["-m", "celery", "--app", "izbaku.celery", "--quiet", "worker", "--pool", "solo"]
            command += ["--hostname", f"chaos{self.number}@localhost", "--loglevel", "CRITICAL"]
            command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        elif self.kind == "beat":
            command = ["-m", "celery", "--app", "izbaku.celery", "--quiet", "beat", "--pidfile", ""]
            command += ["--loglevel", "CRITICAL"]
        else:
            command = ["-m", "tests.chaos.ticking"]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self, seconds: float) -> None:
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)


def hostile(tally: Tally, dice: random.Random):
    """A fault now and then, at any step. Those after the dot leave a letter in doubt, as a kill does."""
    answers = {
        "banner": ["close", "421 4.3.2 busy"],
        "MAIL": ["451 4.3.0 later", "close"],
        "RCPT": ["450 4.7.1 greylisted", "close", "421 4.7.0 enough"],
        "DATA": ["451 4.3.0 later", "close", "hang"],
        "dot": ["452 4.3.1 full", "close"],
    }

    def fault(step: str, number: int) -> str:
        if number > 20 and step in answers and dice.random() < (0.003 if step == "dot" else 0.01):
            chosen = dice.choice(answers[step])
            tally.faults[f"{step} {chosen.split()[0]}"] += 1
            return chosen
        return ""

    return fault


def wipe_broker() -> None:
    if settings.REDIS_URL:
        import redis

        redis.Redis.from_url(settings.REDIS_URL).flushdb()
    else:
        for path in (settings.BROKER_DIR / "messages").glob("*"):
            path.unlink(missing_ok=True)


def cut_lines() -> None:
    """As a database that is restarted does, to everybody but this process."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@contextmanager
def workers(kinds: list[str], environment: dict[str, str]) -> Iterator[list[Worker]]:
    running = [Worker(kind, number, environment) for number, kind in enumerate(kinds)]
    try:
        yield running
    finally:
        for worker in running:
            worker.process.send_signal(signal.SIGCONT)
            worker.kill()


def run(letters: int, environment: dict[str, str], *, seed: int = 1, longest: float = LONGEST) -> Tally:
    """Write the letters, let loose what can happen, wait until nothing is due, and count."""
    from izbaku.mail import claims, outbox, pump
    from izbaku.mail.models import Hold, Message
    from izbaku.mail.smtp import Relay
    from izbaku.mail.tests import faulty

    tally, dice = Tally(letters), random.Random(seed)
    begun = time.monotonic()
    with faulty.running(hostile(tally, dice)) as post:
        environment |= {"MAIL_URL": post.url}
        drafts = [
            outbox.Draft(f"chaos:{number}", f"reader{number}@d{number % 50}.example", "tr", WORDS)
            for number in range(letters)
        ]
        outbox.put_many(KIND, drafts, now=timezone.now())
        acts = _hostile_acts(dice)
        with workers(["celery", "celery", "ticking", "beat"], environment) as (*running, beat):
            next_turn = time.monotonic() + 4  # they need a moment to start
            while _is_open() and time.monotonic() - begun < longest:
                time.sleep(0.25)
                _bring_forward()
                if time.monotonic() < next_turn:
                    continue
                next_turn = time.monotonic() + dice.uniform(0.8, 2.5)
                worker = dice.choice(running)
                match next(acts):
                    case "kill":
                        worker.kill()
                        worker.start()
                        tally.kills += 1
                        outbox.ring()  # as somebody who registers just then would
                    case "kill beat":
                        beat.kill()
                        beat.start()
                        tally.beats += 1
                    case "freeze":
                        worker.freeze(1.5)
                        tally.freezes += 1
                    case "wipe":
                        wipe_broker()
                        tally.wipes += 1
                    case "cut":
                        cut_lines()
                        tally.cuts += 1
            post.fault = faulty.never
            calm = time.monotonic() + 20
            while _is_open() and time.monotonic() < calm:
                time.sleep(0.25)
                _bring_forward()
            time.sleep(1)
            tally.kills += Message.objects.filter(state="sending").exists() and len(running)  # by the end of this block
        # Their hands are gone: what they held goes back, or into doubt. The clock jumps instead of waiting.
        Hold.objects.all().delete()
        claims.reap(timezone.now() + timedelta(hours=1))
        _bring_forward()
        pump.run(timezone.now, Relay(post.url))
        tally.seconds = time.monotonic() - begun
        _count(tally, post.names, Message)
    return tally


def _hostile_acts(dice: random.Random) -> Iterator[str]:
    """In an order that nobody foresees; but however short the afternoon, somebody is killed in it."""
    yield from ("kill", "kill beat")
    acts = ["kill", "kill", "kill beat", "freeze", "wipe"] + ["cut"] * (connection.vendor == "postgresql")
    while True:
        yield dice.choice(acts)


def _is_open() -> bool:
    from izbaku.mail.models import Message

    return Message.objects.filter(state__in=("pending", "claimed", "deferred")).exists()


def _bring_forward() -> None:
    """The waits of an afternoon in seconds: what is put off is due at once, and dead hands are dead after five."""
    from izbaku.mail.models import Hold, Message

    soon = timezone.now()
    Message.objects.filter(state="deferred", due_at__gt=soon).update(due_at=soon)
    Hold.objects.filter(until__gt=soon + timedelta(seconds=1)).update(until=soon + timedelta(seconds=1))
    dead = soon + timedelta(minutes=5) - timedelta(seconds=6)
    Message.objects.filter(state="claimed", leased_until__lt=dead).update(leased_until=soon)


def _count(tally: Tally, arrived: Counter[str], model) -> None:
    for letter in model.objects.filter(kind=KIND).iterator():
        times = arrived[letter.message_id]
        tally.doubled += times > 1
        match letter.state:
            case "sent":
                tally.sent += 1
                tally.said_sent_but_is_not += not times
            case "uncertain":
                tally.uncertain += 1
                tally.arrived_of_uncertain += times
            case _:
                tally.lost += 1
    tally.lost += tally.said_sent_but_is_not
    tally.lost += tally.letters - model.objects.filter(kind=KIND).count()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--letters", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=LONGEST)
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="chaos-")
    os.environ["PORTAL_VAR"] = folder
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "izbaku.settings")
    try:
        django.setup()
        name = connection.creation.create_test_db(verbosity=0, serialize=False)
        try:
            tally = run(given.letters, environment_of_tests(), seed=given.seed, longest=given.longest)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
        print(f"{connection.vendor}, {'Redis' if settings.REDIS_URL else 'folders'}: {tally}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if not tally.lost and not tally.doubled else 1


def environment_of_tests() -> dict[str, str]:
    """What other processes need to work on this test's database."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        address = f"sqlite:///{name}"
    else:
        address = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    found = {"DATABASE_URL": address, "PORTAL_VAR": str(settings.VAR_DIR), "DJANGO_SETTINGS_MODULE": "izbaku.settings"}
    return found | ({"REDIS_URL": settings.REDIS_URL} if settings.REDIS_URL else {})


if __name__ == "__main__":
    sys.exit(main())
