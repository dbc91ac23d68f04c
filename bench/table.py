"""The table: what speed costs, each figure as a ratio within this run, with its target beside it."""

import os
import re
import signal
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import brotli
import django
import icalendar
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings

from bench.load import TOOL, Load, drive
from bench.servers import Server, running

django.setup()

from bench import memory, programme  # noqa: E402  (tables need settings)
from events.models import Event  # noqa: E402
from izbaku import kept  # noqa: E402

SIZES = (1_000, 10_000)
ROUNDS = 3
MONTH = "/en/calendar/2031/6/"
LIST = "/en/events/?city=izmir&scope=izmir"
SEARCH = "/en/events/?q=kemence"
FEED = "/en/calendar.ics"


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def row(what: str, measured: str, target: str) -> None:
    say(f"  {what:<58} {measured:>22}   {target}")


# --- Counting and timing ---------------------------------------------------------------------------------


def asked(path: str, *, warm: bool = False) -> tuple[int, int]:
    """How many questions a page asks the database, and how many rows come back (-1: SQLite does not say)."""

    counted = {"queries": 0, "rows": 0}

    def count(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        counted["queries"] += 1
        counted["rows"] += context["cursor"].rowcount
        return result

    client = Client(headers={"host": "127.0.0.1"})
    kept.forget()
    with override_settings(KEPT_PAGES=warm):
        client.get(path)
        with connection.execute_wrapper(count):
            answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}")
    return counted["queries"], counted["rows"] if connection.vendor == "postgresql" else -1


def compare(
    bare: str, real: str, *, connections: int = 8, headers: dict[str, str] | None = None
) -> tuple[float, float, Load, Load]:
    """Real by bare, in turns: the median ratio of requests per second, that of p99, and the last loads."""
    rates, tails = [], []
    for _round in range(ROUNDS):
        one = drive(bare, connections=connections)
        other = drive(real, connections=connections, headers=headers)
        if other.failed:
            raise RuntimeError(f"{real} failed {other.failed} times")
        rates.append(other.per_second / one.per_second)
        tails.append(other.p99 / one.p99)
    return statistics.median(rates), statistics.median(tails), one, other


def seconds_of(work: Callable[[], object], turns: int = 3) -> float:
    def once() -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    return statistics.median(once() for _turn in range(turns))


