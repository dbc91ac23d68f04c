"""Letters that come back, answers from calendar programs, holiday notes: what of it is believed, and what follows."""

import os
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import given, strategies

from izbaku.mail import incoming, kinds, mailbox, outbox, pump, reconciling, returning
from izbaku.mail.incoming import Was
from izbaku.mail.kinds import Kind, Letter
from izbaku.mail.models import Mailbox, Message, Suppression
from izbaku.mail.tests import imap, relay
from izbaku.mail.tests.crowd import NOON

State = Message.State
HARD, FULL, SLOW = ("failed", "5.1.1", "550 5.1.1"), ("failed", "5.2.2", "552 5.2.2"), ("delayed", "4.4.1", "")


@pytest.fixture(autouse=True)
def own_addresses(settings):
    settings.MAIL_RETURN = "bounces+{}@portal.example"


@pytest.fixture
def heard(db):
    """Registers a kind of letter whose room hears of bounces."""
    before, heard = dict(kinds._kinds), []
    kinds.register(
        Kind(
            "news", lambda message: Letter("News", "Good day"), came_back=lambda message, now: heard.append(message.pk)
        )
    )
    yield heard
    kinds._kinds.clear()
    kinds._kinds.update(before)


def make_letter(state: str = State.SENT, to: str = "ada@example.org", key: str = "n:1") -> Message:
    message = outbox.put("news", key=key, to=to, language="en", now=NOON)
    assert message is not None
    Message.objects.filter(pk=message.pk).update(state=state, attempts=1, code=250 if state == State.SENT else None)
    message.refresh_from_db()
    return message


def report(
    to: str, verdict: tuple[str, str, str] = HARD, *, reader: str = "ada@example.org", where: str = "To"
) -> bytes:
    """As Postfix writes it."""
    action, status, words = verdict
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
{where}: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Fri, 20 Mar 2026 12:00:00 +0300 (TRT)

Final-Recipient: rfc822; {reader}
Original-Recipient: rfc822;{reader}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; {words} <{reader}>: Recipient address
    rejected: User unknown

--B
Content-Type: message/rfc822

Subject: News

