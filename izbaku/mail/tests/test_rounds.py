"""Rounds of letters: written, tested, held, approved, paused, called back, finished; against a real mail server."""

import re
from datetime import datetime, timedelta
from threading import Event, Thread

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections
from django.utils import translation

from izbaku.mail import claims, composing, expanding, figures, mailings, outbox, pump, returning
from izbaku.mail.audiences import Reader
from izbaku.mail.models import Message, Suppression
from izbaku.mail.rounds import LeftOut, Mailing, MailingRule
from izbaku.mail.suppressing import suppress
from izbaku.mail.tests import relay
from izbaku.mail.tests.crowd import NOON, WORDS, gathered, make_approved, make_tested, officer

State = Mailing.State
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def crowd():
    with gathered() as made:
        yield made


@pytest.fixture
def post(settings):
    with relay.running() as server:
        settings.MAIL_URL = server.url
        yield server


def clock() -> datetime:
    return NOON


def send() -> None:
    """What worker and beat do, until nothing moves any more."""
    mailings.advance(NOON)
    pump.run(clock)
    mailings.advance(NOON)


def letters_of(mailing: Mailing) -> dict[str, str]:
    """What became of each letter, by its reader."""
    return dict(mailing.letters.values_list("recipient", "state"))


def left_out(mailing: Mailing) -> dict[int, str]:
    return dict(LeftOut.objects.filter(mailing=mailing).values_list("reader", "reason"))


def test_a_round_reaches_everybody_in_their_language_once(crowd, post):
    crowd.add("ada@example.org", "en")
    crowd.add("leyla@example.az", "az")
    crowd.add("ayse@example.com.tr", "tr+az")
    mailing = make_approved(officer())

    send()
    send()

    own, letters = post.letters[:3], post.letters[3:]
    assert [letter["Subject"] for letter in own] == ["[Test] Davet: Çay", "[Test] Dəvət: Çay", "[Test] Invitation: Tea"]
    assert {letter["To"]: letter["Subject"] for letter in letters} == {
        "ada@example.org": "Invitation: Tea",
        "leyla@example.az": "Dəvət: Çay",
        "ayse@example.com.tr": "Davet: Çay · Dəvət: Çay",
    }
    mailing.refresh_from_db()
    assert mailing.state == State.FINISHED
    assert "List-Unsubscribe" in letters[0]


# --- Words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("Dear {{ gust }}", "unknown_place", "Known: {{ guest }}."),
        ("Dear {{ settings.SECRET_KEY }}", "broken_place", "“{{”"),
        ("Dear {{ guest }", "broken_place", "“{{”"),
        ("Dear {{ }}", "broken_place", "“{{”"),
        ("Dear guest }}", "broken_place", "“}}”"),
        ("{% include 'x' %}", "broken_place", "“{%”"),
    ],
)
def test_a_place_that_does_not_exist_is_refused_when_it_is_saved(crowd, words, code, says):
    by = officer()
    mailing = mailings.draft("crowd", name="The tea", by=by, now=NOON)

    with pytest.raises(ValidationError) as refusal:
        mailings.write(mailing, {"en": ("Tea", words)}, by=by, now=NOON)

    [error] = refusal.value.error_dict["body_en"]
    assert error.code == code
    assert says in error.message
    assert mailing.texts.count() == 0


def test_what_stands_in_a_place_stays_text():
    nasty = {"guest": "Ada\n\nClick:\nhttps://evil.example <b>{{ link }}</b>\u202e"}
    assert composing.fill("Dear {{ guest }}!", nasty) == "Dear Ada Click: https://evil.example <b>{{ link }}</b>!"


def test_a_text_without_its_link_is_not_tested(crowd):
    by = officer()
    mailing = mailings.draft("crowd", name="The tea", by=by, now=NOON)
    mailings.write(mailing, {"en": ("Tea", "Dear {{ guest }}"), "tr": WORDS["tr"]}, by=by, now=NOON)
    with pytest.raises(ValidationError, match="link") as refusal:
        mailings.test(mailing, by=by, now=NOON)
    assert refusal.value.code == "needed_place"

    mailings.write(mailing, {"en": ("", "Dear {{ guest }}: {{ link }}")}, by=by, now=NOON)
    with pytest.raises(ValidationError) as refusal:
        mailings.test(mailing, by=by, now=NOON)
    assert refusal.value.code == "half"


