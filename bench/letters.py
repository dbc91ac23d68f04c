"""Letters: a pump beside raw smtplib on one connection, in one run; and a hundred thousand rows written in one pass.

python -m bench letters             about two minutes
python -m bench letters --all       sends all hundred thousand, too
"""

from __future__ import annotations

import json
import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.table import row, say  # noqa: E402
from events.attendance import Registration  # noqa: E402
from events.models import Event  # noqa: E402
from izbaku.mail import kinds, outbox  # noqa: E402
from izbaku.mail.models import Message  # noqa: E402
from izbaku.mail.rendering import mime  # noqa: E402

READERS = 100_000
PLAIN, SLOW = 600, 100  # letters of one measurement
DELAY = 0.01
ROUNDS = 3


def certificate(folder: Path) -> Path:
    """For localhost, for a day, signed by itself: clients of this run trust it by SSL_CERT_FILE."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def sink(*options: str, module: str = "bench.sink") -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", module, str(port), *options])
    try:
        for _turn in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def write(readers: int) -> float:
    """An event, its registrations, and a confirmation for each in three languages; the seconds of the letters alone."""
    event = Event.objects.create(
        slug="bench-letters",
        title_tr="Söyleşi ve dinleti",
        title_az="Söhbət və dinləti",
        title_en="Talk and concert",
        kind=Event.Kind.CONCERT,
        city="izmir",
        precision="time",
        starts_at=timezone.now() + timedelta(days=20),
        ends_at=timezone.now() + timedelta(days=20, hours=2),
        state=Event.State.PUBLIC,
        publish_at=timezone.now() - timedelta(days=1),
        changed_at=timezone.now(),
    )
    people = [
        Registration(
            event=event,
            email=f"reader{number}@d{number % 200}.example",
            name="Ada Lovelace",
            language=("tr", "az", "en")[number % 3],
            party=1,
            state=Registration.State.CONFIRMED,
        )
        for number in range(readers)
    ]
    made = Registration.objects.bulk_create(people, batch_size=2000)
    begun = time.perf_counter()
    outbox.put_many(
        "registration_confirmed",
        (
            outbox.Draft(f"bench:{one.pk}", one.email, one.language, {"registration": one.pk, "version": one.version})
            for one in made
        ),
        now=timezone.now(),
    )
    return time.perf_counter() - begun


def raw(connect: Any, letters: int, mail: bytes) -> float:
    """Letters per second of smtplib on one connection, the letter ready made."""
    with connect() as server:
        server.ehlo()
        begun = time.perf_counter()
        for number in range(letters):
            server.sendmail("portal@localhost.localdomain", [f"reader{number}@d.example"], mail)
        return letters / (time.perf_counter() - begun)


def pumps(url: str, count: int, letters: int, seconds: float = 15) -> tuple[float, list[dict[str, Any]]]:
    """Letters per second of so many pumps together."""
    command = [sys.executable, "-m", "bench.pumping", url, str(letters), str(seconds)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    for one in running:
        if one.stdout is None or one.stdout.readline() != "ready\n":
            raise RuntimeError("A pump did not start.")
    for one in running:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    found = [json.loads(one.communicate()[0]) for one in running]
    if any(one["others"] for one in found):
        raise RuntimeError("Letters failed.")
    return sum(one["sent"] for one in found) / max(one["seconds"] for one in found), found


def example() -> bytes:
    message = Message.objects.filter(state="pending").order_by("pk")[1]
    message.first_tried_at = timezone.now()
    return mime(message, kinds.get(message.kind).build(message))


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def measure(folder: Path, *, everything: bool) -> None:
    call_command("migrate", verbosity=0)
    seconds = write(READERS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    mail = example()
    say(f"A letter is {len(mail) / 1000:.1f} kB, with a calendar part. {connection.vendor}.")
    row(f"{READERS:,} rows written in one pass", f"{seconds:.1f} s", "")
    # A server that reads what it is told, and one that costs next to nothing: the less it does, the dearer our
    # building and marking look beside it.
    for what, module, target in (
        ("one pump, plain loopback, aiosmtpd", "bench.citizen", "≥ 30 % (40 %)"),
        ("one pump, plain loopback, a sink that reads nothing", "bench.sink", ""),
    ):
        with sink(module=module) as port:
            ratios = []
            for _round in range(ROUNDS):
                bare = raw(lambda port=port: smtplib.SMTP("127.0.0.1", port), PLAIN, mail)
                ours, _found = pumps(f"smtp://127.0.0.1:{port}", 1, PLAIN)
                ratios.append(ours / bare)
        row(what, f"{median(ratios):.0%} of smtplib", target)
        row("", f"{ours:.0f} / {bare:.0f} per s", "")
    pem = certificate(folder)
    os.environ["SSL_CERT_FILE"] = str(pem)
    with sink("--certificate", str(pem), "--delay", str(DELAY)) as port:
        import ssl

        tls = ssl.create_default_context(cafile=str(pem))
        ratios, doubled = [], []
        for _round in range(ROUNDS):
            bare = raw(lambda: smtplib.SMTP_SSL("localhost", port, context=tls), SLOW, mail)
            ours, _found = pumps(f"smtps://localhost:{port}", 1, SLOW)
            both, _found = pumps(f"smtps://localhost:{port}", 2, SLOW)
            ratios.append(ours / bare)
            doubled.append(both / ours)
        row("one pump, TLS, 10 ms a reply", f"{median(ratios):.0%} of smtplib", "≥ 80 %")
        row("", f"{ours:.1f} / {bare:.1f} per s", "")
        row("two pumps, the same", f"{median(doubled):.2f} × one", "≥ 1.8 ×")
    with sink() as port:
        count, longest = (READERS, 1200.0) if everything else (READERS // 2, 20.0)
        begun = time.perf_counter()
        rate, found = pumps(f"smtp://127.0.0.1:{port}", 2, count, longest)
        took = time.perf_counter() - begun
        sent = sum(one["sent"] for one in found)
        row(f"two pumps, plain, {sent:,} letters", f"{took:.0f} s, {rate:.0f} per s", "")
        held = [memory for one in found for memory in one["held"][len(one["held"]) // 10 :]]
        row("memory of a pump", f"{min(held):.0f}–{max(held):.0f} MB ({max(held) / min(held) - 1:+.0%})", "± 10 %")


if __name__ == "__main__":
    started = time.monotonic()
    measure(Path(os.environ["BENCH_BODIES"]), everything=os.environ.get("BENCH_ALL") == "1")
    say(f"\n{time.monotonic() - started:.0f} s. A figure means something only beside the others of its own run.")
