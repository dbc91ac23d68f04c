"""Private files of a record: stored without a trace of their name, handed out safely, gone with their row, scanned."""

import os
import socketserver
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.utils import IntegrityError
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.test.utils import isolate_apps
from django.urls import path

from izbaku import attachments, scanning, sealing
from izbaku import settings as written
from izbaku.attachments import Attachment, receive, reseal, serve, sweep
from izbaku.celery import app
from izbaku.scanning import NoAnswer, scan_waiting, what_is_found
from izbaku.tests.tables import tables_for
from izbaku.tests.test_sealing import NEW, OLD, rotate
from izbaku.tests.test_uploads import REFUSED
from izbaku.tests.uploaded import PDF, PDF_WITH_SCRIPT, upload

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
VIRUS = PDF.replace(b"Catalog", b"Catalog VIRUS-OF-THIS-TEST")
Scan = Attachment.Scan

with isolate_apps("izbaku"):

    class Drawer(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "izbaku"

    class Paper(Attachment):
        drawer = models.ForeignKey(Drawer, models.CASCADE, related_name="papers")

        class Meta:
            app_label = "izbaku"


def download(request, pk):
    return serve(get_object_or_404(Paper, pk=pk))


urlpatterns = [path("papers/<int:pk>/", download)]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(scope="module", autouse=True)
def _tables(django_db_setup, django_db_blocker):
    with tables_for(django_db_blocker, Drawer, Paper):
        yield


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    settings.SEALING_KEYS = [OLD]
    settings.CLAMD_URL = settings.ACCEL_PREFIX = ""
    settings.PRIVATE_ROOT = tmp_path / "private"
    return settings.PRIVATE_ROOT


@pytest.fixture
def drawer():
    return Drawer.objects.create()


def files(root):
    return sorted(file for file in root.rglob("*") if file.is_file())


def make_paper(drawer, content=PDF, name="tələbə belgesi.pdf", **fields):
    return receive(upload(name, content), Paper, drawer=drawer, **fields)


# Storing


def test_a_file_is_stored_under_a_name_that_tells_nothing(root, drawer):
    paper = make_paper(drawer)

    [file] = files(root)
    assert file.read_bytes() == PDF
    assert file == root / paper.stored_as
    assert not {"tələbə", "pdf"} & set(str(file.relative_to(root)).replace(".", "/").split("/"))
    assert file.stat().st_mode & 0o777 == 0o640
    again = Paper.objects.get()
    assert (again.name, again.size, again.content_type) == ("tələbə belgesi.pdf", len(PDF), "application/pdf")
    assert again.read() == PDF


def test_no_public_folder_holds_private_files(settings):
    for public in (settings.MEDIA_ROOT, settings.STATIC_ROOT, *settings.STATICFILES_DIRS):
        assert not written.PRIVATE_ROOT.is_relative_to(public)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_name_is_never_in_the_database(drawer, sealed):
    paper = make_paper(drawer, sealed=sealed)

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM izbaku_paper")
        row = str(cursor.fetchone())

    assert "belgesi" not in row
    assert "belgesi" not in str(paper)


def test_a_sealed_file_is_ciphertext_on_the_disk(root, drawer):
    make_paper(drawer, sealed=True)

    [file] = files(root)
    assert file.read_bytes().startswith(b"sealed:1:")
    assert b"Catalog" not in file.read_bytes()
    assert Paper.objects.get().read() == PDF


@pytest.mark.parametrize(("name", "make", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_after_a_refusal_nothing_is_stored(root, drawer, name, make, code):
    with pytest.raises(ValidationError) as refusal:
        make_paper(drawer, make(), name)

    assert refusal.value.code == code
    assert files(root) == []
    assert not Paper.objects.exists()


def test_when_the_row_cannot_be_stored_the_file_is_not_either(root):
    with pytest.raises(IntegrityError):
        receive(upload("a.pdf", PDF), Paper)  # it belongs to no drawer

    assert files(root) == []


# Handing out


def test_a_download_is_opened_by_nobody_as_a_page(client, drawer):
    paper = make_paper(drawer, PDF_WITH_SCRIPT, 'Əli "arayış".pdf', sealed=True)

    response = client.get(f"/papers/{paper.pk}/")

    assert response.content == PDF_WITH_SCRIPT
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f"attachment; filename*=utf-8''{quote('Əli _arayış_.pdf')}"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-store"


def test_nginx_is_handed_what_is_not_sealed_and_never_what_is(settings, drawer):
    settings.ACCEL_PREFIX = "/private/"
    plain, sealed = make_paper(drawer), make_paper(drawer, sealed=True)

    assert serve(plain)["X-Accel-Redirect"] == f"/private/{plain.stored_as}"
    assert serve(plain).content == b""
    assert serve(plain)["Content-Disposition"].startswith("attachment; ")
    assert "X-Accel-Redirect" not in serve(sealed)
    assert serve(sealed).content == PDF


def spoil(paper):
    paper.path.write_bytes(paper.path.read_bytes()[:-9] + b"elsewhere")


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("harm", [spoil, lambda paper: paper.path.unlink()], ids=["changed", "gone"])
def test_a_file_that_was_changed_or_lost_is_not_handed_out(client, drawer, caplog, harm, sealed):
    paper = make_paper(drawer, sealed=sealed)
    harm(paper)

    response = client.get(f"/papers/{paper.pk}/")

    assert response.status_code == 500
    assert response["Content-Type"] == "text/plain"
    assert "Content-Disposition" not in response
    assert len(response.content) < 100
    assert f"izbaku.Paper {paper.pk} cannot be opened" in caplog.text
    assert "belgesi" not in caplog.text


def test_without_the_key_neither_page_nor_log_shows_what_is_sealed(settings, client, drawer, caplog):
    paper = make_paper(drawer, sealed=True)
    settings.SEALING_KEYS = [NEW]
    Paper.objects.update(name="known.pdf")  # only the file is left to the old key

    response = client.get(f"/papers/{paper.pk}/")

    assert response.status_code == 500
    assert b"sealed:" not in response.content
    assert "is not in SEALING_KEYS" in caplog.text
    assert paper.path.read_text()[20:] not in caplog.text


# Going


def undone(act):
    """Do it in a transaction that is rolled back."""
    with transaction.atomic():
        act()
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "remove",
    [
        lambda drawer: drawer.papers.get().delete(),
        lambda drawer: drawer.papers.all().delete(),
        lambda drawer: drawer.delete(),
        lambda drawer: Drawer.objects.all().delete(),
    ],
    ids=["one", "all of them", "their record", "all records"],
)
def test_a_row_takes_its_file_along_however_it_goes(root, drawer, remove, django_capture_on_commit_callbacks):
    make_paper(drawer)

    with django_capture_on_commit_callbacks(execute=True):
        remove(drawer)
        assert len(files(root)) == 1  # until it is committed

    assert files(root) == []


def test_a_deletion_that_is_rolled_back_loses_nothing(root, drawer, django_capture_on_commit_callbacks):
    paper = make_paper(drawer)

    with django_capture_on_commit_callbacks(execute=True):
        undone(paper.delete)

    assert Paper.objects.get().read() == PDF


def test_what_a_rollback_left_behind_is_swept_once_it_is_old(root, drawer):
    kept = make_paper(drawer)
    undone(lambda: make_paper(drawer))
    assert len(files(root)) == 2
    written = datetime.fromtimestamp(kept.path.stat().st_mtime, UTC)

    assert sweep(written + timedelta(hours=1)) == 0
    assert sweep(written + timedelta(hours=3)) == 1
    assert files(root) == [kept.path]


def test_sweeping_where_nothing_was_ever_stored_is_no_error():
    assert sweep(NOW) == 0


# Keys


def test_after_rotating_files_open_and_the_old_key_can_go(settings, root, drawer, django_capture_on_commit_callbacks):
    papers = [make_paper(drawer, name=f"{n}.pdf", sealed=n > 0) for n in range(3)]
    settings.SEALING_KEYS = [NEW, OLD]
    assert "5 to seal anew." in rotate("--dry-run")  # three names, two files

    with django_capture_on_commit_callbacks(execute=True):
        assert "5 sealed anew." in rotate()
    assert "0 sealed anew." in rotate()

    settings.SEALING_KEYS = [NEW]
    assert [(paper.name, paper.read()) for paper in Paper.objects.order_by("pk")] == [
        (f"{n}.pdf", PDF) for n in range(3)
    ]
    assert len(files(root)) == len(papers)


def test_rotating_names_a_file_that_no_key_opens(settings, drawer):
    paper = make_paper(drawer, sealed=True)
    spoil(paper)
    settings.SEALING_KEYS = [NEW, OLD]

    told = rotate()

    assert f"file of izbaku.Paper {paper.pk}: The file is not what was stored." in told
    assert "1 cannot be opened" in told


def test_a_file_deleted_while_keys_rotate_does_not_come_back(
    settings, root, drawer, django_capture_on_commit_callbacks
):
    paper = make_paper(drawer, sealed=True)
    settings.SEALING_KEYS = [NEW, OLD]
    with django_capture_on_commit_callbacks(execute=True):
        Paper.objects.get().delete()

    with pytest.raises(Paper.DoesNotExist):
        reseal(paper)

    assert files(root) == []


def test_rotating_that_is_rolled_back_loses_nothing(settings, drawer, django_capture_on_commit_callbacks):
    paper = make_paper(drawer, sealed=True)
    settings.SEALING_KEYS = [NEW, OLD]

    with django_capture_on_commit_callbacks(execute=True):
        undone(lambda: reseal(paper))

    assert Paper.objects.get().read() == PDF


def test_rotating_that_breaks_off_leaves_the_file_as_it_was(settings, root, drawer, monkeypatch):
    paper = make_paper(drawer, sealed=True)
    settings.SEALING_KEYS = [NEW, OLD]

    def full_disk(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(Paper, "save", full_disk)
    with pytest.raises(OSError, match="No space"):
        reseal(paper)

    assert files(root) == [paper.path]
    assert Paper.objects.get().read() == PDF


# Scanning


class Clamd(socketserver.BaseRequestHandler):
    """As much of clamd as INSTREAM needs, to the letter of its protocol."""

    def handle(self):
        stream = self.request.makefile("rb")
        if stream.read(10) != b"zINSTREAM\0":
            self.request.sendall(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while size := int.from_bytes(stream.read(4), "big"):
            content += stream.read(size)
        self.server.seen.append(content)
        self.request.sendall(self.server.answer(content))


def verdict(content):
    return b"stream: Test.Virus FOUND\0" if b"VIRUS-OF-THIS-TEST" in content else b"stream: OK\0"


@contextmanager
def clamd(settings, answer=verdict, socket_path=None):
    kind = socketserver.ThreadingUnixStreamServer if socket_path else socketserver.ThreadingTCPServer
    with kind(str(socket_path) if socket_path else ("127.0.0.1", 0), Clamd) as server:
        server.answer, server.seen = answer, []
        settings.CLAMD_URL = f"unix://{socket_path}" if socket_path else f"tcp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def states():
    return list(Paper.objects.order_by("pk").values_list("scan", flat=True))


@pytest.mark.parametrize("sealed", [True, False])
def test_with_a_scanner_nothing_is_handed_out_before_it_is_clean(settings, drawer, sealed):
    with clamd(settings) as server:
        paper = make_paper(drawer, sealed=sealed)
        assert not paper.is_downloadable
        with pytest.raises(Http404):
            serve(paper)

        assert scan_waiting(NOW) == 1

    paper.refresh_from_db()
    assert (paper.scan, paper.scanned_at) == (Scan.CLEAN, NOW)
    assert serve(paper).content == PDF
    assert server.seen == [PDF]  # what people would open, not the token


def test_what_is_infected_is_destroyed_and_recorded(settings, root, drawer, django_capture_on_commit_callbacks):
    paper = make_paper(drawer, VIRUS, sealed=True)

    with clamd(settings), django_capture_on_commit_callbacks(execute=True):
        scan_waiting(NOW)

    paper.refresh_from_db()
    assert (paper.scan, paper.scan_note, paper.scanned_at) == (Scan.INFECTED, "Test.Virus", NOW)
    assert files(root) == []
    settings.CLAMD_URL = ""  # even where nobody scans any more
    with pytest.raises(Http404):
        serve(paper)
    assert "0 sealed anew." in rotate()


def test_a_large_file_reaches_the_scanner_whole(settings, tmp_path):
    content = os.urandom(3_000_001)

    with clamd(settings, socket_path=tmp_path / "clamd") as server:
        assert what_is_found(content, settings.CLAMD_URL) == ""

    assert server.seen == [content]


@pytest.mark.parametrize(
    "answer",
    [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: \0", b"OK\0", b"x" * 9000],
    ids=["too large", "hung up", "half an answer", "another answer", "noise"],
)
def test_whatever_is_not_yes_is_not_clean(settings, drawer, answer):
    paper = make_paper(drawer)

    with clamd(settings, lambda content: answer):
        assert scan_waiting(NOW) == 0

    paper.refresh_from_db()
    assert paper.scan == Scan.FAILED
    assert not paper.is_downloadable


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:1", "unix:///nowhere/clamd", "/nowhere/clamd", "tcp://127.0.0.1:x"])
def test_a_scanner_that_is_not_there_is_said(url):
    with pytest.raises(NoAnswer):
        what_is_found(PDF, url)


def test_a_silent_scanner_costs_one_wait_and_all_are_asked_about_later(settings, drawer):
    for _ in range(3):
        make_paper(drawer)
    settings.CLAMD_URL = "tcp://127.0.0.1:1"

    assert scan_waiting(NOW) == 0
    assert states() == [Scan.FAILED, Scan.PENDING, Scan.PENDING]

    with clamd(settings):
        assert scan_waiting(NOW + timedelta(minutes=1)) == 3
        assert scan_waiting(NOW + timedelta(minutes=2)) == 0
    assert states() == [Scan.CLEAN] * 3


def test_one_file_without_a_verdict_does_not_hold_up_the_others(settings, drawer):
    for content in (PDF_WITH_SCRIPT, PDF, PDF):
        make_paper(drawer, content)

    with clamd(settings, lambda content: b"?\0" if content == PDF_WITH_SCRIPT else verdict(content)):
        scan_waiting(NOW)
        scan_waiting(NOW + timedelta(minutes=1))

    assert states() == [Scan.FAILED, Scan.CLEAN, Scan.CLEAN]


def test_the_timer_rings_for_scanning_and_sweeping(settings, root, drawer):
    app.loader.import_default_modules()
    assert {"files.scan", "files.sweep"} <= {entry["task"] for entry in app.conf.beat_schedule.values()}
    paper = make_paper(drawer)
    (root / "00").mkdir()
    (root / "00" / "orphan").write_bytes(PDF)
    os.utime(root / "00" / "orphan", (0, 0))

    with clamd(settings):
        app.tasks["files.scan"]()
    app.tasks["files.sweep"]()

    assert states() == [Scan.CLEAN]
    assert files(root) == [paper.path]


def test_without_a_scanner_nobody_is_asked_and_files_are_handed_out(drawer):
    paper = make_paper(drawer)

    assert scan_waiting(NOW) == 0
    assert serve(paper).content == PDF


def test_the_patience_with_a_scanner_is_bounded(settings, drawer, monkeypatch):
    monkeypatch.setattr(scanning, "PATIENCE_SECONDS", 0.2)
    over = threading.Event()

    def never(content):
        over.wait(5)
        return b""

    with clamd(settings, never):
        with pytest.raises(NoAnswer, match="TimeoutError"):
            what_is_found(PDF, settings.CLAMD_URL)
        over.set()


def test_the_rooms_tables_are_found():
    assert Paper in attachments.kinds()
    assert sealing.newest_prefix().startswith("sealed:1:")
