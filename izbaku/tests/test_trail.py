"""Stories of the trail: who changed what, and what nobody may read in it."""

import json
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core import serializers
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import translation

from events import moments
from events.models import Event, Session, Venue
from events.tests.desk import staff, typed
from events.tests.make import make_event
from izbaku import sealing
from izbaku.accounts.models import Organisation, User
from izbaku.audit import doing, doors, recording, scope
from izbaku.audit.models import AppendOnly, Entry
from izbaku.celery import app
from izbaku.sealing import SealedTextField

pytestmark = pytest.mark.django_db


def told(record, act=None):
    """What the trail says of a record, oldest first."""
    entries = Entry.objects.filter(model=scope.label(type(record)), object_id=str(record.pk)).order_by("pk")
    return list(entries.filter(act=act) if act else entries)


def test_whatever_staff_can_touch_is_kept_track_of_or_left_out_with_a_reason(settings):
    for model, page in admin.site._registry.items():
        for touched in [model, *(inline.model for inline in page.inlines)]:
            if touched is Entry or touched._meta.auto_created:
                continue
            reason = settings.AUDIT_LEAVES_OUT.get(scope.label(touched), "")
            assert touched in scope.tracked() or len(reason) > 10, f"{touched._meta.label} has no trail and no reason"


def test_what_is_left_out_and_masked_exists(settings):
    for name in [*settings.AUDIT_LEAVES_OUT, *settings.AUDIT_COMES_ALONG, *settings.AUDIT_MASKS]:
        app, model, *field = name.split(".")
        if not apps.is_installed("allauth.socialaccount") and app == "socialaccount":
            continue
        found = apps.get_model(app, model)
        if field:
            found._meta.get_field(field[0])


def test_a_change_is_told_with_its_old_and_its_new_value_and_nothing_else():
    venue = Venue.objects.create(slug="aassm", name="AASSM", city="izmir")
    venue.name = "Ahmed Adnan Saygun Sanat Merkezi"
    venue.save()
    added, changed = told(venue)
    assert (added.act, added.changes["name"], "district" in added.changes) == ("added", [None, "AASSM"], False)
    assert (changed.act, changed.changes) == ("changed", {"name": ["AASSM", "Ahmed Adnan Saygun Sanat Merkezi"]})


def test_saving_without_a_change_leaves_no_trace():
    event = make_event(starts_at=datetime(2026, 3, 21, 16, tzinfo=UTC), spoken=["tr", "az"])
    before = Entry.objects.count()
    event.save()
    Event.objects.get(pk=event.pk).save()
    assert Entry.objects.count() == before


def test_a_moment_is_no_change_when_only_its_clock_is_another():
    event = make_event()
    event.starts_at = datetime.fromisoformat("2026-03-21T19:00:00+03:00")
    event.save()
    assert not told(event, "changed")


def test_each_language_of_a_text_is_told_by_itself():
    event = make_event(title_tr="Konser", title_az="Konsert")
    event.title_az = "Böyük konsert"
    event.save()
    assert told(event, "changed")[0].changes == {"title_az": ["Konsert", "Böyük konsert"]}


def test_the_old_value_is_that_of_the_database_not_that_of_a_stale_instance():
    venue = Venue.objects.create(slug="v", name="Bir")
    stale = Venue.objects.get(pk=venue.pk)
    venue.name = "İki"
    venue.save()
    stale.name = "Üç"
    stale.save()
    assert told(venue)[-1].changes == {"name": ["İki", "Üç"]}


def test_a_value_computed_by_the_database_is_told_as_it_came_out():
    venue = Venue.objects.create(slug="v", name="Salon")
    venue.name = Concat(F("name"), Value(" A"))
    venue.save()
    assert told(venue, "changed")[0].changes == {"name": ["Salon", "Salon A"]}


def test_saving_some_fields_tells_of_these_alone():
    venue = Venue.objects.create(slug="v", name="Salon", district="Konak")
    venue.name, venue.district = "Başka", "Bornova"
    venue.save(update_fields=["district"])
    assert told(venue, "changed")[0].changes == {"district": ["Konak", "Bornova"]}


def test_a_change_of_many_rows_at_once_is_told_row_by_row():
    one, two, three = (
        make_event(slug, certainty=certainty)
        for slug, certainty in [("a", "planned"), ("b", "announced"), ("c", "held")]
    )
    Event.objects.filter(slug__in=["a", "b", "c"]).update(certainty="held", sequence=F("sequence") + 1)
    assert told(one, "changed")[0].changes == {"certainty": ["planned", "held"]}
    assert told(two, "changed")[0].changes == {"certainty": ["announced", "held"]}
    assert not told(three, "changed")
    assert len({entry.request for entry in told(one, "changed") + told(two, "changed")}) == 1


def test_a_bulk_change_of_what_is_not_told_asks_nothing_more(django_assert_num_queries):
    user = User.objects.create_user("a@example.org")
    with django_assert_num_queries(1):
        User.objects.filter(pk=user.pk).update(last_login=datetime(2026, 3, 1, tzinfo=UTC))
    assert not told(user, "changed")