def test_two_languages_stand_in_one_letter_and_the_first_line_says_so(crowd, post):
    crowd.add("ayse@example.com.tr", "tr+az")
    make_approved(officer(), languages=("tr", "az"))
    send()
    text = post.letters[-1].get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.startswith("Azərbaycanca mətn aşağıdadır.\n\nSayın ayse,")
    assert "\n· · ·\n\nHörmətli ayse," in text


def test_each_language_of_a_letter_is_read_aloud_in_its_own_voice(crowd, post):
    """WCAG 3.1.2: also the line that tells of the second language, and the button below."""
    crowd.add("ayse@example.com.tr", "tr+az")
    crowd.add("leyla@example.az", "az")
    make_approved(officer(), languages=("tr", "az"))
    send()
    both, alone = post.letters[-2:]
    html = both.get_body(("html",)).get_content()

    assert '<html lang="tr">' in html
    for begins in ("Azərbaycanca mətn", "Hörmətli ayse"):
        assert re.search(rf'<p lang="az"[^>]*>{begins}', html), begins
    assert re.search(r'<table lang="az"(?:(?!</table>).)*Cavab üçün', html, re.DOTALL)
    assert re.search(r"<p style[^>]*>Sayın ayse", html)
    assert (both["Content-Language"], alone["Content-Language"]) == ("tr, az", "az")
    assert html.count("lang=") == 4
    assert alone.get_body(("html",)).get_content().count("lang=") == 1


def test_a_line_that_looks_like_the_end_of_a_language_is_only_a_line(crowd, post):
    crowd.add("ayse@example.com.tr", "tr+az")
    by = officer()
    mailing = make_tested(by, languages=("tr", "az"))
    mailings.write(mailing, {"tr": ("Çay", "Bir\n\n· · ·\n\nİki\n\n{{ link }}")}, by=by, now=NOON)
    letter = composing.letter(mailing, composing.texts_of(mailing), crowd.readers[0], ["tr", "az"])
    assert letter.parts == [("", letter.text)]


def test_a_place_with_nothing_to_say_leaves_no_hole(crowd):
    by = officer()
    mailing = make_tested(by, languages=("tr",))
    mailings.write(mailing, {"tr": ("Çay", "Bir\r\n\r\n\r\n \r\n{{ link }}\r\n\r\n    KOD")}, by=by, now=NOON)
    letter = composing.letter(mailing, composing.texts_of(mailing), None, ["tr"])
    assert letter.text == "Bir\n\nhttps://portal.example/example\n\n    KOD"


def test_whoever_corrects_a_round_does_not_take_it_over_and_is_no_second_person(crowd):
    writer, other = officer(), get_user_model().objects.create_superuser(email="other@example.org")
    crowd.add("ada@example.org")
    mailing = make_tested(writer)
    mailings.write(mailing, {"en": ("Tea", "Corrected {{ guest }}: {{ link }}")}, by=other, now=NOON)
    mailings.test(mailing, by=writer, now=NOON)
    mailings.hold(mailing, by=writer, now=NOON)

    assert mailing.composer == writer
    assert mailings.first_persons(mailing) == {writer.pk, other.pk}


def test_the_preview_is_what_is_sent(crowd, post):
    one = crowd.add("ada@example.org", "en")
    mailing = make_approved(officer())
    shown = composing.letter(mailing, composing.texts_of(mailing), one, ["en"])
    send()
    sent = Message.objects.get(mailing=mailing)
    assert (sent.subject, sent.text) == (shown.subject, shown.text)


def test_a_test_letter_goes_to_whoever_writes_and_carries_nobodys_link(crowd, post):
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_tested(by)
    mailings.test(mailing, by=by, now=NOON)  # pressed twice
    send()
    assert set(post.readers) == {by.email}
    assert [letter["Content-Language"] for letter in post.letters] == ["tr", "az", "en"]
    assert all("https://portal.example/example" in letter.get_body(("plain",)).get_content() for letter in post.letters)


# --- Whom it reaches ----------------------------------------------------------------------------------------