Good day
--B--
""".replace("\n", "\r\n").encode()


def take(raw: bytes, **more) -> Was:
    return incoming.take(raw, now=NOON, **more)


def suppressed(address: str = "ada@example.org") -> str:
    found = Suppression.of(address, NOON)
    return found.reason if found else ""


def test_a_letter_that_comes_back_says_so_and_its_address_gets_no_more(heard):
    letter = make_letter()

    assert take(report(returning.path_of(letter))) is Was.REPORT

    letter.refresh_from_db()
    assert (letter.state, letter.code, letter.evidence) == (State.BOUNCED, 550, "report")
    assert letter.answer == "550 5.1.1 <…>: Recipient address rejected: User unknown"
    assert suppressed() == "no_such_address"
    assert heard == [letter.pk]


def test_the_same_report_twice_changes_nothing_more(heard):
    letter = make_letter()
    take(report(returning.path_of(letter)))
    Suppression.objects.all().delete()  # staff have asked, and the address was mended

    take(report(returning.path_of(letter)))

    assert suppressed() == ""
    assert heard == [letter.pk]


@pytest.mark.parametrize("where", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_return_path_is_found_wherever_the_server_writes_it_and_in_any_letter_case(heard, where):
    letter = make_letter()
    assert take(report(returning.path_of(letter).upper(), where=where)) is Was.REPORT
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED


def test_a_forged_return_path_harms_nobody(heard):
    letter, other = make_letter(), make_letter(to="ben@example.org", key="n:2")
    right = returning.path_of(letter)
    token = right.partition("+")[2].partition("@")[0]
    forged = [
        right.replace(token, f"{other.pk:x}-{token.partition('-')[2]}"),  # another letter's number
        right.replace(token, token[:-1] + ("a" if token[-1] != "a" else "b")),
        right.replace(token, token.partition("-")[0]),
        right.replace(token, ""),
        right.replace("portal.example", "elsewhere.example"),
        "bounces+{}@portal.example",
        "",
    ]

    for address in forged:
        assert take(report(address, reader="ben@example.org")) is Was.FORGED

    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}
    assert Suppression.objects.count() == 0
    assert heard == []


def test_the_report_speaks_of_the_letter_and_not_of_whoever_it_names(heard):
    """Whoever got one letter holds one token: with it they can only declare their own address dead."""
    letter = make_letter()
    take(report(returning.path_of(letter), reader="mayor@izmir.example"))
    assert suppressed("mayor@izmir.example") == ""
    assert suppressed("ada@example.org") == "no_such_address"


def test_a_full_mailbox_is_counted_and_the_third_time_the_address_gets_a_rest(heard):
    for number in range(3):
        assert suppressed() == ""
        letter = make_letter(key=f"n:{number}")
        take(report(returning.path_of(letter), FULL))
        letter.refresh_from_db()
        assert letter.state == State.BOUNCED

    assert suppressed() == "unreachable"
    assert Suppression.of("ada@example.org", NOON + timedelta(days=91)) is None


def test_a_letter_that_is_only_late_has_not_come_back(heard):
    letter = make_letter()
    take(report(returning.path_of(letter), SLOW))
    letter.refresh_from_db()
    assert letter.state == State.SENT
    assert heard == []


@pytest.mark.parametrize(
    ("verdict", "state"), [(HARD, "bounced"), (FULL, "bounced"), (SLOW, "sent"), (("delivered", "2.0.0", ""), "sent")]
)
def test_an_uncertain_letter_is_resolved_by_what_comes_back(heard, verdict, state):
    letter = make_letter(State.UNCERTAIN)
    take(report(returning.path_of(letter), verdict))
    letter.refresh_from_db()
    assert (letter.state, letter.evidence) == (state, "report")
    assert reconciling.run(NOON)["sent without a 250"] == 0


def test_an_uncertain_letter_whose_reader_answers_has_arrived(heard):
    letter = make_letter(State.UNCERTAIN)
    assert returning.has_arrived(Message.objects.filter(pk=letter.pk), now=NOON) == 1
    letter.refresh_from_db()
    assert (letter.state, letter.evidence) == (State.SENT, "answer")


def test_a_report_that_is_quicker_than_the_relays_answer_is_kept(heard, settings):
    """The relay's 250 is still in the pump's memory when the letter comes back."""
    with relay.running() as post:
        settings.MAIL_URL = post.url
        letter = outbox.put("news", key="n:1", to="ada@example.org", language="en", now=NOON)
        assert letter is not None
        first = post.handle_DATA

        async def back_at_once(server, session, envelope):
            bounces.append(envelope.mail_from)
            return await first(server, session, envelope)

        bounces: list[str] = []
        post.handle_DATA = back_at_once
        store = pump.Settled.store

        def late(settled) -> None:
            take(report(bounces[0]))
            store(settled)

        pump.Settled.store = late
        try:
            pump.run(lambda: NOON)
        finally:
            pump.Settled.store = store

    letter.refresh_from_db()
    assert bounces == [returning.path_of(letter)]
    assert (letter.state, letter.claim) == (State.BOUNCED, None)


HOLIDAY = b"From: ada@example.org\r\nTo: %s\r\nAuto-Submitted: auto-replied\r\nSubject: away\r\n\r\nI am away.\r\n"


def test_holiday_notes_are_ignored_and_people_are_left_to_people(heard):
    letter = make_letter()
    path = returning.path_of(letter).encode()

    assert take(HOLIDAY % path) is Was.AUTOMATIC
    assert take(b"Precedence: bulk\r\nTo: " + path + b"\r\n\r\nNews") is Was.AUTOMATIC
    assert take(b"Return-Path: <>\r\nTo: " + path + b"\r\n\r\nHi. This is the qmail-send program.") is Was.AUTOMATIC
    assert take(b"From: ada@example.org\r\nTo: " + path + b"\r\nAuto-Submitted: no\r\n\r\nDear all") is Was.PERSON

    letter.refresh_from_db()
    assert letter.state == State.SENT
    assert suppressed() == ""


@given(strategies.binary(max_size=400), strategies.integers(0, 1200), strategies.integers(0, 1200))
def test_whatever_comes_in_nothing_breaks(noise, first, second):
    """A report, or an answer, with any bytes in any place."""
    with no_rooms():
        for letter in (report("bounces+1-aaaaaaaaaaaaaaaa@portal.example"), answer(), HOLIDAY):
            broken = letter[: first % len(letter)] + noise + letter[second % len(letter) :]
            assert incoming.take(broken, now=NOON) in Was


# --- Answers from calendar programs ---------------------------------------------------------------------------


def answer(partstat: str = "ACCEPTED", method: str = "REPLY", attendees: str = "", uid: str = "u-1@portal") -> bytes:
    who = attendees or f"ATTENDEE;PARTSTAT={partstat};CN=Ada:mailto:Ada@Example.org\r\n"
    lines = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
    calendar = f"{lines}DTSTAMP:20260320T090000Z\r\nDTSTART:20260321T160000Z\r\n{who}END:VEVENT\r\nEND:VCALENDAR\r\n"
    head = (
        "From: Ada@Example.org\r\nTo: portal@portal.example\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
    )
    parts = (
        'Content-Type: multipart/alternative; boundary="C"\r\n\r\n--C\r\nContent-Type: text/plain\r\n\r\nYes\r\n--C\r\n'
    )
    kind = f'Content-Type: text/calendar; charset="utf-8"; method={method}\r\n\r\n'
    return f"{head}{parts}{kind}{calendar}--C--\r\n".encode()


@contextmanager
def no_rooms():
    """As if no room heard of answers."""
    before, incoming._hooks[:] = list(incoming._hooks), []
    try:
        yield
    finally:
        incoming._hooks[:] = before


@pytest.fixture
def answers():
    found: list[tuple[str, str, str]] = []
    with no_rooms():

        @incoming.on_calendar_reply
        def hear(reply, now):
            found.append((reply.uid, reply.attendee, reply.partstat))
            return reply.uid.startswith("u-")

        yield found


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_an_answer_from_a_calendar_program_is_heard(answers, partstat):
    """Also from programs that call their letters automatic."""
    assert take(answer(partstat)) is Was.REPLY
    assert answers == [("u-1@portal", "ada@example.org", partstat)]


def test_what_is_no_answer_is_none(answers):
    two = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x.org\r\nATTENDEE;PARTSTAT=DECLINED:mailto:b@x.org\r\n"
    assert take(answer(method="REQUEST")) is Was.AUTOMATIC
    assert take(answer(partstat="NEEDS-ACTION")) is Was.AUTOMATIC
    assert take(answer(attendees=two)) is Was.AUTOMATIC
    assert take(answer(attendees="SUMMARY:x\r\n")) is Was.AUTOMATIC
    assert answers == []
    assert take(answer(uid="other")) is Was.UNKNOWN


# --- Where it comes in ----------------------------------------------------------------------------------------


def test_a_mailbox_is_read_once_from_where_it_was_left_off(heard, answers):
    letter = make_letter()
    with imap.running() as box:
        box.put(report(returning.path_of(letter)))
        person = box.put(b"From: ada@example.org\r\n\r\nDear all")
        first = mailbox.read(box.url, now=NOON)
        again = mailbox.read(box.url, now=NOON)
        box.put(answer())
        news = mailbox.read(box.url, now=NOON)

    assert (first, again, news) == ({"report": 1, "person": 1}, {}, {"reply": 1})
    assert person not in box.seen
    assert len(box.seen) == 2
    assert Mailbox.objects.get().address.startswith("portal@127.0.0.1")
    assert "secret" not in Mailbox.objects.get().address


def test_a_mailbox_whose_line_breaks_is_read_on_from_there(heard, answers):
    with imap.running() as box:
        for number in range(5):
            box.put(answer(uid=f"u-{number}"))
        box.breaks_at = "UID FETCH 3"
        first = mailbox.read(box.url, now=NOON)
        rest = mailbox.read(box.url, now=NOON)

    assert first == {"reply": 2, "unavailable": 1}
    assert rest == {"reply": 3}
    assert [uid for uid, _who, _what in answers] == [f"u-{number}" for number in range(5)]


def test_a_mailbox_that_was_restored_gives_no_answer_twice(heard, answers):
    with imap.running() as box:
        box.put(answer(uid="u-1"))
        mailbox.read(box.url, now=NOON)
        box.renumber()
        box.put(answer(uid="u-2"))
        mailbox.read(box.url, now=NOON)

    assert [uid for uid, _who, _what in answers] == ["u-1", "u-2"]


def test_a_letter_that_a_room_cannot_deal_with_does_not_stop_the_others(heard, answers, caplog):
    @incoming.on_calendar_reply
    def stumble(reply, now):
        if reply.uid == "u-1":
            raise RuntimeError("a private word")
        return False

    with imap.running() as box:
        box.put(answer(uid="u-1"))
        box.put(answer(uid="u-2"))
        assert mailbox.read(box.url, now=NOON) == {"failed": 1, "reply": 1}


@pytest.mark.parametrize("url", ["imap://portal:wrong@{}", "imap://portal:secret@127.0.0.1:1/INBOX"])
def test_a_mailbox_out_of_reach_is_asked_again_and_no_password_is_told(db, caplog, url):
    with imap.running() as box:
        tally = mailbox.read(url.format(box.url.partition("@")[2]), now=NOON)
    assert tally == {"unavailable": 1}
    assert "wrong" not in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.skipif(
    not imap.DOVECOT or os.geteuid() != 0, reason="Dovecot is not installed (apt install dovecot-imapd)"
)
def test_a_real_imap_server_is_read_the_same_way(heard, answers):
    letter = make_letter()
    with imap.dovecot() as (url, maildir):
        (maildir / "new" / "1.a").write_bytes(report(returning.path_of(letter)))
        (maildir / "new" / "2.b").write_bytes(b"From: ada@example.org\r\n\r\nDear all")
        (maildir / "new" / "3.c").write_bytes(answer() + b"x" * 600_000)
        first = mailbox.read(url, now=NOON + timedelta(days=3))
        again = mailbox.read(url, now=NOON + timedelta(days=3))
        flags = sorted(path.name.rpartition(",")[2] for path in (maildir / "cur").iterdir())

    assert (first, again) == ({"report": 1, "person": 1, "reply": 1}, {})
    assert flags == ["", "S", "S"]


def post(client, raw: bytes, token: str = "", **headers):
    return client.post(
        "/mail/bounces/",
        raw,
        content_type="message/rfc822",
        headers={"Authorization": f"Bearer {token}"} | headers,
    )


def test_reports_are_handed_in_with_the_token_only(heard, client, settings):
    letter = make_letter()
    raw, path = report("<undisclosed>"), returning.path_of(letter)
    assert post(client, raw, **{"X-Original-To": path}).status_code == 404  # no token is set: there is no such door
    settings.BOUNCES_TOKEN = "right"
    assert post(client, raw, "wrong", **{"X-Original-To": path}).status_code == 404
    assert client.get("/mail/bounces/").status_code == 405
    letter.refresh_from_db()
    assert letter.state == State.SENT

    forged = post(client, raw, "right", **{"X-Original-To": "bounces+1-aaaaaaaaaaaaaaaa@portal.example"})
    taken = post(client, raw + b"x" * 5_000_000, "right", **{"X-Original-To": path})

    assert (forged.status_code, taken.status_code) == (204, 204)
    assert forged.content == taken.content == b""
    letter.refresh_from_db()
    assert letter.state == State.BOUNCED
