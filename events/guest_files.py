"""Reading a list of guests as people send it: a spreadsheet or text, in whatever encoding, with whatever headings.

Nothing is decided here: every line comes out with what stood in its cells and its number in the file.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from izbaku import uploads
from izbaku.text import name as one_line
from izbaku.text import words

MOST_LINES = 50_000
MOST_CELLS = 60  # in a line
HEAD_WITHIN = 15  # lines: above the headings often stands a title
# What a column is called by those who send lists, folded. The first is what our own file calls it.
HEADINGS: dict[str, tuple[str, ...]] = {
    "salutation": ("hitap", "muraciet", "muraciet formasi", "salutation"),
    "title": ("unvan", "unvani", "titul", "elmi derece", "title", "baslik", "basliq"),
    "name": ("ad soyad", "adi soyadi", "ad soyadi", "adi ve soyadi", "ad ve soyad", "isim soyisim", "ad", "adi", "isim",
             "soyad ad", "name", "full name", "first name", "given name"),
    "surname": ("soyad", "soyadi", "soyisim", "soy ad", "surname", "last name", "family name"),
    "office": ("gorev", "gorevi", "makam", "vezife", "vezifesi", "office", "position", "job title"),
    "organisation": ("kurum", "kurumu", "kurulus", "firma", "sirket", "qurum", "teskilat", "organisation",
                     "organization", "institution", "company"),
    "rank": ("protokol sirasi", "protokol sira no", "protokol", "protokol nomresi", "order of protocol", "rank"),
    "email": ("e posta", "eposta", "e posta adresi", "e mail", "email", "mail", "e poct", "epoct",
              "e poct unvani", "elektron poct", "e mail address"),
    "phone": ("telefon", "tel", "gsm", "cep", "cep telefonu", "mobil", "telefon nomresi", "telephone", "phone",
              "mobile"),
    "language": ("dil", "dili", "language"),
    "note": ("not", "notlar", "aciklama", "qeyd", "note", "notes", "note of the staff", "gorevlilerin notu",
             "emekdaslarin qeydi"),
}  # fmt: skip
LABELS = {
    "salutation": gettext_lazy("salutation"),
    "title": pgettext_lazy("person", "title"),
    "name": gettext_lazy("name"),
    "surname": gettext_lazy("surname"),
    "office": gettext_lazy("office"),
    "organisation": gettext_lazy("organisation"),
    "rank": gettext_lazy("order of protocol"),
    "email": gettext_lazy("e-mail address"),
    "phone": gettext_lazy("telephone"),
    "language": gettext_lazy("language"),
    "note": gettext_lazy("note of the staff"),
}
FIELD_OF = {heading: name for name, headings in HEADINGS.items() for heading in headings}


@dataclass
class Line:
    """One line of the file: its number there, its cells as they stood, what they mean, which hold no value."""

    number: int
    cells: list[str]
    values: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)  # headings of formulas without a value


@dataclass
class Table:
    """A list as it was read. `unknown` are the headings of columns that nobody asked for."""

    headings: list[str]
    fields: dict[str, str]  # field: heading
    unknown: list[str]
    lines: list[Line]


@dataclass
class _Row:
    number: int
    cells: list[str]
    formulas: frozenset[int] = frozenset()  # columns with a formula that was never computed


def read(upload: IO[bytes]) -> Table:
    """The table in this file. Raises ValidationError that says what to do: empty, wrong_type, encoding, headings,
    too_many, broken, too_big."""
    upload.seek(0)
    data = upload.read(uploads.MAX_BYTES + 1)
    if len(data) > uploads.MAX_BYTES:
        raise ValidationError(_("The file is larger than 15 MB. Split it."), code="too_big")
    if not data.strip(b"\x00 \t\r\n"):
        raise ValidationError(_("The file is empty."), code="empty")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        text = _(
            "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without one, and try again."
        )
        raise ValidationError(text, code="wrong_type")
    rows = _of_workbook(data) if data.startswith(b"PK") else _of_text(data)
    return _table(rows)


# --- Text -------------------------------------------------------------------------------------------------


def decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with or without a mark, or what Turkish Windows writes. Raises ValidationError (encoding)."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _tried(data, encoding)
    head = data[:2000]
    if head.count(0) > len(head) // 4:  # every other byte of Latin text in UTF-16
        return _tried(data, "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _tried(data, "windows-1254")


def _tried(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        text = _("The letters of this file cannot be read. Save it as .xlsx, or as CSV in UTF-8, and try again.")
        raise ValidationError(text, code="encoding") from None


def _of_text(data: bytes) -> Iterator[_Row]:
    text = decoded(data).replace("\0", "")
    first = [line for line in text.splitlines()[:HEAD_WITHIN] if line.strip()]
    if first and (said := re.fullmatch(r'"?sep=(.)"?', first[0].strip())):
        separator, text = said[1], text[text.index(first[0]) + len(first[0]) :]
    else:
        separator = max(";,\t|", key=lambda sign: (sum(line.count(sign) for line in first), sign == ";"))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            yield _Row(reader.line_num, [one_line(cell) for cell in cells[:MOST_CELLS]])
    except csv.Error as error:
        raise _broken() from error


# --- Workbooks --------------------------------------------------------------------------------------------


def _of_workbook(data: bytes) -> list[_Row]:
    """The first sheet that holds anything. What is merged is read in each of its cells, as it is seen."""
    if uploads.check(io.BytesIO(data)).content_type != uploads.XLSX:
        raise ValidationError(_("Choose an Excel file (.xlsx) or a CSV file."), code="wrong_type")
    import openpyxl  # noqa: PLC0415  (5 MB, which most web workers never need)
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for at, sheet in enumerate(values.worksheets):
            rows = [
                _Row(number, [_text(value) for value in cells[:MOST_CELLS]])
                for number, cells in enumerate(_bounded(sheet.iter_rows(values_only=True)), start=1)
            ]
            if any(any(row.cells) for row in rows):
                path = sheet._worksheet_path  # the only way to what a sheet says beside its cells
                written = zipfile.ZipFile(io.BytesIO(data)).read(path.lstrip("/"))
                _spread_merged(rows, written)
                if re.search(rb"<(?:\w+:)?f[ >/]", written):
                    _mark_formulas(rows, data, at)
                return rows
    except ValidationError:
        raise
    except (
        InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError,
        AttributeError, OSError,
    ) as error:  # fmt: skip
        raise _broken() from error
    raise ValidationError(_("The file is empty."), code="empty")


def _bounded(rows: Iterable[Any]) -> Iterator[Any]:
    """A sheet may claim a million lines because somebody has coloured a column: empty ones at the end are no lines."""
    empty = 0
    for count, row in enumerate(rows):
        empty = empty + 1 if not any(value is not None for value in row[:MOST_CELLS]) else 0
        if empty > 2000 or count > MOST_LINES + 2000 + HEAD_WITHIN:
            return
        yield row


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a telephone number is no decimal
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return one_line(str(value))


def _spread_merged(rows: list[_Row], written: bytes) -> None:
    from openpyxl.utils.cell import range_boundaries  # noqa: PLC0415

    for found in re.findall(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"', written):
        left, top, right, bottom = range_boundaries(found.decode())
        if left is None or top is None or right is None or bottom is None or top > len(rows):
            continue
        if left > len(rows[top - 1].cells):
            continue
        value = rows[top - 1].cells[left - 1]
        if right - left > 3 and top == bottom:
            continue  # a title across the page belongs to no column
        for row in rows[top - 1 : bottom]:
            for column in range(left - 1, min(right, len(row.cells))):
                row.cells[column] = value


def _mark_formulas(rows: list[_Row], data: bytes, at: int) -> None:
    """A formula whose result the program never stored reads as an empty cell: it is not taken for one."""
    import openpyxl  # noqa: PLC0415

    formulas = openpyxl.load_workbook(io.BytesIO(data), read_only=True).worksheets[at]
    for row, cells in zip(rows, formulas.iter_rows(max_row=len(rows)), strict=False):
        lost = {
            column
            for column, cell in enumerate(cells[:MOST_CELLS])
            if cell.data_type == "f" and column < len(row.cells) and not row.cells[column]
        }
        row.formulas = frozenset(lost)


def _broken() -> ValidationError:
    return ValidationError(_("The file is damaged or locked and cannot be read."), code="broken")


# --- Headings ---------------------------------------------------------------------------------------------


def _table(rows: Iterable[_Row]) -> Table:
    rows = iter(rows)
    for _at, head in zip(range(HEAD_WITHIN), rows, strict=False):
        meant = [FIELD_OF.get(" ".join(words(cell)), "") for cell in head.cells]
        if "name" in meant or "surname" in meant:
            return _lines(head, meant, rows)
    text = _("No column is called “Ad Soyad” (or “Name”). The first line of the file names the columns; take our file.")
    raise ValidationError(text, code="headings")


def _lines(head: _Row, meant: list[str], rows: Iterator[_Row]) -> Table:
    places: dict[str, int] = {}
    unknown = []
    for column, (name, heading) in enumerate(zip(meant, head.cells, strict=True)):
        if name and name not in places:
            places[name] = column
        elif heading:
            unknown.append(heading)
    lines: list[Line] = []
    for row in rows:
        if not any(row.cells) and not row.formulas:
            continue
        if len(lines) == MOST_LINES:
            text = _("The file has more than %(n)d lines. Split it.") % {"n": MOST_LINES}
            raise ValidationError(text, code="too_many")
        values = {name: row.cells[column] if column < len(row.cells) else "" for name, column in places.items()}
        values["name"] = " ".join(filter(None, (values.get("name", ""), values.pop("surname", ""))))
        unread = [head.cells[column] for column in sorted(row.formulas) if column in places.values()]
        lines.append(Line(row.number, row.cells, values, unread))
    if not lines:
        raise ValidationError(_("The file has headings and no lines below them."), code="empty")
    return Table(head.cells, {name: head.cells[column] for name, column in places.items()}, unknown, lines)
