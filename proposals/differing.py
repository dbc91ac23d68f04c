"""What changed between two versions, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from proposals import forms
from proposals.models import ProposalVersion

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
MOST = 3000  # pieces; of longer texts the whole is shown as taken out and put in


def words(before: str, after: str) -> list[tuple[str, str]]:
    """(same, out or in; text) in reading order: joined without `in` it is the first text, without `out` the second."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    if max(len(old), len(new)) > MOST:
        return [("same", before)] if before == after else [("out", before), ("in", after)]
    found: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(("same", "".join(old[a:b])))
            continue
        if a < b:
            found.append(("out", "".join(old[a:b])))
        if c < d:
            found.append(("in", "".join(new[c:d])))
    return found


def fields(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Field by field, those that differ."""
    names = list(dict.fromkeys([*before, *after]))
    return [
        (name, words(_said(before, name), _said(after, name)))
        for name in names
        if _said(before, name) != _said(after, name)
    ]


def _said(content: dict[str, Any], name: str) -> str:
    value = content.get(name) or ""
    return ", ".join(value) if isinstance(value, list) else str(value)


def between(versions: Iterable[ProposalVersion], asked: Mapping[str, str], *, since: int = 0) -> dict[str, Any]:
    """What a page of two versions shows: those that `asked` names as `a` and `b`, or else the newest and the one
    before it; `since` is the one that the reader knows."""
    found = {version.number: version for version in versions}
    numbers = sorted(found)
    if not numbers:
        return {"numbers": [], "first": 0, "second": 0, "changes": []}
    given = [asked.get(name, "") for name in ("a", "b")]
    chosen = [int(one) if one.isdecimal() and len(one) < 9 and int(one) in found else None for one in given]
    first = chosen[0] or (since if since in found else numbers[-2] if len(numbers) > 1 else numbers[0])
    second = chosen[1] or numbers[-1]
    changes = [(forms.label_of(name), pieces) for name, pieces in fields(found[first].content, found[second].content)]
    return {"numbers": numbers, "first": first, "second": second, "changes": changes}
