"""The ticket: what stands on it, who gets it, and that nothing typed becomes a command."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from io import BytesIO

import pytest
import qrcode
import time_machine
from django.utils import translation
from PIL import Image

from events import registration, tickets
from events.attendance import Registration
from events.models import Venue
from events.tests.test_registration import NOW, come, make_open
from izbaku import pdf

pytestmark = pytest.mark.django_db

TYPST_WORDS = [
    '#panic("x")',
    "#let x = 1",
    "$ sqrt(2) $",
    "a \\ b",
    "\"quoted\" 'too'",
    "<label> @ref *bold* _it_ `raw`",
    "// comment /* block */",
    "= heading",
    "] } )",
]


def written(paper: bytes, tmp_path) -> str:
    """The letters of a PDF, without the spaces between words."""
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (poppler-utils)")
    path = tmp_path / "paper.pdf"
    path.write_bytes(paper)
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    return "".join(text.split())  # how wide a gap is a space, only the eye can tell


def named(name: str) -> Registration:
    registered = come(make_open())
    Registration.objects.filter(pk=registered.pk).update(name=name)
    registered.refresh_from_db()
    return registered


@pytest.mark.parametrize(
    ("language", "times"),
    [
        ("tr", ["21 Mart 2026 Cumartesi", "19.00 İzmir", "20.00 Bakü"]),
        ("az", ["21 mart 2026-cı il, şənbə", "19:00 İzmir", "20:00 Bakı"]),
        ("en", ["Saturday 21 March 2026", "19:00 İzmir", "20:00 Baku"]),
    ],
)
def test_the_ticket_says_who_comes_to_what_and_when_in_both_cities(language, times, tmp_path):
    registered = named("Gülşən İğdır Şahinəli Çöl Ümid IŞIK")
    event = registered.event
    event.title_tr = event.title_az = event.title_en = "Muğam axşamı: İki kıyı"
    event.venue = Venue(name="Sabancı Kültür Sarayı", city="izmir")

    with translation.override(language):
        text = written(tickets.ticket(registered, language), tmp_path)

    for words in [*times, "Muğam axşamı: İki kıyı", "Gülşən İğdır Şahinəli Çöl Ümid IŞIK", "Sabancı Kültür Sarayı"]:
        assert words.replace(" ", "") in text


@pytest.mark.parametrize("name", TYPST_WORDS)
def test_a_name_is_printed_as_it_was_typed_whatever_it_means_to_typst(name, tmp_path):
    text = written(tickets.ticket(named(name), "en"), tmp_path)

    assert name.replace(" ", "") in text


def test_a_title_is_printed_as_it_was_typed_too(tmp_path):
    registered = come(make_open())
    registered.event.title_tr = 'C# $5 \\ #import "x" [y]'

    with translation.override("tr"):
        assert 'C#$5\\#import"x"[y]' in written(tickets.ticket(registered, "tr"), tmp_path)


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_the_longest_title_and_name_still_make_one_page(form, tmp_path):
    registered = named("Ğ" * 120)
    registered.event.title_tr = "Beynəlxalq " * 18
    registered.event.venue = Venue(name="Uzun " * 30, address="Cadde " * 30, city="izmir")

    with translation.override("tr"):
        paper = tickets.ticket(registered, "tr", form=form)

    if form == "pdf":
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 1
    else:
        assert Image.open(BytesIO(paper)).width == 1000


def test_the_same_ticket_is_the_same_bytes():
    registered = come(make_open())

    assert tickets.ticket(registered, "en") == tickets.ticket(registered, "en")


def test_the_picture_carries_the_code_that_leads_to_the_own_page():
    """Read back from the pixels: each module is where a QR code of the own address has it."""
    registered = come(make_open())
    with translation.override("az"):
        picture = Image.open(BytesIO(tickets.ticket(registered, "az", form="png"))).convert("L")
        address = tickets.own_address(registered)
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(address)
    code.make(fit=True)
    expected = code.get_matrix()

    dark = picture.point(lambda level: 255 if level < 20 else 0)
    # The lowest rows that are black over a wide stretch belong to the code; the writing below it is not black.
    left, top, right, bottom = dark.crop((0, picture.height // 3, picture.width, picture.height)).getbbox()
    top, bottom = top + picture.height // 3, bottom + picture.height // 3
    module = (right - left) / len(expected)
    middle = [int((n + 0.5) * module) for n in range(len(expected))]
    found = [
        [picture.getpixel((left + x, bottom - int(module * len(expected)) + y)) < 128 for x in middle] for y in middle
    ]

    assert "/az/qeydiyyatlar/" in address
    assert found == expected


def test_a_code_is_drawn_without_anything_but_squares():
    drawn = pdf.qr_svg('"><script>alert(1)</script>')

    assert re.fullmatch(r"<svg [^<>]*><path [^<>]*/><path [^<>]*/></svg>", drawn)


PAPERS = [("ticket.pdf", "application/pdf"), ("ticket.png", "image/png"), ("event.ics", "text/calendar; charset=utf-8")]


@pytest.mark.parametrize(("paper", "content_type"), PAPERS)
def test_papers_are_for_whoever_has_the_code_and_stay_in_no_cache(client, paper, content_type):
    registered = come(make_open())

    answer = client.get(f"/en/registrations/{registered.code}/{paper}")

    assert (answer.status_code, answer["Content-Type"]) == (200, content_type)
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(("paper", "_type"), PAPERS)
@pytest.mark.parametrize("state", ["pending", "waiting", "offered", "cancelled", "rejected", "lapsed", "declined"])
def test_without_a_confirmed_seat_there_are_no_papers(client, paper, _type, state):
    registered = come(make_open())
    Registration.objects.filter(pk=registered.pk).update(state=state, offered_until=datetime(2026, 3, 2, tzinfo=UTC))

    answer = client.get(f"/en/registrations/{registered.code}/{paper}")

    assert answer.status_code == 302
    assert answer["Location"] == f"/en/registrations/{registered.code}/"


@pytest.mark.parametrize(("paper", "_type"), PAPERS)
def test_a_shortened_or_foreign_code_opens_nothing(client, paper, _type):
    code = come(make_open()).code

    for wrong in (code[:-1], code + "A", code.swapcase(), "x", "..", "%00"):
        assert client.get(f"/en/registrations/{wrong}/{paper}").status_code == 404


def test_the_ticket_of_a_cancelled_registration_ends_with_it(client):
    registered = come(make_open())
    with time_machine.travel(NOW):
        registration.cancel(registered, now=NOW)

    assert client.get(f"/en/registrations/{registered.code}/ticket.pdf").status_code == 302
