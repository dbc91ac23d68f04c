"""The eight proposals that were reported in 2026: their titles and stages as published, and nothing else.

The association's own stand at their true stage; the others are recorded as topics on the agenda.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_date

from izbaku.accounts.models import Organisation
from izbaku.times import Precision
from proposals.bodies import Area
from proposals.models import Proposal
from proposals.parties import Partner

FILE = Path(__file__).resolve().parent / "data" / "reported.json"


def read(path: Path = FILE) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def load(data: dict[str, Any]) -> int:
    """Add those that are not there; returns how many. What staff have changed since stays as it is."""
    collected = datetime.combine(date.fromisoformat(data["collected"]), datetime.min.time(), UTC)
    return sum(_add(row, collected) for row in data["proposals"])


@transaction.atomic
def _add(row: dict[str, Any], collected: datetime) -> bool:
    from_month = parse_date(f"{row['since']}-01") if row["since"] else None
    at = datetime.combine(from_month, datetime.min.time(), UTC).replace(hour=12) if from_month else collected
    texts = {f"{name}_{code}": text for name in ("title", "published_stage") for code, text in row[name].items()}
    proposal, is_new = Proposal.objects.get_or_create(
        slug=row["slug"],
        defaults={
            "state": row["state"], "created_at": collected, "listed_at": collected, "stage_at": at,
            "area_id": _area(row["area"]), "language": "tr", "is_reported": True, "is_on_agenda": row["is_on_agenda"],
            "sources": "\n".join(row["sources"]), **texts,
        },
    )  # fmt: skip
    if not is_new:
        return False
    precision = Precision.MONTH if from_month else Precision.UNKNOWN
    proposal.steps.create(move="record", before="", after=row["state"], at=at, precision=precision)
    for name in row["proposed_by"]:
        organisation = Organisation.objects.filter(name=name).first()
        Partner(
            proposal=proposal, name=name, part=Partner.Part.PROPOSER, organisation=organisation, confirmed_at=collected
        ).save()
    proposal.save()  # it is found by its organisations
    return True


def _area(slug: str) -> int:
    return Area.objects.get(slug=slug).pk
