"""The files of uploaded pictures: none stays behind when its last row has gone."""

from collections.abc import Iterable

from django.core.files.storage import default_storage
from django.db import transaction

from events.models import Event, ReportPicture


def files_of(events: Iterable[int]) -> set[str]:
    """The names of all files that these events show, by the events' keys."""
    keys = list(events)
    own = Event.objects.filter(pk__in=keys).exclude(picture="").values_list("picture", flat=True)
    return {*own, *ReportPicture.objects.filter(event__in=keys).values_list("picture", flat=True)}


def drop(names: set[str]) -> None:
    """Remove the files of these names that nobody shows any more, once the change is committed."""
    if names:
        transaction.on_commit(lambda: _drop(names))


def _drop(names: set[str]) -> None:
    # A copied event shows the same file as the one it was copied from.
    shown = {*Event.objects.filter(picture__in=names).values_list("picture", flat=True)}
    shown |= {*ReportPicture.objects.filter(picture__in=names).values_list("picture", flat=True)}
    for name in names - shown:
        default_storage.delete(name)
