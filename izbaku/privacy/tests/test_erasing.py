"""Whoever leaves is nowhere any more: no table, no file, no letter, no session, no words of the desk's log."""

import io
import json
import re
import zipfile

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import translation

from izbaku import holdings
from izbaku.audit.models import Entry
from izbaku.holdings import Person, Room, hash_of, told
from izbaku.mail import kinds, outbox, pump
from izbaku.mail.kinds import Kind, Letter
from izbaku.privacy import consents, erasing, notices, reads, requests
from izbaku.privacy.models import Consent, DataRequest, Destroyed
from izbaku.privacy.tests.make import NOW, person, sign_in
from izbaku.privacy.tests.searching import found_in_database, found_in_files

pytestmark = pytest.mark.django_db
Venue = apps.get_model("events.Venue")
ADDRESS, SECOND_ADDRESS, NAME = "leyla.huseynova@example.org", "leyla2@example.org", "Leyla Hüseynova"


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path / "inbox"
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


@pytest.fixture(autouse=True)
def _news():
    kinds.register(Kind("news", lambda message: Letter("News", f"Good day {message.payload['name']}")))
    yield
    kinds._kinds.pop("news")


def lived_here(client) -> object:
    """An account that has left traces wherever the portal keeps any."""
    leyla = person(ADDRESS, NAME)
    EmailAddress.objects.create(user=leyla, email=ADDRESS, primary=True, verified=True)
    EmailAddress.objects.create(user=leyla, email=SECOND_ADDRESS, verified=True)
    staff = person("staff@example.org", "Staff", is_staff=True)
    sign_in(client, leyla)
    session = client.session
    session["account_login"] = {"email": ADDRESS}
    session.save()
    shown = notices.Shown(notices.current("account", NOW), "en", NOW)
    notices.remember_for(leyla, shown)
    consents.give(leyla, "newsletter", how="form", now=NOW, shown=shown)
    consents.give(SECOND_ADDRESS, "photographs", how="form", now=NOW)
    requests.ask(leyla, kind="correct", text=f"I am {NAME}", language="en", now=NOW)
    reads.note(leyla, by=staff, what=["email", "name"], now=NOW)
    for key, to in (("1", ADDRESS), ("2", SECOND_ADDRESS), ("3", "host@example.org")):
        payload = {"name": NAME, "user": leyla.pk}  # a letter to somebody else says by key whom it is about
        outbox.put("news", key=key, to=to, language="en", payload=payload, now=NOW)
    pump.run(lambda: NOW)
    for key, word in (("4", f"about {ADDRESS}"), ("5", f"about {SECOND_ADDRESS}")):  # to others, one still waiting
        outbox.put("news", key=key, to="host@example.org", language="en", payload={"name": word}, now=NOW)
        if key == "4":
            pump.run(lambda: NOW)
    outbox.put("news", key="waiting", to=ADDRESS.upper(), language="en", payload={"name": NAME}, now=NOW)
    LogEntry.objects.create(
        user=staff,
        content_type=ContentType.objects.get_for_model(leyla),
        object_id=str(leyla.pk),
        object_repr=NAME,
        action_flag=CHANGE,
        change_message=f"Changed {ADDRESS}",
    )
    LogEntry.objects.create(
        user=staff, object_id="7", object_repr=f"Seat of {ADDRESS}", action_flag=CHANGE, change_message=f"Added {NAME}"
    )
    as_django_writes_it = json.dumps([{"added": {"name": "user", "object": NAME}}])  # letters beyond ASCII escaped
    LogEntry.objects.create(user=staff, object_repr="7", action_flag=CHANGE, change_message=as_django_writes_it)
    elsewhere = Client()
    elsewhere.force_login(leyla)
    unknown = SessionStore()  # somebody who began to sign in and went away
    unknown["account_login"] = {"email": SECOND_ADDRESS}
    unknown.save()
    return leyla


def test_the_search_of_the_next_test_finds_what_is_there(client, folders):
    lived_here(client)

    places = found_in_database(ADDRESS, NAME)

    assert {"accounts_user.email", "mail_message.text", "django_admin_log.object_repr"} <= set(places)
    assert found_in_files(folders, ADDRESS)


