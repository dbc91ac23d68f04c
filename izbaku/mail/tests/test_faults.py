"""What servers and machines do to a letter, step by step."""

import os
import socket
import subprocess
import sys
import time
from datetime import timedelta

import psycopg2
import pytest
from django.db import connection, transaction

from izbaku.mail import claims, holds, kinds, outbox, pump, smtp
from izbaku.mail.kinds import Kind, Rank
from izbaku.mail.models import Hold, Message, Pulse, Suppression
from izbaku.mail.smtp import Fate, Outcome, Relay
from izbaku.mail.tests import faulty
from izbaku.mail.tests.test_outbox import NOON, build, clock, registered_kinds, states, write

__all__ = ["clock", "registered_kinds"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(smtp, "STEP_SECONDS", 1)
    monkeypatch.setattr(smtp, "BLOCK_SECONDS", 1)
    monkeypatch.setattr(smtp, "FINAL_DOT_SECONDS", 1)
    monkeypatch.setattr(faulty, "HANGS", 1.5)


def once(step: str, fault: str):
    """This fault at the first letter only."""

    def say(at: str, number: int) -> str:
        return fault if at == step and number <= 1 else ""

    return say


@pytest.mark.parametrize("fault", [faulty.CLOSE, faulty.HANG])
@pytest.mark.parametrize(
    ("step", "becomes"),
    [
        ("banner", "pending"),
        ("EHLO", "pending"),
        ("MAIL", "pending"),
        ("RCPT", "deferred"),
        ("DATA", "deferred"),
        ("dot", "uncertain"),
    ],
)
def test_a_line_that_breaks_or_hangs_at_each_step(settings, clock, step, fault, becomes):
    with faulty.running(lambda at, number: fault if at == step else "") as post:
        settings.MAIL_URL = post.url
        write()
        pump.run(clock)

        assert states() == {"n:1": becomes}
        assert len(post.received) == (1 if step == "dot" else 0)
        post.fault = faulty.never
        clock.wait(minutes=2)
        pump.run(clock)

        assert len(post.received) == 1
        assert states() == {"n:1": "uncertain" if step == "dot" else "sent"}


def test_a_line_that_breaks_amid_the_body_leaves_doubt(settings, clock):
    """The last word may have been on its way already: nobody here can know."""
    with faulty.running(once("body", faulty.CLOSE)) as post:
        settings.MAIL_URL = post.url
        write()
        pump.run(clock)

        assert post.received == []
        assert states() == {"n:1": "uncertain"}


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "dot"])
def test_after_421_the_next_letter_goes_by_a_new_line(settings, clock, step):
    with faulty.running(once(step, "421 4.3.2 closing")) as post:
        settings.MAIL_URL = post.url
        write("n:1")
        write("n:2", "ben@example.net")
        pump.run(clock)
        clock.wait(minutes=10)
        pump.run(clock)

        assert sorted(post.readers) == ["ada@example.org", "ben@example.net"]


@pytest.mark.parametrize(
    ("answer", "fate", "suppresses", "blames"),
    [
        ("550 5.1.1 no such user", Fate.REFUSED, True, ""),
        ("550 5.1.2 no such host", Fate.REFUSED, True, ""),
        ("550 5.1.10 takes no mail", Fate.REFUSED, True, ""),
        ("550 5.1.8 bad sender's address", Fate.REFUSED, False, ""),
        ("550 no such user", Fate.REFUSED, False, ""),
        ("552 5.2.2 mailbox full", Fate.DEFERRED, False, ""),
        ("452 4.2.2 mailbox full", Fate.DEFERRED, False, ""),
        ("451 4.7.1 greylisted", Fate.DEFERRED, False, "domain"),
        ("450 4.3.2 busy", Fate.DEFERRED, False, "domain"),
        ("554 5.7.1 looks like spam", Fate.REFUSED, False, "domain"),
        ("552 5.3.4 too large", Fate.REFUSED, False, ""),
        ("200 nonsense", Fate.DEFERRED, False, "domain"),
    ],
)
def test_answers_are_told_apart(settings, clock, answer, fate, suppresses, blames):
    with faulty.running(lambda step, number: answer if step == "RCPT" else "") as post, Relay(post.url) as by:
        outcome = by.send("portal@example.org", "ada@example.org", b"Subject: 1\r\n\r\n")

    assert outcome.fate is fate
    assert outcome.says_no_such_address is suppresses
    assert ("domain" if outcome.blames_domain else "relay" if outcome.blames_relay else "") == blames


def test_a_letter_too_large_is_refused_at_once_and_holds_nobody_up(settings, clock):
    with faulty.running(lambda step, number: "552 5.3.4 too large" if step == "MAIL" and number == 1 else "") as post:
        settings.MAIL_URL = post.url
        write("n:1")
        write("n:2", "ben@example.org")
        pump.run(clock)

        assert states() == {"n:1": "failed", "n:2": "sent"}
        assert any("SIZE=" in line for line in post.lines)


