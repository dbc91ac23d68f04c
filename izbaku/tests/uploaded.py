"""Files as people send them, honest and not."""

import struct
import zipfile
import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from izbaku.uploads import DOCX, ODT, XLSX

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
PDF_WITH_SCRIPT = PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
SCRIPT = b"<script>alert(1)</script>"


def upload(name, content):
    return SimpleUploadedFile(name, content)


def picture(kind="JPEG", size=(60, 40), **options):
    data = BytesIO()
    Image.new("RGB", size, "red").save(data, kind, **options)
    return data.getvalue()


def picture_with_place():
    exif = Image.Exif()
    exif[0x010F] = "Camera of Ada"
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif.tobytes())


def picture_that_states(width, height):
    """A PNG of a few bytes whose header states this size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zipped(members):
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def docx(content_type=f"{DOCX}.main+xml", **members):
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{content_type}"/></Types>'
    return zipped({"[Content_Types].xml": types, "word/document.xml": "<w:document/>"} | members)


def xlsx():
    return docx(f"{XLSX}.main+xml")


def odt(**members):
    return zipped({"mimetype": ODT, "content.xml": "<office:document-content/>"} | members)


def bomb():
    return docx(**{"word/media/image1.bmp": bytes(201 * 1024 * 1024)})


def lying_docx():
    """Its list says that the last member holds a byte; in truth there is more."""
    data = docx()
    listed = data.rindex(b"PK\x01\x02") + 24
    return data[:listed] + struct.pack("<I", 1) + data[listed + 4 :]


def locked_docx():
    """The bit that says a password is needed, set on the first member."""
    data = bytearray(docx())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)
