"""Printed pages: a Typst template and data go in, a PDF or a picture comes out.

What people typed goes in as data (JSON), never as a part of the template's code: a name of `#panic()` or `$x$` is
printed as it was typed. Only the portal's own typefaces and those inside Typst are used, so that a page looks the
same on every machine; Typst's cover Cyrillic and Greek where ours end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import qrcode
from qrcode.constants import ERROR_CORRECT_M

if TYPE_CHECKING:
    import typst

FONTS = Path(__file__).resolve().parent / "fonts"
QUIET = 4  # modules of white around a QR code (ISO/IEC 18004)

_one_at_a_time = Lock()  # a compiler keeps what it has read between two pages, so two threads must not share it at once


def page(
    template: Path, data: dict[str, Any], *, made_at: datetime, form: Literal["pdf", "png"] = "pdf", ppi: float = 144
) -> bytes:
    """The page as bytes; a picture shows the first page. The template reads `json(bytes(sys.inputs.data))`."""
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    with _one_at_a_time:
        made = _compiler(template).compile(format=form, ppi=ppi, sys_inputs=inputs, timestamp=int(made_at.timestamp()))
    assert made
    return made if isinstance(made, bytes) else made[0]


@cache
def _compiler(template: Path) -> typst.Compiler:
    import typst  # noqa: PLC0415  (7 MB, which most web workers never need)

    return typst.Compiler(template, root=template.parent, font_paths=[FONTS], ignore_system_fonts=True)


def qr_svg(text: str) -> str:
    """The text as a QR code: black on white whatever the page's colours, with its quiet zone; no size of its own."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h{width}v1h-{width}z" for y, row in enumerate(rows) for x, width in _runs(row))
    size = len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{path}"/></svg>'
    )


def _runs(row: list[bool]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin and how many follow: one stroke instead of many squares with seams."""
    start = None
    for x, is_dark in enumerate([*row, False]):
        if is_dark and start is None:
            start = x
        elif not is_dark and start is not None:
            yield start, x - start
            start = None
