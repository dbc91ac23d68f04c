"""Give the measurement a database of its own, and take it away again.

PostgreSQL is taken from DATABASE_URL, whose database must not exist yet: the bench makes it and drops it afterwards.
Without a PostgreSQL it measures SQLite, and says so.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2

LONGEST = 30  # minutes
OURS = "postgres://root@127.0.0.1:5432/izbaku_bench"


@contextmanager
def database(folder: str) -> Iterator[str]:
    """A database of the bench's own: PostgreSQL where one answers, else a file."""
    address = os.environ.get("DATABASE_URL", OURS)
    parts = urlsplit(address)
    name = parts.path.strip("/")
    try:
        if not parts.scheme.startswith("postgres") or not re.fullmatch(r"\w+", name):
            raise psycopg2.OperationalError("DATABASE_URL names no PostgreSQL database")
        maintenance = urlunsplit(parts._replace(scheme="postgresql", path="/postgres"))
        server = psycopg2.connect(maintenance, connect_timeout=3)
    except psycopg2.OperationalError as error:
        print(f"No PostgreSQL ({str(error).strip().splitlines()[0]}): measuring SQLite, for which no target was set.")
        yield f"sqlite:///{folder}/bench.sqlite3"
        return
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')  # fails if it exists: never drop what is not ours
        try:
            yield address
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.close()


PARTS = {
    "pages": "bench.table",
    "registrations": "bench.registering",
    "letters": "bench.letters",
    "reminders": "bench.reminding",
    "rounds": "bench.rounds",
    "queue": "bench.queue",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast it all is.")
    parser.add_argument("part", nargs="?", choices=PARTS, help="only this part; without it, all of them")
    parser.add_argument("--minutes", type=float, default=0, help="load for so long at the end, and watch the memory")
    parser.add_argument("--all", action="store_true", help="send all hundred thousand letters (minutes)")
    given = parser.parse_args()
    return max(run(module, given) for name, module in PARTS.items() if given.part in (None, name))


def run(module: str, given: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder, database(folder) as address:
        environment = {
            "DATABASE_URL": address,
            "DJANGO_SETTINGS_MODULE": "izbaku.settings",
            "PORTAL_ENV": "local",
            "PORTAL_VAR": folder,
            "BENCH_BODIES": folder,
            "BENCH_MINUTES": str(min(given.minutes, LONGEST)),
            "BENCH_ALL": str(int(given.all)),
        }
        command = [sys.executable, "-m", module]
        with subprocess.Popen(command, env=os.environ | environment) as table:
            # Passed on: the servers end first, then the database goes.
            signal.signal(signal.SIGTERM, lambda *_: table.terminate())
            return table.wait()


if __name__ == "__main__":
    sys.exit(main())
