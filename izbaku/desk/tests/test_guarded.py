"""A list answers its own filters and nothing else; what no database can hold is refused at the door."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from events.attendance import Registration
from events.models import Event
from events.tests.desk import staff
from events.tests.make import make_event
from izbaku.accounts.models import User

pytestmark = pytest.mark.django_db

ORACLES = [
    "/admin/mail/message/?payload__icontains=1",
    "/admin/mail/message/?payload__text__contains=1",
    "/admin/mail/message/?recipient__startswith=a",
    "/admin/events/registration/?code__regex=^A",
    "/admin/events/registration/?code=x",
    "/admin/accounts/user/?password__startswith=pbkdf2",
    "/admin/accounts/user/?email__startswith=a",
    "/admin/accounts/user/?is_superuser__exact=1",
    "/admin/audit/entry/?changes__icontains=1",
]


@pytest.mark.parametrize("address", ORACLES)
def test_no_list_tells_what_a_column_holds(address):
    assert staff().get(address).status_code == 400


def test_no_admin_of_any_room_answers_more_than_its_filters():
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_active=True)
    for model, one in admin.site._registry.items():
        for field in model._meta.get_fields():
            for way in ("startswith", "icontains", "regex", "gt", "in"):
                asked = f"{field.name}__{way}"
                assert not one.lookup_allowed(asked, "a", request), f"{model._meta.label}: {asked}"


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model._meta.label_lower)
def test_every_choice_that_a_list_offers_is_answered(model):
    client = staff()
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    page = client.get(address)
    for spec in page.context["cl"].filter_specs:
        for choice in spec.choices(page.context["cl"]):
            answer = client.get(address + choice["query_string"])
            assert answer.status_code == 200, choice["query_string"]


NULS = [
    "/admin/events/event/?state__exact=%00",
    "/admin/events/event/?city__exact=%00",
    "/admin/mail/message/?language__exact=%00",
    "/admin/audit/entry/?model=%00",
    "/admin/events/event/?q=%00",
]


@pytest.mark.parametrize("address", NULS)
def test_a_nul_is_refused(address):
    assert staff().get(address).status_code == 400


def test_a_nul_in_a_form_is_refused():
    assert staff().post("/admin/events/registration/search/", {"text": "a\0b"}).status_code == 400


def test_what_the_address_suggests_is_taken_only_where_it_fits():
    client = staff()
    assert client.get("/admin/events/event/add/?venue=time&kind=nothing&organisers=x,y").status_code == 200
    assert client.get("/admin/events/event/add/?venue=99999999999999999999").status_code == 200
    page = client.get("/admin/events/event/add/?kind=concert").content.decode()
    assert '<option value="concert" selected>' in page


def test_a_choice_that_is_no_key_comes_back_as_an_error():
    answer = staff().post("/admin/events/event/add/", {"venue": "time", "organisers": ["x"], "title_tr": "Konser"})
    assert answer.status_code == 200
    assert "errornote" in answer.content.decode()


def test_acts_on_many_ask_for_the_password_by_whichever_way_they_come():
    user = User.objects.create_superuser("root@example.org", "right-horse-battery")
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    first = make_event(state=Event.State.DRAFT, publish_at=None)
    second = make_event(slug="second", state=Event.State.DRAFT, publish_at=None)
    asks = [
        ("/admin/events/event/acts/publish/", {"event": [first.pk, second.pk]}),
        ("/admin/events/registration/acts/cancel/", {"registration": [1, 2]}),
        ("/admin/events/registration/offer/1/", {}),
    ]
    for address, sent in asks:
        assert "/reauthenticate/" in client.post(address, sent).headers.get("Location", ""), address
    assert "/reauthenticate/" in client.get(f"/admin/events/registration/door/?event={first.pk}").headers["Location"]
    assert client.post("/admin/events/event/acts/publish/", {"event": first.pk}).status_code == 302
    first.refresh_from_db()
    assert first.state == Event.State.PUBLIC
    assert not Registration.objects.exists()
