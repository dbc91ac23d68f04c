"""Samples: something to register for in each way, and nothing of them stays."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from events import registration, samples
from events.attendance import Allotment, OwnCalendar, Question, Registration, RegistrationPolicy
from events.models import Event
from events.tests.make import make_event
from izbaku.mail import pump
from izbaku.mail.models import Message

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_march(settings, tmp_path: Path):
    settings.MAIL_FOLDER = tmp_path / "inbox"
    settings.MAIL_URL = ""
    with time_machine.travel(NOW, tick=False):
        yield


def test_there_is_a_sample_for_each_way_of_registering():
    samples.load(NOW)

    ways = dict(RegistrationPolicy.objects.order_by("event__slug").values_list("event__slug", "mode"))
    assert ways == {"sample-1": "open", "sample-2": "approval", "sample-3": "open", "sample-4": "invitation"}
    assert Allotment.objects.get(event__slug="sample-1").left == "free"
    assert Allotment.objects.get(event__slug="sample-3").left == "full"
    line = Registration.objects.filter(event__slug="sample-3").order_by("pk")
    assert [row.state for row in line] == ["confirmed", "waiting"]
    assert not Message.objects.exists()  # nobody is written to about people who do not exist


def test_loading_twice_adds_nothing_and_changes_nothing():
    samples.load(NOW)
    RegistrationPolicy.objects.filter(event__slug="sample-1").update(mode="none")

    assert samples.load(NOW) == 0

    assert RegistrationPolicy.objects.get(event__slug="sample-1").mode == "none"
    assert Registration.objects.count() == 2


def test_removing_the_samples_takes_who_registered_and_their_letters_along_and_nothing_else(
    settings, django_capture_on_commit_callbacks
):
    samples.load(NOW)
    real = make_event("gala", starts_at=datetime(2026, 3, 21, 16, tzinfo=UTC))
    RegistrationPolicy.objects.create(event=real, mode="open")
    sample = Event.objects.get(slug="sample-1")
    for event, email in ((real, "ada@example.org"), (sample, "ada@example.org"), (sample, "ben@example.org")):
        registration.register(event, name="Ada", email=email, language="en", now=NOW)
    pump.run(lambda: NOW)
    assert len(list(settings.MAIL_FOLDER.glob("*.eml"))) == 3
    assert OwnCalendar.objects.count() == 2

    with django_capture_on_commit_callbacks(execute=True):
        assert samples.remove() == 5

    assert [row.event.slug for row in Registration.objects.all()] == ["gala"]
    assert [letter.subject for letter in Message.objects.all()] == ["Confirmed: Gala"]
    assert len(list(settings.MAIL_FOLDER.glob("*.eml"))) == 1
    assert list(RegistrationPolicy.objects.values_list("event__slug", flat=True)) == ["gala"]
    assert not Question.objects.exists()
    assert [calendar.email for calendar in OwnCalendar.objects.all()] == ["ada@example.org"]
