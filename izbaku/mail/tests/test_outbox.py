"""None lost, none twice: the outbox against a real mail server."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction

from izbaku.mail import claims, kinds, outbox, pump
from izbaku.mail.kinds import Kind, Letter, WhenUncertain
from izbaku.mail.models import Hold, Message, Suppression
from izbaku.mail.smtp import Fate, Relay
from izbaku.mail.tests import relay

NOON = datetime(2026, 3, 20, 9, tzinfo=UTC)
State = Message.State
wanted: dict[str, bool] = {}


def build(message: Message) -> Letter:
    return Letter(f"About {message.payload.get('what', 'nothing')}", f"Good day\n\n{message.payload.get('what')}")


@pytest.fixture(autouse=True)
def registered_kinds():
    before = dict(kinds._kinds)
    wanted.clear()
    kinds.register(Kind("news", build, lambda message, now: wanted.get(message.recipient, True)))
    kinds.register(Kind("confirmation", build, when_uncertain=WhenUncertain.AGAIN))
    kinds.register(Kind("code", build, is_secret=True, lives=timedelta(minutes=3), when_uncertain=WhenUncertain.NEVER))
    yield
    kinds._kinds.clear()
    kinds._kinds.update(before)


@pytest.fixture
def post(settings):
    with relay.running() as server:
        settings.MAIL_URL = server.url
        yield server


@pytest.fixture
def clock():
    return Clock()


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


def write(key: str = "n:1", to: str = "ada@example.org", kind: str = "news", **more) -> Message | None:
    return outbox.put(kind, key=key, to=to, payload={"what": "tea"}, **{"language": "en", "now": NOON, **more})


def states() -> dict[str, str]:
    return dict(Message.objects.values_list("dedupe_key", "state"))


pytestmark = pytest.mark.django_db(transaction=True)


def test_a_letter_leaves_once(post, clock):
    write()

    pump.run(clock)
    pump.run(clock)

    assert post.readers == ["ada@example.org"]
    assert states() == {"n:1": "sent"}


def test_a_second_letter_with_the_same_key_is_none(post, clock):
    assert write() is not None
    assert write() is None

    pump.run(clock)

    assert len(post.received) == 1


def test_a_rule_that_fails_writes_no_letter(post, clock):
    def rule() -> None:
        with transaction.atomic():
            write()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        rule()
    pump.run(clock)

    assert post.received == []


def test_a_letter_says_the_same_in_text_and_html_and_answers_no_robots(post, clock):
    write()
    pump.run(clock)

    [letter] = post.letters
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert letter["Subject"] == "About tea"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "Good day" in plain.get_content()
    assert "Good day</p>" in html.get_content()


def test_every_attempt_sends_the_same_bytes(post, clock):
    post.after_data = ["451 4.3.0 try later"]
    seen = []
    first = post.handle_DATA

    async def watch(server, session, envelope):
        seen.append(envelope.content)
        return await first(server, session, envelope)

    post.handle_DATA = watch
    write()
    pump.run(clock)
    clock.wait(hours=1)
    pump.run(clock)

    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_a_letter_put_off_is_tried_again_when_its_time_has_come(post, clock):
    post.after_data = ["451 4.3.0 try later"]
    write()

    pump.run(clock)
    assert states() == {"n:1": "deferred"}
    pump.run(clock)
    assert post.received == []
    clock.wait(minutes=6)
    pump.run(clock)

    assert states() == {"n:1": "sent"}


def test_a_refused_reader_is_refused_and_the_others_get_theirs(post, clock):
    post.at_recipient["gone@example.org"] = "550 5.1.1 <gone@example.org> unknown"
    write("n:1", "gone@example.org")
    write("n:2", "ada@example.org")

    pump.run(clock)

    assert states() == {"n:1": "failed", "n:2": "sent"}
    assert Message.objects.get(dedupe_key="n:1").answer == "5.1.1 <…> unknown"


def test_an_address_that_does_not_exist_gets_no_second_letter(post, clock):
    post.at_recipient["gone@example.org"] = "550 5.1.1 unknown"
    write("n:1", "gone@example.org")
    pump.run(clock)
    del post.at_recipient["gone@example.org"]
    write("n:2", "Gone@example.org")
    pump.run(clock)

    assert states() == {"n:1": "failed", "n:2": "suppressed"}
    assert not Suppression.objects.filter(address_hash__contains="gone").exists()


def test_trouble_at_the_relay_is_held_against_no_letter(post, clock):
    post.at_sender = "451 4.3.2 shutting down"
    write("n:1")
    write("n:2", "ben@example.org")

    pump.run(clock)

    assert states() == {"n:1": "pending", "n:2": "pending"}
    assert set(Message.objects.values_list("attempts", flat=True)) == {0}
    assert Hold.objects.get().what == Hold.RELAY
    post.at_sender = ""
    clock.wait(seconds=59)
    pump.run(clock)
    assert post.received == []
    clock.wait(seconds=2)
    pump.run(clock)
    assert sorted(post.readers) == ["ada@example.org", "ben@example.org"]


def test_a_relay_that_is_not_there_loses_nothing(settings, clock):
    settings.MAIL_URL = "smtp://127.0.0.1:9"
    write()

    pump.run(clock)

    assert states() == {"n:1": "pending"}


def test_a_line_lost_after_the_last_dot_leaves_the_letter_uncertain(post, clock):
    post.breaks_after_dot = 1
    write()

    pump.run(clock)
    clock.wait(days=1)
    claims.send_uncertain_again(clock())
    pump.run(clock)

    assert states() == {"n:1": "uncertain"}
    assert len(post.received) == 1


def test_an_uncertain_confirmation_is_sent_once_more_with_the_same_name(post, clock):
    post.breaks_after_dot = 1
    write(kind="confirmation")
    pump.run(clock)
    clock.wait(minutes=14)
    assert claims.send_uncertain_again(clock()) == 0
    clock.wait(minutes=2)
    assert claims.send_uncertain_again(clock()) == 1
    pump.run(clock)

    assert states() == {"n:1": "sent"}
    assert len({letter["Message-ID"] for letter in post.letters}) == 1
    assert len(post.letters) == 2


def test_a_person_decides_what_becomes_of_an_uncertain_letter(post, clock):
    post.breaks_after_dot = 1
    write()
    pump.run(clock)

    assert outbox.resolve(Message.objects.all(), send_again=True, now=clock()) == 1
    assert outbox.resolve(Message.objects.all(), send_again=False, now=clock()) == 0
    pump.run(clock)

    assert states() == {"n:1": "sent"}


def test_a_letter_that_is_no_longer_wanted_does_not_leave(post, clock):
    write()
    wanted["ada@example.org"] = False

    pump.run(clock)

    assert post.received == []
    assert states() == {"n:1": "cancelled"}


def test_a_letter_that_comes_too_late_does_not_leave(post, clock):
    write(expires_at=NOON + timedelta(hours=1))
    clock.wait(hours=1)

    pump.run(clock)

    assert post.received == []
    assert states() == {"n:1": "expired"}


def test_a_held_letter_waits_for_its_approval(post, clock):
    write(held=True)
    pump.run(clock)
    assert post.received == []

    assert outbox.approve(Message.objects.all(), now=clock()) == 1
    pump.run(clock)

    assert states() == {"n:1": "sent"}


def test_a_letter_taken_back_while_it_is_prepared_does_not_leave(post, clock):
    write()
    [claimed] = claims.claim(NOON)
    assert outbox.cancel(Message.objects.all(), now=NOON) == 1

    assert not claims.mark(claimed, subject="", text="", now=NOON)


def test_a_letter_of_a_dead_pump_goes_back_if_it_was_only_claimed(post, clock):
    write()
    claims.claim(NOON)
    clock.wait(minutes=6)

    claims.reap(clock())
    pump.run(clock)

    assert states() == {"n:1": "sent"}


def test_a_letter_of_a_pump_that_died_while_sending_is_never_simply_sent_again(post, clock):
    write()
    [claimed] = claims.claim(NOON)
    claims.mark(claimed, subject="", text="", now=NOON)
    clock.wait(minutes=16)

    claims.reap(clock())
    pump.run(clock)

    assert states() == {"n:1": "uncertain"}
    assert post.received == []


def test_a_pump_that_woke_too_late_does_not_send_what_another_has_taken(post, clock):
    write()
    [slow] = claims.claim(NOON)
    clock.wait(minutes=6)
    claims.reap(clock())
    pump.run(clock)

    assert not claims.mark(slow, subject="", text="", now=clock())
    assert len(post.received) == 1


def send_with_two_pumps(clock: Clock) -> None:
    """Two workers claim at the same moment, and each sends what it has claimed."""
    together = Barrier(2)
    original = claims.claim

    def claim_together(now, limit=claims.BATCH):
        claimed = original(now, 7)
        if together.n_waiting < 2 and not together.broken:
            try:
                together.wait(timeout=0.5)
            except BrokenBarrierError:
                together.abort()
        return claimed

    def work() -> None:
        try:
            pump.run(clock)
        finally:
            connections.close_all()

    claims.claim = claim_together
    try:
        workers = [Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        claims.claim = original


def test_two_pumps_send_nothing_twice(post, clock):
    for number in range(40):
        write(f"n:{number}", f"reader{number}@example.org")

    send_with_two_pumps(clock)

    assert sorted(post.readers) == sorted(f"reader{number}@example.org" for number in range(40))


def test_without_the_fence_two_pumps_do_send_twice(post, clock, monkeypatch):
    """The guard earns its place: the same race, with rows claimed and marked for the asking."""
    for number in range(40):
        write(f"n:{number}", f"reader{number}@example.org")

    def claim(now, limit):
        return list(Message.objects.filter(state__in=("pending", "claimed")).order_by("pk")[:limit])

    def mark(message, **_rest):
        message.attempts, message.first_tried_at = 1, clock()
        return bool(Message.objects.filter(pk=message.pk).update(state=State.SENT))

    monkeypatch.setattr(claims, "claim", claim)
    monkeypatch.setattr(claims, "mark", mark)
    send_with_two_pumps(clock)

    assert len(post.readers) > 40


def test_a_secret_keeps_nothing_once_it_has_left(post, clock):
    write(kind="code")

    pump.run(clock)

    message = Message.objects.get()
    assert (message.state, message.payload, message.subject, message.text) == ("sent", {}, "", "")


def test_a_secret_is_never_sent_again_not_even_by_a_person(post, clock):
    post.breaks_after_dot = 1
    write(kind="code")
    pump.run(clock)

    assert states() == {"n:1": "uncertain"}
    assert outbox.resolve(Message.objects.all(), send_again=True, now=clock()) == 0
    assert Message.objects.get().payload == {}


def test_a_secret_of_a_pump_that_died_is_blanked(post, clock):
    write(kind="code")
    [claimed] = claims.claim(NOON)
    claims.mark(claimed, subject="", text="", now=NOON)
    clock.wait(minutes=16)
    claims.reap(clock())

    assert Message.objects.get().payload == {}


def test_a_letter_that_cannot_be_built_stops_no_other(post, clock, caplog):
    def broken(message):
        raise KeyError("what")

    kinds.register(Kind("broken", broken))
    write("n:1", kind="broken")
    write("n:2", "ben@example.org")

    pump.run(clock)

    assert states() == {"n:1": "failed", "n:2": "sent"}
    assert "ada@" not in caplog.text


def test_a_dead_bell_breaks_no_form(post, monkeypatch):
    def dead(*_args, **_options):
        raise ConnectionError

    monkeypatch.setattr(outbox.app, "send_task", dead)
    monkeypatch.setattr(outbox._bell, "silent_until", float("-inf"))
    assert write() is not None


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "a b@example.org", "ada@example.org\nBcc: x@example.org", "a@[127.0.0.1]"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValidationError):
        write(to=address)
    assert Message.objects.count() == 0


def test_an_address_with_a_domain_in_other_letters_is_written_in_ascii():
    message = write(to="ada@ızmir.example")
    assert message is not None
    assert message.recipient.isascii()


def test_a_forgotten_reader_stands_nowhere(post, clock):
    write("n:1")
    pump.run(clock)
    write("n:2")

    assert outbox.forget("ada@example.org") == 2

    assert states() == {"n:1": "sent", "n:2": "cancelled"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mail_message")
        assert "ada" not in str(cursor.fetchall())
        assert "tea" not in str(list(Message.objects.values()))


def test_letters_lose_their_words_after_their_time(post, clock):
    write()
    pump.run(clock)

    assert outbox.forget_before(NOON) == 0
    assert outbox.forget_before(NOON + timedelta(days=90)) == 1
    assert "@" not in Message.objects.get().recipient


def test_the_relay_reuses_its_connection_and_survives_a_refusal(post):
    with Relay(post.url) as by:
        first = by.send("portal@example.org", "ada@example.org", b"Subject: 1\r\n\r\n.dot\r\n")
        post.at_recipient["ben@example.org"] = "452 4.2.2 full"
        second = by.send("portal@example.org", "ben@example.org", b"Subject: 2\r\n\r\n")
        third = by.send("portal@example.org", "cem@example.org", b"Subject: 3\r\n\r\n")

    assert [outcome.fate for outcome in (first, second, third)] == [Fate.SENT, Fate.DEFERRED, Fate.SENT]
    assert post.letters[0].get_content().strip() == ".dot"


def test_a_pump_asks_a_bounded_number_of_questions_a_letter(post, clock, django_assert_max_num_queries):
    for number in range(20):
        write(f"n:{number}", f"reader{number}@example.org")
    with django_assert_max_num_queries(20 * 5 + 10):
        pump.run(clock)
