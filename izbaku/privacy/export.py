"""Everything the portal holds of a person as one zip, made while it is sent: nothing stays on the disk."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from izbaku import holdings
from izbaku.holdings import Person, Told


def overview(person: Person) -> list[tuple[holdings.Room, list[Told]]]:
    """What is held, room by room, the account first; rooms that hold nothing are left out."""
    rooms = sorted(holdings.rooms(), key=lambda room: not room.is_last)
    held = [(room, list(room.held(person))) for room in rooms]
    return [(room, records) for room, records in held if records]


def as_zip(person: Person, now: datetime) -> Iterator[bytes]:
    """`data.json` and the files, in pieces as they come; what is held is read at once."""
    return _pieces(overview(person), now)


def _pieces(rooms: list[tuple[holdings.Room, list[Told]]], now: datetime) -> Iterator[bytes]:
    sink: Any = _Sink()
    content: dict[str, Any] = {"made_at": now}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for room, records in rooms:
            content[room.name] = []
            for number, record in enumerate(records, start=1):
                entry = {name: value for name, _label, value in record.values}
                names = [f"{room.name}/{number:04}-{_safe(name)}" for name, _read in record.files]
                content[room.name].append({"kind": record.kind, **entry, **({"files": names} if names else {})})
                for name, (_given, read) in zip(names, record.files, strict=True):
                    archive.writestr(name, read())
                    yield sink.take()
        archive.writestr("data.json", json.dumps(content, cls=_Encoder, ensure_ascii=False, indent=2))
        yield sink.take()
    yield sink.take()


class _Encoder(DjangoJSONEncoder):
    """Whatever a room tells can be written; what JSON has no form for becomes its words."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


def _safe(name: str) -> str:
    """A file name that stays in its folder, whatever it was called."""
    return re.sub(r"[^\w.\- ]+", "_", name).lstrip(".")[-100:] or "file"


class _Sink:
    """`zipfile` writes into it; it cannot be rewound, so sizes follow their content."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
