"""Figures say how letters fare, and nothing about anybody."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from izbaku.mail import claims, figures, kinds, pump, reconciling
from izbaku.mail.kinds import Kind, Rank
from izbaku.mail.models import Message, Pulse
from izbaku.mail.tests import relay
from izbaku.mail.tests.test_outbox import NOON, build, clock, registered_kinds, write

__all__ = ["clock", "registered_kinds"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post(settings):
    kinds.register(Kind("reminder_of_tea", build, is_optional=True, rank=Rank.REMINDER))
    with relay.running() as server:
        settings.MAIL_URL = server.url
        yield server


def test_the_figures_of_an_afternoon(post, clock):
    post.at_recipient["ben@example.org"] = "451 4.3.0 later"
    post.at_recipient["gone@example.org"] = "550 5.1.1 unknown"
    for number in range(10):
        write(f"r:{number}", f"reader{number}@example.org", "reminder_of_tea", due_at=NOON - timedelta(seconds=number))
    write("n:1", "ben@example.org")
    write("n:2", "gone@example.org")
    pump.run(clock)
    write("n:3", "late@example.org", due_at=NOON - timedelta(minutes=10))
    claims.reap(NOON)

    found = figures.collect(NOON)

    assert {state: count for state, count in found.states.items() if count} == {
        "sent": 10,
        "deferred": 1,
        "failed": 1,
        "pending": 1,
    }
    assert found.oldest_due == {"news": 600}
    assert found.deferred == {"451": 1}
    assert (found.sent_last_minute, found.sent_last_hour) == (10, 10)
    assert found.lateness == {"p50": 5, "p99": 9}
    assert found.suppressed["no_such_address"] == 1
    assert found.is_swept(NOON + timedelta(minutes=1))
    assert not found.is_swept(NOON + timedelta(minutes=3))


@pytest.mark.parametrize("letters", [1, 30])
def test_they_ask_a_constant_number_of_questions(post, letters, django_assert_num_queries):
    for number in range(letters):
        write(f"r:{number}", f"reader{number}@example.org", "reminder_of_tea")
    with django_assert_num_queries(11):
        figures.as_text(NOON)


def test_machines_read_them_with_the_token_and_nobody_else(client, settings):
    write(to="ada@example.org")
    Pulse.beat(Pulse.SWEEP, timezone.now())
    text = client.get("/metrics").content.decode()
    assert 'mail_letters{state="pending"} 1' in text
    assert "ada" not in text
    assert "no-store" in client.get("/metrics").headers["Cache-Control"]

    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    settings.METRICS_TOKEN = "a long word"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer a long word"}).status_code == 200
    settings.METRICS_TOKEN, settings.IS_LOCAL = "", False
    assert client.get("/metrics").status_code == 404


def test_each_line_is_one_that_prometheus_reads(client):
    write()
    for line in client.get("/metrics").content.decode().splitlines():
        assert line.startswith("# ") or float(line.rpartition(" ")[2]) >= 0


def test_the_night_finds_what_must_never_be(post, clock):
    write("n:1")
    pump.run(clock)
    assert set(reconciling.run(NOON).values()) == {0}

    write("n:2")
    Message.objects.filter(dedupe_key="n:1").update(code=None)
    found = {name: count for name, count in reconciling.run(NOON + timedelta(hours=2)).items() if count}
    assert found == {"sent without a 250": 1, "due and untouched for an hour": 1}
    with pytest.raises(CommandError):
        call_command("mail_check")


def test_a_room_adds_its_own_check(monkeypatch):
    monkeypatch.setattr(reconciling, "_checks", {})
    reconciling.check("registrations without their letter", lambda now: 3)
    assert reconciling.run(NOON) == {"registrations without their letter": 3}


def test_what_nobody_decides_about_is_settled_after_a_month(clock):
    write("n:1")
    write("n:2", held=True, expires_at=NOON + timedelta(days=1))
    Message.objects.filter(dedupe_key="n:1").update(state="uncertain", due_at=NOON)
    assert claims.settle_old(NOON + timedelta(hours=1)) == 0
    assert claims.settle_old(NOON + timedelta(days=31)) == 2
    assert set(Message.objects.values_list("state", flat=True)) == {"given_up", "expired"}