def test_whoever_erases_the_account_is_nowhere_any_more(client, folders, django_capture_on_commit_callbacks):
    leyla = f"'_auth_user_id': '{lived_here(client).pk}'"

    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(reverse("privacy:erase"), {"sure": "on"})

    assert page.status_code == 200
    assert "sessionid" not in {name for name, cookie in client.cookies.items() if cookie.value}
    assert found_in_database(ADDRESS, SECOND_ADDRESS, NAME) == []
    assert found_in_files(folders, ADDRESS, SECOND_ADDRESS) == []
    assert client.get(reverse("privacy:my_data")).status_code == 302
    assert not any(leyla in str(session.get_decoded()) for session in Session.objects.all())
    assert not any("example.org" in str(session.get_decoded()) for session in Session.objects.all())
    assert {"account", "privacy", "letters", "sessions"} <= set(
        Destroyed.objects.values_list("record_class", flat=True)
    )


@pytest.mark.parametrize("name", ["public", "e", "you need", "Ben Aliyev", "news"])
def test_a_name_one_gives_oneself_reaches_nothing_of_others(client, name):
    """Once, somebody called `public` who left took the trail and the desk's log along."""
    boss = person("boss@example.org", "Boss", is_staff=True)
    ben = person("ben@example.org", "Ben Aliyev")
    venue = Venue.objects.create(slug="v", name=f"The {name} hall", facts=f"What you need is public: {name}")
    venue.name = "Hall"
    venue.save()
    LogEntry.objects.log_actions(boss.pk, [venue, ben], CHANGE, f"{name} changed")
    words = {"name": f"{name} and what you need"}
    for to in ("ben@example.org", "boss@example.org"):
        outbox.put("news", key=f"sent {to}", to=to, language="en", payload=words, now=NOW)
    pump.run(lambda: NOW)
    outbox.put("news", key="waiting", to="ben@example.org", language="en", payload=words, now=NOW)

    def of_others():
        return (
            list(Entry.objects.exclude(model__startswith="account").order_by("pk").values()),
            list(LogEntry.objects.order_by("pk").values()),
            list(outbox.Message.objects.order_by("pk").values()),
        )

    before = of_others()

    erasing.erase(Person.of(person("mallory@example.com", name)), now=NOW, rule="test")

    assert of_others() == before


def test_a_short_address_is_not_found_in_a_longer_one():
    boss = person("boss@example.org", "Boss", is_staff=True)
    others = ["lea@x.com", "a@x.co.uk", "b-a@x.co", "a@x.co-op.org"]
    venue = Venue.objects.create(slug="v", name="Hall", facts=" ".join(others))
    LogEntry.objects.log_actions(boss.pk, [venue], CHANGE, f"Told {others}")
    for number, other in enumerate(others):
        outbox.put("news", key=str(number), to="ben@example.org", language="en", payload={"name": other}, now=NOW)
    theirs = SessionStore()
    theirs["account_login"] = {"email": "lea@x.com"}
    theirs.save()

    erasing.erase(Person.of(person("a@x.co", "A")), now=NOW, rule="test")

    assert set(Destroyed.objects.values_list("record_class", flat=True)) == {
        "account",
        "trail",
    }  # the account's own lines
    assert Entry.objects.get(model="events.venue").changes["facts"] == [None, " ".join(others)]
    assert LogEntry.objects.get().change_message == f"Told {others}"
    assert [letter.payload["name"] for letter in outbox.Message.objects.order_by("pk")] == others
    assert theirs.exists(theirs.session_key)


def test_letters_to_others_are_still_sent_without_the_address(client):
    lived_here(client)

    erasing.erase(Person.of(get_user_model().objects.get(email=ADDRESS)), now=NOW, rule="test")

    letter = outbox.Message.objects.get(dedupe_key="5")
    assert (letter.state, letter.payload) == ("pending", {"name": "about –"})


def test_an_address_is_found_in_any_letter_case_and_in_both_spellings_of_its_domain():
    ayse = person("ayse@şəhər.az", "Ayşe")
    ascii_one = "ayse@" + "şəhər.az".encode("idna").decode()
    assert hash_of(ascii_one) == hash_of("Ayse@Şəhər.az") == hash_of("ayse@ŞƏHƏR.AZ")
    Venue.objects.create(slug="v", name="Hall", facts=f"Key: {ascii_one.upper()}", district="AYSE@ŞƏHƏR.AZ")
    requests.take_in(ascii_one, kind="tell", text="Who has it?", language="az", now=NOW)
    assert len(requests_of(ayse)) == 1
    outbox.put("news", key="1", to="ayse@şəhər.az", language="az", payload={"name": "A"}, now=NOW)

    erasing.erase(Person.of(ayse), now=NOW, rule="test")

    assert Entry.objects.get(model="events.venue").changes == {
        **Entry.objects.get(model="events.venue").changes,
        "facts": None,
        "district": None,
    }
    assert found_in_database("ayse@") == ["events_venue.district", "events_venue.facts"]  # the venue's own, not theirs


