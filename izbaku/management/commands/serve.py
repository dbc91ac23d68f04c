"""Web, worker and beat from one parent, for one machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

STOP_SECONDS = 10.0


def commands(host: str, port: int, workers: int) -> dict[str, list[str]]:
    """What runs, by the name under which its end is reported."""
    celery = [sys.executable, "-m", "celery", "--app", "izbaku.celery", "--quiet"]
    return {
        "web": [
            *[sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)],
            # One thread each: more of them only slow transactions down by waiting for each other.
            *["--workers", str(workers), "--blocking-threads", "1", "--log-level", "warning"],
            "izbaku.wsgi:application",
        ],
        # A fixed node name: the filesystem broker keeps a queue for every name it has ever met.
        "worker": [
            *[*celery, "worker", "--pool", "solo", "--hostname", "portal@localhost", "--loglevel", "WARNING"],
            *["--without-gossip", "--without-mingle", "--without-heartbeat"],
        ],
        "beat": [*celery, "beat", "--pidfile", "", "--loglevel", "WARNING"],
    }


def check_free(host: str, port: int) -> None:
    """Raise CommandError when somebody listens on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Choose another one with the PORT variable: "
                f"make run PORT={port + 1}"
            ) from error


def answers(host: str, port: int) -> bool:
    """Whether the web server takes connections yet."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


class Command(BaseCommand):
    help = "Runs web, Celery worker and Celery beat until one of them or this command ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST_ADDRESS", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_WORKERS", "2")))

    def handle(self, *, host: str, port: int, workers: int, **_: Any) -> None:
        check_free(host, port)
        # Who starts it under nohup wants it to outlive the terminal.
        outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        for sign in (signal.SIGINT, signal.SIGTERM, *([] if outlives else [signal.SIGHUP])):
            signal.signal(sign, self.stop_politely)
        # `make run` is one thing to whoever started it: a make that was killed takes this along.
        self.starter = os.getppid() if "MAKELEVEL" in os.environ else None
        # A make that leads its terminal's session hears alone that it was closed, and waits for us.
        self.has_terminal = os.isatty(0) and not outlives
        # Only this process holds the writing end; when it is gone, every watcher ends what it watches.
        reading, self.lifeline = os.pipe()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name, command in commands(host, port, workers).items():
                self.children[name] = subprocess.Popen(
                    [sys.executable, "-m", "izbaku.lifeline", str(reading), *command],
                    pass_fds=[reading],
                    start_new_session=True,  # a Ctrl-C in the terminal reaches this parent only
                    cwd=settings.BASE_DIR,
                )
            os.close(reading)
            self.watch(host, port)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping …")
        finally:
            self.let_go()

    def stop_politely(self, *_: object) -> None:
        raise KeyboardInterrupt

    def watch(self, host: str, port: int) -> None:
        """Say when the portal answers; end when starter or terminal are gone; raise CommandError for a dead child."""
        is_up = False
        while self.starter in (None, os.getppid()) and os.isatty(0) >= self.has_terminal:
            for name, child in self.children.items():
                if child.poll() is not None:
                    raise CommandError(
                        f"The {name} process ended (exit code {child.returncode}); stopping the others. "
                        "Its last words stand above."
                    )
            if not is_up and answers(host, port):
                is_up = True
                self.stdout.write(f"The portal runs: http://localhost:{port}  (Ctrl-C stops it)")
                self.stdout.flush()
            time.sleep(0.3)

    def let_go(self) -> None:
        """Close the lifeline and wait until every watcher has ended what it watched."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave anyone behind
        os.close(self.lifeline)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
