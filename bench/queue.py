"""The queue of students' requests: the list with ten thousand of them beside the list with a hundred."""

import statistics
import sys
import time
from datetime import timedelta

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

django.setup()

from django.contrib.auth.models import Group  # noqa: E402  (tables need settings)

from izbaku.accounts.models import User  # noqa: E402
from students.models import Case  # noqa: E402
from students.topics import Topic  # noqa: E402

ADDRESS = "/admin/students/case/"
TURNS = 9


def people() -> tuple[User, User, User]:
    """A coordinator, whose list is the longest, a colleague, and a student."""
    made = []
    for name, is_staff in (("coordinator", True), ("colleague", True), ("asking", False)):
        user, _is_new = User.objects.get_or_create(email=f"{name}@bench.example", defaults={"is_staff": is_staff})
        made.append(user)
    made[0].groups.set(Group.objects.filter(name__in=["support-coordinator", "sensitive-case-worker"]))
    made[1].groups.set(Group.objects.filter(name="case-worker"))
    return made[0], made[1], made[2]


def grow(*, to: int) -> User:
    """As many open requests, a third of them the coordinator's, a third a colleague's, a third nobody's."""
    coordinator, colleague, student = people()
    topic, _is_new = Topic.objects.get_or_create(
        slug="bench", defaults={"topic_class": Topic.Class.PAPERS, "title_tr": "Bench"}
    )
    now, there = timezone.now(), Case.objects.count()
    rows = [
        Case(
            student=student,
            topic=topic,
            topic_class=topic.topic_class,
            language="az",
            question="Salam",
            assigned_to=(coordinator, colleague, None)[number % 3],
            due_at=now + timedelta(minutes=number),
        )
        for number in range(there, to)
    ]
    Case.objects.bulk_create(rows, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return coordinator


def seconds(reader: User) -> tuple[float, int]:
    """The median of a page of the list, and how many questions it asks."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(reader, "allauth.account.auth_backends.AuthenticationBackend")
    client.get(ADDRESS)
    took = []
    for _turn in range(TURNS):
        begun = time.perf_counter()
        answer = client.get(ADDRESS)
        took.append(time.perf_counter() - begun)
        if answer.status_code != 200:
            raise RuntimeError(f"{ADDRESS} answers {answer.status_code}")
    with CaptureQueriesContext(connection) as asked:
        client.get(ADDRESS)
    return statistics.median(took), len(asked)


def compare() -> tuple[float, int, int]:
    """(time with 10,000 by time with 100, questions with 100, questions with 10,000)."""
    few, asked_few = seconds(grow(to=100))
    many, asked_many = seconds(grow(to=10_000))
    return many / few, asked_few, asked_many


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    ratio, few, many = compare()
    row = "  {:<58} {:>22}   {}\n"
    sys.stdout.write(row.format("queue of requests, 100 → 10,000", f"{ratio:.2f} ×", "≤ 1.5 ×"))
    sys.stdout.write(row.format("its questions", f"{few} / {many}", "the same"))
