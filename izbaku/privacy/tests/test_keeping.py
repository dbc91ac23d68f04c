"""Each class of records goes on its day, neither before nor after, and the log of it names nobody."""

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache, caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone, translation

from izbaku import holdings
from izbaku.celery import app
from izbaku.holdings import Person, RecordClass
from izbaku.mail import kinds, outbox, pump
from izbaku.mail.kinds import Kind, Letter
from izbaku.mail.models import Message
from izbaku.privacy import consents, erasing, reads, requests, retention, tasks
from izbaku.privacy.models import Consent, DataRequest, Destroyed, Reading, RetentionRule
from izbaku.privacy.tests.make import NOW, person
from izbaku.privacy.unchanging import Unchanging

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path / "inbox"
    return settings.MAIL_FOLDER


@pytest.fixture
def news():
    kinds.register(Kind("news", lambda message: Letter("News", f"Good day {message.payload['name']}")))
    yield
    kinds._kinds.pop("news")


def period(name: str) -> timedelta:
    return RetentionRule.objects.get(record_class=name).period


def counts(lines) -> dict[str, int]:
    return {line.record_class: line.count for line in lines if line.count}


def sent_letter() -> None:
    outbox.put("news", key="n", to="ada@example.org", language="en", payload={"name": "Ada L."}, now=NOW)
    pump.run(lambda: NOW)


def expired_session() -> None:
    with time_machine.travel(NOW, tick=False):
        session = SessionStore()
        session["address"] = "ada@example.org"
        session.set_expiry(0)
        session.create()
    Session.objects.update(expire_date=NOW)


def noted_reading() -> None:
    reads.note(person("ada@example.org"), by=person("staff@example.org"), what=["name"], now=NOW)


def withdrawn_consent() -> None:
    ada = person("ada@example.org")
    consents.give(ada, "newsletter", how="form", now=NOW)
    consents.withdraw(ada, "newsletter", how="form", now=NOW)


def answered_request() -> None:
    ada = person("ada@example.org")
    asked = requests.ask(ada, kind="tell", text="Of Ada", language="en", now=NOW)
    requests.answer(asked, by=ada, text="Dear Ada", now=NOW)


def logged_destruction() -> None:
    retention.note("letter", 3, now=NOW, rule="90 days")


@pytest.mark.parametrize(
    ("name", "make", "left", "count"),
    [
        ("letter", sent_letter, lambda: Message.objects.filter(recipient__contains="@"), 1),
        ("session", expired_session, Session.objects.all, 1),
        ("reading", noted_reading, Reading.objects.all, 1),
        ("consent", withdrawn_consent, Consent.objects.all, 2),
        ("data_request", answered_request, DataRequest.objects.all, 1),
        ("destruction", logged_destruction, lambda: Destroyed.objects.filter(record_class="letter", count=3), 1),
    ],
)
def test_each_class_goes_on_its_day(news, folder, name, make, left, count):
    make()
    day = NOW + period(name)

    assert counts(retention.destroy_due(day - SECOND)).get(name, 0) == 0
    assert left().count() == count
    assert counts(retention.report(day + SECOND))[name] == count  # a dry run counts, and leaves everything
    assert left().count() == count

    assert counts(retention.destroy_due(day + SECOND))[name] == count
    assert left().count() == 0
    assert list(folder.glob("*.eml")) == [] or name != "letter"
    assert counts(retention.destroy_due(day + SECOND)).get(name, 0) == 0


def test_the_log_of_destructions_says_what_and_how_many_and_nothing_of_whom(news):
    sent_letter()
    noted_reading()

    retention.destroy_due(NOW + timedelta(days=731))

    rows = list(Destroyed.objects.order_by("record_class").values("record_class", "count", "rule"))
    assert rows == [
        {"record_class": "letter", "count": 1, "rule": "90 days"},
        {"record_class": "reading", "count": 1, "rule": "730 days"},
    ]
    assert not any(word in str(list(Destroyed.objects.values())) for word in ("ada", "Ada", "@"))


