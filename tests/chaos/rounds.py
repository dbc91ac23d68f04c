"""A round of letters in three languages through a hostile afternoon: held, approved, paused, resumed, finished, while
workers are killed in the middle of expanding and of sending. Then it is counted.

    python -m tests.chaos.rounds --letters 10000        on DATABASE_URL and REDIS_URL, or on SQLite and folders
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta

import django
from django.db import connection
from django.utils import timezone

from tests.chaos import trial

LANGUAGES = ("tr", "az", "en")


@dataclass
class Tally(trial.Tally):
    """Besides: what left while it was only held, and after the pause had been given time for the letters in hand."""

    while_held: int = 0
    after_pause: int = 0
    kills_of_expanding: int = 0
    state: str = ""

    def __str__(self) -> str:
        paused = f"while held {self.while_held}, after the pause {self.after_pause}, in the end {self.state}; "
        return f"{paused}{self.kills_of_expanding} kills while expanding; {super().__str__()}"


def make_round(readers: int):
    """An event, those registered for it in three languages, and a round to them that waits for approval."""
    from django.contrib.auth import get_user_model

    from events.attendance import Registration
    from events.models import Event
    from izbaku.mail import mailings

    now = timezone.now()
    event = Event.objects.create(
        slug="chaos", title_tr="Söyleşi", title_az="Söhbət", title_en="Talk", kind=Event.Kind.CONCERT, city="izmir",
        precision="time", starts_at=now + timedelta(days=20), state=Event.State.PUBLIC,
        publish_at=now - timedelta(days=1), changed_at=now,
    )  # fmt: skip
    people = [
        Registration(
            event=event, email=f"reader{number}@d{number % 50}.example", name="Ada", party=1,
            language=LANGUAGES[number % 3], state=Registration.State.CONFIRMED,
        )
        for number in range(readers)
    ]  # fmt: skip
    Registration.objects.bulk_create(people, batch_size=2000)
    by = get_user_model().objects.create_superuser(email="aylin@example.org")
    mailing = mailings.draft("registered", about=event.pk, name="Chaos", by=by, now=now)
    texts = dict.fromkeys(LANGUAGES, ("{{ event }}", "{{ date }}\n\n{{ place }}\n\nSee:\n{{ link }}"))
    mailings.write(mailing, texts, by=by, now=now)
    mailings.test(mailing, by=by, now=now)
    mailings.hold(mailing, by=by, now=now)
    return mailing, by


class Afternoon:
    """One round, its workers, and what is done to them."""

    def __init__(self, mailing, by, post, running, tally: Tally, dice: random.Random) -> None:
        self.mailing, self.by, self.post, self.running, self.tally, self.dice = mailing, by, post, running, tally, dice
        self.next_turn = 0.0

    def left(self) -> int:
        """Letters of the round that the server has taken."""
        return sum("reader" in to for to in self.post.readers)

    def expanded(self) -> bool:
        self.mailing.refresh_from_db()
        return self.mailing.expanded_at is not None

    def turn(self, *, kill: bool = True) -> None:
        from izbaku.mail import outbox

        time.sleep(0.1)
        trial._bring_forward()
        outbox.ring("mail.advance")
        outbox.ring()
        if kill and time.monotonic() > self.next_turn:
            self.next_turn = time.monotonic() + self.dice.uniform(0.8, 2.5)
            self.kill()

    def kill(self) -> None:
        expanding = not self.expanded()
        worker = self.dice.choice(self.running)
        if self.dice.random() < 0.15:
            trial.wipe_broker()
            self.tally.wipes += 1
        elif self.dice.random() < 0.2:
            worker.freeze(1.0)
            self.tally.freezes += 1
        else:
            worker.kill()
            worker.start()
            self.tally.kills += 1
            self.tally.kills_of_expanding += expanding

    def kill_the_busy_in_the_middle_of_expanding(self, most: float) -> None:
        """Workers start slowly: as soon as one has begun to write, all of them die."""
        until = time.monotonic() + most
        while time.monotonic() < until:
            self.mailing.refresh_from_db()
            if self.mailing.expanded_at or self.mailing.after:
                break
            time.sleep(0.005)
        self.tally.kills_of_expanding += len(self.running) * (self.mailing.expanded_at is None)
        for worker in self.running:
            worker.kill()
            worker.start()
            self.tally.kills += 1


def run(readers: int, environment: dict[str, str], *, seed: int = 1, longest: float = 60) -> Tally:
    from izbaku.mail import claims, mailings, pump
    from izbaku.mail.models import Hold
    from izbaku.mail.rounds import Mailing
    from izbaku.mail.smtp import Relay
    from izbaku.mail.tests import faulty

    tally, dice = Tally(readers), random.Random(seed)
    begun = time.monotonic()
    mailing, by = make_round(readers)
    with faulty.running() as post:
        environment |= {"MAIL_URL": post.url}
        with trial.workers(["celery", "ticking", "ticking"], environment) as running:
            afternoon = Afternoon(mailing, by, post, running, tally, dice)
            until = time.monotonic() + 4  # held: they work, and nothing of it leaves
            while time.monotonic() < until:
                afternoon.turn(kill=False)
            tally.while_held = afternoon.left() + mailing.letters.count()
            post.fault = trial.hostile(tally, dice)

            mailings.approve(mailing, by=by, now=timezone.now(), version=mailing.version, readers=readers)
            afternoon.kill_the_busy_in_the_middle_of_expanding(10)
            end = time.monotonic() + longest
            while afternoon.left() < readers / 3 and time.monotonic() < end:
                afternoon.turn()
            mailings.pause(mailing, by=by, now=timezone.now())
            time.sleep(1.5)  # what is in hand leaves; frozen workers wake
            then, until = afternoon.left(), time.monotonic() + 2.5
            while time.monotonic() < until:
                afternoon.turn()
            tally.after_pause = afternoon.left() - then
            mailings.resume(mailing, by=by, now=timezone.now())
            while not _is_done(mailing) and time.monotonic() < end:
                afternoon.turn()
            post.fault = faulty.never
            end = time.monotonic() + max(20, longest)
            while not _is_done(mailing) and time.monotonic() < end:
                afternoon.turn(kill=False)
            time.sleep(0.5)
        # Their hands are gone: what they held goes back, or into doubt. The clock jumps instead of waiting.
        Hold.objects.all().delete()
        claims.reap(timezone.now() + timedelta(hours=1))
        trial._bring_forward()
        pump.run(timezone.now, Relay(post.url))
        mailings.advance(timezone.now())
        tally.seconds = time.monotonic() - begun
        _count(tally, post, mailing)
        mailing.refresh_from_db()
        tally.state = mailing.state
        assert mailing.state == Mailing.State.FINISHED or tally.lost
    return tally


def _is_done(mailing) -> bool:
    from izbaku.mail import mailings

    mailing.refresh_from_db()
    return mailing.expanded_at is not None and not mailing.letters.filter(state__in=mailings.UNFINISHED).exists()


def _count(tally: Tally, post, mailing) -> None:
    arrived, rows = post.names, 0
    for letter in mailing.letters.iterator():
        rows += 1
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
    tally.lost += tally.said_sent_but_is_not + tally.letters - rows
    readers = [to for to in post.readers if to.startswith("reader")]
    tally.doubled += len(readers) - len(set(readers))  # whatever its name, nobody read two


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--letters", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=60)
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="chaos-")
    os.environ["PORTAL_VAR"] = folder
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "izbaku.settings")
    try:
        django.setup()
        name = connection.creation.create_test_db(verbosity=0, serialize=False)
        try:
            tally = run(given.letters, trial.environment_of_tests(), seed=given.seed, longest=given.longest)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
        print(f"{connection.vendor}: {tally}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if not tally.lost and not tally.doubled else 1


if __name__ == "__main__":
    sys.exit(main())
