"""Whether the catalogues say what the code asks for, and the compiled ones say what the catalogues say."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

LANGUAGES = ("tr", "az")
LEFT_OUT = shutil.ignore_patterns(".*", "var", "staticfiles", "node_modules", "__pycache__", "*.mo")

Message = tuple[str | None, str, str]
Translation = tuple[str, tuple[str, ...]]


def message(entry: polib.POEntry) -> Message:
    return (entry.msgctxt, entry.msgid, entry.msgid_plural)


def translations(catalogue: polib.POFile | polib.MOFile) -> dict[Message, Translation]:
    """Every translated message, without comments, places and dates."""
    return {
        message(entry): (entry.msgstr, tuple(text for _, text in sorted(entry.msgstr_plural.items())))
        for entry in catalogue
        if not entry.obsolete
        and not getattr(entry, "fuzzy", False)
        and (entry.msgstr or any(entry.msgstr_plural.values()))
    }


def extracted(base: Path) -> dict[str, set[Message]]:
    """What the code asks for, gathered by makemessages in a copy, so that nothing here changes."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(base, copy, ignore=LEFT_OUT)
        for language in LANGUAGES:
            (copy / "locale" / language / "LC_MESSAGES").mkdir(parents=True, exist_ok=True)
        named = [part for language in LANGUAGES for part in ("--locale", language)]
        result = subprocess.run(
            [sys.executable, "manage.py", "makemessages", *named, "--no-location", "--no-wrap"],
            check=False,  # the reason is told below, in its own words
            cwd=copy,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise CommandError(result.stderr or result.stdout)
        return {
            language: {
                message(entry)
                for entry in polib.pofile(str(copy / "locale" / language / "LC_MESSAGES" / "django.po"))
                if not entry.obsolete
            }
            for language in LANGUAGES
        }


def faults(path: Path, wanted: set[Message]) -> list[str]:
    """What is wrong with one catalogue, a line each."""
    if not path.exists():
        return [f"{path}: missing"]
    catalogue = polib.pofile(str(path))
    compiled = path.with_suffix(".mo")
    held = {message(entry) for entry in catalogue if not entry.obsolete}
    return [
        *[f"{path}: not in the catalogue: {text!r}" for _, text, _ in sorted(wanted - held, key=str)],
        *[f"{path}: no longer asked for: {text!r}" for _, text, _ in sorted(held - wanted, key=str)],
        *[f"{path}: fuzzy: {entry.msgid!r}" for entry in catalogue.fuzzy_entries()],
        *[f"{path}: not translated: {entry.msgid!r}" for entry in catalogue.untranslated_entries()],
        *(
            [f"{compiled}: does not say what {path.name} says; run make messages"]
            if not compiled.exists() or translations(polib.mofile(str(compiled))) != translations(catalogue)
            else []
        ),
    ]


class Command(BaseCommand):
    help = "Fails when a catalogue is behind the code, unfinished, or not compiled (needs gettext)."
    requires_system_checks = ()

    def handle(self, **_: Any) -> None:
        if not shutil.which("xgettext"):
            raise CommandError("gettext is needed here (on Debian: apt install gettext).")
        base = Path(settings.BASE_DIR)
        found = [
            fault
            for language, wanted in extracted(base).items()
            for fault in faults(base / "locale" / language / "LC_MESSAGES" / "django.po", wanted)
        ]
        if found:
            shown = "\n".join(found[:40])
            raise CommandError(f"{shown}\n{len(found)} faults; see `make messages`.")
        self.stdout.write("The catalogues are up to date.")
