"""Who starts the three processes takes them along, however it ends."""

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
GONE_WITHIN = 8.0  # it takes less than four; a loaded machine is given more
UP_WITHIN = 60.0  # a loaded machine starts three Pythons slowly

# A starter of one watched command, which itself starts another; it prints the pids of both. Neither listens to
# a polite word: the watcher has to use force.
STARTER = """
import os, subprocess, sys, time
reading, writing = os.pipe()
family = '''import os, signal, subprocess as s
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = s.Popen(["sleep", "60"])
print(os.getpid(), child.pid, flush=True)
child.wait()'''
subprocess.Popen([sys.executable, "-m", "izbaku.lifeline", str(reading), sys.executable, "-c", family],
                 pass_fds=[reading], start_new_session=True)
time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Whether the process does anything; one that only waits to be reaped does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def still_running(pids: dict[int, str]) -> list[str]:
    """What of them is left when everything should be gone."""
    deadline = time.monotonic() + GONE_WITHIN
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [command for pid, command in pids.items() if is_running(pid)]


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_children_and_grandchildren_go_with_the_starter_even_the_deaf(sign):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=BASE,
    )
    with starter:
        assert starter.stdout is not None
        family = dict.fromkeys(map(int, starter.stdout.readline().split()), "family")
        assert len(family) == 2

        os.kill(starter.pid, sign)
        starter.wait()

        assert still_running(family) == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants(pid: int) -> dict[int, str]:
    """Everyone whom the process has started, and whom those have started: their commands by their ids."""
    table = subprocess.run(["ps", "-eww", "-o", "pid=,ppid=,args="], check=True, capture_output=True, text=True).stdout
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        rows = [line.split(maxsplit=2) for line in table.splitlines()]
        children = {int(row[0]): row[2] for row in rows if len(row) == 3 and int(row[1]) in parents}
        found |= children
        parents = set(children)
    return found


def take_terminal() -> None:
    """Make standard input this session's terminal, so that Ctrl-C and closing it are heard, whoever runs the tests."""
    for sign in (signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, signal.SIG_DFL)
    os.close(os.open(os.ttyname(0), os.O_RDWR))


class Portal:
    """A real `serve`, started as `make run` does: a make above it, a terminal around it."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.port = free_port()
        self.said = folder / "said"
        makefile = folder / "Makefile"
        makefile.write_text(f"run:\n\t@{sys.executable} manage.py serve --workers 1 --port {self.port}\n")
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {"PORTAL_VAR": str(folder / "var"), "PYTHONUNBUFFERED": "1"}
        (folder / "var").mkdir()
        shutil.copy(database, folder / "var")
        self.terminal, inside = pty.openpty()
        with self.said.open("wb") as said:
            self.make = subprocess.Popen(
                ["make", "-f", str(makefile), "run"],
                stdin=inside,
                stdout=said,
                stderr=said,
                cwd=BASE,
                env=environment,
                start_new_session=True,
                preexec_fn=take_terminal,  # noqa: PLW1509
            )
        os.close(inside)

    def wait_until_up(self) -> dict[int, str]:
        """Everyone of it, by process id, once all of them are there."""
        deadline = time.monotonic() + UP_WITHIN
        while time.monotonic() < deadline and self.make.poll() is None:
            everyone = descendants(self.make.pid)
            words = " ".join(everyone.values())
            if "The portal runs" in self.said.read_text() and all(map(words.count, ("granian", " worker ", " beat "))):
                return everyone
            time.sleep(0.2)
        raise AssertionError(f"The portal did not start:\n{self.said.read_text()}")

    def close_terminal(self) -> None:
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1

    def pid(self, word: str) -> int:
        """Of the process that does the work, not of the one that watches it."""
        found = [
            pid
            for pid, command in descendants(self.make.pid).items()
            if word in command and "izbaku.lifeline" not in command
        ]
        return found[0]


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Path:
    """An SQLite database with every table, for the worker and beat to look into."""
    folder: Path = tmp_path_factory.mktemp("database")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        check=True,
        cwd=BASE,
        env=environment | {"PORTAL_VAR": str(folder)},
    )
    return folder / "portal.sqlite3"


@pytest.fixture
def portal(tmp_path, database) -> Iterator[Portal]:
    portal = Portal(tmp_path, database)
    yield portal
    left = descendants(portal.make.pid)
    portal.close_terminal()
    for pid in (*left, portal.make.pid):
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)
    portal.make.wait()


ENDINGS = {
    "Ctrl-C": lambda portal: os.write(portal.terminal, b"\x03"),
    "the terminal is closed": lambda portal: portal.close_terminal(),
    "SIGTERM to serve": lambda portal: os.kill(portal.pid("serve"), signal.SIGTERM),
    "SIGHUP to serve": lambda portal: os.kill(portal.pid("serve"), signal.SIGHUP),
    "kill -9 of serve": lambda portal: os.kill(portal.pid("serve"), signal.SIGKILL),
    "kill -9 of make": lambda portal: portal.make.kill(),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_web_worker_and_beat_are_gone_in_seconds_however_it_ends(portal, ending):
    everyone = portal.wait_until_up()

    ENDINGS[ending](portal)

    assert still_running(everyone) == []


@pytest.mark.parametrize("name", ["web", "worker"])
def test_one_that_dies_ends_the_others_and_is_named(portal, name):
    everyone = portal.wait_until_up()

    os.kill(portal.pid("granian" if name == "web" else f" {name} "), signal.SIGKILL)

    assert still_running(everyone) == []
    assert f"The {name} process ended (exit code 137)" in portal.said.read_text()
    assert portal.make.wait() == 2  # make's own word for a recipe that failed


def test_a_port_in_use_is_said_before_anything_starts(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        serve = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            check=False,
            capture_output=True,
            text=True,
            cwd=BASE,
            env=os.environ | {"PORTAL_VAR": str(tmp_path)},
            timeout=UP_WITHIN,
        )

    assert serve.returncode == 1
    assert serve.stderr.startswith(f"CommandError: Port {port} cannot be used (Address already in use).")
    assert f"make run PORT={port + 1}" in serve.stderr
