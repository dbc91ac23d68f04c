"""Limits hold: against haste, against crowds, and against whoever has many addresses."""

import hashlib
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory

from izbaku.limits import is_too_often
from izbaku.models import Knock

NOON = datetime(2026, 3, 20, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def knock(address="192.0.2.1", **more) -> bool:
    """Whether it was let through."""
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    return not is_too_often(request, "knocking", **{"now": NOON, "most": 5} | more)


def test_exactly_so_many_pass_and_the_next_window_begins_anew():
    assert [knock() for _ in range(7)] == [True] * 5 + [False] * 2
    assert knock(now=NOON + timedelta(minutes=1))


def test_a_limit_still_holds_after_a_crowd():
    for _ in range(6):
        knock(whose="leyla@example.org")
    for number in range(400):
        knock(whose=f"crowd{number}@example.org")

    assert not knock(whose="leyla@example.org")


def test_nobody_can_try_addresses_on_what_the_counters_are_called():
    assert "192.0.2.1" not in cache.make_key("allauth:rl:allauth.account:login:30/60/ip:ip:192.0.2.1")
    knock("192.0.2.1")
    by_anybody = hashlib.sha256(f"knocking:192.0.2.1:{int(NOON.timestamp()) // 60}".encode()).hexdigest()
    assert not Knock.objects.filter(key=by_anybody).exists()


def test_the_cache_forgets_nothing_because_of_a_crowd():
    cache.set("mine", 1, timeout=60)
    for number in range(400):
        cache.set(f"crowd{number}", 1, timeout=60)

    assert cache.get("mine") == 1
    cache.clear()


def test_one_visitor_with_a_whole_network_is_one_visitor():
    assert sum(knock(f"2001:db8::{number:x}") for number in range(1, 20)) == 5
    assert knock("2001:db8:0:1::1")


@pytest.mark.django_db(transaction=True)
def test_exactly_so_many_pass_when_all_come_at_once():
    together = Barrier(8)
    passed = []

    def come():
        together.wait()
        passed.extend(knock(whose="leyla@example.org") for _ in range(10))
        connection.close()

    crowd = [Thread(target=come) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()

    assert (len(passed), sum(passed)) == (80, 5)


def test_windows_that_are_over_are_swept():
    knock()
    knock(now=NOON + timedelta(hours=1))

    assert Knock.objects.count() == 1
