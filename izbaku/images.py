"""Pictures: the one that messengers show for an event, and those that staff upload."""

import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from math import pi, sin
from pathlib import Path
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from pi_heif import register_heif_opener
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

SIZE = WIDTH, HEIGHT = 1200, 630
MARGIN, COLUMN = 76, 764  # the words keep to the left, the towers stand on the right
SHORE_LINE = 522  # where paper ends and water begins

PAPER, INK, POMEGRANATE = "#fbf5ea", "#1c2529", "#a61e3a"
AEGEAN, CASPIAN, STONE = "#0b7f86", "#12406f", "#46545c"
WATER = {"izmir": AEGEAN, "baku": CASPIAN}
FAR_WATER = {"izmir": CASPIAN, "baku": AEGEAN}
SISTERS = {"tr": "İzmir · Bakü", "az": "İzmir · Bakı", "en": "İzmir · Baku"}

FONTS = Path(__file__).resolve().parent / "fonts"
# The portal's own face has the letters of its three languages; the other one more.
DISPLAY, DISPLAY_OF_OTHERS = "../../static/fonts/portal-bold.ttf", "fraunces-semibold.ttf"
OUR_LETTERS = re.compile(r"[\x20-\x7eçÇğĞıİöÖşŞüÜəƏâÂîû–—·…“”‘’«»]*")
TEXT = "source-sans-semibold.ttf"

MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 50_000_000  # what the largest ordinary phone pictures have
MAX_SIDE = 2000
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
SHOWN_AS = {"MPO": "JPEG", "HEIF": "JPEG"}  # what only phones write becomes what everyone can open

register_heif_opener(thumbnails=False)

STUCK = "\u2060"  # joins words while a text is wrapped
Point = tuple[float, float]


def share_picture(*, title: str, when: str, place: str, city: str, language: str, label: str = "") -> bytes:
    """A PNG of 1200 × 630 for messengers in the colours of the event's city; same words, same bytes.

    `when` and `place` come ready, as the language writes them. A title of any length fits: it is wrapped,
    then shrunk, and only then cut with an ellipsis.
    """
    picture = Image.new("RGB", SIZE, PAPER)
    # Lines drawn twice as large and scaled down are smooth; Pillow's own are not.
    scenery = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), PAPER)
    _draw_scenery(_Pen(ImageDraw.Draw(scenery), 2), city)
    picture.paste(scenery.resize(SIZE, Image.Resampling.LANCZOS))
    draw = ImageDraw.Draw(picture)

    display = DISPLAY if OUR_LETTERS.fullmatch(title) else DISPLAY_OF_OTHERS
    y = 64.0
    if label:
        y = _write(draw, [_cut(label, _font(TEXT, 30), COLUMN)], _font(TEXT, 30), POMEGRANATE, y, 1.3) + 12
    when_font, when_lines = _fitted(when, TEXT, (36, 32, 28), lines=2)
    place_font, place_lines = _fitted(place, TEXT, (32, 28, 25), lines=2)
    below = len(when_lines) * when_font.size * 1.25 + len(place_lines) * place_font.size * 1.25 + 26
    title_font, title_lines = _fitted(
        title, display, (76, 68, 60, 54, 48, 42, 36), lines=5, height=SHORE_LINE - 34 - below - y
    )
    y = _write(draw, title_lines, title_font, INK, y, 1.14) + 26
    y = _write(draw, when_lines, when_font, POMEGRANATE, y, 1.25)
    _write(draw, place_lines, place_font, INK, y, 1.25)

    draw.text(
        (MARGIN, HEIGHT - 34),
        SISTERS.get(language, SISTERS["en"]),
        font=_font(DISPLAY, 34),
        fill=PAPER,
        anchor="ls",
    )
    draw.text((WIDTH - MARGIN, HEIGHT - 34), "1986–2026", font=_font(DISPLAY, 34), fill=PAPER, anchor="rs")
    data = BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()


