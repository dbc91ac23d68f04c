"""Registrations on one hot event, 32 clients, by the whole path: form, seat, letter, trail; and what a refusal costs.

Beside it, in turns, the same portal that locks and counts (`counting.py`).
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import statistics
import sys
import threading
import time
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.servers import Server, running  # noqa: E402
from bench.table import compare, row, save_body, say  # noqa: E402
from events.attendance import Allotment, Registration, RegistrationPolicy  # noqa: E402
from events.models import Event  # noqa: E402

CLIENTS, SEATS, TRIES, ROUNDS = 32, 150, 160, 3
CSRF = "b" * 32
_visitors = count(1)


def make_event(slug: str, *, seats: int, closed: bool = False) -> Event:
    now = timezone.now()
    event = Event(
        slug=slug,
        title_tr="Söyleşi",
        kind=Event.Kind.CONCERT,
        city="izmir",
        precision="time",
        starts_at=now + timedelta(days=20),
        state=Event.State.PUBLIC,
        publish_at=now - timedelta(days=1),
        changed_at=now,
    )
    event.save()
    RegistrationPolicy.objects.create(event=event, mode="open", closes_at=now - timedelta(hours=1) if closed else None)
    Allotment.objects.create(event=event, capacity=seats)
    return event


def storm(server: Server, event: Event) -> tuple[float, float, float]:
    """Registrations per second, and the milliseconds of half of them and of 99 in a hundred."""
    parts, path = urlsplit(server.address), f"/en/events/{event.slug}/register/"
    page = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    page.request("GET", path)
    html = page.getresponse().read().decode()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    hidden.pop("seen", None)  # the last few stand in line instead of being asked again
    left, times, failed = iter(range(TRIES)), [], []

    def register() -> None:
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        while next(left, None) is not None:
            visitor = next(_visitors)
            fields = hidden | {
                "csrfmiddlewaretoken": CSRF,
                "name": "Ada",
                "email": f"visitor{visitor}@example.org",
                "party": "1",
            }
            head = {
                "Cookie": f"csrftoken={CSRF}",
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Forwarded-For": f"10.{visitor >> 16 & 255}.{visitor >> 8 & 255}.{visitor & 255}",
            }
            begun = time.perf_counter()
            line.request("POST", path, urlencode(fields), head)
            answer = line.getresponse()
            answer.read()
            times.append(time.perf_counter() - begun)
            if answer.status != 302:
                failed.append(answer.status)

    threads = [threading.Thread(target=register) for _ in range(CLIENTS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if failed:
        raise RuntimeError(f"{len(failed)} registrations failed: {failed[:3]}")
    cuts = statistics.quantiles(times, n=100)
    return TRIES / took, cuts[49] * 1000, cuts[98] * 1000


def oversold(event: Event) -> int:
    seated = Registration.objects.filter(event=event, state__in=Registration.SEATED)
    return max(0, (seated.aggregate(sum=Sum("party"))["sum"] or 0) - SEATS)


def measure(folder: str) -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    proxied = {"BEHIND_PROXY": "True", "TRUSTED_PROXIES": "1", "HTTPS": "False"}
    wanted = {
        "ours": ("gunicorn", "izbaku.wsgi:application", proxied),
        "counting": ("gunicorn", "bench.counting:application", proxied),
        "bare": ("gunicorn", "bench.bare:application", {}),
    }
    closed, full = make_event("bench-closed", seats=1, closed=True), make_event("bench-full", seats=0)
    refusals = {"closed": f"/en/events/{closed.slug}/register/", "full": f"/en/events/{full.slug}/"}
    with running(wanted) as servers:
        for name in ("ours", "counting"):
            servers[name].wait(refusals["full"])
        ratios, tails, sold = [], [], 0
        for number in range(ROUNDS):
            found = {}
            for name in ("ours", "counting"):
                event = make_event(f"bench-{name}-{number}", seats=SEATS)
                found[name] = storm(servers[name], event)
                sold += oversold(event)
            ratios.append(found["ours"][0] / found["counting"][0])
            tails.append(found["ours"][2] / found["ours"][1])
        row(
            f"registrations, one hot event, {CLIENTS} clients",
            f"{statistics.median(ratios):.2f} × lock and count",
            "≥ 1.3 × (2 ×)",
        )
        row("", f"{found['ours'][0]:.0f} / {found['counting'][0]:.0f} per s", "")
        row(
            "the same: p99, oversold",
            f"{statistics.median(tails):.1f} × p50, {sold}",
            "≤ 4 × p50, 0",
        )
        for name, what in (
            ("full", "the event's page that says it is full"),
            ("closed", "the page that says why nobody can register"),
        ):
            save_body(folder, name, servers["ours"], refusals[name])
            rate, *_rest = compare(servers["bare"].address + f"/{name}", servers["ours"].address + refusals[name])
            row(what, f"{rate:.0%} of bare", "≥ 50 %")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped, too
    started = time.monotonic()
    say(f"{CLIENTS} clients for {SEATS} seats, {TRIES} tries. {connection.vendor}.")
    measure(str(Path(os.environ["BENCH_BODIES"])))
    say(f"\n{time.monotonic() - started:.0f} s. A figure means something only beside the others of its own run.")
