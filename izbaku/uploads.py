"""What people may send: the type told from the content, the name cleaned, the size counted while reading.

PDF, pictures (JPEG, PNG, WebP; HEIC becomes JPEG) and documents (DOCX, XLSX, ODT without macros). Pictures are drawn
anew, so nothing but their pixels stays. A PDF may hold scripts, as forms of authorities do: it is stored as it came,
is never shown in the portal's own pages, and is looked at by the scanner where there is one.
"""

import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.files.uploadhandler import FileUploadHandler
from django.forms import FileField
from django.utils.translation import gettext_lazy as _

from izbaku import images

MAX_BYTES = 15 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_MEMBERS = 5000
MAX_NAME = 150
PAGE_SIDE = 4096  # px: a photographed page stays legible

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
PICTURES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
ENDINGS = {PDF: "pdf", DOCX: "docx", XLSX: "xlsx", ODT: "odt"} | {type_: end for end, type_ in PICTURES.items()}
PICTURE_ENDINGS = {"jpg", "jpeg", "png", "webp", "heic", "heif"}
ACCEPT = ",".join([*ENDINGS, "image/heic", "image/heif", ".heic", ".heif"])


@dataclass(frozen=True)
class Checked:
    """A file that may be stored: its clean name, true type and the bytes to keep."""

    name: str
    content_type: str
    data: bytes


class Bounded(FileUploadHandler):
    """Drops what goes beyond the limit while it arrives, whatever Content-Length said; `check` then says so."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        room = MAX_BYTES + 1 - start
        return raw_data[:room] if room > 0 else None

    def file_complete(self, file_size: int) -> None:
        return None


class UploadField(FileField):
    """A form field whose cleaned value is Checked."""

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "accept": ACCEPT}

    def clean(self, data: Any, initial: Any = None) -> Any:
        return check(data) if data else super().clean(data, initial)


def check(upload: IO[bytes]) -> Checked:
    """What may be kept of this upload. Raises ValidationError: `empty`, `too_big`, `wrong_type`, `bomb` or `broken`."""
    upload.seek(0)
    data = upload.read(MAX_BYTES + 1)
    if not data:
        raise ValidationError(_("The file is empty."), code="empty")
    if len(data) > MAX_BYTES:
        raise ValidationError(_("The file is larger than 15 MB. Choose a smaller one."), code="too_big")
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or data[8:12] == b"WEBP" or data[4:8] == b"ftyp":
        content_type, data = _drawn_anew(data)
    elif data.startswith(b"PK\x03\x04") and b"%PDF-" not in data[:1024]:  # readers take a PDF that begins late
        content_type = _document_type(data)
    elif data.startswith(b"%PDF-") and not zipfile.is_zipfile(BytesIO(data)):  # one file, one type
        content_type = PDF
        if b"%%EOF" not in data[-2048:]:
            raise _broken()
    else:
        raise _wrong_type()
    return Checked(clean_name(getattr(upload, "name", "") or "", content_type), content_type, data)


def clean_name(name: str, content_type: str) -> str:
    """The sender's name for the file without paths, controls and marks that turn text around; its true ending last."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # Cc, Cf, Cs, Co, Cn: controls, marks of direction, zero widths, halves, nobody's letters; Zl, Zp: line ends.
    kept = (" " if c.isspace() else c for c in name if unicodedata.category(c)[0] != "C" or c.isspace())
    stem = " ".join("".join("_" if c in '<>:"|?*' else c for c in kept).split()).strip(". ")
    ending = ENDINGS[content_type]
    first, _dot, last = stem.rpartition(".")
    if first and (last.lower() == ending or {ending, last.lower()} <= PICTURE_ENDINGS):
        stem = first.rstrip(". ")
    return f"{stem[: MAX_NAME - len(ending) - 1] or 'file'}.{ending}"


def _drawn_anew(data: bytes) -> tuple[str, bytes]:
    try:
        picture = images.reencode(BytesIO(data), side=PAGE_SIDE)
    except ValidationError as refusal:
        # Films begin like phone pictures; a picture is not all that may be sent.
        raise _wrong_type() if refusal.code == "wrong_type" else refusal from None
    return PICTURES[str(picture.name).rpartition(".")[2]], picture.read()


def _document_type(data: bytes) -> str:
    """Which document this zip is. It is unpacked once: no more than it states comes out, and checksums must fit."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise _bomb()
            if any(_climbs(member.filename) for member in members) or archive.testzip():
                raise _broken()
            return _stated_type(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _broken() from error


def _climbs(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/")


def _stated_type(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "mimetype" in names and archive.read("mimetype").strip() == ODT.encode():
        if "content.xml" in names and not any(name.startswith(("Basic/", "Scripts/")) for name in names):
            return ODT
    elif "[Content_Types].xml" in names and not any(name.lower().endswith("vbaproject.bin") for name in names):
        stated = archive.read("[Content_Types].xml")
        for content_type in (DOCX, XLSX):
            if f"{content_type}.main+xml".encode() in stated:
                return content_type
    raise _wrong_type()


def _wrong_type() -> ValidationError:
    return ValidationError(
        _("Choose a PDF, a picture (JPEG, PNG, WebP, HEIC) or a document (DOCX, XLSX, ODT) without macros."),
        code="wrong_type",
    )


def _bomb() -> ValidationError:
    return ValidationError(_("The file unpacks to more than 200 MB. Send it as a PDF."), code="bomb")


def _broken() -> ValidationError:
    return ValidationError(_("The file is damaged or locked and cannot be read."), code="broken")
