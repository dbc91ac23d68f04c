"""Pictures for messengers, and pictures that staff upload."""

import struct
from base64 import b64decode
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from PIL import Image, ImageFont

from izbaku import images

FONTS = [images.DISPLAY, images.TEXT]
EVENT = {
    "title": "Kültürpark'ta Bahar Bayramı",
    "when": "21 Mart 2026 Cumartesi, 13.30 İzmir · 14.30 Bakü",
    "place": "Kültürpark, Konak",
    "city": "izmir",
    "language": "tr",
}


def make_upload(kind="JPEG", size=(60, 40), mode="RGB", colour="red", **options):
    upload = BytesIO()
    Image.new(mode, size, colour).save(upload, kind, **options)
    upload.seek(0)
    return upload


# Made with libheif: 64 × 96 px held sideways, left half red, right half blue, with camera and place.
PHONE_PICTURE = b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9j"
    "AAAAAERAAAIAAQAAAAABxQABAAAAAAAAAGkAAgAAAAACLgABAAAAAAAAAIAAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAA"
    "ABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNg"
    "AAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAH"
    "RAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBwaXhpAAAAAAMICAgAAAAJaXJvdAMAAAAYaXBtYQAA"
    "AAAAAAABAAEFgQIDBIUAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAPFtZGF0AAAAZSgBrxOAeXMFyL//+MhR/8TZ4fVNS8EsF9jkfeXE"
    "3/nS9P0t7wMmkG3E7Y6oc8xy2JKcxr3137Y02Io5kKe9UHMcA6Q0Nh4aBKZ/V0wE0aPojzxCvBRGjCTwKLkSSBFZStkXePpYAAAABkV4aWYA"
    "AE1NACoAAAAIAAMBDwACAAAADgAAADIBEgADAAAAAQAGAACIJQAEAAAAAQAAAEAAAAAAQ2FtZXJhIG9mIEFkYQAAAgABAAIAAAACTgAAAAAC"
    "AAUAAAADAAAAXgAAAAAAAAAmAAAAAQAAABkAAAABAAAABwAAAAE="
)


def make_phone_picture(stated=(96, 64)):
    """A HEIC file whose header states this size, whatever is inside."""
    size = PHONE_PICTURE.index(b"ispe") + 8
    return BytesIO(PHONE_PICTURE[:size] + struct.pack(">II", *stated) + PHONE_PICTURE[size + 8 :])


def ink(png):
    """The box around the words: only they and deep water are this dark."""
    words = Image.open(BytesIO(png)).convert("L").crop((0, 0, 860, images.SHORE_LINE - 8))
    return words.point(lambda grey: 255 * (grey < 90)).getbbox()


@pytest.mark.parametrize("name", FONTS)
@pytest.mark.parametrize("letter", "əƏğĞşŞıİçÇöÖüÜxXqQ–·…“”’")
def test_the_fonts_have_every_letter_of_the_three_languages(name, letter):
    font = ImageFont.truetype(str(images.FONTS / name), 60)

    assert bytes(font.getmask(letter)) != bytes(font.getmask("\U0010fffd"))


@pytest.mark.parametrize("name", FONTS)
def test_a_font_stays_small(name):
    assert (images.FONTS / name).stat().st_size <= 60_000


@pytest.mark.parametrize("city", ["izmir", "baku", ""])
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_a_share_picture_has_the_size_that_messengers_show(city, language):
    png = images.share_picture(**EVENT | {"city": city, "language": language, "label": "Festival"})
    picture = Image.open(BytesIO(png))

    assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert len(png) < 300_000


def test_the_same_words_give_the_same_picture():
    assert images.share_picture(**EVENT) == images.share_picture(**EVENT)


def test_other_words_give_another_picture():
    assert images.share_picture(**EVENT) != images.share_picture(**EVENT | {"title": "Bahar bayramı"})


@pytest.mark.parametrize(
    "title", ["Müstəqillik " * 40, "Ə" * 400, "XX əsrdə Azərbaycan xalqına qarşı törədilmiş soyqırımı"]
)
def test_a_long_title_stays_beside_the_towers_and_above_the_water(title):
    left, _, right, bottom = ink(
        images.share_picture(**EVENT | {"title": title, "place": "Bornova " * 40, "when": "21 mart " * 30})
    )

    assert left >= images.MARGIN - 4
    assert right <= images.MARGIN + images.COLUMN + 4
    assert bottom < images.SHORE_LINE - 20