def fetch(url: str, coding: str = "") -> tuple[bytes, dict[str, str], int]:
    """The body, the headers in lower case, and the bytes on the wire."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": coding} if coding else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        body = answer.read()
        return body, {n.lower(): v for n, v in answer.headers.items()}, len(body) + len(str(answer.headers))


def first_load(page: str) -> tuple[int, float]:
    """Requests and kB of a first visit: the page and all it names, every font of the stylesheets included."""

    def text_of(url: str) -> tuple[str, int]:
        body, headers, wire = fetch(url, "br, gzip")
        return (brotli.decompress(body) if headers.get("content-encoding") == "br" else body).decode(), wire

    html, total = text_of(page)
    named = re.findall(r'<(?:script|img)\b[^>]*?\bsrc="([^"]+)"', html)
    named += [
        tag_href[1]
        for tag in re.findall(r"<link\b[^>]*>", html)
        if re.search(r'rel="(?:stylesheet|icon|preload|manifest)"', tag)
        and (tag_href := re.search(r'href="([^"]+)"', tag))
    ]
    urls = {urljoin(page, address) for address in named if not address.startswith("data:")}
    for url in [url for url in urls if ".css" in url]:
        css = text_of(url)[0]
        found = re.findall(r"""url\(["']?([^"')]+)""", css)
        urls |= {urljoin(url, address) for address in found if not address.startswith(("data:", "#"))}
    total += sum(fetch(url, "br, gzip")[2] for url in urls)
    return 1 + len(urls), total / 1000


def with_the_library() -> None:
    """The whole feed as the icalendar library makes it on each request, from the same rows."""

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//bench//")
    calendar.add("version", "2.0")
    for event in Event.objects.filter(state__in=Event.PUBLIC_STATES):
        entry = icalendar.Event()
        entry.add("uid", event.uid)
        entry.add("dtstamp", event.changed_at)
        entry.add("dtstart", event.local_start)
        entry.add("dtend", event.ends_at)
        entry.add("summary", event.title)
        entry.add("description", event.summary)
        calendar.add_component(entry)
    calendar.add_missing_timezones()
    calendar.to_ical()


# --- The run ---------------------------------------------------------------------------------------------


def save_body(folder: str, name: str, server: Server, path: str, coding: str = "") -> int:
    body = fetch(server.address + path, coding)[0]
    Path(folder, name).write_bytes(body)
    return len(body)


def grow(*, to: int) -> None:
    """Grow the programme, and do at once what PostgreSQL would do by itself a minute later, amid the measuring."""
    programme.grow(to=to)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("ANALYZE")


def measure(folder: str, minutes: float) -> None:
    say(f"Load by {TOOL}.")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    grow(to=SIZES[0])
    bare, real = "bench.bare:application", "izbaku.wsgi:application"
    cold = {"KEPT_PAGES": "False"}
    wanted = {
        "gunicorn bare": ("gunicorn", bare, {}),
        "gunicorn": ("gunicorn", real, {}),
        "gunicorn cold": ("gunicorn", real, cold),
        "granian bare": ("granian", bare, {}),
        "granian": ("granian", real, {}),
    }
    with running(wanted) as servers:
        for name, server in servers.items():
            if "bare" not in name:
                server.wait(MONTH)
        size = save_body(folder, "month", servers["gunicorn"], MONTH)
        for name, server in servers.items():
            if "bare" in name:
                server.wait("/month")
        month = {name: server.address + ("/month" if "bare" in name else MONTH) for name, server in servers.items()}
        search = servers["gunicorn cold"].address + SEARCH
        say(f"The month of {programme.IN_MONTH} events is {size / 1000:.0f} kB of HTML. Bare returns the same bytes.")

        # Against bare at either size: minutes lie between the two, and a shared machine changes its pace.
        def of_bare() -> tuple[float, float]:
            bare_month = month["gunicorn bare"]
            return compare(bare_month, month["gunicorn cold"])[0], compare(bare_month, search)[0]

        small_month, small_search = of_bare()
        say(f"Growing from {SIZES[0]} to {SIZES[1]} events …")
        grow(to=SIZES[1])
        large_month, large_search = of_bare()

        say(f"\n  {'':<58} {'measured':>22}   target (stretch)")
        for kind, target in (("gunicorn", "≥ 100 %"), ("granian", "≥ 200 % (700 %)")):
            rate, _tail, one, other = compare(month[f"{kind} bare"], month[kind])
            row(f"month, warm, {kind}", f"{rate:.0%} of bare", target)
            row("", f"{other.per_second:.0f} / {one.per_second:.0f} per s", "")
        coded = save_body(folder, "month-br", servers["gunicorn"], MONTH, "br")
        for kind in ("gunicorn", "granian"):
            bare_coded = servers[f"{kind} bare"].address + "/month-br"
            rate, *_rest = compare(bare_coded, month[kind], headers={"Accept-Encoding": "gzip, deflate, br"})
            row(f"the same as browsers ask for it ({coded / 1000:.0f} kB), {kind}", f"{rate:.0%} of bare", "")
        row("month, cold (kept pages off), gunicorn", f"{large_month:.1%} of bare", "≥ 4 % (5 %)")
        row(
            "month, cold, 1,000 → 10,000 events",
            f"{small_month / large_month:.2f} ×",
            "≤ 1.1 × (1.05 ×)",
        )
        for kind, target in (("gunicorn", "≥ 100 %"), ("granian", "(≥ 350 %)")):
            etag = fetch(month[kind])[1]["etag"]
            rate, *_rest = compare(month[f"{kind} bare"], month[kind], headers={"If-None-Match": etag})
            row(f"304, {kind}", f"{rate:.0%} of bare", target)
        _rate, tail, *_rest = compare(month["gunicorn bare"], month["gunicorn"], connections=32)
        row("p99 of the month at 32 connections, gunicorn", f"{tail:.2f} × bare's", "≤ 3 ×")

        for what, path, warm, queries in (
            ("SQL: warm month", MONTH, True, "0"),
            ("SQL: cold month", MONTH, False, "≤ 3 (1)"),
            ("SQL: cold filtered list", LIST, False, "≤ 6 (3)"),
        ):
            count, rows = asked(path, warm=warm)
            shown = 0 if warm else programme.IN_MONTH if path == MONTH else 30
            row(what, f"{count} queries, {rows if rows >= 0 else '?'} rows", f"{queries}; rows ≤ {shown} + 20")

        requests, kilobytes = first_load(month["gunicorn"])
        row(
            "first load of the month, every named file",
            f"{requests} / {kilobytes:.0f} kB",
            "≤ 6 / ≤ 60 kB (4 / 30)",
        )

        with override_settings(KEPT_PAGES=False):
            client = Client(headers={"host": "127.0.0.1"})
            ready = seconds_of(lambda: client.get(FEED))
        library = seconds_of(with_the_library, turns=1)
        row("iCalendar of 10,000, cold", f"{library / ready:.1f} × the library", "≥ 6 × (20 ×)")
        row("", f"{ready:.2f} s / {library:.2f} s", "")
        save_body(folder, "feed", servers["gunicorn"], FEED)
        rate, *_rest = compare(servers["gunicorn bare"].address + "/feed", servers["gunicorn"].address + FEED)
        row("iCalendar of 10,000, warm, gunicorn", f"{rate:.0%} of bare", "≥ 20 %")
        row(
            "search for a rare word, 1,000 → 10,000 events",
            f"{small_search / large_search:.2f} ×",
            "≤ 1.5 ×",
        )
        real_ones = {name: server for name, server in servers.items() if "bare" not in name}
        for name, server in real_ones.items():
            row(f"largest worker, {name}", f"{server.largest_worker:.0f} MB", "≤ 130 MB (100 MB)")
        if minutes:
            say(f"Loading all of them for {minutes:g} minutes, while the programme changes …")
            for name, found in memory.under_load(real_ones, minutes).items():
                row(
                    f"largest worker over {minutes:g} minutes, {name}",
                    f"{min(found):.0f}–{max(found):.0f} MB ({max(found) / min(found) - 1:+.0%})",
                    "≤ 130 MB, ± 10 %",
                )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped, too
    begun = time.monotonic()
    measure(os.environ["BENCH_BODIES"], float(os.environ["BENCH_MINUTES"]))
    say(f"\n{time.monotonic() - begun:.0f} s. A figure means something only beside the others of its own run.")
