"""What people may send, and what is refused."""

import re
from io import BytesIO

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import path
from PIL import Image

from izbaku import uploads
from izbaku.tests import uploaded
from izbaku.tests.test_images import PHONE_PICTURE
from izbaku.tests.uploaded import PDF, PDF_WITH_SCRIPT, SCRIPT, docx, odt, picture, upload, xlsx
from izbaku.uploads import Bounded, UploadField, check, clean_name


class Sending(forms.Form):
    file = UploadField()


def answer(request):
    form = Sending(request.POST, request.FILES)
    file = request.FILES.get("file")
    codes = [error.code for error in form.errors.as_data().get("file", [])]
    return HttpResponse(f"{codes} {file.size if file else None}")


urlpatterns = [path("", answer)]


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (PDF, "a.pdf", "application/pdf"),
        (PDF_WITH_SCRIPT, "a.pdf", "application/pdf"),
        (docx(), "a.docx", uploads.DOCX),
        (xlsx(), "a.xlsx", uploads.XLSX),
        (odt(), "a.odt", uploads.ODT),
    ],
    ids=["pdf", "pdf with script", "docx", "xlsx", "odt"],
)
def test_a_document_is_kept_as_it_came(content, name, content_type):
    assert check(upload("a", content)) == uploads.Checked(name, content_type, content)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (uploaded.picture_with_place(), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (PHONE_PICTURE, "image/jpeg"),
    ],
    ids=["jpeg", "png", "webp", "heic"],
)
def test_a_picture_is_drawn_anew_without_camera_or_place(content, content_type):
    kept = check(upload("IMG_1.HEIC", content))

    assert kept.content_type == content_type
    assert b"Camera of Ada" not in kept.data
    assert not Image.open(BytesIO(kept.data)).getexif()


