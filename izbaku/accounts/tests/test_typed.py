"""Stories of forms that came too late: what was typed is shown once more, to whoever typed it."""

import re

import pytest
from django.test import Client

from izbaku.accounts.models import User
from izbaku.privacy.models import DataRequest

OURS = {"HTTP_ORIGIN": "http://testserver"}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LONG = "Mənim yazışmalarım harada saxlanılır?\nXahiş edirəm, izah edin."
pytestmark = pytest.mark.django_db


def texts(answer):
    return answer.context["typed"] if answer.context else None


def test_a_session_that_ended_mid_form_gives_the_text_back_with_the_way_to_sign_in(client):
    answer = client.post("/en/account/my-data/ask/", {"text": LONG, "kind": "tell"}, **OURS)
    assert (answer.status_code, texts(answer)) == (403, [LONG])
    words = answer.content.decode()
    assert "harada saxlanılır?" in words
    assert "/en/account/login/?next=/en/account/my-data/ask/" in words
    assert not DataRequest.objects.exists()


def test_so_it_is_in_the_admin_site(client):
    form = {"name": "Ahmed Adnan Saygun Sanat Merkezi", "slug": "x", "_save": "Kaydet ve sürdür"}
    answer = client.post("/admin/events/venue/add/", form | {"initial-at": "2026-11-25 20:09"}, **OURS)
    assert texts(answer) == ["Ahmed Adnan Saygun Sanat Merkezi"]


def test_a_page_that_was_too_old_gives_the_text_back():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_user("ada@example.org"), BACKEND)
    answer = strict.post("/en/account/my-data/ask/", {"text": LONG, "csrfmiddlewaretoken": "a b" * 30}, **OURS)
    assert (answer.status_code, texts(answer)) == (403, [LONG])


def test_neither_secrets_nor_words_of_another_site_are_shown(client):
    form = {"password": "correct horse battery staple", "code": "AB CD", "text": LONG}
    assert texts(client.post("/en/account/my-data/ask/", form, **OURS)) == [LONG]
    for origin in ("https://elsewhere.example", "null", ""):
        answer = client.post("/en/account/my-data/ask/", form, **({"HTTP_ORIGIN": origin} if origin else {}))
        assert answer.status_code == 302
        assert "harada" not in answer.content.decode()


def test_what_the_form_carries_by_itself_is_nobodys_text(client):
    page = Client()
    page.force_login(User.objects.create_user("ada@example.org"), BACKEND)
    notice = re.search(r'name="notice" value="([^"]+)"', page.get("/en/account/my-data/ask/").content.decode())
    assert notice
    form = {"text": LONG, "notice": notice[1], "next": "/en/account/my-data/"}
    assert texts(client.post("/en/account/my-data/ask/", form, **OURS)) == [LONG]


def test_a_form_with_nothing_to_lose_goes_straight_to_signing_in(client):
    answer = client.post("/en/account/my-data/ask/", {"kind": "tell"}, **OURS)
    assert answer.status_code == 302