def test_a_bulk_change_in_the_language_of_the_moment_tells_that_language():
    event = make_event(title_tr="Konser")
    with translation.override("tr"):
        Event.objects.filter(pk=event.pk).update(title="Dinleti")
    assert told(event, "changed")[0].changes == {"title_tr": ["Konser", "Dinleti"]}


def test_rows_written_and_rewritten_together_are_all_told():
    venues = Venue.objects.bulk_create([Venue(slug=f"v{n}", name=f"Salon {n}") for n in range(3)])
    for venue in venues:
        venue.city = "izmir"
    Venue.objects.bulk_update(venues, ["city"])
    for venue in venues:
        added, changed = told(venue)
        assert added.changes["name"] == [None, venue.name]
        assert changed.changes == {"city": ["", "izmir"]}


def test_rows_of_which_nobody_knows_whether_they_were_written_are_refused():
    with pytest.raises(NotImplementedError):
        Venue.objects.bulk_create([Venue(slug="v", name="Salon")], ignore_conflicts=True)
    assert not Venue.objects.exists()


def test_what_comes_with_every_event_is_told_only_when_somebody_changes_it():
    reminder = make_event().reminders.get(offset="1d")
    assert told(reminder) == []

    moments.choose(reminder.event, ["7d"], now=reminder.event.changed_at)

    assert [entry.changes for entry in told(reminder)] == [{"is_on": [True, False]}]


def test_what_is_deleted_leaves_its_last_words_and_so_does_what_goes_with_it():
    event = make_event(title_tr="Konser")
    session = Session.objects.create(event=event, title_tr="Açılış", precision="unknown")
    pk = event.pk
    Event.objects.filter(pk=pk).delete()
    entry = Entry.objects.get(model="events.event", object_id=pk, act="deleted")
    assert entry.changes["title_tr"] == ["Konser", None]
    gone = Entry.objects.get(model="events.session", act="deleted")
    assert (gone.changes["title_tr"], gone.under) == (["Açılış", None], f"events.event:{pk}")
    assert session.pk


def test_losing_a_twin_is_a_change_of_the_one_that_stays():
    twin = make_event("baku")
    event = make_event("izmir", twin=twin)
    pk = twin.pk
    twin.delete()
    assert told(event, "changed")[0].changes == {"twin": [pk, None]}


def test_lists_tell_what_was_put_on_and_taken_off_from_either_side():
    event = make_event()
    one, two = (Organisation.objects.create(name=name) for name in ("İZAZDER", "Başka"))
    event.organisers.set([one, two])
    event.organisers.set([two])
    two.event_set.clear()
    one.event_set.add(event)
    assert [entry.changes["organisers"] for entry in told(event, "changed")] == [
        {"added": [one.pk, two.pk]},
        {"removed": [one.pk]},
        {"removed": [two.pk]},
        {"added": [one.pk]},
    ]


def test_rights_that_are_given_are_told():
    user, group = User.objects.create_user("a@example.org"), Group.objects.create(name="some")
    user.groups.add(group)
    user.is_staff = True
    user.save()
    lists, flag = told(user, "changed")
    assert (lists.changes, flag.changes) == ({"groups": {"added": [group.pk]}}, {"is_staff": [False, True]})


def test_rows_put_back_from_a_copy_bring_their_trail_along_instead_of_making_one():
    venue = Venue.objects.create(slug="aassm", name="AASSM", city="izmir")
    copy = serializers.serialize("json", [venue])
    before = Entry.objects.count()
    for row in serializers.deserialize("json", copy.replace("AASSM", "Ahmed Adnan Saygun")):
        row.save()
    assert (Venue.objects.get().name, Entry.objects.count()) == ("Ahmed Adnan Saygun", before)


def test_of_personal_values_and_secrets_only_that_they_changed_is_told():
    user = User.objects.create_user("leyla@example.org", "first-secret", name="Leyla Məmmədova")
    user.name, user.email = "Leyla Əliyeva", "leyla2@example.org"
    user.set_password("second-secret")
    user.save()
    User.objects.filter(pk=user.pk).update(name="Leyla Qasımova", city="baku")
    user.delete()
    changed = Entry.objects.filter(model="accounts.user", act="changed").order_by("pk")
    assert [entry.changes for entry in changed] == [
        {"password": None, "email": None, "name": None},
        {"name": None, "city": None},
    ]
    everything = json.dumps(list(Entry.objects.values_list("changes", flat=True)), ensure_ascii=False).lower()
    assert not [word for word in ("leyla", "pbkdf2", "argon", "baku", "md5") if word in everything]


def test_what_is_undone_was_never_told():
    with transaction.atomic():
        Venue.objects.create(slug="v", name="Salon")
        transaction.set_rollback(True)
    assert not Entry.objects.filter(model="events.venue").exists()


