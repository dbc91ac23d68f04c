"""Taking guests over from a file: first what would become of each line, then, at a word, doing it.

Nothing of the file is lost: what is refused can be fetched, line by line, with the reason.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.guest_files import LABELS, Line, Table
from events.guests import Guest, GuestImport, GuestList, likeness
from izbaku.mail import outbox
from izbaku.privacy import reads
from izbaku.text import words

KEPT = timedelta(days=2)
ADD, CHANGE, SAME, TWICE, REFUSED = "add", "change", "same", "twice", "refused"
FATES = {
    REFUSED: gettext_lazy("Refused"),
    TWICE: gettext_lazy("Twice in the file"),
    CHANGE: gettext_lazy("In the list already, differs"),
    SAME: gettext_lazy("In the list already"),
    ADD: gettext_lazy("New"),
}
# Why a line is refused, or what is worth knowing of it; the words in them come from the line.
REASONS = {
    "name": gettext_lazy("There is no name."),
    "long": gettext_lazy("Too long: %(what)s."),
    "address": gettext_lazy("No letter can be sent to this e-mail address: %(what)s."),
    "rank": gettext_lazy("The order of protocol is no number: %(what)s."),
    "language": gettext_lazy("Which language is this: %(what)s? Write tr, az, en, or two such as tr+az."),
    "formula": gettext_lazy("A formula instead of a value: %(what)s. Paste the values and try again."),
    "twice": gettext_lazy("The same as line %(what)s."),
    "shared": gettext_lazy("This e-mail address is also that of: %(what)s. Each gets a letter of their own."),
    "differs": gettext_lazy("Differs: %(what)s."),
    "unreachable": gettext_lazy("No e-mail address and no telephone."),
}
LANGUAGE_WORDS = {
    "tr": "tr", "turkce": "tr", "turkish": "tr", "turk": "tr", "turk dili": "tr",
    "az": "az", "azerbaycanca": "az", "azerice": "az", "azerbaycan": "az", "azerbaycan dili": "az", "azerbaijani": "az",
    "en": "en", "ingilizce": "en", "ingilisce": "en", "english": "en", "eng": "en", "ing": "en",
}  # fmt: skip
TAKEN_OVER = ("salutation", "title", "name", "office", "organisation", "rank", "email", "phone", "note")
COMPARED = (*TAKEN_OVER, "language", "second_language")
ALIKE = ("name", "email")  # by which the two are known to be one: letter case and marks are no difference


def look_at(
    guest_list: GuestList, table: Table, *, file_name: str, language: str, by: Any, now: datetime
) -> GuestImport:
    """What would become of each line; nothing is taken over yet. `language` is that of lines without one."""
    known = {guest.likeness: guest for guest in Guest.objects.filter(guest_list=guest_list)}
    holders: dict[str, str] = {guest.email.lower(): guest.called for guest in known.values() if guest.email}
    seen: dict[str, int] = {}
    lines = [_fate(line, language, known, holders, seen) for line in table.lines]
    return GuestImport.objects.create(
        guest_list=guest_list,
        by=by,
        made_at=now,
        file_name=file_name[:200],
        columns={"headings": table.headings, "fields": table.fields, "unknown": table.unknown},
        lines=lines,
    )


def _fate(
    line: Line, language: str, known: dict[str, Guest], holders: dict[str, str], seen: dict[str, int]
) -> dict[str, Any]:
    """One line of the preview: number, fate, reasons, and what would be written or, if refused, what stood there."""
    values, reasons = _taken(line, language)
    if reasons:
        return {"n": line.number, "fate": REFUSED, "why": reasons, "v": _shown(line), "raw": line.cells}
    key = likeness(values["name"], **{name: values[name] for name in ("email", "phone", "organisation")})
    if key in seen:
        why = [["twice", str(seen[key])]]
        return {"n": line.number, "fate": TWICE, "why": why, "v": values, "raw": line.cells}
    seen[key] = line.number
    if (guest := known.get(key)) is not None:
        # What the file has no column for, or leaves empty, is no difference: what staff have typed stays.
        differing = [
            name
            for name in COMPARED
            if name not in ALIKE and values[name] not in ("", None) and values[name] != getattr(guest, name)
        ]
        if "language" not in line.values:
            differing = [name for name in differing if "language" not in name]
        if not differing:
            return {"n": line.number, "fate": SAME, "why": [], "v": values}
        why = [["differs", ", ".join(differing)]]
        return {"n": line.number, "fate": CHANGE, "why": why, "v": values, "guest": guest.pk, "names": differing}
    if values["email"]:
        holder = holders.setdefault(values["email"].lower(), values["name"])
        if holder != values["name"]:
            reasons = [["shared", holder]]
    elif not values["phone"]:
        reasons = [["unreachable", ""]]
    return {"n": line.number, "fate": ADD, "why": reasons, "v": values}


def _shown(line: Line) -> dict[str, str]:
    return {name: value[:200] for name, value in line.values.items() if value}


def _taken(line: Line, language: str) -> tuple[dict[str, Any], list[list[str]]]:
    """What would be written, and why it cannot be."""
    values: dict[str, Any] = {name: line.values.get(name, "") for name in TAKEN_OVER}
    reasons = [["formula", heading] for heading in line.unread]
    reasons += [["formula", value[:40]] for value in line.values.values() if value.startswith("=")]
    if not words(values["name"]) and not reasons:
        reasons.append(["name", ""])
    for name in TAKEN_OVER:
        limit = getattr(Guest._meta.get_field(name), "max_length", None)
        if limit and len(values[name]) > limit:
            reasons.append(["long", name])
    if values["email"]:
        try:
            outbox.deliverable(values["email"])
        except ValidationError:
            reasons.append(["address", values["email"][:80]])
    if values["rank"] and not re.fullmatch(r"\d{1,6}", values["rank"]):
        reasons.append(["rank", values["rank"][:20]])
    elif not reasons:
        values["rank"] = int(values["rank"]) if values["rank"] else None
    spoken = _languages(line.values.get("language", "") or language)
    if spoken is None:
        reasons.append(["language", line.values["language"][:30]])
    else:
        values["language"], values["second_language"] = spoken
    return values, reasons


def _languages(text: str) -> tuple[str, str] | None:
    """`tr+az`, `Türkçe / English`, `azərbaycanca` as codes; None for what is none or more than two."""
    parts = [" ".join(words(part)) for part in re.split(r"[+/,;&-]|\bve\b|\bvə\b|\band\b", text)]
    codes = [LANGUAGE_WORDS.get(part, "") for part in parts if part]
    if not codes or "" in codes or len(codes) > 2:
        return None
    return codes[0], codes[1] if len(codes) == 2 and codes[1] != codes[0] else ""


def counts(lines: Iterable[dict[str, Any]]) -> Counter[str]:
    return Counter(line["fate"] for line in lines)


def reasons(line: dict[str, Any]) -> list[str]:
    """In words."""
    told = []
    for name, said in line["why"]:
        parts = [str(LABELS.get(part, _("second language"))) for part in said.split(", ")]
        told.append(str(REASONS[name]) % {"what": ", ".join(parts) if name in ("long", "differs") else said})
    return told


@transaction.atomic
def carry_out(one: GuestImport, *, with_changes: bool, now: datetime) -> Counter[str]:
    """Write what the preview has shown; returns how many of each fate. Who was added meanwhile by hand stays as typed.

    Raises ValidationError (code done) for one that was carried out already.
    """
    GuestList.objects.select_for_update().get(pk=one.guest_list_id)
    one.refresh_from_db()
    if one.done_at:
        raise ValidationError(_("This file has been imported already."), code="done")
    there = set(Guest.objects.filter(guest_list=one.guest_list_id).values_list("likeness", flat=True))
    new = [
        guest
        for line in one.lines
        if line["fate"] == ADD
        if (guest := Guest(guest_list_id=one.guest_list_id, changed_at=now, **line["v"]).prepare()).likeness
        not in there
    ]
    Guest.objects.bulk_create(new, batch_size=1000)
    changed = _changed(one, now) if with_changes else []
    Guest.objects.bulk_update(changed, [*COMPARED, "found_by", "likeness", "changed_at"], batch_size=500)
    one.done_at = now
    one.save(update_fields=["done_at"])
    done = counts(one.lines)
    done[ADD], done[CHANGE] = len(new), len(changed)
    return done


def _changed(one: GuestImport, now: datetime) -> list[Guest]:
    lines = {line["guest"]: line for line in one.lines if line["fate"] == CHANGE}
    guests = list(Guest.objects.filter(guest_list=one.guest_list_id, pk__in=lines))
    for guest in guests:
        for name in lines[guest.pk]["names"]:
            setattr(guest, name, lines[guest.pk]["v"][name])
        guest.changed_at = now
        guest.prepare()
    return guests


def refused(one: GuestImport, separator: str) -> Iterator[str]:
    """The lines that were not taken over, as they stood in the file, with the reason; for a spreadsheet."""
    yield "\ufeff" + _row([*one.columns["headings"], _("line"), _("why")], separator)
    for line in one.lines:
        if line["fate"] in (REFUSED, TWICE):
            cells = line["raw"] + [""] * (len(one.columns["headings"]) - len(line["raw"]))
            yield _row([*cells, str(line["n"]), " ".join(reasons(line))], separator)


def own_file(separator: str) -> str:
    """An empty file with the headings that are understood, in the language of the page."""
    return "\ufeff" + _row([str(label) for name, label in LABELS.items() if name != "surname"], separator)


def _row(cells: Iterable[str], separator: str) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerow([reads.harmless(str(cell)) for cell in cells])
    return file.getvalue()


def sweep(now: datetime) -> int:
    """Files are not kept beside the lists that came of them."""
    return GuestImport.objects.filter(made_at__lt=now - KEPT).delete()[0]
