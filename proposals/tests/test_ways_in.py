"""How visitors come to the proposals: the home page, the menu, the page of open data."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from izbaku import kept
from proposals import reported
from proposals.states import State
from proposals.tests.make import person, put, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    kept.forget()
    with translation.override("en"):
        yield
    kept.forget()


def body(address: str) -> str:
    answer = Client().get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_home_page_shows_the_associations_own_that_moved_last_and_no_sample():
    reported.load(reported.read())
    sample = put(submitted(person(), title_tr="Bir örnek"), State.ACCEPTED)
    type(sample).objects.filter(pk=sample.pk).update(is_sample=True)

    home = body("/en/")

    assert "What is proposed, and where it stands" in home
    assert home.count("proposal-card") == 3
    assert "Bir örnek" not in home
    assert "Saat Kulesi" not in home  # on the agenda of others


def test_without_a_proposal_the_home_page_says_nothing_of_them():
    assert "What is proposed, and where it stands" not in body("/en/")


@pytest.mark.parametrize(
    ("name", "mark"), [("register", "page"), ("figures", "true"), ("board", "true"), ("begin", "true")]
)
def test_the_menu_shows_on_every_page_of_the_room_where_one_is(name, mark):
    register = reverse("proposals:register")

    assert f'<a href="{register}" aria-current="{mark}">' in body(reverse(f"proposals:{name}"))
    assert f'<a href="{register}">' in body(reverse("about"))


def test_the_page_of_open_data_leads_to_the_register_as_json_and_csv():
    page = body(reverse("open_data"))

    assert [reverse(f"proposals:{name}") in page for name in ("json", "csv")] == [True, True]