def test_consents_that_hold_are_never_too_old():
    ada = person()
    consents.give(ada, "newsletter", how="form", now=NOW)

    retention.destroy_due(NOW + timedelta(days=9999))

    assert consents.holds(ada, "newsletter")


def test_a_changed_rule_moves_the_day_of_records_already_counted():
    answered_request()
    rule = RetentionRule.objects.get(record_class="data_request")
    rule.days = 400

    retention.change(rule)

    assert DataRequest.objects.get().destroy_after == NOW + timedelta(days=400)


def test_a_request_opened_again_has_no_day():
    answered_request()
    asked = DataRequest.objects.get()

    retention.stop(asked)
    asked.save()

    assert counts(retention.destroy_due(NOW + timedelta(days=9999))).get("data_request", 0) == 0


@pytest.mark.parametrize("days", [1094, 3651])
def test_a_period_outside_its_limits_is_refused_by_the_form_and_by_the_database(days):
    rule = RetentionRule.objects.get(record_class="destruction")
    rule.days = days

    with pytest.raises(ValidationError):
        retention.change(rule)
    with pytest.raises(IntegrityError), transaction.atomic():
        RetentionRule.objects.filter(pk=rule.pk).update(days=days)


def test_trouble_in_one_class_holds_up_no_other(news, monkeypatch):
    def fail(now, period):
        reads.note(person("x@example.org"), by=person("y@example.org"), what="a", now=now)
        raise OSError("ada@example.org could not be deleted")

    monkeypatch.setitem(holdings._classes, "session", RecordClass("session", "x", due=lambda *_: 1, destroy=fail))
    sent_letter()

    lines = {line.record_class: line for line in retention.destroy_due(NOW + timedelta(days=91))}

    assert (lines["session"].count, lines["session"].trouble) == (0, "OSError")
    assert lines["letter"].count == 1
    assert Reading.objects.count() == 0  # its half-done work is undone


def test_the_command_says_each_class_and_a_dry_run_destroys_nothing(news):
    sent_letter()

    with time_machine.travel(NOW + timedelta(days=91), tick=False):
        call_command("destroy_due", dry_run=True, stdout=(dry := StringIO()))
        assert Message.objects.get().recipient == "ada@example.org"
        call_command("destroy_due", stdout=(wet := StringIO()))

    assert "1  letter               90 days" in dry.getvalue()
    assert "Nothing was destroyed." in dry.getvalue()
    assert "1  letter               90 days" in wet.getvalue()
    assert "@" not in Message.objects.get().recipient


@pytest.mark.parametrize(("hour", "count"), [(12, 1), (0, 0)])
def test_the_hourly_bell_destroys_at_night_only(news, hour, count):
    """Midnight UTC is three in the morning in İzmir."""
    sent_letter()

    with time_machine.travel((NOW + timedelta(days=91)).replace(hour=hour), tick=False):
        tasks.nightly()

    assert Message.objects.filter(recipient="ada@example.org").count() == count


def test_staff_are_warned_once_a_week_before_records_go():
    answered_request()
    staff = person("chief@example.org", is_superuser=True)
    Message.objects.all().delete()
    soon = NOW + period("data_request") - 10 * DAY

    assert requests.warn(NOW) == 0
    assert requests.warn(soon) == 1
    assert requests.warn(soon + SECOND) == 0

    letter = Message.objects.get()
    words = kinds.get("privacy.warning").build(letter)
    assert letter.recipient == staff.email
    assert "1 in all" in words.text
    assert "Ada" not in words.text + words.subject


def test_the_logs_are_neither_changed_nor_deleted():
    noted_reading()
    logged_destruction()

    for row in (Reading.objects.get(), Destroyed.objects.get()):
        for change in (row.save, row.delete, type(row).objects.all().delete):
            with pytest.raises(Unchanging):
                change()


def test_every_class_has_a_rule():
    assert set(holdings.classes()) <= set(RetentionRule.objects.values_list("record_class", flat=True))


def test_the_association_reads_the_periods_that_hold():
    """The table in docs/privacy.md and the rules as they ship are the same."""
    text = (settings.BASE_DIR / "docs" / "privacy.md").read_text()
    told = {name: int(days) for name, days in re.findall(r"^\| `(\w+)` \|.*?\|.*?\| (\d+) \|", text, re.MULTILINE)}

    assert told == dict(RetentionRule.objects.values_list("record_class", "days"))


