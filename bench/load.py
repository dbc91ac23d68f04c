"""Keep-alive load for a few seconds: by `wrk` where it is installed, else by threads in a process apart."""

import http.client
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

TOOL = (
    "wrk"
    if shutil.which("wrk")
    else "Python threads, as wrk is not installed: they are slower than the servers, so every ratio is nearer to 100 %"
)
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    per_second: float
    p99: float  # milliseconds
    failed: int


def drive(url: str, *, connections: int = 8, seconds: int = 2, headers: dict[str, str] | None = None) -> Load:
    """Ask for one address over and over, each connection as fast as it is answered."""
    if TOOL == "wrk":
        return _wrk(url, connections, seconds, headers or {})
    asked = json.dumps([url, connections, seconds, headers or {}])
    answer = subprocess.run([sys.executable, "-m", "bench.load", asked], capture_output=True, text=True, check=True)
    return Load(*json.loads(answer.stdout))


def _wrk(url: str, connections: int, seconds: int, headers: dict[str, str]) -> Load:
    asked = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    for name, value in headers.items():
        asked += ["-H", f"{name}: {value}"]
    text = subprocess.run([*asked, url], capture_output=True, text=True, check=True).stdout
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", text)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", text)
    failed = sum(map(int, re.findall(r"(?:Non-2xx or 3xx responses: |timeout |read )(\d+)", text)))
    if not per_second or not p99:
        raise RuntimeError(f"wrk said nothing useful:\n{text}")
    return Load(float(per_second[1]), float(p99[1]) * UNITS[p99[2]], failed)


def _threads(url: str, connections: int, seconds: int, headers: dict[str, str]) -> Load:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    times: list[float] = []
    failures: list[int] = []
    end = time.perf_counter() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        while (begun := time.perf_counter()) < end:
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - begun)
            if answer.status >= 400:
                failures.append(answer.status)

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return Load(len(times) / seconds, times[int(len(times) * 0.99) - 1] * 1000, len(failures))


if __name__ == "__main__":
    found = _threads(*json.loads(sys.argv[1]))
    sys.stdout.write(json.dumps([found.per_second, found.p99, found.failed]))
