"""What the workers hold while they are busy for minutes: one hot page, many others, and a programme that changes."""

import http.client
import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from urllib.parse import urlsplit

from bench.load import drive
from bench.programme import MONTH, YEAR
from bench.servers import Server
from izbaku import freshness

WARM_UP = 20  # seconds, in which imports, caches and kept pages find their size
BETWEEN_CHANGES = 5  # seconds
HOT = f"/en/calendar/{YEAR}/{MONTH}/"


def _others() -> Iterator[str]:
    """Every month and many pages of the list, in three languages: more than the kept pages have room for."""
    months = [f"/en/calendar/{year}/{month}/" for year in range(2026, 2034) for month in range(1, 13)]
    months += [f"/tr/takvim/{year}/{month}/" for year in range(2026, 2034) for month in range(1, 13)]
    lists = [f"/{address}/?page={page}" for page in range(1, 300) for address in ("tr/etkinlikler", "az/tedbirler")]
    return itertools.cycle([*months, *lists])


def _look_at_everything(server: Server, enough: Event) -> None:
    parts = urlsplit(server.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    for address in _others():
        if enough.is_set():
            return
        connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{address} answers {answer.status}")


def _ask_for_one_page(server: Server, enough: Event) -> None:
    while not enough.is_set():
        drive(server.address + HOT, connections=2)


def under_load(servers: dict[str, Server], minutes: float) -> dict[str, list[float]]:
    """The largest worker of each server in MB, second by second, once warm."""
    found: dict[str, list[float]] = {name: [] for name in servers}
    enough = Event()
    with ThreadPoolExecutor(2 * len(servers)) as pool:
        jobs = [
            pool.submit(work, server, enough)
            for server in servers.values()
            for work in (_look_at_everything, _ask_for_one_page)
        ]
        try:
            for second in range(WARM_UP + round(minutes * 60)):
                time.sleep(1)
                if second % BETWEEN_CHANGES == 0:
                    freshness.bump()
                if second >= WARM_UP:
                    for name, server in servers.items():
                        found[name].append(server.largest_worker)
        finally:
            enough.set()
    for job in jobs:
        job.result()  # a page that failed fails the measurement
    return found
