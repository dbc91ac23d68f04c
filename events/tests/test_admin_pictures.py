"""Pictures: made clean, described, and gone when nobody shows them any more."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from events import publishing
from events.models import Event, ReportPicture
from events.tests.desk import staff, typed
from events.tests.make import LONG_AGO, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def photo(name: str = "Ayşe at home.jpg", size: tuple[int, int] = (3000, 1000)) -> SimpleUploadedFile:
    """A large photograph that tells where it was taken."""
    picture = Image.new("RGB", size, "#006a72")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    data = BytesIO()
    picture.save(data, "JPEG", exif=exif)
    return SimpleUploadedFile(name, data.getvalue(), "image/jpeg")


def address(event: Event) -> str:
    return reverse("admin:events_event_change", args=[event.pk])


def save(event: Event, **changes):
    client = staff(
        email=f"{ReportPicture.objects.count()}-{len(changes)}-{Event.objects.get(pk=event.pk).sequence}@a.org"
    )
    return client.post(address(event), typed(client.get(address(event)), **changes))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_an_uploaded_picture_keeps_nothing_but_its_pixels(tmp_path: Path):
    event = make_event()

    response = save(event, picture=photo(), picture_alt_tr="Körfez")

    assert response.status_code == 302
    event.refresh_from_db()
    assert "Ayşe" not in event.picture.name
    with Image.open(event.picture.path) as kept:
        assert max(kept.size) <= 2000
        assert not kept.getexif()


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg onload=alert(1)>", b"\xff\xd8\xff" + b"x" * 500])
def test_what_is_no_picture_is_refused_at_its_field(tmp_path: Path, data: bytes):
    event = make_event()

    response = save(event, picture=SimpleUploadedFile("x.jpg", data, "image/jpeg"), picture_alt_tr="Körfez")

    assert list(response.context["adminform"].form.errors) == ["picture"]
    assert files(tmp_path) == []


def test_a_picture_needs_a_description(tmp_path: Path):
    event = make_event()

    response = save(event, picture=photo())

    assert list(response.context["adminform"].form.errors) == ["picture_alt_tr"]
    assert files(tmp_path) == []


def test_a_replaced_picture_leaves_no_file_behind(tmp_path: Path, django_capture_on_commit_callbacks):
    event = make_event()
    with django_capture_on_commit_callbacks(execute=True):
        save(event, picture=photo(), picture_alt_tr="Körfez")
        first = files(tmp_path)
        save(event, picture=photo(size=(10, 10)), picture_alt_tr="Liman", summary_tr="x")

    event.refresh_from_db()
    assert files(tmp_path) == [Path(event.picture.name).name]
    assert first != files(tmp_path)


def test_a_cleared_picture_is_gone(tmp_path: Path, django_capture_on_commit_callbacks):
    event = make_event()
    with django_capture_on_commit_callbacks(execute=True):
        save(event, picture=photo(), picture_alt_tr="Körfez")
        save(event, **{"picture-clear": "on", "picture_alt_tr": ""})

    assert files(tmp_path) == []


def test_a_copy_keeps_the_picture_that_the_first_event_gives_up(tmp_path: Path, django_capture_on_commit_callbacks):
    event = make_event()
    with django_capture_on_commit_callbacks(execute=True):
        save(event, picture=photo(), picture_alt_tr="Körfez")
        event.refresh_from_db()
        copy = publishing.copy(event, now=LONG_AGO)
        staff(email="z@a.org").post(reverse("admin:events_event_delete", args=[event.pk]), {"post": "yes"})

    assert files(tmp_path) == [Path(copy.picture.name).name]


def report(**changes):
    return {
        "report_pictures-TOTAL_FORMS": "1",
        "report_pictures-0-picture": photo(),
        "report_pictures-0-alt_tr": "Kalabalık meydan",
    } | changes


def test_pictures_of_how_it_was_stand_on_the_page_with_their_description(client, tmp_path: Path):
    event = make_event()

    assert save(event, **report()).status_code == 302

    picture = event.report_pictures.get().picture
    page = client.get("/tr/etkinlikler/gala/").content.decode()
    assert f'<img src="{picture.url}" alt="Kalabalık meydan"' in page
    assert Path(picture.path).is_file()


def test_a_picture_of_how_it_was_needs_a_description_too(tmp_path: Path):
    response = save(make_event(), **report(**{"report_pictures-0-alt_tr": ""}))

    [errors] = response.context["inline_admin_formsets"][-1].formset.errors
    assert list(errors) == ["alt_tr"]
    assert files(tmp_path) == []


def test_deleting_events_from_the_list_takes_their_pictures_along(tmp_path: Path, django_capture_on_commit_callbacks):
    event = make_event()
    with django_capture_on_commit_callbacks(execute=True):
        save(event, picture=photo(), picture_alt_tr="Körfez", **report())
        assert len(files(tmp_path)) == 2
        staff(email="z@a.org").post(
            "/admin/events/event/", {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
        )

    assert files(tmp_path) == []