def test_an_address_that_was_only_typed_shows_and_erases_nothing_of_its_owner():
    ben, mallory = person("ben@example.org", "Ben"), person("mallory@example.com", "M")
    EmailAddress.objects.create(user=mallory, email="ben@example.org")
    outbox.put("news", key="ben", to="ben@example.org", language="en", payload={"name": "Ben"}, now=NOW)
    requests.ask(ben, kind="tell", text="Ben asks", language="en", now=NOW)
    assert "Ben asks" not in str(requests_of(mallory))

    erasing.erase(Person.of(mallory), now=NOW, rule="test")

    assert outbox.Message.objects.get(dedupe_key="ben").state == "pending"
    assert DataRequest.objects.get().text == "Ben asks"


def test_erasing_twice_at_once_counts_everything_once(client):
    leyla = Person.of(lived_here(client))

    erasing.erase(leyla, now=NOW, rule="test")
    before = Destroyed.objects.count()

    assert erasing.erase(leyla, now=NOW, rule="test") == {}
    assert Destroyed.objects.count() == before


def requests_of(who):
    return [each for room in holdings.rooms() if room.name == "privacy" for each in room.held(Person.of(who))]


def test_what_an_erased_person_allowed_is_allowed_no_more(client):
    leyla = lived_here(client)

    erasing.erase(Person.of(leyla), now=NOW, rule="test")

    assert not consents.holds(ADDRESS, "newsletter")
    assert not consents.holds(SECOND_ADDRESS, "photographs")
    assert Consent.objects.filter(act="given").count() == 2  # the ledger still shows what was allowed when
    assert DataRequest.objects.get().state == DataRequest.State.WITHDRAWN


def test_another_person_keeps_everything(client):
    lived_here(client)
    ben = person("ben@example.org", "Ben")
    consents.give(ben, "newsletter", how="form", now=NOW)
    outbox.put("news", key="ben", to="ben@example.org", language="en", payload={"name": "Ben"}, now=NOW)

    client.post(reverse("privacy:erase"), {"sure": "on"})

    ben.refresh_from_db()
    assert consents.holds(ben, "newsletter")
    assert outbox.Message.objects.get(dedupe_key="ben").state == "pending"


def test_seeing_the_page_or_sending_it_without_the_tick_erases_nothing(client):
    leyla = lived_here(client)

    client.get(reverse("privacy:erase"))
    page = client.post(reverse("privacy:erase"), {})

    assert page.status_code == 200
    leyla.refresh_from_db()
    assert leyla.email == ADDRESS


def test_staff_hand_over_first(client):
    staff = person(is_staff=True)
    sign_in(client, staff)

    with pytest.raises(ValidationError):
        erasing.erase(Person.of(staff), now=NOW, rule="test")

    with translation.override("en"):
        page = client.post(reverse("privacy:erase"), {"sure": "on"})
    assert "hand over" in page.content.decode()
    staff.refresh_from_db()


def test_trouble_in_one_room_undoes_the_erasing_in_all(client, monkeypatch):
    leyla = lived_here(client)

    def fail(person, now):
        raise FileNotFoundError

    monkeypatch.setitem(holdings._rooms, "zzz", Room("zzz", "x", (), held=lambda _: [], erase=fail, is_last=True))
    before = found_in_database(ADDRESS)

    with pytest.raises(FileNotFoundError):
        erasing.erase(Person.of(leyla), now=NOW, rule="test")

    assert found_in_database(ADDRESS) == before


# --- Taking one's data along ---------------------------------------------------------------------------------


def downloaded(client) -> zipfile.ZipFile:
    response = client.post(reverse("privacy:download"))
    assert response.headers["Content-Type"] == "application/zip"
    assert "no-store" in response.headers["Cache-Control"]
    return zipfile.ZipFile(io.BytesIO(response.getvalue()))


def test_the_download_holds_everything_of_the_person_and_nothing_of_others(client):
    leyla = lived_here(client)
    ben = person("ben@example.org", "Ben")
    requests.ask(ben, kind="tell", text="Ben asks", language="en", now=NOW)

    data = json.loads(downloaded(client).read("data.json"))

    assert data["account"][0]["email"] == ADDRESS
    assert {"name": NAME, "language": "en"}.items() <= data["account"][0].items()
    assert [letter["recipient"] for letter in data["letters"] if "Good day" in letter["text"]] == [
        ADDRESS,
        SECOND_ADDRESS,
    ]
    kinds_told = {row["kind"] for row in data["privacy"]}
    assert len(kinds_told) == 4
    assert "Ben" not in json.dumps(data)
    assert leyla.password
    assert leyla.password not in json.dumps(data)


