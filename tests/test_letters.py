"""Letters as they leave: in three languages, for people, mail programs, calendars and filters."""

import re
import shutil
import subprocess
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import icalendar
import pytest
import vobject
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.attendance import Registration
from events.letters.registrations import CONFIRMED
from events.letters.registrations import letter as letter_about
from events.tests.make import make_event
from izbaku.mail import kinds, rendering
from izbaku.mail.kinds import Letter
from izbaku.mail.models import Message

pytestmark = pytest.mark.django_db
ABOUT = {
    "received": "",
    "confirmed": "REQUEST",
    "waiting": "",
    "offered": "",
    "cancelled": "CANCEL",
    "changed": "REQUEST",
}


def make_letter(name: str, language: str) -> Letter:
    event = make_event(
        "tea",
        starts_at=timezone.now() + timedelta(days=9),
        ends_at=timezone.now() + timedelta(days=9, hours=2),
        title_tr="Çay: söyleşi, müzik; “İzmir–Bakü” ve bir gün daha, çünkü başlıklar uzun olur",
        title_az="Çay: söhbət, musiqi; “İzmir–Bakı” və bir gün də, çünki başlıqlar uzun olur",
    )
    seat = Registration(event=event, email="ada@example.org", name="Ada", language=language, party=2)
    seat.state = seat.State.CONFIRMED
    seat.offered_until = timezone.now() + timedelta(days=1)
    seat.save()
    return letter_about(name, seat, method=ABOUT[name])


def sent(letter: Letter, language: str, kind: str = "registration_confirmed") -> bytes:
    message = Message(
        kind=kind, recipient="ada@example.org", language=language, dedupe_key="k", first_tried_at=timezone.now()
    )
    return rendering.mime(message, letter)


def parsed(body: bytes) -> EmailMessage:
    return message_from_bytes(body, policy=policy.SMTP)


@pytest.mark.parametrize("language", ["tr", "az", "en"])
@pytest.mark.parametrize("name", ABOUT)
def test_a_letter_is_whole_and_says_the_same_in_each_part(name, language):
    letter = make_letter(name, language)
    body = sent(letter, language)
    mail = parsed(body)

    assert [part.defects for part in mail.walk() if part.defects] == []
    assert mail["Subject"] == letter.subject
    assert mail["Content-Language"] == language
    assert max(map(len, body.split(b"\r\n"))) <= 998
    assert b"\n" not in body.replace(b"\r\n", b"")
    plain = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert plain.split() == letter.text.split()
    spoken = re.sub(r"<style>.*?</style>|<!--.*?-->|<[^>]+>", " ", html, flags=re.S)
    missing = {word for word in re.findall(r"\w{4,}", re.sub(r"https?://\S+", "", plain)) if word not in spoken}
    assert missing == set()
    assert "<img" not in html
    assert "url(" not in html


@pytest.mark.parametrize("language", ["tr", "az", "en"])
@pytest.mark.parametrize("name", [name for name, method in ABOUT.items() if method])
def test_two_calendar_programs_read_the_part(name, language):
    mail = parsed(sent(make_letter(name, language), language))
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_param("method") for part in parts] == [ABOUT[name]] * 2
    assert [part.get_filename() for part in parts] == [None, "invite.ics"]
    bodies = {part.get_payload(decode=True) for part in parts}
    assert len(bodies) == 1
    [body] = bodies

    one = icalendar.Calendar.from_ical(body)
    assert one["METHOD"] == ABOUT[name]
    [event] = one.walk("VEVENT")
    other = vobject.readOne(body.decode())
    assert other.vevent.uid.value == str(event["UID"])
    assert other.vevent.dtstart.value.astimezone(UTC) == event.decoded("DTSTART").astimezone(UTC)


def test_headers_hold_whatever_a_title_holds():
    """A newline is no header, and letters of all languages come back as they were."""
    subject = "Çay\r\nBcc: ben@example.org\n günü, ə ğ ş ı İ — “söyleşi” " + "və musiqi " * 12
    mail = parsed(sent(Letter(subject, "x"), "az"))
    assert mail["Bcc"] is None
    assert mail["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize("text", ["", ".", "..\n.", "From here\n\nto there", "a" * 3000, "=3D =\n\ttab \n", "ə" * 400])
def test_words_come_through_as_they_are(text):
    mail = parsed(sent(Letter("s", text), "en"))
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


@pytest.mark.skipif(not shutil.which("spamassassin"), reason="SpamAssassin is not installed (apt install spamassassin)")
@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_a_spam_filter_finds_nothing_in_it(language, settings):
    """Beyond what a letter that never travelled lacks: relays, DNS, signatures."""
    settings.CONTACT = settings.CONTACT | {"email": "contact@izazder.example"}
    body = sent(make_letter("confirmed", language), language)
    verdict = subprocess.run(["spamassassin", "-L", "-t"], input=body, capture_output=True, check=True, timeout=120)
    details = verdict.stdout.decode().partition("Content analysis details")[2]
    found = {rule: float(points) for points, rule in re.findall(r"^ *(-?\d+\.\d) (\w+)", details, re.M)}
    assert "HTML_MESSAGE" in found
    assert {rule: points for rule, points in found.items() if points > 0} == {}


def test_a_batch_is_read_at_once_and_says_the_same_as_letter_by_letter(django_assert_num_queries):
    """Two questions for registrations and their event; two more, and the trail's, for calendars that are new."""
    event = make_event("tea", starts_at=timezone.now() + timedelta(days=9))
    seats = [
        Registration(event=event, email=f"R{number}@example.org", name="Ada", language=language, state="confirmed")
        for number, language in enumerate(["tr", "az", "en"] * 10)
    ]
    messages = []
    for seat in seats:
        seat.save()
        payload = {"registration": seat.pk, "version": seat.version}
        messages.append(
            Message(pk=seat.pk, kind=CONFIRMED, recipient=seat.email, language=seat.language, payload=payload)
        )
    kind = kinds.get(CONFIRMED)

    assert kind.prepare is not None
    with CaptureQueriesContext(connection) as asked:
        kind.prepare(messages)
    assert len(asked) <= 12
    with django_assert_num_queries(0):
        at_once = [kind.build(message) for message in messages]
    for message in messages:
        del message.read
    assert [kind.build(message) for message in messages] == at_once
    assert len({letter.text for letter in at_once}) == 30
