"""Stories of erasing: whoever goes is nowhere in the trail, and the trail goes on."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from events.models import Venue
from events.tests.desk import staff
from izbaku import holdings
from izbaku.accounts.models import User
from izbaku.audit import doors
from izbaku.audit.models import Entry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def everything():
    """Every value of the trail and of Django's log, as one text."""
    rows = [*Entry.objects.values(), *LogEntry.objects.values("object_repr", "change_message")]
    return json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False) + json.dumps(rows, cls=DjangoJSONEncoder)


def erase(person):
    for room in holdings.rooms():
        if room.name == "trail":
            room.erase(person, NOW)


def test_what_a_person_did_becomes_the_work_of_somebody_unnamed():
    desk = staff(name="Aylin Yıldız")
    desk.post("/admin/events/venue/add/", {"slug": "v", "name": "Salon"})
    user = User.objects.get()
    entry = Entry.objects.get(model="events.venue")
    assert (entry.actor, entry.via) == (user.pk, "person")
    erase(holdings.Person.of(user))
    entry.refresh_from_db()
    assert (entry.actor, entry.via, entry.changes["name"]) == (None, "person", [None, "Salon"])
    assert not Entry.objects.filter(actor=user.pk).exists()


def test_a_value_in_which_staff_typed_an_address_goes_with_its_person():
    user = User.objects.create_user("ayse@example.org", name="Ayşe Gülçin")
    venue = Venue.objects.create(
        slug="v", name="Salon", facts="Anahtar Ayşe Gülçin'de, ayse@example.org", district="Konak"
    )
    venue.facts = "Anahtar kapıcıda"
    venue.save()
    assert "Ayşe Gülçin" in everything()
    erase(holdings.Person.of(user))
    told = everything()
    assert not [word for word in ("Ayşe", "Ay\\u015fe", "ayse@example.org") if word in told]
    added, changed = Entry.objects.filter(model="events.venue").order_by("pk")
    assert (added.changes["facts"], changed.changes["facts"]) == (None, None)
    assert added.changes["district"] == [None, "Konak"]


def test_a_name_alone_is_no_ground_to_change_what_stands_of_others():
    Venue.objects.create(slug="v", name="Ali")
    erase(holdings.Person.of(User.objects.create_user("a@x.co", name="Ali")))
    assert Entry.objects.get(model="events.venue").changes["name"] == [None, "Ali"]


def test_what_the_admins_own_log_calls_an_erased_account_is_its_number():
    desk = staff(email="boss@example.org")
    user = User.objects.create_user("leyla@example.org", name="Leyla")
    page = f"/admin/accounts/user/{user.pk}/change/"
    desk.post(
        page,
        {
            "email": "leyla@example.org",
            "name": "Leyla Əliyeva",
            "language": "az",
            "is_active": "on",
            "joined_at_0": "2026-01-01",
            "joined_at_1": "10:00",
        },
    )
    LogEntry.objects.log_actions(User.objects.get(email="boss@example.org").pk, [user], 2, "Leyla")
    doors.forget(User, user.pk)
    log = LogEntry.objects.filter(object_id=str(user.pk))
    assert {(entry.object_repr, entry.change_message) for entry in log} == {(f"user {user.pk}", "")}


def test_the_deletion_that_follows_names_nobody_either():
    user = User.objects.create_user("leyla@example.org", name="Leyla Əliyeva")
    pk = user.pk
    erase(holdings.Person.of(user))
    user.delete()
    entry = Entry.objects.get(model="accounts.user", object_id=str(pk), act="deleted")
    assert {"email": None, "name": None}.items() <= entry.changes.items()
    assert "leyla" not in everything().lower()


def test_a_room_is_erased_before_the_trail_that_tells_of_it():
    names = [room.name for room in holdings.rooms()]
    assert names.index("trail") > names.index("privacy")


@pytest.mark.django_db(transaction=True)
def test_after_erasing_the_door_is_shut_again():
    user = User.objects.create_user("leyla@example.org")
    doors.forget(User, user.pk)
    if connection.vendor == "postgresql":
        with pytest.raises(Exception, match="only ever added"), connection.cursor() as cursor:
            cursor.execute("DELETE FROM audit_entry")
    assert Entry.objects.filter(model="accounts.user").exists()