def test_whoever_is_left_out_is_counted_with_the_reason_before_and_after(crowd, post):
    for address, reason in [
        ("", ""),
        ("no address", ""),
        ("gone@x.org", ""),
        ("quiet@x.org", ""),
        ("y@x.org", "answered"),
    ]:
        crowd.add(address, excluded=reason)
    crowd.add("ada@example.org")
    crowd.add("ADA@example.org")
    suppress("gone@x.org", Suppression.Reason.NO_SUCH_ADDRESS, now=NOON)
    optional = Suppression.Scope.OPTIONAL
    suppress("quiet@x.org", Suppression.Reason.UNSUBSCRIBED, now=NOON, scope=optional)
    expected = {"no_address": 1, "invalid_address": 1, "suppressed": 1, "unsubscribed": 1, "answered": 1, "twice": 1}

    mailing = make_approved(officer())
    before = expanding.census(mailing, NOON)
    send()

    assert (before.number, before.left_out) == (1, expected)
    assert mailings.progress(mailing).left_out == expected
    assert left_out(mailing)[7] == "twice"
    assert letters_of(mailing) == {"ada@example.org": "sent"}


def test_two_guests_with_one_address_have_a_letter_each(post):
    with gathered(one_per_address=False, key=lambda mailing, reader: f"inv:9:{reader}:{mailing.wave}") as crowd:
        crowd.add("office@ministry.example")
        crowd.add("office@ministry.example")
        mailing = make_approved(officer())
        send()
        assert sorted(mailing.letters.values_list("dedupe_key", flat=True)) == ["inv:9:1:1", "inv:9:2:1"]

        again = make_tested(officer("ben@example.org"))
        assert expanding.census(again, NOON).left_out == {"already": 2}


def test_a_round_that_was_called_back_leaves_its_guests_free_for_another(post):
    with gathered(one_per_address=False, key=lambda mailing, reader: f"inv:9:{reader}:{mailing.wave}") as crowd:
        crowd.add("ada@example.org")
        by = officer()
        first = make_approved(by)
        mailings.advance(NOON)
        assert mailings.cancel(first, by=by, now=NOON) == 1

        second = make_approved(by)
        send()

        assert letters_of(first) == {"ada@example.org": "cancelled"}
        assert letters_of(second) == {"ada@example.org": "sent"}


def test_a_language_in_which_nobody_has_written_is_said_before_it_is_too_late(crowd):
    crowd.add("ada@example.org", "az")
    by = officer()
    mailing = make_tested(by, languages=("tr",))
    with pytest.raises(ValidationError, match="az") as refusal:
        mailings.hold(mailing, by=by, now=NOON)
    assert refusal.value.code == "no_text"


def test_a_round_that_would_reach_nobody_is_not_held(crowd):
    by = officer()
    with pytest.raises(ValidationError) as refusal:
        mailings.hold(make_tested(by), by=by, now=NOON)
    assert refusal.value.code == "nobody"


def test_whoever_answers_or_unsubscribes_meanwhile_gets_no_letter(crowd, post):
    for address in ("ada@example.org", "ben@example.org", "eve@example.org"):
        crowd.add(address)
    mailing = make_approved(officer())
    mailings.advance(NOON)
    crowd.unwanted.add(1)
    suppress("ben@example.org", Suppression.Reason.UNSUBSCRIBED, now=NOON, scope=Suppression.Scope.OPTIONAL)
    send()
    assert letters_of(mailing) == {
        "ada@example.org": "cancelled", "ben@example.org": "suppressed", "eve@example.org": "sent"
    }  # fmt: skip


# --- Letting go ---------------------------------------------------------------------------------------------


def test_nothing_leaves_before_it_is_approved(crowd, post):
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_tested(by)
    mailings.hold(mailing, by=by, now=NOON)
    send()
    assert set(post.readers) == {by.email}
    assert mailing.letters.count() == 0


def test_who_approved_alone_is_noted(crowd):
    crowd.add("ada@example.org")
    mailing = make_approved(officer())
    [step] = mailing.steps.filter(move="approve")
    assert step.why == "Approved alone."