def test_an_address_that_no_command_can_carry_stops_nobody():
    with faulty.running() as post, Relay(post.url) as by:
        fates = [
            by.send("portal@example.org", to, b"Subject: 1\r\n\r\n").fate for to in ("ə@x.example", "ada@example.org")
        ]
    assert fates == [Fate.REFUSED, Fate.SENT]


def test_a_frozen_process_does_not_say_the_last_word_when_it_wakes(monkeypatch):
    monkeypatch.setattr(smtp, "FINAL_DOT_WITHIN", -1)
    with faulty.running() as post, Relay(post.url) as by:
        outcome = by.send("portal@example.org", "ada@example.org", b"Subject: 1\r\n\r\nwords\r\n")
    assert outcome.fate is Fate.DEFERRED
    assert post.received == []


def test_a_domain_in_trouble_is_held_after_three_letters_and_the_others_get_theirs(settings, clock):
    with faulty.running() as post:
        settings.MAIL_URL = post.url
        post.fault = lambda step, number: "451 4.7.0 slow down" if step == "RCPT" and "busy" in post.lines[-1] else ""
        for number in range(20):
            write(f"busy:{number}", f"reader{number}@busy.example")
            write(f"well:{number}", f"reader{number}@well.example")
        pump.run(clock)

        asked = sum(line.startswith("RCPT") and "busy" in line for line in post.lines)
        assert asked <= 4  # three, and the one in hand
        assert len(post.received) == 20
        hold = Hold.objects.get()
        assert (hold.what, hold.until) == ("busy.example", NOON + timedelta(minutes=5))

        clock.wait(minutes=6)
        pump.run(clock)  # one more letter asks; the wait doubles
        assert Hold.objects.get().until >= clock.now + timedelta(minutes=10)

        post.fault = faulty.never
        clock.wait(hours=1)
        pump.run(clock)
        clock.wait(hours=1)
        pump.run(clock)
        assert set(states().values()) == {"sent"}
        assert not Hold.objects.exists()


def test_waits_for_the_relay_grow_and_end_with_the_first_letter(settings, clock):
    settings.MAIL_URL = "smtp://127.0.0.1:9"
    write()
    waits = []
    for _turn in range(6):
        pump.run(clock)
        until = Hold.objects.get(what=Hold.RELAY).until
        waits.append((until - clock.now).total_seconds() / 60)
        clock.now = until
    assert waits == [1, 2, 4, 8, 15, 15]
    assert Message.objects.get().attempts == 0

    with faulty.running() as post:
        settings.MAIL_URL = post.url
        pump.run(clock)
    assert not Hold.objects.exists()


def test_codes_go_first(settings, clock):
    kinds.register(Kind("sign_in", build, is_secret=True, rank=Rank.CODE))
    kinds.register(Kind("round", build, rank=Rank.MAILING))
    with faulty.running() as post:
        settings.MAIL_URL = post.url
        write("r", "round@example.org", "round", due_at=NOON - timedelta(days=1))
        write("n", "answer@example.org")
        write("c", "code@example.org", "sign_in")
        pump.run(clock)
    assert post.readers == ["code@example.org", "answer@example.org", "round@example.org"]


def test_a_code_waits_for_no_whole_batch(settings, clock, monkeypatch):
    """After a while what was claimed and not begun goes back, and the claim begins anew with the codes."""
    monkeypatch.setattr(pump, "BATCH_SECONDS", 0.2)
    kinds.register(Kind("sign_in", build, is_secret=True, rank=Rank.CODE))
    with faulty.running() as post:
        settings.MAIL_URL = post.url

        def slow(step: str, number: int) -> str:
            if step == "banner":  # somebody asks for a code when the batch has been claimed already
                Message.objects.filter(kind="sign_in").update(due_at=NOON)
            time.sleep(0.02)
            return ""

        write("c", "code@example.org", "sign_in", due_at=NOON + timedelta(minutes=1))
        for number in range(20):
            write(f"n:{number}", f"reader{number}@example.org")
        post.fault = slow
        pump.run(clock)

    assert len(post.readers) == 21
    assert 0 < post.readers.index("code@example.org") < 10


def test_no_minute_sees_more_letters_than_the_pace_allows(settings, clock):
    settings.MAIL_PER_MINUTE = 40
    for number in range(200):
        write(f"n:{number}", f"reader{number}@example.org")
    sent = []
    with faulty.running() as post:
        settings.MAIL_URL = post.url
        for _turn in range(24):
            before = len(post.received)
            pump.run(clock)
            sent.append(len(post.received) - before)
            clock.wait(seconds=15)
    assert max(sum(sent[at : at + 4]) for at in range(20)) <= 40
    assert sum(sent) >= 24 / 4 * 40 * 0.7


