"""Acts on many rows ask for the password again, and then go on where they were."""

import pytest
from allauth.account.models import EmailAddress

from events.models import Event
from events.tests.make import make_event
from izbaku.accounts.models import User

pytestmark = pytest.mark.django_db


def test_an_act_on_many_asks_for_the_password_and_then_happens(client):
    user = User.objects.create_superuser("root@example.org", "right-horse-battery")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.post("/en/account/login/", {"login": user.email, "password": "right-horse-battery"})
    event = make_event(state=Event.State.DRAFT, publish_at=None)
    chosen = {"action": "delete_selected", "_selected_action": [event.pk]}

    answer = client.post("/admin/events/event/", chosen)
    assert "/reauthenticate/" in answer.headers["Location"]

    answer = client.post(answer.headers["Location"], {"password": "right-horse-battery"})
    assert answer.status_code == 200
    assert event.title in answer.content.decode()
    assert client.post("/admin/events/event/", {**chosen, "post": "yes"}).status_code == 302
    assert not Event.objects.exists()


def test_what_was_chosen_in_a_filtered_list_is_not_lost(client):
    user = User.objects.create_superuser("root@example.org", "right-horse-battery")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.post("/en/account/login/", {"login": user.email, "password": "right-horse-battery"})
    event, other = (make_event(slug=slug, state=Event.State.DRAFT, publish_at=None) for slug in ("one", "two"))
    chosen = {"action": "delete_selected", "_selected_action": [event.pk, other.pk]}

    answer = client.post("/admin/events/event/?state__exact=draft", chosen)
    answer = client.post(answer.headers["Location"], {"password": "right-horse-battery"})

    assert answer.status_code == 200
    assert event.title in answer.content.decode()
    assert other.title in answer.content.decode()


def test_searching_and_looking_do_not_ask(client):
    user = User.objects.create_superuser("root@example.org", "right-horse-battery")
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")

    assert client.get("/admin/events/event/?q=izmir").status_code == 200
