"""Where letters go on a machine without a mail server: one file each, read at `/dev/inbox/`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from izbaku.mail.smtp import Fate, Outcome


class Folder:
    """Writes each letter as an `.eml` file. The whole file or none: it is written aside and renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, sender: str, recipient: str, mail: bytes, *, since: float | None = None) -> Outcome:
        name = f"{len(list(self.folder.glob('*.eml'))):06}-{os.urandom(4).hex()}"
        aside = self.folder / f"{name}.part"
        try:
            aside.write_bytes(mail)
            aside.rename(self.folder / f"{name}.eml")
        except OSError as error:
            return Outcome(Fate.TROUBLE, None, type(error).__name__)
        return Outcome(Fate.SENT, 250, "in the folder")