def test_a_second_person_must_approve_where_the_association_has_set_it_so(crowd):
    MailingRule.objects.create(second_person=True)
    crowd.add("ada@example.org")
    first, second = officer(), officer("ben@example.org")
    mailing = make_tested(first)
    mailings.hold(mailing, by=first, now=NOON)
    with pytest.raises(PermissionDenied):
        mailings.approve(mailing, by=first, now=NOON, version=mailing.version, readers=1)
    assert mailing.state == State.HELD

    mailings.approve(mailing, by=second, now=NOON, version=mailing.version, readers=1)

    assert mailing.state == State.RUNNING
    assert mailing.steps.get(move="approve").why == ""


def test_whoever_only_tested_it_is_no_second_person(crowd):
    MailingRule.objects.create(second_person=True)
    crowd.add("ada@example.org")
    first, second = officer(), officer("ben@example.org")
    mailing = make_tested(first)
    mailings.write(mailing, {"en": ("Tea {{ event }}", WORDS["en"][1])}, by=second, now=NOON)
    mailings.test(mailing, by=first, now=NOON)
    mailings.hold(mailing, by=second, now=NOON)
    assert not mailings.may_approve(mailing, first)
    assert not mailings.may_approve(mailing, second)


def test_what_was_not_shown_is_not_approved(crowd):
    """Words that were changed, and readers who came, after the page was opened."""
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_tested(by)
    mailings.hold(mailing, by=by, now=NOON)
    shown = mailing.version
    mailings.take_back(mailing, by=by, now=NOON)
    mailings.write(mailing, {"en": ("Something else", WORDS["en"][1])}, by=by, now=NOON)
    mailings.test(mailing, by=by, now=NOON)
    mailings.hold(mailing, by=by, now=NOON)
    with pytest.raises(ValidationError) as refusal:
        mailings.approve(mailing, by=by, now=NOON, version=shown, readers=1)
    assert refusal.value.code == "changed"

    crowd.add("ben@example.org")
    with pytest.raises(ValidationError) as refusal:
        mailings.approve(mailing, by=by, now=NOON, version=mailing.version, readers=1)
    assert refusal.value.code == "number"
    mailing.refresh_from_db()
    assert mailing.state == State.HELD


def test_a_round_whose_event_was_just_called_off_is_not_approved(crowd):
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_tested(by)
    mailings.hold(mailing, by=by, now=NOON)
    crowd.refuses = "The event was called off."
    with pytest.raises(ValidationError, match="called off"):
        mailings.approve(mailing, by=by, now=NOON, version=mailing.version, readers=1)
    mailing.refresh_from_db()
    assert mailing.state == State.HELD


def test_a_round_starts_at_its_time_and_not_when_its_event_is_called_off_by_then(crowd, post):
    crowd.add("ada@example.org")
    by = officer()
    mailing, other = make_tested(by), make_tested(by)
    for one in (mailing, other):
        mailings.write(one, {}, by=by, now=NOON, starts_at=NOON + timedelta(hours=2))
        mailings.test(one, by=by, now=NOON)
        mailings.hold(one, by=by, now=NOON)
        mailings.approve(one, by=by, now=NOON, version=one.version, readers=1)
        assert one.state == State.SCHEDULED
    mailings.advance(NOON + timedelta(hours=1))
    assert Message.objects.filter(kind="crowd").count() == 0

    mailings.pause(other, by=by, now=NOON)
    mailings.advance(NOON + timedelta(hours=3))
    mailings.resume(other, by=by, now=NOON)
    crowd.refuses = "The event was called off."
    mailings.advance(NOON + timedelta(hours=3))

    for one in (mailing, other):
        one.refresh_from_db()
        assert one.state == State.PAUSED
        assert one.steps.last().why == "The event was called off."
    assert mailing.letters.count() == 1
    assert other.letters.count() == 0


def test_words_are_not_changed_once_they_wait_for_approval(crowd):
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_tested(by)
    mailings.hold(mailing, by=by, now=NOON)
    with pytest.raises(ValidationError) as refusal:
        mailings.write(mailing, {"en": ("Other", WORDS["en"][1])}, by=by, now=NOON)
    assert refusal.value.code == "moved"


def test_a_change_after_the_test_asks_for_another_test(crowd):
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_tested(by)
    mailings.write(mailing, {"en": ("Other", WORDS["en"][1])}, by=by, now=NOON)
    mailing.refresh_from_db()
    assert mailing.state == State.DRAFT
    with pytest.raises(ValidationError):
        mailings.hold(mailing, by=by, now=NOON)