def test_a_title_that_is_too_long_ends_with_an_ellipsis():
    _, lines = images._fitted("Nevruz " * 100, images.DISPLAY, (76, 36), lines=5, height=200)

    assert lines[-1].endswith("…")
    assert not any(line.endswith("…") for line in lines[:-1])


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "picture.jpg"), ("PNG", "picture.png"), ("WEBP", "picture.webp")])
def test_an_upload_keeps_its_format(kind, name):
    saved = images.reencode(make_upload(kind))

    assert saved.name == name
    assert Image.open(saved).format == kind


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_a_picture_was_taken_is_removed(kind):
    exif = Image.Exif()
    exif[0x010F] = "Camera of Ada"
    exif.get_ifd(0x8825)[1] = "N"
    upload = make_upload(kind, exif=exif.tobytes())
    assert b"Camera of Ada" in upload.getvalue()

    saved = images.reencode(upload)

    assert b"Camera of Ada" not in saved.read()
    saved.seek(0)
    assert not Image.open(saved).getexif()


def test_a_phone_picture_becomes_an_upright_jpeg_that_tells_no_place():
    assert b"Camera of Ada" in PHONE_PICTURE

    saved = images.reencode(make_phone_picture())

    assert saved.name == "picture.jpg"
    assert b"Camera of Ada" not in saved.read()
    saved.seek(0)
    picture = Image.open(saved)
    assert (picture.format, picture.size) == ("JPEG", (64, 96))
    assert not picture.getexif()


def test_a_phone_picture_with_a_second_frame_becomes_a_plain_jpeg():
    second = Image.new("RGB", (60, 40), "blue")

    saved = images.reencode(make_upload("MPO", save_all=True, append_images=[second]))

    assert Image.open(saved).format == "JPEG"


def test_a_document_stays_legible_where_a_larger_side_is_asked_for():
    assert Image.open(images.reencode(make_upload(size=(9000, 3000)), side=4096)).size == (4096, 1365)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_taken_sideways_is_turned_upright(kind, mode):
    exif = Image.Exif()
    exif[0x0112] = 6

    assert Image.open(images.reencode(make_upload(kind, mode=mode, colour=0, exif=exif.tobytes()))).size == (40, 60)


def test_a_large_picture_becomes_at_most_2000_pixels_wide():
    assert Image.open(images.reencode(make_upload(size=(3000, 1500)))).size == (2000, 1000)


def test_a_small_picture_is_not_enlarged():
    assert Image.open(images.reencode(make_upload(size=(60, 40)))).size == (60, 40)


def test_what_is_transparent_stays_transparent():
    saved = Image.open(images.reencode(make_upload("PNG", mode="RGBA", colour=(255, 0, 0, 0))))

    assert saved.getpixel((5, 5))[3] == 0


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_pictures_of_other_colour_models_become_rgb(mode):
    assert Image.open(images.reencode(make_upload(mode=mode, colour=0))).mode == "RGB"


def cut_off():
    return BytesIO(make_upload("PNG", size=(300, 300)).getvalue()[:200])


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (lambda: BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "wrong_type"),
        (lambda: BytesIO(b""), "wrong_type"),
        (lambda: make_upload("GIF"), "wrong_type"),
        (cut_off, "broken"),
        (lambda: make_upload("PNG", size=(8000, 7000), mode="1", colour=0), "bomb"),
        (lambda: make_upload("PNG", size=(10000, 10000), mode="1", colour=0), "bomb"),
        (lambda: make_upload("PNG", size=(20000, 20000), mode="1", colour=0), "bomb"),
        (lambda: make_phone_picture(stated=(50000, 50000)), "bomb"),
        (lambda: make_phone_picture(stated=(5000, 5000)), "broken"),
        (lambda: BytesIO(bytes(images.MAX_BYTES + 1)), "too_big"),
    ],
    ids=[
        "svg",
        "empty",
        "gif",
        "cut off",
        "56 megapixels",
        "100 megapixels",
        "bomb",
        "heic bomb",
        "heic that lies",
        "16 MB",
    ],
)
def test_what_is_no_picture_of_a_fair_size_is_refused(upload, code):
    with pytest.raises(ValidationError) as refusal:
        images.reencode(upload())

    assert refusal.value.code == code
