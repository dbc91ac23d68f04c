"""What the portal starts with: topics, their questions, official links, rules for dates, whom to call, universities.

Whatever was gathered about law and procedure comes in as leads for staff, with where it was read: nothing of it is
shown or computed before somebody has confirmed it. What is there already stays as the staff have it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import models, transaction

from students.topics import DeadlineRule, Helpline, OfficialLink, Topic, TopicQuestion, University

FILE = Path(__file__).parent / "data" / "support.json"
LANGUAGES = ("tr", "az", "en")


def read(path: Path = FILE) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


@transaction.atomic
def load(data: dict[str, Any]) -> int:
    """Add what is missing; returns how many rows are new."""
    added = 0
    for position, row in enumerate(data["topics"]):
        flags = {name: row[name] for name in ("is_sensitive", "is_emergency", "shows_events")}
        values = {"topic_class": row["class"], "position": position, **flags, **_texts(row, "title"), **_leads(row)}
        topic, is_new = _get(Topic, {"slug": row["slug"]}, values)
        added += is_new
        if is_new:  # a question or link that staff have taken away does not come back
            added += _questions(topic, row["questions"]) + _links(topic, row["official_links"])
    if not OfficialLink.objects.filter(topic=None).exists():
        added += _links(None, data["general_links"])
    for row in data["deadline_rules"]:
        topic = Topic.objects.get(slug=row["topic"])
        names = ("counts_from", "amount", "unit", "direction", "is_opening", "only_if_answer")
        condition = TopicQuestion.objects.filter(topic=topic, key=row["only_if"]).first() if row["only_if"] else None
        values = {name: row[name] for name in names} | {"only_if": condition, "topic": topic, "leads": topic.leads}
        added += _get(DeadlineRule, {"key": row["key"]}, values | _texts(row, "title"))[1]
    for position, row in enumerate(data["helplines"]):
        values = {name: row[name] for name in ("is_first", "phone", "url")} | {"leads": row["leads"] or ""}
        texts = _texts(row, "name", "about")
        added += _get(Helpline, {"slug": row["slug"]}, values | texts | {"position": position})[1]
    for position, row in enumerate(data["universities"]):
        values = {"kind": row["kind"], "position": position, **_leads(row), **_texts(row, "name")}
        added += _get(University, {"name_tr": row["name"]["tr"]}, values)[1]
    return added


def _questions(topic: Topic, rows: list[dict[str, Any]]) -> int:
    made: dict[str, TopicQuestion] = {}
    for position, row in enumerate(rows):
        names = ("meaning", "emergency_answer", "only_if_answer")
        values = {name: row.get(name, "") for name in names} | {"is_required": row.get("is_required", False)}
        choices = {
            f"choices_{language}": "\n".join(choice[language] for choice in row.get("choices", []))
            for language in LANGUAGES
        }
        made[row["key"]] = TopicQuestion.objects.create(
            topic=topic,
            key=row["key"],
            kind=row["kind"],
            position=position,
            only_if=made.get(row.get("only_if", "")),
            **values,
            **choices,
            **_texts(row, "text"),
        )
    return len(made)


def _links(topic: Topic | None, rows: list[dict[str, Any]]) -> int:
    for position, row in enumerate(rows):
        OfficialLink.objects.create(topic=topic, url=row["url"], is_seen=row["seen_in_sources"], position=position)
    return len(rows)


def _get(model: type[models.Model], key: dict[str, Any], values: dict[str, Any]) -> tuple[Any, bool]:
    return model._default_manager.get_or_create(**key, defaults=values)


def _texts(row: dict[str, Any], *names: str) -> dict[str, str]:
    return {f"{name}_{language}": row[name][language] for name in names for language in LANGUAGES}


def _leads(row: dict[str, Any]) -> dict[str, str]:
    """What was read, and where: for the staff who check it."""
    return {"leads": "\n".join(filter(None, [row["leads"], *row["lead_sources"]]))}
