"""Stories of reading: what staff see on a record's history."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import Event, Session, Venue
from events.tests.desk import staff
from events.tests.make import make_event
from izbaku.accounts.models import Organisation, User
from izbaku.audit import doing
from izbaku.audit.models import Entry

pytestmark = pytest.mark.django_db


def words(response):
    """The page's main part as it is read aloud."""
    assert response.status_code == 200
    main = response.content.decode().split('id="content-main"')[-1]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def history(record, desk, **data):
    return words(desk.get(f"/admin/{record._meta.app_label}/{record._meta.model_name}/{record.pk}/history/", data))


def test_labels_names_and_languages_stand_where_columns_and_numbers_were():
    desk = staff(name="Aylin Yıldız")
    venue = Venue.objects.create(slug="v", name="AASSM")
    with doing.acting(doing.Via.IMPORT, "import_ics"):
        event = make_event(title_tr="Konser", title_az="Konsert")
    event.title_az, event.venue, event.certainty, event.is_sample = "Böyük konsert", venue, "held", True
    event.starts_at = datetime(2026, 3, 21, 17, 30, tzinfo=UTC)
    event.save()
    event.organisers.add(Organisation.objects.create(name="İZAZDER"))
    page = history(event, desk)
    for said in (
        "the import",
        "Title (Azərbaycanca) before Konsert after Böyük konsert",
        "Venue after AASSM",
        "How certain before Announced after Held",
        "Sample, not real before no after yes",
        "Organisers put on İZAZDER",
        "before 21 March 2026, 19:00 after 21 March 2026, 20:30",
    ):
        assert said in page, (said, page)
    assert "title_az" not in page


@pytest.mark.parametrize(("language", "said"), [("tr", "Başlık"), ("az", "Başlıq"), ("en", "Title")])
def test_each_reader_has_it_in_their_own_language(language, said):
    desk = staff(language=language)
    event = make_event(title_tr="Konser")
    event.title_tr = "Dinleti"
    event.save()
    assert f"{said} (Türkçe)" in history(event, desk)


def test_sessions_stand_in_the_history_of_their_event_also_once_they_are_gone():
    desk = staff()
    event, other = make_event("a"), make_event("b")
    session = Session.objects.create(event=event, title_tr="Açılış", precision="unknown")
    Session.objects.create(event=other, title_tr="Yabancı", precision="unknown")
    Session.objects.filter(pk=session.pk).update(title_tr="Kapanış")
    session.delete()
    page = history(event, desk)
    assert page.count("Session: number") == 3
    assert "before Açılış after Kapanış" in page
    assert "Yabancı" not in page


def test_who_did_it_is_named_while_here_and_no_longer_afterwards():
    desk = staff(name="Aylin Yıldız")
    event = make_event()
    colleague = User.objects.create_user("murad@example.org", name="Murad")
    for actor in (colleague.pk, 99999, None):
        Entry(model="events.event", object_id=str(event.pk), act="changed", via="person", actor=actor).save()
    page = history(event, desk)
    assert "Murad changed" in page
    assert "number 99999, no longer here changed" in page
    assert "somebody whose data has been erased changed" in page


def test_personal_values_are_said_to_have_changed_and_not_shown():
    desk = staff()
    user = User.objects.create_user("leyla@example.org", name="Leyla")
    User.objects.filter(pk=user.pk).update(name="Lalə")
    page = history(user, desk)
    assert "Name changed; what it said is not kept here" in page


def test_typed_markup_is_text():
    desk = staff()
    event = make_event(title_tr="Konser")
    event.title_tr = "<script>x</script>"
    event.save()
    body = desk.get(f"/admin/events/event/{event.pk}/history/").content.decode()
    assert "<script>x" not in body
    assert "&lt;script&gt;x" in body


def test_a_long_history_comes_in_pages_and_asks_as_much_as_a_short_one():
    desk = staff()
    event, many = make_event("a"), make_event("b")
    venues = [Venue.objects.create(slug=f"v{n}", name=f"Salon {n}") for n in range(70)]
    for record, count in ((event, 2), (many, 70)):
        for number in range(count):
            Event.objects.filter(pk=record.pk).update(venue=venues[number])
        Session.objects.create(event=record, title_tr="Açılış", precision="unknown")
    asked = []
    for record in (event, event, many):
        with CaptureQueriesContext(connection) as queries:
            history(record, desk)
        asked.append(len(queries))
    assert asked[1] == asked[2] < 20, asked
    first, last = history(many, desk), history(many, desk, p=3)
    assert "Salon 69" in first
    assert "Page 1 of 3" in first
    assert "added" in last
    assert history(many, desk, p="x").count("Page 1 of 3") == 1


def test_names_of_what_one_may_not_see_are_numbers():
    desk = staff("view_event")
    venue = Venue.objects.create(slug="v", name="Gizli salon")
    event = make_event(venue=venue)
    page = history(event, desk)
    assert "Gizli" not in page
    assert f"number {venue.pk}" in page


def test_the_whole_trail_tells_of_what_is_gone_to_those_who_answer_for_it():
    desk = staff()
    event = make_event(title_tr="Konser")
    event.delete()
    page = words(desk.get("/admin/audit/entry/"))
    assert "deleted" in page
    entry = Entry.objects.filter(model="events.event", act="deleted").get()
    assert "Title (Türkçe) before Konser" in words(desk.get(f"/admin/audit/entry/{entry.pk}/change/"))


def test_whoever_may_read_the_trail_but_not_the_record_reads_that_it_changed():
    desk = staff("view_entry")
    event = make_event(title_tr="Konser")
    entry = Entry.objects.get(model="events.event")
    assert "Konser" not in words(desk.get("/admin/audit/entry/"))
    page = words(desk.get(f"/admin/audit/entry/{entry.pk}/change/"))
    assert "Konser" not in page
    assert f"Event: number {event.pk}" in page
    assert "Title (Türkçe) changed; for those who may see the record" in page


def test_the_trail_is_nobody_elses():
    desk = staff("view_event")
    entry = Entry.objects.first() or (make_event() and Entry.objects.first())
    assert desk.get("/admin/audit/entry/").status_code == 403
    assert desk.get(f"/admin/audit/entry/{entry.pk}/change/").status_code in (302, 403)
    boss = staff(email="boss@example.org")
    for address in ("add/", f"{entry.pk}/delete/"):
        assert boss.post(f"/admin/audit/entry/{address}", {"post": "yes"}).status_code == 403
    assert Entry.objects.filter(pk=entry.pk).exists()


def test_the_list_asks_as_much_for_many_as_for_one():
    desk = staff()
    asked = []
    for count in (2, 30):
        for number in range(count):
            make_event(f"e{count}-{number}")
        desk.get("/admin/audit/entry/")
        with CaptureQueriesContext(connection) as queries:
            desk.get("/admin/audit/entry/")
        asked.append(len(queries))
    # A page of events alone asks less than one on which several kinds of records are named.
    assert asked[1] <= asked[0] < 20