def test_every_bell_rings_for_a_task_that_exists():
    app.loader.import_default_modules()

    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
    assert "privacy.nightly" in app.tasks


def test_address_and_browser_of_a_sign_in_go_with_its_session():
    leyla = person()
    with time_machine.travel(NOW, tick=False):
        going, gone = SessionStore(), SessionStore()
        going.create()
        gone.create()
    UserSession.objects.update_or_create(session_key="cookie", defaults={"user": leyla, "ip": "192.0.2.7"})
    for session in (going, gone):
        UserSession.objects.create(session_key=session.session_key, user=leyla, ip="192.0.2.7", user_agent="Browser")
    UserSession.objects.update(last_seen_at=NOW)
    Session.objects.filter(pk=going.session_key).update(expire_date=NOW + 9 * DAY)
    Session.objects.filter(pk=gone.session_key).update(expire_date=NOW + DAY / 2)

    assert counts(retention.destroy_due(NOW + DAY)) == {"session": 3}

    assert list(UserSession.objects.values_list("session_key", flat=True)) == [going.session_key]


def test_network_addresses_in_the_counters_of_limits_go_at_night(settings):
    cache.set("allauth:rl:login:ip:192.0.2.7", 1, timeout=60)
    cache.set("allauth:rl:login:ip:192.0.2.8", 1, timeout=86400 * 9)

    # Redis forgets what has expired by itself.
    swept = int(isinstance(caches["default"], BaseDatabaseCache))
    assert retention.sweep_cache(timezone.now() + DAY) == swept
    assert cache.get("allauth:rl:login:ip:192.0.2.8") == 1
    cache.clear()


def test_an_account_that_nobody_confirmed_goes_and_leaves_the_owner_of_its_address_alone():
    begun, invited, confirmed = (
        person("ben@example.org"),
        person("new@example.org", is_staff=True),
        person("c@example.org"),
    )
    for user in (begun, invited, confirmed):
        EmailAddress.objects.create(user=user, email=user.email, verified=user == confirmed)
    type(begun).objects.update(joined_at=NOW)
    consents.give("ben@example.org", "newsletter", how="form", now=NOW)
    outbox.put("privacy.answer", key="b", to="ben@example.org", language="en", payload={"request": 1}, now=NOW)
    assert counts(retention.destroy_due(NOW + 7 * DAY)) == {}

    assert counts(retention.destroy_due(NOW + 7 * DAY + SECOND)) == {"unverified_account": 1}

    assert set(type(begun).objects.all()) == {invited, confirmed}
    assert consents.holds("ben@example.org", "newsletter")
    assert Message.objects.get().recipient == "ben@example.org"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite's files")
def test_what_is_erased_is_in_no_file_of_the_database_either(django_db_serialized_rollback):
    leyla = person("leyla.to.be.erased@example.org", "Erased-Name-of-Leyla")

    erasing.erase(Person.of(leyla), now=NOW, rule="test")

    path = Path(str(connection.settings_dict["NAME"]))
    for file in path.parent.glob(f"{path.name}*"):
        assert b"to.be.erased" not in file.read_bytes()
        assert b"Erased-Name-of-Leyla" not in file.read_bytes()


def test_periods_and_destructions_are_told_in_words(client):
    chief = person("chief@example.org", is_staff=True, is_superuser=True)
    client.force_login(chief)
    for name, rule in (("account", "by the person"), ("desk_log", "by the person"), ("letter", "90 days")):
        retention.note(name, 1, now=NOW, rule=rule)

    with translation.override("en"):
        destroyed = client.get(reverse("admin:privacy_destroyed_changelist")).content.decode()
        periods = client.get(reverse("admin:privacy_retentionrule_changelist")).content.decode()

    assert "Log of the admin site" in destroyed
    assert ">desk_log<" not in destroyed
    assert "Drafts that were never sent" in periods
    assert "abandoned_draft" not in periods