# --- Pausing and calling back -------------------------------------------------------------------------------


def test_a_pause_is_effective_within_one_letter(crowd, post):
    """While a pump has a hundred in its hands, and is in the middle of one of them."""
    for number in range(20):
        crowd.add(f"reader{number}@example.org")
    by = officer()
    mailing = make_approved(by)
    mailings.advance(NOON)
    first, paused = post.handle_DATA, Event()

    async def hold_on(server, session, envelope):
        if sum(to.startswith("reader") for to in post.readers) == 4 and not paused.is_set():
            thread = Thread(target=_elsewhere, args=(lambda: mailings.pause(mailing, by=by, now=NOON),))
            thread.start()
            thread.join()
            paused.set()
        return await first(server, session, envelope)

    post.handle_DATA = hold_on
    pump.run(clock)

    assert paused.is_set()
    states = mailings.progress(mailing).states
    assert states == {"sent": 5, "pending": 15}
    assert Message.objects.exclude(claim=None).count() == 0
    send()
    assert sum(to.startswith("reader") for to in post.readers) == 5

    mailings.resume(mailing, by=by, now=NOON)
    send()
    assert sorted(to for to in post.readers if to != by.email) == sorted(r.address for r in crowd.readers)


def _elsewhere(act) -> None:
    try:
        act()
    finally:
        connections.close_all()


def test_a_letter_claimed_at_the_moment_of_the_pause_is_not_marked(crowd, post):
    """The guard in the mark, by itself: without it this letter would leave."""
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_approved(by)
    mailings.advance(NOON)
    [letter] = [one for one in claims.claim(NOON) if one.kind == "crowd"]
    Mailing.objects.filter(pk=mailing.pk).update(state=State.PAUSED)  # the claim had been read before the pause

    assert not claims.mark(letter, subject="Tea", text="x", now=NOON)


def test_other_letters_leave_while_a_round_is_paused(crowd, post):
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_approved(by)
    mailings.advance(NOON)
    mailings.pause(mailing, by=by, now=NOON)
    other = make_approved(by)
    crowd.add("ben@example.org")
    send()
    assert letters_of(other) == {"ada@example.org": "sent", "ben@example.org": "sent"}
    assert letters_of(mailing) == {"ada@example.org": "pending"}
    assert figures.collect(NOON).expired_reminders == 0


def test_what_was_called_back_never_leaves_whatever_is_pressed(crowd, post):
    crowd.add("ada@example.org")
    by = officer()
    mailing = make_approved(by)
    mailings.advance(NOON)
    mailings.cancel(mailing, by=by, now=NOON)
    for state in (Message.State.FAILED, Message.State.UNCERTAIN):
        mailing.letters.update(state=state)
        outbox.retry(mailing.letters.all(), now=NOON)
        outbox.resolve(mailing.letters.all(), send_again=True, now=NOON)
        send()
        assert letters_of(mailing) == {"ada@example.org": state}


def test_a_refused_letter_of_a_finished_round_is_tried_again(crowd, post):
    crowd.add("ada@example.org")
    post.at_recipient["ada@example.org"] = "550 5.7.1 no"
    mailing = make_approved(officer())
    send()
    assert letters_of(mailing) == {"ada@example.org": "failed"}
    post.at_recipient.clear()
    outbox.retry(mailing.letters.all(), now=NOON)
    send()
    assert letters_of(mailing) == {"ada@example.org": "sent"}


# --- Expanding ----------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


def test_a_kill_in_the_middle_of_expanding_loses_nothing_and_doubles_nothing(crowd, post, monkeypatch):
    for number in range(50):
        crowd.add(f"reader{number}@example.org" if number % 7 else "")
    mailing = make_approved(officer())
    steps = iter(range(1000))
    piece = outbox.put_many

    def put_some_and_die(*given, **named):
        written = piece(*given, **named)
        if next(steps) % 3 == 1:
            raise Killed
        return written

    monkeypatch.setattr(outbox, "put_many", put_some_and_die)
    kills = 0
    for _turn in range(30):
        try:
            while expanding.expand_piece(mailing, now=NOON, size=5):
                pass
            break
        except Killed:
            kills += 1

    assert kills > 2
    mailing.refresh_from_db()
    assert mailing.expanded_at is not None
    assert mailing.letters.count() == 42
    assert len(left_out(mailing)) == 8