def test_a_kind_that_no_room_knows_any_more_stops_nobody(settings, clock, caplog):
    write("n:1")
    write("n:2", "ben@example.org")
    Message.objects.filter(dedupe_key="n:1").update(kind="of_old")
    with faulty.running() as post:
        settings.MAIL_URL = post.url
        pump.run(clock)
    assert states() == {"n:1": "failed", "n:2": "sent"}
    assert Message.objects.get(dedupe_key="n:1").payload == {}


def test_one_commit_holds_the_last_result_and_the_next_mark(clock):
    """If the mark fails, the result before it is not stored either, and is stored with the second try."""
    write("n:1")
    write("n:2", "ben@example.org")
    first, second = claims.claim(NOON)
    claims.mark(first, subject="", text="", now=NOON)
    before = claims.Settled(first, Outcome(Fate.SENT, 250, "2.0.0 queued"), NOON)

    def fails(execute, sql, params, many, context):
        if "UPDATE" in sql and second.pk in params:
            raise ZeroDivisionError
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fails), pytest.raises(ZeroDivisionError):
        claims.mark(second, subject="", text="", now=NOON, before=before)
    assert states() == {"n:1": "sending", "n:2": "claimed"}

    assert claims.mark(second, subject="", text="", now=NOON, before=before)
    assert claims.mark(second, subject="", text="", now=NOON, before=before)  # said twice: nothing changes
    assert states() == {"n:1": "sent", "n:2": "sending"}
    assert Message.objects.get(dedupe_key="n:2").attempts == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="cuts a PostgreSQL connection")
def test_results_outlive_a_database_that_cuts_the_line(settings, clock):
    """The line is cut while each letter is on its way; every result is stored all the same."""

    cuts: list[int] = []

    def cut(step: str, number: int) -> str:
        if step == "dot":
            with psycopg2.connect(**parameters) as other, other.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                cuts.append(cursor.rowcount)
            other.close()
        return ""

    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("dbname", "database", "user", "password", "host", "port")
    }
    for number in range(5):
        write(f"n:{number}", f"reader{number}@example.org")
    with faulty.running(cut) as post:
        settings.MAIL_URL = post.url
        pump.run(clock)

    assert sum(cuts) >= 5
    assert sorted(post.readers) == [f"reader{number}@example.org" for number in range(5)]
    assert set(states().values()) == {"sent"}


def test_many_letters_of_one_transaction_ring_once(monkeypatch):
    rung = []
    monkeypatch.setattr(outbox.app, "send_task", lambda *_args, **_options: rung.append(1))
    monkeypatch.setattr(outbox._bell, "silent_until", float("-inf"))
    with transaction.atomic():
        for number in range(10):
            write(f"n:{number}")
    assert rung == [1]


def test_bells_that_fail_are_counted(monkeypatch):
    def dead(*_args, **_options):
        raise ConnectionError

    monkeypatch.setattr(outbox.app, "send_task", dead)
    monkeypatch.setattr(outbox._bell, "silent_until", float("-inf"))
    write()
    assert Pulse.objects.get(name=Pulse.BELL_FAILED).number == 1


RINGS = """
import time, django
django.setup()
from izbaku.mail import outbox
begun = time.monotonic()
outbox.ring()
print(time.monotonic() - begun, outbox._bell.silent_until > begun)
"""


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_broker_that_is_dead_or_frozen_holds_a_form_up_for_less_than_a_second(is_frozen, tmp_path):
    """Another process, whose broker is a Redis that refuses, or that takes the call and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as mute:
        port = mute.getsockname()[1]
        if not is_frozen:
            mute.close()
        address = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "DATABASE_URL": f"sqlite:///{tmp_path}/empty"}
        place = {"DJANGO_SETTINGS_MODULE": "izbaku.settings", "PORTAL_VAR": str(tmp_path)}
        rung = subprocess.run(
            [sys.executable, "-c", RINGS], env=os.environ | address | place, capture_output=True, check=True, text=True
        )

    seconds, has_failed = rung.stdout.split()
    assert has_failed == "True"
    assert float(seconds) < 1


def test_an_address_that_is_suppressed_amid_a_batch_gets_nothing_more(settings, clock, monkeypatch):
    monkeypatch.setattr(pump, "BELIEVED_FOR", 0.0)  # as if a second had passed between the two letters
    with faulty.running() as post:
        settings.MAIL_URL = post.url

        def complain(step: str, number: int) -> str:
            if step == "MAIL" and number == 1:
                Suppression.objects.create(
                    address_hash=Suppression.hash_of("ben@example.org"), reason="complaint", since=NOON
                )
            return ""

        write("n:1")
        write("n:2", "ben@example.org")
        if connection.vendor == "postgresql":  # SQLite's test thread may not write beside an open transaction
            post.fault = complain
        else:
            complain("MAIL", 1)
        pump.run(clock)
    assert states() == {"n:1": "sent", "n:2": "suppressed"}


def test_old_strikes_are_forgiven(clock):
    holds.strike("busy.example", "451", now=NOON)
    holds.forgive_old(NOON + timedelta(days=2))
    assert not Hold.objects.exists()
