"""Web servers on loopback: each starts on a free port, and ends with the `with` block."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Server:
    """A running server and its address."""

    def __init__(self, kind: str, application: str, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", *_command(kind, application, port)],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self, path: str) -> None:
        for _turn in range(150):
            try:
                urllib.request.urlopen(self.address + path, timeout=10).close()
            except urllib.error.HTTPError as error:
                raise RuntimeError(f"{path} answers {error.code}") from error
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"No answer from {path}")

    @property
    def largest_worker(self) -> float:
        """Resident memory of the largest worker, in MB (1,000,000 bytes)."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return max(_resident(pid) for pid in children)

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)


def _command(kind: str, application: str, port: int) -> list[str]:
    if kind == "gunicorn":
        return ["gunicorn", "--workers=2", f"--bind=127.0.0.1:{port}", "--keep-alive=30", application]
    options = ["--interface=wsgi", "--workers=2", "--blocking-threads=1", "--no-ws"]
    return ["granian", *options, "--host=127.0.0.1", f"--port={port}", application]


def _resident(pid: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1_000_000
    return 0.0


@contextmanager
def running(wanted: dict[str, tuple[str, str, dict[str, str]]]) -> Iterator[dict[str, Server]]:
    """Start (kind, application, environment) under each name."""
    servers: dict[str, Server] = {}
    try:
        for name, (kind, application, environment) in wanted.items():
            servers[name] = Server(kind, application, environment)
        yield servers
    finally:
        for server in servers.values():
            server.stop()