# Sealed texts


class Letterbox(models.Model):
    """A table of this test alone."""

    question = SealedTextField(blank=True)

    class Meta:
        app_label = "audit"
        managed = False

    def __str__(self):
        return ""


def test_a_sealed_text_is_told_as_changed_and_never_shown():
    assert scope.masked(Letterbox) == {"question"}
    changes = recording.difference(Letterbox, {"question": "Evet"}, {"question": "Hayır"})
    assert changes == {"question": None}
    assert recording.difference(Letterbox, {"question": "Evet"}, {"question": "Evet"}) == {}


def test_a_sealed_text_that_no_key_opens_can_still_be_replaced(settings):
    settings.SEALING_KEYS = [sealing.new_key()]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE audit_letterbox (id integer PRIMARY KEY, question text)")
        try:
            cursor.execute("INSERT INTO audit_letterbox VALUES (1, %s)", [sealing.seal(b"Evet").decode()])
            rows = models.QuerySet(Letterbox).filter(pk=1)
            assert recording._rows(rows, ["question"]) == {1: {"question": "Evet"}}
            settings.SEALING_KEYS = [sealing.new_key()]
            before = recording._rows(rows, ["question"])[1]
            assert recording.difference(Letterbox, before, {"question": "Hayır"}) == {"question": None}
        finally:
            cursor.execute("DROP TABLE audit_letterbox")


# Who


def test_a_person_at_a_page_is_named_by_number_with_the_page():
    event = make_event(title_tr="Konser")
    desk = staff()
    page = f"/admin/events/event/{event.pk}/change/"
    assert desk.post(page, typed(desk.get(page), title_tr="Dinleti")).status_code == 302
    entry = told(event, "changed")[0]
    assert entry.changes == {"title_tr": ["Konser", "Dinleti"]}
    assert (entry.actor, entry.via) == (User.objects.get().pk, "person")
    assert entry.origin == "admin:events_event_change"


def test_an_import_signs_its_work():
    call_command("load_programme", verbosity=0)
    entries = Entry.objects.filter(model="events.event")
    assert entries.filter(act="added").count() == Event.objects.count() > 0
    assert set(entries.values_list("via", "origin", "actor")) == {("import", "load_programme", None)}


def test_a_task_is_the_portal_itself_and_a_command_a_command():
    @app.task(name="trail.test")
    def work():
        return Venue.objects.create(slug="v", name="Salon")

    entry = told(work.apply().get())[0]
    assert (entry.via, entry.origin, entry.actor) == ("task", "trail.test", None)
    assert told(Venue.objects.create(slug="w", name="Salon"))[0].via == "command"


def test_after_a_block_the_request_is_the_author_again():
    with doing.acting(doing.Via.IMPORT, "outer"):
        with doing.acting(doing.Via.IMPORT, "inner"):
            assert told(Venue.objects.create(slug="a", name="A"))[0].origin == "inner"
        assert told(Venue.objects.create(slug="b", name="B"))[0].origin == "outer"


# Only ever added to


def test_no_line_is_changed_or_deleted():
    Venue.objects.create(slug="v", name="Salon")
    entry = Entry.objects.get(model="events.venue")
    entry.act = "deleted"
    for attempt in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(actor=1),
        lambda: Entry.objects.filter(pk=entry.pk).update(actor=1),
        lambda: Entry.objects.bulk_update([entry], ["act"]),
        lambda: Entry._base_manager.all().delete(),
        lambda: Entry.objects.bulk_create([entry], update_conflicts=True, unique_fields=["id"], update_fields=["act"]),
    ):
        with pytest.raises(AppendOnly):
            attempt()
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"), transaction.atomic():
        Entry(pk=entry.pk, model="x", object_id="1", act="added", via="task").save()
    entry.refresh_from_db()
    assert entry.act == "added"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL alone keeps it also from SQL")
@pytest.mark.parametrize("words", ["UPDATE audit_entry SET act = 'deleted'", "DELETE FROM audit_entry"])
def test_nobody_gets_past_the_model_either(words):
    Venue.objects.create(slug="v", name="Salon")
    with pytest.raises(Exception, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(words)
    assert Entry.objects.filter(model="events.venue", act="added").count() == 1


def test_lines_whose_time_is_over_leave_through_one_door():
    Entry(model="events.venue", object_id="1", act="added", via="task", at=datetime(2020, 1, 1, tzinfo=UTC)).save()
    Entry(model="events.venue", object_id="2", act="added", via="task", at=datetime(2022, 1, 1, tzinfo=UTC)).save()
    assert doors.destroy_before(datetime(2022, 1, 1, tzinfo=UTC)) == 1
    assert [entry.object_id for entry in Entry.objects.filter(at__year__lt=2023)] == ["2"]
    with pytest.raises(AppendOnly):
        Entry.objects.all().delete()
    if connection.vendor == "postgresql":
        with pytest.raises(Exception, match="only ever added"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM audit_entry")
