"""What stories of requests are made of."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission

from izbaku.accounts.models import User
from students import guidance
from students.models import Case
from students.topics import Topic

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday, noon in İzmir
_number = count(1)


def make_topic(slug: str = "", **fields: Any) -> Topic:
    slug = slug or f"topic-{next(_number)}"
    texts = {f"title_{language}": f"{slug} {language}" for language in ("tr", "az", "en")}
    return Topic.objects.create(**({"slug": slug, "topic_class": Topic.Class.PAPERS} | texts | fields))


def make_confirmed_topic(slug: str = "", **fields: Any) -> Topic:
    texts = {f"guidance_{language}": f"Guidance in {language}." for language in ("tr", "az", "en")}
    topic = make_topic(slug, **(texts | {"sources": "https://official.example/page"} | fields))
    guidance.confirm(topic, by=None, on=date(2026, 2, 1), now=NOW)
    return topic


def make_student(name: str = "", **fields: Any) -> User:
    number = next(_number)
    return User.objects.create_user(f"student{number}@example.org", name=name or f"Student {number}", **fields)


def make_worker(*rights: str, name: str = "", **fields: Any) -> User:
    """Staff with a role of these rights alone."""
    number = next(_number)
    worker = User.objects.create_user(
        f"worker{number}@example.org", name=name or f"Worker {number}", is_staff=True, **fields
    )
    if rights:
        role = Group.objects.create(name=f"role {number}")
        role.permissions.set(Permission.objects.filter(content_type__app_label="students", codename__in=rights))
        worker.groups.add(role)
    return worker


def make_case(student: User | None = None, topic: Topic | None = None, **fields: Any) -> Case:
    topic = topic or Topic.objects.first() or make_topic()
    given = {
        "student": student or make_student(),
        "topic": topic,
        "topic_class": topic.topic_class,
        "is_sensitive": topic.is_sensitive,
        "language": "az",
        "question": "My permit ends soon.",
        "created_at": NOW,
    }
    return Case.objects.create(**(given | fields))