def test_files_are_in_the_zip_under_names_that_stay_in_their_folder(client, monkeypatch):
    leyla = person()
    sign_in(client, leyla)
    files = [("../../etc/passwd", lambda: b"one"), ("ş ə.pdf", lambda: b"two"), ("../..", lambda: b"three")]
    room = Room("shelf", "Shelf", (), held=lambda who: [told(who.user, "email", files=files)], erase=lambda *_: 0)
    monkeypatch.setitem(holdings._rooms, "shelf", room)

    archive = downloaded(client)

    names = [name for name in archive.namelist() if name != "data.json"]
    assert [archive.read(name) for name in names] == [b"one", b"two", b"three"]
    assert all(name.startswith("shelf/") and ".." not in name.removeprefix("shelf/")[:7] for name in names)
    assert all("/" not in name.removeprefix("shelf/") for name in names)
    assert json.loads(archive.read("data.json"))["shelf"][0]["files"] == names


@pytest.mark.parametrize("name", ["erase", "download"])
def test_a_browser_left_open_neither_erases_nor_carries_out(client, name):
    leyla = person()
    leyla.set_password("a long password")
    leyla.save()
    client.force_login(leyla)

    answer = client.post(reverse(f"privacy:{name}"), {"sure": "on"})

    assert "reauthenticate" in answer.headers["Location"]
    leyla.refresh_from_db()


@pytest.mark.parametrize("name", ["my_data", "ask", "erase", "download"])
def test_nobody_sees_anything_without_signing_in(client, name):
    for answer in (client.get(reverse(f"privacy:{name}")), client.post(reverse(f"privacy:{name}"))):
        assert answer.status_code in (302, 405)


def test_a_download_is_never_the_answer_to_a_link(client):
    sign_in(client, person())

    assert client.get(reverse("privacy:download")).status_code == 405


# --- Every table ---------------------------------------------------------------------------------------------

EVERY_MODEL = [model for model in apps.get_models() if not model._meta.proxy]


def test_every_model_with_personal_fields_is_told_and_erased_by_its_room():
    covered = {model for room in holdings.rooms() for model in room.models}

    assert [model for model in EVERY_MODEL if hasattr(model, "Personal") and model not in covered] == []


@pytest.mark.parametrize("model", [m for m in EVERY_MODEL if hasattr(m, "Personal")], ids=lambda m: m._meta.label)
def test_personal_fields_are_fields(model):
    names = {field.name for field in model._meta.get_fields()}

    assert set(model.Personal.fields) <= names


def test_no_model_holds_an_address_without_saying_that_it_is_personal():
    """allauth's own tables cannot say so; the account's room tells and erases them."""
    covered = {model for room in holdings.rooms() for model in room.models}
    silent = [
        model._meta.label
        for model in EVERY_MODEL
        if any(isinstance(field, models.EmailField) for field in model._meta.fields) and model not in covered
    ]

    assert silent == []


# --- In the words of the reader -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "moment", "said"),
    [
        ("tr", "20 Mart 2026, 12.00 (İzmir saati)", {"evet", "English"}),
        ("az", "20 mart 2026-cı il, 12:00 (İzmir vaxtı)", {"bəli", "English"}),
        ("en", "20 March 2026, 12:00 (İzmir time)", {"yes", "English", "network address (IP)"}),
    ],
)
def test_my_data_speaks_the_language_of_its_reader(client, language, moment, said):
    leyla = person()
    EmailAddress.objects.create(user=leyla, email=ADDRESS, primary=True, verified=True)
    UserSession.objects.create(user=leyla, session_key="x", ip="192.0.2.7", user_agent="Browser", created_at=NOW)
    client.force_login(leyla)

    with translation.override(language):
        page = client.get(reverse("privacy:my_data")).content.decode()

    shown = set(re.findall(r"<d[td]>(.*?)</d[td]>", page, re.DOTALL))
    assert moment in shown
    assert said <= shown, shown
    assert {"True", "False", "en", "ip", "created at", "user agent"}.isdisjoint(shown)


def test_the_file_names_kinds_and_states_as_data_not_in_a_language(client):
    lived_here(client)

    with translation.override("az"):
        data = json.loads(downloaded(client).read("data.json"))

    assert {row["kind"] for row in data["letters"]} == {"mail.message"}
    assert "sent" in {row["state"] for row in data["letters"]}
