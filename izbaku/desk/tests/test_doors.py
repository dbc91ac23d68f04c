"""Every address is walked as everybody; the answers equal the handwritten table."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import translation

from events.models import Venue
from events.tests.make import make_event
from izbaku.accounts.models import Organisation, Speaker, User
from izbaku.desk import doors
from izbaku.desk.doors import Who
from izbaku.desk.roles import ROLES

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ARGUMENTS = {
    "events:month": [2026, 3],
    "events:week": [2026, 12],
    "events:year": [2026],
    "mail:inbox_html": ["none"],
    "set_language": [],
}
# Who has nothing to prove again (no password, no second factor) is sent to signing in, as a stranger is.
LEFT_OUT = {"account_logout", "admin:logout", "account_reauthenticate", "mfa_reauthenticate", "admin:events_event_act"}
LEFT_OUT |= {"mfa_reauthenticate_webauthn"}
# What one may not see does not exist. Elsewhere 404 says that nothing has the key 0, to somebody who has come in.
CLOSED_BY_404 = {"events:preview"}
TABLES = {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}
pytestmark = pytest.mark.django_db


def make_organisation() -> Organisation:
    return Organisation.objects.create(name="Kordon")


def names(resolver=None, prefix="") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        elif pattern.name:
            yield prefix + pattern.name


def address(name: str, event) -> str | None:
    """Where it is, of a row that exists; None where there is none: of nothing, Django says so before it asks who."""
    if name == "admin:accounts_user_let_go":
        return reverse(name, args=[User.objects.earliest("pk").pk])
    site, _colon, page = name.partition(":")
    app, _, model = page.rpartition("_")[0].partition("_")
    if site == "admin" and page.endswith(("_history", "_delete")) and (app, model) in TABLES:
        row = apps.get_model(app, model)._base_manager.order_by("pk").first()
        return reverse(name, args=[row.pk]) if row else None
    for arguments in (ARGUMENTS.get(name, []), [event.slug], [event.pk], [0], ["events"], [0, 0], ["none", "none"]):
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    return None


def came_in(answer, name: str) -> bool:
    """A closed door says 403, or leads to signing in."""
    if answer.status_code == 403 or (answer.status_code == 404 and name in CLOSED_BY_404):
        return False
    location = answer.headers.get("Location", "")
    return not (answer.status_code == 302 and ("/login/" in location and "next=" in location))


@pytest.fixture
def people() -> dict[str, Client]:
    """A client for everybody: a stranger, a student, and one person for each role."""
    clients = {"stranger": Client(), "student": Client()}
    clients["student"].force_login(User.objects.create_user("student@example.org"), BACKEND)
    for role in ROLES:
        user = User.objects.create_user(f"{role}@example.org", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        clients[role] = Client()
        clients[role].force_login(user, BACKEND)
    return clients


def expected(person: str, needed: doors.Need, name: str) -> bool:
    if person == "co-host" and name in CLOSED_BY_404:
        return False  # it is not their event; what they see of their own has tests of its own
    if needed is Who.ANYBODY:
        return True
    if person == "stranger":
        return False
    if needed is Who.SIGNED_IN:
        return True
    return person != "student" and doors.may(person, needed)


def test_every_address_stands_in_the_table():
    assert [name for name in sorted(set(names())) if doors.need(name) is None] == []


def test_the_walk_through_every_address_equals_the_table(people):
    event = make_event(title="Bahar", publish_at=datetime(2026, 1, 1, tzinfo=UTC))
    Venue.objects.create(slug="kulturpark", name="Kültürpark")
    Speaker.objects.create(user=User.objects.get(email="student@example.org"), organisation=make_organisation())
    differs = []
    walked = 0
    with translation.override("en"):
        for name in sorted(set(names())):
            path = address(name, event)
            if path is None or name in LEFT_OUT:
                continue
            needed = doors.need(name)
            for person, client in people.items():
                walked += 1
                if came_in(client.get(path), name) != expected(person, needed, name):
                    differs.append(f"{person} at {name} ({path}): needs {needed}")
    assert differs == []
    assert walked > 1000


def test_the_document_says_what_the_tables_say():
    with translation.override("en"):
        written = (settings.BASE_DIR / "docs" / "permissions.md").read_text()
        assert written == "\n".join(doors.document()) + "\n", "Run `manage.py permissions --write`."


def test_no_role_holds_a_right_that_does_not_exist():
    held = {name: set(Group.objects.get(name=name).permissions.values_list("codename", flat=True)) for name in ROLES}
    wanted = {name: {right.partition(".")[2] for right in role.permissions()} for name, role in ROLES.items()}
    assert held == wanted