def reencode(upload: IO[bytes], *, side: int = MAX_SIDE) -> ContentFile:
    """The uploaded picture drawn anew: upright, at most `side` px on a side, with nothing but its pixels.

    JPEG, PNG and WebP stay what they are, HEIC becomes JPEG. Raises ValidationError for anything else (`wrong_type`),
    more than 15 MB (`too_big`) or 50 megapixels (`bomb`, told from the header alone), and for a damaged one (`broken`).
    """
    too_many_pixels = ValidationError(
        _("The picture has more than 50 million pixels. Choose a smaller one."), code="bomb"
    )
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValidationError(_("The picture is larger than 15 MB. Choose a smaller one."), code="too_big")
    try:
        # Opening reads only the header: the size is known before a single pixel is unpacked.
        with Image.open(BytesIO(data), formats=[*FORMATS, "HEIF"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise too_many_pixels
            kind = SHOWN_AS.get(picture.format or "", picture.format or "")
            picture.draft(None, (side, side))  # type: ignore[arg-type]  # a large JPEG comes at half or a quarter
            picture.load()
            upright = _upright(picture, "RGBA" if kind != "JPEG" and picture.has_transparency_data else "RGB", side)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many_pixels from error
    except UnidentifiedImageError as error:
        raise ValidationError(_("Choose a picture in JPEG, PNG, WebP or HEIC format."), code="wrong_type") from error
    except (OSError, EOFError, SyntaxError, ValueError, struct.error) as error:
        raise ValidationError(_("The picture is damaged and cannot be read."), code="broken") from error
    return _saved(upright, kind)


def _upright(picture: Image.Image, mode: str, side: int) -> Image.Image:
    small = picture if picture.mode == mode else picture.convert(mode)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)  # before turning: of 50 megapixels there is never a copy
    return ImageOps.exif_transpose(small)


def _saved(picture: Image.Image, kind: str) -> ContentFile:
    clean = Image.new(picture.mode, picture.size)  # a new picture has no metadata that a saver might carry along
    clean.paste(picture)
    options = {"JPEG": {"quality": 86, "optimize": True, "progressive": True}, "WEBP": {"quality": 86}}
    data = BytesIO()
    clean.save(data, kind, **options.get(kind, {"optimize": True}))
    return ContentFile(data.getvalue(), name=f"picture.{FORMATS[kind]}")


# Words


@lru_cache(maxsize=32)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout is the same on every machine; the other depends on which libraries are installed.
    return ImageFont.truetype(str(FONTS / name), size, layout_engine=ImageFont.Layout.BASIC)


def _cut(line: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line.rstrip(' ,.;:–·')}…"


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines: list[str] = []
    # No line begins with a separator.
    for word in (word.replace(STUCK, " ") for word in text.replace(" · ", f"{STUCK}· ").split()):
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _balanced(text: str, font: ImageFont.FreeTypeFont, lines: int) -> list[str]:
    """As many lines, as even as they come: no lonely last word."""
    best = _wrapped(text, font, COLUMN)
    for width in range(COLUMN, COLUMN // 2, -20):
        narrower = _wrapped(text, font, width)
        if len(narrower) > lines or any(font.getlength(line) > width for line in narrower):
            break
        best = narrower
    return best


def _fitted(
    text: str, name: str, sizes: tuple[int, ...], *, lines: int, height: float = HEIGHT
) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest of the sizes at which the text fits; at the smallest it is cut."""
    for size in sizes:
        font = _font(name, size)
        wrapped = _wrapped(text, font, COLUMN)
        allowed = max(1, min(lines, int(height / (size * 1.14))))
        if len(wrapped) <= allowed and all(font.getlength(line) <= COLUMN for line in wrapped):
            return font, _balanced(text, font, len(wrapped))
    kept = wrapped[:allowed]
    if len(wrapped) > allowed:
        kept[-1] = " ".join(wrapped[allowed - 1 :])
    return font, [_cut(line, font, COLUMN) for line in kept]


def _write(
    draw: ImageDraw.ImageDraw,
    lines: list[str],
    font: ImageFont.FreeTypeFont,
    colour: str,
    y: float,
    leading: float,
) -> float:
    for line in lines:
        draw.text((MARGIN, y + font.size), line, font=font, fill=colour, anchor="ls")
        y += font.size * leading
    return y


# The two towers and the water between them


class _Pen:
    """Draws in the picture's own measures on a larger sheet."""

    def __init__(self, draw: ImageDraw.ImageDraw, scale: int) -> None:
        self.draw, self.scale = draw, scale

    def line(self, points: Sequence[Point], colour: str, width: float = 4) -> None:
        self.draw.line(self._points(points), fill=colour, width=round(width * self.scale), joint="curve")

    def area(self, points: Sequence[Point], colour: str) -> None:
        self.draw.polygon(self._points(points), fill=colour)

    def arch(self, x: float, y: float, width: float, height: float, colour: str, stroke: float = 4) -> None:
        """A doorway standing on (x, y) as its lower middle."""
        radius = width / 2
        top = [(x - radius * sin(pi / 2 - a), y - height + radius - radius * sin(a)) for a in _steps(0, pi, 24)]
        self.line([(x - radius, y), *top, (x + radius, y)], colour, stroke)

    def ring(self, x: float, y: float, radius: float, colour: str, stroke: float = 4) -> None:
        box = [(x - radius, y - radius), (x + radius, y + radius)]
        self.draw.ellipse(self._points(box), outline=colour, width=round(stroke * self.scale))

    def dot(self, x: float, y: float, radius: float, colour: str) -> None:
        self.oval(x, y, radius, radius, colour)

    def oval(self, x: float, y: float, across: float, down: float, colour: str) -> None:
        self.draw.ellipse(self._points([(x - across, y - down), (x + across, y + down)]), fill=colour)

    def _points(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]


def _steps(start: float, end: float, count: int) -> list[float]:
    return [start + (end - start) * n / count for n in range(count + 1)]


def _draw_scenery(pen: _Pen, city: str) -> None:
    near, far = WATER.get(city, STONE), FAR_WATER.get(city, STONE)
    pen.dot(1008, 148, 84, POMEGRANATE)
    _draw_forty(pen, 1008, 148)
    # The tower of the event's own city stands in its water's colour; the sister's is fainter, across the sea.
    _draw_clock_tower(pen, 938, AEGEAN if city != "baku" else _faint(AEGEAN))
    _draw_maiden_tower(pen, 1078, CASPIAN if city != "izmir" else _faint(CASPIAN))
    _draw_wave(pen, SHORE_LINE - 8, _faint(far), phase=0.0)
    _draw_wave(pen, SHORE_LINE + 12, near, phase=pi * 0.8)
    for n in range(2):
        crest = [
            (x, SHORE_LINE + 42 + n * 18 + 5 * sin(x / 62 + n * 1.9)) for x in range(560 + n * 90, 800 + n * 60, 6)
        ]
        pen.line(crest, _faint(near, 0.72), 2.5)


def _faint(colour: str, strength: float = 0.45) -> str:
    """The colour as it looks thinned over the paper."""
    mixed = (
        round(int(colour[n : n + 2], 16) * strength + int(PAPER[n : n + 2], 16) * (1 - strength)) for n in (1, 3, 5)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _draw_wave(pen: _Pen, y: float, colour: str, *, phase: float) -> None:
    crest = [(float(x), y + 9 * sin(x / 95 + phase)) for x in range(0, WIDTH + 8, 8)]
    pen.area([*crest, (WIDTH, HEIGHT), (0, HEIGHT)], colour)


def _draw_forty(pen: _Pen, x: float, y: float) -> None:
    """The emblem: a wave runs through the open four, and the nought holds a pomegranate with its crown."""
    wave = [(x - 52 + n, y + 15 - 3.5 * sin(n / 7)) for n in range(0, 48, 2)]
    pen.line([(x - 19, y - 40), *wave], PAPER, 8)
    pen.line([(x - 17, y - 10), (x - 17, y + 43)], PAPER, 8)
    for end in ((x - 19, y - 40), (x - 52, y + 15), wave[-1], (x - 17, y - 10), (x - 17, y + 43)):
        pen.dot(*end, 4, PAPER)
    pen.oval(x + 29, y + 2, 26, 45, PAPER)
    pen.oval(x + 29, y + 2, 18, 37, POMEGRANATE)
    pen.dot(x + 29, y + 6, 10, PAPER)
    crown = [(24, -2), (22, -13), (26, -9), (29, -15), (32, -9), (36, -13), (34, -2)]
    pen.area([(x + dx, y + dy) for dx, dy in crown], PAPER)


def _draw_clock_tower(pen: _Pen, x: float, colour: str) -> None:
    """İzmir's Clock Tower: a stepped base with fountains, a slim shaft, the clock, a small dome."""
    base = SHORE_LINE + 4
    for half, top, bottom in (
        (62, base - 14, base),
        (50, base - 92, base - 14),
        (34, base - 160, base - 100),
    ):
        pen.area([(x - half, top), (x + half, top), (x + half, bottom), (x - half, bottom)], PAPER)
        pen.line([(x - half, bottom), (x - half, top), (x + half, top), (x + half, bottom)], colour)
    pen.line([(x - 56, base - 92), (x + 56, base - 92)], colour, 6)
    for offset in (-30, 0, 30):
        pen.arch(x + offset, base - 16, 20, 54, colour, 3)
    for offset in (-15, 15):
        pen.arch(x + offset, base - 104, 16, 40, colour, 3)
    pen.line([(x - 40, base - 160), (x + 40, base - 160)], colour, 6)
    pen.area([(x - 26, base - 222), (x + 26, base - 222), (x + 26, base - 162), (x - 26, base - 162)], PAPER)
    pen.line([(x - 26, base - 162), (x - 26, base - 222), (x + 26, base - 222), (x + 26, base - 162)], colour)
    pen.ring(x, base - 192, 17, colour)
    pen.line([(x, base - 203), (x, base - 192), (x + 8, base - 188)], colour, 3)
    pen.line([(x - 32, base - 222), (x + 32, base - 222)], colour, 6)
    dome = [(x - 22 * sin(pi / 2 - a), base - 224 - 30 * sin(a)) for a in _steps(0, pi, 24)]
    pen.area(dome, PAPER)
    pen.line(dome, colour)
    pen.line([(x, base - 254), (x, base - 276)], colour, 3)


def _draw_maiden_tower(pen: _Pen, x: float, colour: str) -> None:
    """Baku's Maiden Tower: a broad round keep in courses of stone, with its long buttress."""
    base, top = SHORE_LINE + 4, SHORE_LINE - 232
    pen.area([(x + 40, top + 20), (x + 84, top + 34), (x + 88, base), (x + 40, base)], PAPER)
    pen.line([(x + 44, top + 20), (x + 84, top + 34), (x + 88, base)], colour)
    keep = [(x - 58, base), (x - 50, top), (x + 50, top), (x + 58, base)]
    pen.area(keep, PAPER)
    pen.line(keep, colour)
    pen.line([(x - 54, top), (x - 54, top - 12), (x + 54, top - 12), (x + 54, top), (x - 54, top)], colour)
    for n in range(1, 10):
        y, half = top + n * 13, 50 + n * 0.45
        pen.line([(x - half, y), (x + half, y)], colour, 1.6)
    for y, offset in ((top + 146, 0), (top + 178, -14)):
        pen.arch(x + offset, y + 12, 13, 24, colour, 3)