@pytest.mark.parametrize("tail", [SCRIPT, docx(), PDF], ids=["script", "zip", "pdf"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_hides_behind_a_picture_is_gone(kind, tail):
    kept = check(upload("a.jpg", picture(kind) + tail))

    assert tail not in kept.data


def test_a_photographed_page_stays_legible():
    kept = check(upload("page.jpg", picture(size=(6000, 3000))))

    assert Image.open(BytesIO(kept.data)).size == (4096, 2048)


REFUSED = [
    ("empty", "a.pdf", lambda: b"", "empty"),
    ("html named pdf", "a.pdf", lambda: b"<!DOCTYPE html>" + SCRIPT, "wrong_type"),
    ("html before pdf", "a.pdf", lambda: SCRIPT + PDF, "wrong_type"),
    ("svg", "a.svg", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", "wrong_type"),
    ("svg named png", "a.png", lambda: b"<?xml version='1.0'?><svg>" + SCRIPT + b"</svg>", "wrong_type"),
    ("plain text", "a.txt", lambda: b"hello", "wrong_type"),
    ("program", "a.pdf", lambda: b"MZ" + bytes(200), "wrong_type"),
    ("gif", "a.gif", lambda: picture("GIF"), "wrong_type"),
    ("film", "a.mp4", lambda: b"\x00\x00\x00\x18ftypmp42" + bytes(200), "wrong_type"),
    ("plain zip", "a.docx", lambda: uploaded.zipped({"a.html": SCRIPT}), "wrong_type"),
    ("java archive", "a.docx", lambda: uploaded.zipped({"META-INF/MANIFEST.MF": "Main-Class: A"}), "wrong_type"),
    ("macros", "a.docx", lambda: docx(**{"word/vbaProject.bin": b"x"}), "wrong_type"),
    ("macros by type", "a.docx", lambda: docx("application/vnd.ms-word.document.macroEnabled.main+xml"), "wrong_type"),
    ("odt with macros", "a.odt", lambda: odt(**{"Basic/Standard/Module1.xml": "x"}), "wrong_type"),
    ("pdf and zip in one", "a.pdf", lambda: PDF + docx(), "wrong_type"),
    ("zip and pdf in one", "a.docx", lambda: docx(**{"%PDF-1.7": b"x"}), "wrong_type"),
    ("pdf cut off", "a.pdf", lambda: PDF[:40], "broken"),
    ("docx cut off", "a.docx", lambda: docx()[:-30], "broken"),
    ("picture cut off", "a.png", lambda: picture("PNG", size=(300, 300))[:200], "broken"),
    ("docx that lies", "a.docx", uploaded.lying_docx, "broken"),
    ("docx under lock", "a.docx", uploaded.locked_docx, "broken"),
    ("docx that climbs", "a.docx", lambda: docx(**{"../../etc/cron.d/x": "x"}), "broken"),
    ("zip bomb", "a.docx", uploaded.bomb, "bomb"),
    ("5001 members", "a.docx", lambda: docx(**{f"m{n}": "" for n in range(5000)}), "bomb"),
    ("picture of 50,000 × 50,000", "a.png", lambda: uploaded.picture_that_states(50_000, 50_000), "bomb"),
    ("15 MB and a byte", "a.pdf", lambda: PDF + bytes(uploads.MAX_BYTES + 1 - len(PDF)), "too_big"),
]


@pytest.mark.parametrize(("name", "make", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_may_not_be_sent_is_refused_with_a_reason(name, make, code):
    with pytest.raises(ValidationError) as refusal:
        check(upload(name, make()))

    assert refusal.value.code == code
    assert len(refusal.value.messages[0]) > 15


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\ada\\belge.pdf", "belge.pdf"),
        ("..", "file.pdf"),
        ("", "file.pdf"),
        (".pdf", "pdf.pdf"),
        ("/", "file.pdf"),
        ("satır\r\nSet-Cookie: a=b.pdf", "satır Set-Cookie_ a=b.pdf"),
        ("fatura\u202efdp.exe", "faturafdp.exe.pdf"),
        ("a\u2066b\u2069\u200f\u200bc\x00\x7f.pdf", "abc.pdf"),
        ("line\u2028paragraph\u2029.pdf", "line paragraph.pdf"),
        ("Öğrenci belgesi – İzmir, ŞÇĞÜIı.pdf", "Öğrenci belgesi – İzmir, ŞÇĞÜIı.pdf"),
        ("Tələbə arayışı Əli Xəlilov.PDF", "Tələbə arayışı Əli Xəlilov.pdf"),
        ("O\u0308g\u0306renci.pdf", "Öğrenci.pdf"),
        ('a"b<c>|d*?.pdf', "a_b_c__d__.pdf"),
        ("page.html", "page.html.pdf"),
        ("v1.2", "v1.2.pdf"),
        ("\udcff.pdf", "pdf.pdf"),
        ("ə" * 400 + ".pdf", "ə" * 146 + ".pdf"),
    ],
)
def test_a_name_keeps_its_letters_and_loses_its_tricks(given, kept):
    assert clean_name(given, "application/pdf") == kept


def test_a_converted_picture_takes_the_ending_of_what_it_became():
    assert clean_name("IMG_0042.HEIC", "image/jpeg") == "IMG_0042.jpg"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("size", "told"), [(100, "['wrong_type'] 100"), (20, "['too_big'] 15")])
def test_what_arrives_beyond_the_limit_is_dropped_and_said(client, size, told):
    content = bytes(100) if size == 100 else bytes(size * 1024 * 1024)

    seen = client.post("/", {"file": upload("a.pdf", content)}).content.decode()

    kept = int(re.findall(r"\d+$", seen)[0])
    assert seen.startswith(told)
    assert kept <= uploads.MAX_BYTES + 1


def test_the_limit_counts_what_comes_and_not_what_was_announced():
    bounded = Bounded()
    bounded.handle_raw_input(BytesIO(), {}, 10, b"")  # ten bytes announced

    assert bounded.receive_data_chunk(bytes(100), 0) == bytes(100)
    assert len(bounded.receive_data_chunk(bytes(1000), uploads.MAX_BYTES - 99)) == 100
    assert bounded.receive_data_chunk(bytes(1000), uploads.MAX_BYTES + 901) is None


@pytest.mark.parametrize(("files", "codes"), [({}, ["required"]), ({"file": upload("a.pdf", b"")}, ["empty"])])
def test_a_form_without_a_file_says_so(files, codes):
    assert [error.code for error in Sending({}, files).errors.as_data()["file"]] == codes


def test_a_form_hands_on_what_was_checked():
    form = Sending({}, {"file": upload("a.exe", PDF)})

    assert form.is_valid()
    assert form.cleaned_data["file"] == uploads.Checked("a.exe.pdf", "application/pdf", PDF)
    assert "image/heic" in str(form["file"])
