"""The desk says what a person needs to know, and nothing of the machinery."""

import pytest

from events.attendance import Registration
from events.tests.desk import staff, typed
from events.tests.make import make_event
from events.tests.test_admin_pictures import photo
from events.tests.test_registration import come, make_open
from izbaku.audit import scope

pytestmark = pytest.mark.django_db
LIST = "/admin/events/event/"


def test_who_takes_an_event_back_reads_how_many_will_not_hear_of_it():
    event = make_open()
    page = f"{LIST}acts/withdraw/?event={event.pk}"
    client = staff()
    assert "hear nothing" not in client.get(page).content.decode()
    come(event)
    come(event, "grace@example.org")
    assert "2 people are registered and hear nothing" in client.get(page).content.decode()


def test_a_form_that_comes_back_names_its_fields_and_says_that_the_picture_is_lost():
    event, client = make_event(), staff()
    form = f"{LIST}{event.pk}/change/"
    sent = typed(client.get(form), title_tr="", picture=photo())

    page = client.post(form, sent).content.decode()

    assert '<a href="#id_title_tr">' in page
    assert "choose the picture again" in page
    assert "choose the picture again" not in client.get(form).content.decode()


def test_deleting_lists_nothing_of_the_machinery():
    event = make_event(title_tr="Bahar konseri")
    page = staff().get(f"{LIST}{event.pk}/delete/").content.decode()
    assert "Bahar" in page
    for inner in ("Event word", "Line", "Lines", "Event words"):
        assert f"{inner}: " not in page
        assert f"{inner} object" not in page


@pytest.mark.parametrize(("language", "said"), [("tr", "2 kullanıcı"), ("en", "2 users")])
def test_after_a_number_each_language_counts_in_its_own_way(language, said):
    client = staff(language=language)
    staff(email="b@example.org")
    page = " ".join(client.get("/admin/accounts/user/").content.decode().split())
    assert f"{said} " in page
    assert "2 kullanıcılar" not in page


def test_the_trail_keeps_no_key_of_a_registration():
    assert not {"code", "found_by"} & set(scope.columns(Registration))


def test_the_two_certainties_of_the_form_have_names_of_their_own():
    page = staff().get(f"{LIST}add/").content.decode()
    assert "Status: held, announced or planned" in page


def test_people_are_found_by_the_names_of_roles():
    page = staff().get("/admin/accounts/user/").content.decode()
    assert "Programme editor</a>" in " ".join(page.split())
    assert "programme-editor" not in page
