"""Pictures: the one that messengers show for an event."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
PAPER, INK, POMEGRANATE = "#fbf6ec", "#16262b", "#a3163a"
SHORE = {"izmir": "#0a6f77", "baku": "#123f6b", "": "#3b4a54"}
FONT = Path(__file__).resolve().parent.parent / "static" / "fonts" / "portal-bold.ttf"


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def _wrap(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def share_picture(*, title: str, when: str, place: str, city: str, language: str, label: str = "") -> bytes:
    """A PNG of 1200 × 630 in the city's colour: title, days and both times, place."""
    picture = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 28, SIZE[1]), fill=SHORE.get(city, SHORE[""]))
    draw.rectangle((28, SIZE[1] - 90, SIZE[0], SIZE[1]), fill=SHORE.get(city, SHORE[""]))
    draw.text((80, SIZE[1] - 45), "İzmir – Bakı · 40 · 1986–2026", font=_font(34), fill=PAPER, anchor="lm")
    for size in (72, 60, 50, 42, 34):
        lines = _wrap(draw, title, _font(size), 1040)
        if len(lines) * size * 1.2 <= 270:
            break
    y = 60.0
    if label:
        draw.text((80, y), label, font=_font(34), fill=POMEGRANATE)
        y += 50
    for line in lines[:6]:
        draw.text((80, y), line, font=_font(size), fill=INK)
        y += size * 1.2
    y = max(y + 16, 360)
    for text, colour in ((when, POMEGRANATE), (place, INK)):
        for line in _wrap(draw, text, _font(34), 1040)[:2]:
            draw.text((80, y), line, font=_font(34), fill=colour)
            y += 44
    data = BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()