def test_two_who_expand_at_once_write_everybody_once(crowd):
    for number in range(300):
        crowd.add(f"reader{number}@example.org")
    mailing = make_approved(officer())
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _turn in range(100):
                expanding.expand_piece(mailing, now=NOON, size=10)
        except Exception as error:  # noqa: BLE001  (whatever it is, the test tells)
            failures.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert mailing.letters.count() == 300


def test_a_round_that_is_paused_in_the_middle_of_expanding_goes_on_from_there(crowd, post):
    for number in range(20):
        crowd.add(f"reader{number}@example.org")
    by = officer()
    mailing = make_approved(by)
    assert expanding.expand_piece(mailing, now=NOON, size=5)
    mailings.pause(mailing, by=by, now=NOON)
    assert not expanding.expand_piece(mailing, now=NOON, size=5)
    assert mailing.letters.count() == 5
    mailings.resume(mailing, by=by, now=NOON)
    send()
    assert mailings.progress(mailing).sent == 20


# --- How far it is ------------------------------------------------------------------------------------------


def test_progress_is_never_whole_before_it_is_done(crowd, post):
    for number in range(300):
        crowd.add(f"reader{number}@example.org")
    mailing = make_approved(officer())
    assert mailings.progress(mailing).percent == 0
    mailings.advance(NOON)
    mailing.refresh_from_db()
    mailing.letters.filter(pk__gt=mailing.letters.earliest("pk").pk).update(state=Message.State.SENT, code=250)
    assert mailings.progress(mailing).percent == 99
    send()
    found = mailings.progress(mailing)
    assert (found.percent, found.sent, found.languages) == (100, 300, {"en": 300})


@pytest.mark.parametrize("readers", [1, 40])
def test_progress_asks_a_constant_number_of_questions(crowd, readers, django_assert_num_queries):
    for number in range(readers):
        crowd.add(f"reader{number}@example.org" if number % 2 else "")
    crowd.add("ada@example.org")
    mailing = make_approved(officer())
    mailings.advance(NOON)
    with django_assert_num_queries(2):
        mailings.progress(mailing)


def test_an_uncertain_letter_of_a_round_waits_for_a_person(crowd, post):
    crowd.add("ada@example.org")
    mailing = make_approved(officer())
    mailings.advance(NOON)
    post.breaks_after_dot = 4  # the three test letters, and this one
    pump.run(clock)
    claims.send_uncertain_again(NOON + timedelta(days=1))
    mailings.advance(NOON)
    mailing.refresh_from_db()
    assert mailings.progress(mailing).uncertain == 1
    assert mailing.state == State.FINISHED


def test_a_follow_up_is_a_round_of_its_own(post):
    def silent(mailing, after, limit):
        rows = crowd.expand(mailing, after, limit)
        if mailing.follows is None:
            return rows
        return [Reader(one.key, one.address, one.language, "" if one.key != 1 else "answered") for one in rows]

    with gathered(expand=silent) as crowd:
        crowd.add("ada@example.org")
        crowd.add("ben@example.org")
        by = officer()
        first = make_approved(by)
        with pytest.raises(ValidationError):
            mailings.follow_up(make_tested(by), by=by, now=NOON)
        send()

        second = mailings.follow_up(first, by=by, now=NOON)
        assert (second.follows, second.wave, second.state) == (first, 2, State.DRAFT)
        mailings.write(second, WORDS, by=by, now=NOON)
        mailings.test(second, by=by, now=NOON)
        mailings.hold(second, by=by, now=NOON)
        mailings.approve(second, by=by, now=NOON, version=second.version, readers=1)
        send()

        assert letters_of(second) == {"ben@example.org": "sent"}
        assert left_out(second) == {1: "answered"}


def test_a_room_hears_of_the_letter_that_came_back(crowd, post, settings):
    settings.MAIL_RETURN = "bounces+{}@portal.example"
    crowd.add("ada@example.org")
    mailing = make_approved(officer())
    send()
    [letter] = mailing.letters.all()
    returning.take(letter.pk, returning.Report("failed", "5.1.1", "550 5.1.1 unknown"), now=NOON)
    assert crowd.returned == [1]
    assert letters_of(mailing) == {"ada@example.org": "bounced"}
