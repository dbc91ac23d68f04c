"""Inviting guests, keeping their seats, and hearing back."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connections, transaction
from django.utils import translation

from events import invitations, publishing, registration, reminders, telling
from events.attendance import Registration, RegistrationPolicy
from events.guests import Guest, GuestList, Invitation, InvitationPolicy, Quota
from events.models import Event
from events.moments import Reminder
from events.tests.guests import BY, invited, make_gala, make_guest, make_list, officer, taken
from events.tests.make import make_event
from events.tests.test_registration import NOW, come
from izbaku import holdings
from izbaku.accounts.models import Organisation, Speaker, User
from izbaku.holdings import Person
from izbaku.mail import incoming, kinds
from izbaku.mail.models import Message
from izbaku.privacy import retention

pytestmark = pytest.mark.django_db
State = Invitation.State
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def answers(one: Invitation, said: str = State.COMING, **more) -> bool:
    return invitations.answer(one, said, **{"now": LATER} | more)


def fresh(one: Invitation) -> Invitation:
    return Invitation.objects.select_related("event", "guest", "allotment").get(pk=one.pk)


def balance(event: Event) -> tuple[int, int]:
    """What the allotment counts, and what people hold: always the same."""
    seated = Registration.objects.filter(event=event, state__in=Registration.SEATED)
    held = sum(seated.values_list("party", flat=True)) + sum(
        Invitation.objects.filter(event=event).values_list("held", flat=True)
    )
    return taken(event), held


def refused(code: str, act, *arguments, **named) -> str:
    """The act is refused for this reason, and changes nothing; returns the words."""
    before = list(Invitation.objects.order_by("pk").values())
    with pytest.raises(ValidationError) as refusal:
        act(*arguments, **named)
    assert refusal.value.code == code
    assert list(Invitation.objects.order_by("pk").values()) == before
    return " ".join(refusal.value.messages)


# --- Inviting ---------------------------------------------------------------------------------------------


def test_seats_of_the_invited_and_their_companions_are_kept_and_nobody_is_written_to():
    event = make_gala(seats=10)

    one = invited(event, make_guest("Leyla"), make_guest("Rəşad"), companions=1)

    assert (one.state, one.held, one.seats) == ("silent", 2, 2)
    assert balance(event) == (4, 4)
    assert not Message.objects.exists()


def test_all_are_invited_or_nobody():
    event = make_gala(seats=3)
    people = [make_guest(name) for name in ("Ada", "Ben", "Can", "Deniz")]

    words = refused("full", invited, event, *people)

    assert "needs 4 seats, and 3 are free" in words
    assert taken(event) == 0


def test_whoever_is_invited_already_or_stands_in_another_list_is_invited_once():
    event = make_gala()
    leyla = make_guest("Leyla Məmmədova", email="leyla@example.az")
    again = make_guest("LEYLA  MEMMEDOVA", email="Leyla@example.az", guest_list=make_list("Basın"))
    invited(event, leyla)

    came = invitations.invite(event, [leyla, again, make_guest("Orxan")], by=officer(), now=NOW)

    assert came == invitations.Invited(new=1, already=1, alike=1)
    assert Invitation.objects.count() == 2


def test_guests_come_before_the_waiting_list_and_visitors_after_what_is_kept():
    event = make_gala(seats=2)
    RegistrationPolicy.objects.create(event=event, mode="open")
    invited(event, companions=0)
    come(event)

    assert come(event, "ben@example.org").state == "waiting"
    assert balance(event) == (2, 2)


def test_nobody_is_invited_to_what_is_over():
    event = make_gala(starts_at=NOW - timedelta(hours=1))
    refused("past", invited, event)


def test_inviting_many_asks_a_constant_number_of_questions(django_assert_max_num_queries):
    event = make_gala(seats=None)
    people = [make_guest(f"Guest {n}", email=f"g{n}@example.org") for n in range(60)]
    people = list(Guest.objects.filter(pk__in=[one.pk for one in people]).select_related("guest_list"))

    by = officer()
    with django_assert_max_num_queries(10):
        invitations.invite(event, people, by=by, now=NOW)


# --- Quotas of partners -----------------------------------------------------------------------------------


def cohost(organisation: Organisation) -> User:
    user = User.objects.create_user("partner@example.az", is_staff=True, language="az")
    Speaker.objects.create(user=user, organisation=organisation, confirmed_at=NOW - timedelta(days=900))
    return user


def test_a_partner_sees_its_own_lists_alone_and_gives_no_more_seats_than_its_quota():
    event, partner = make_gala(), Organisation.objects.create(name="Bakı Şəhər İcra Hakimiyyəti")
    by = cohost(partner)
    ours, theirs = make_guest("Ada"), make_guest("Orxan", guest_list=make_list("Bakı", organisation=partner))
    other = make_guest("Nigar", guest_list=theirs.guest_list)
    one = invited(event, ours)
    Quota.objects.create(event=event, organisation=partner, seats=3)

    assert invitations.inviting(event, by)
    invitations.invite(event, [theirs], by=by, now=NOW, companions=1)
    words = refused("quota", invitations.invite, event, [other], by=by, now=NOW, companions=1)
    invitations.invite(event, [other], by=by, now=NOW)

    assert "1 are left" in words
    assert set(Guest.objects.visible_to(by)) == {theirs, other}
    assert set(GuestList.objects.visible_to(by)) == {theirs.guest_list}
    assert one not in Invitation.objects.visible_to(by)
    assert Invitation.objects.visible_to(by).count() == 2


def test_without_a_quota_a_partner_invites_nobody_and_a_declined_guest_gives_the_seat_back_to_it():
    event, partner = make_gala(), Organisation.objects.create(name="ADA Universiteti")
    by = cohost(partner)
    orxan = make_guest("Orxan", guest_list=make_list("ADA", organisation=partner))
    nigar = make_guest("Nigar", guest_list=orxan.guest_list)

    assert not invitations.inviting(event, by)
    refused("quota", invitations.invite, event, [orxan], by=by, now=NOW)
    Quota.objects.create(event=event, organisation=partner, seats=1)
    invitations.invite(event, [orxan], by=by, now=NOW)
    refused("quota", invitations.invite, event, [nigar], by=by, now=NOW)
    answers(Invitation.objects.get(), State.DECLINED)
    assert invitations.invite(event, [nigar], by=by, now=NOW).new == 1


# --- Answering --------------------------------------------------------------------------------------------


def test_whoever_comes_keeps_the_seats_they_need_and_the_rest_is_free():
    event = make_gala()
    one = invited(event, companions=3)

    assert answers(one, companions=1, needs=["step_free"], food="no nuts", remark="We look forward")

    assert (one.state, one.companions, one.held, one.needs, one.food) == ("coming", 1, 2, ["step_free"], "no nuts")
    assert balance(event) == (2, 2)
    assert [(step.move, step.before, step.after, step.by) for step in one.steps.all()] == [
        ("come", "silent", "coming", None)
    ]
    assert list(Message.objects.values_list("kind", "recipient")) == [("invitation_answered", "leyla@example.org")]


def test_the_same_answer_again_is_no_answer_and_no_letter():
    one = invited(make_gala())
    answers(one)

    assert not answers(fresh(one))
    assert (one.steps.count(), Message.objects.count()) == (1, 1)


def test_an_answer_can_be_changed_back_and_forth_until_the_deadline():
    event = make_gala()
    one = invited(event, companions=1)
    for said, more, held in [
        (State.COMING, {"companions": 1}, 2),
        (State.DECLINED, {}, 0),
        (State.PROXY, {"proxy": " Vəzir  müavini "}, 1),
        (State.COMING, {}, 1),
    ]:
        answers(one, said, **more)
        assert (one.state, one.held) == (said, held)
        assert balance(event) == (held, held)
    assert one.proxy == ""
    assert one.steps.count() == 4


def test_somebody_else_has_a_name():
    one = invited(make_gala())

    refused("proxy", answers, one, State.PROXY, proxy="  ")
    answers(one, State.PROXY, proxy=" Vəzir  müavini ")

    assert one.proxy == "Vəzir müavini"
    assert list(Invitation.objects.containing("muavini")) == [one]


def test_no_more_companions_than_allowed():
    one = invited(make_gala(), companions=1)
    assert "At most 1 companion." in refused("companions", answers, one, companions=2)


def test_after_the_deadline_the_guest_is_told_and_the_staff_take_it_down():
    one = invited(make_gala())
    late = BY + timedelta(seconds=1)

    refused("late", answers, one, now=late)
    assert answers(one, now=late, by=officer(), how="phone", spoke_with="the secretary")

    assert (one.answered_how, one.answered_by, one.spoke_with) == ("phone", officer(), "the secretary")
    assert one.steps.get().by == officer()


def test_an_answer_after_the_event_began_is_late_whatever_the_deadline_says():
    one = invited(make_gala(), answer_until=None)
    refused("late", answers, one, now=one.event.starts_at)


def test_only_staff_take_answers_down_for_others():
    one = invited(make_gala())
    with pytest.raises(PermissionDenied):
        answers(one, by=User.objects.create_user("visitor@example.org"), how="phone")


def test_a_seat_given_up_goes_to_the_line_and_whoever_changes_their_mind_overtakes_nobody():
    event = make_gala(seats=1)
    RegistrationPolicy.objects.create(event=event, mode="open")
    one = invited(event)
    waiting = come(event)

    answers(one, State.DECLINED)

    waiting.refresh_from_db()
    assert waiting.state == "offered"
    assert "İZAZDER" in refused("full", answers, fresh(one))
    assert balance(event) == (1, 1)


def test_staff_who_type_a_refusal_in_offer_nothing_in_silence():
    event = make_gala(seats=1)
    RegistrationPolicy.objects.create(event=event, mode="open")
    one = invited(event)
    waiting = come(event)

    answers(one, State.DECLINED, by=officer(), how="phone")

    waiting.refresh_from_db()
    assert (waiting.state, balance(event)) == ("waiting", (0, 0))


def test_taking_an_invitation_back_frees_its_seats_and_closes_its_page_and_can_be_undone():
    event = make_gala()
    one = invited(event, companions=1)
    answers(one, companions=1, needs=["step_free"], food="No nuts", remark="With pleasure")

    invitations.withdraw(one, by=officer(), now=LATER)
    assert (one.state, balance(event)) == ("withdrawn", (0, 0))
    refused("late", answers, one)
    invitations.invite_again(one, by=officer(), now=LATER)

    assert (one.state, one.answered_at, balance(event)) == ("silent", None, (2, 2))
    assert (one.needs, one.food, one.remark) == ([], "", "")


# --- From a calendar --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("partstat", "outcome", "state"),
    [
        ("ACCEPTED", "answered", "coming"),
        ("declined", "answered", "declined"),
        ("TENTATIVE", "noted", "silent"),
        ("NEEDS-ACTION", "same", "silent"),
    ],
)
def test_what_a_calendar_answers_counts(partstat, outcome, state):
    one = invited(make_gala())

    assert invitations.answer_by_calendar(one.uid, partstat, now=LATER) == outcome

    one = fresh(one)
    assert (one.state, one.is_to_be_confirmed) == (state, outcome == "noted")
    assert one.answered_how == ("calendar" if outcome == "answered" else "")


def reply_letter(one: Invitation, who: str, partstat: str, *, at: str = "20260301T090000Z") -> bytes:
    """What a calendar program sends to the mailbox."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{one.uid}",
             f"DTSTAMP:{at}", f"ATTENDEE;PARTSTAT={partstat}:mailto:{who}", "END:VEVENT", "END:VCALENDAR", ""]  # fmt: skip
    head = "From: x@example.org\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
    return (head + "\r\n".join(lines)).encode()


def test_the_mailbox_hears_the_guest_and_nobody_else_who_has_the_entry():
    one = invited(make_gala())

    assert incoming.take(reply_letter(one, "other@example.org", "DECLINED"), now=LATER) == "unknown"
    assert fresh(one).state == "silent"
    assert incoming.take(reply_letter(one, "LEYLA@example.org", "DECLINED"), now=LATER) == "reply"
    assert (fresh(one).state, fresh(one).answered_how) == ("declined", "calendar")


def test_a_reply_that_lay_in_a_queue_or_comes_twice_undoes_no_newer_answer():
    one = invited(make_gala())
    early = reply_letter(one, one.email, "DECLINED", at=f"{NOW:%Y%m%dT%H%M%SZ}")
    incoming.take(early, now=NOW + timedelta(minutes=1))
    answers(one, State.COMING)

    assert incoming.take(early, now=LATER + timedelta(days=1)) == "reply"

    assert fresh(one).state == "coming"


def test_a_reply_that_is_older_than_what_we_know_changes_nothing():
    one = invited(make_gala())
    answers(one, State.DECLINED)

    assert invitations.answer_by_calendar(one.uid, "ACCEPTED", now=LATER, replied_at=NOW) == "old"
    assert fresh(one).state == "declined"


@pytest.mark.parametrize(
    "uid",
    [
        "",
        "invitation-1@izbaku",
        "invitation-{pk}-00000000000000000000@izbaku",
        "event-1@izbaku",
        "invitation-²-x@izbaku",
    ],
)
def test_a_uid_that_we_have_not_made_answers_for_nobody(uid):
    one = invited(make_gala())
    assert invitations.answer_by_calendar(uid.format(pk=one.pk), "ACCEPTED", now=LATER) == "unknown"
    assert fresh(one).state == "silent"


def test_a_calendar_that_answers_too_late_is_answered_by_a_letter_once():
    one = invited(make_gala())
    for _again in range(2):
        assert invitations.answer_by_calendar(one.uid, "ACCEPTED", now=BY + timedelta(hours=1)) == "late"

    assert fresh(one).state == "silent"
    message = Message.objects.get(kind="invitation_too_late")
    assert "Please call İZAZDER" in kinds.get(message.kind).build(message).text


def test_a_program_knows_no_companions_and_takes_none_away():
    one = invited(make_gala(), companions=2)
    answers(one, companions=2, food="no nuts")

    assert invitations.answer_by_calendar(one.uid, "ACCEPTED", now=LATER) == "same"
    assert (fresh(one).companions, fresh(one).food) == (2, "no nuts")


# --- The deadline -----------------------------------------------------------------------------------------


def test_seats_of_the_silent_are_freed_when_the_deadline_passes_and_offered_to_the_line():
    event = make_gala(seats=3)
    RegistrationPolicy.objects.create(event=event, mode="open")
    silent, unsure, coming = make_guest("Ada"), make_guest("Ben"), make_guest("Can")
    one = invited(event, silent, unsure, coming)
    answers(Invitation.objects.get(guest=coming))
    Invitation.objects.filter(guest=unsure).update(is_to_be_confirmed=True)
    waiting = come(event)

    assert invitations.free_due(BY - timedelta(seconds=1)) == 0
    assert invitations.free_due(BY) == 1
    assert invitations.free_due(BY) == 0

    waiting.refresh_from_db()
    assert (waiting.state, fresh(one).held, balance(event)) == ("offered", 0, (3, 3))


def test_another_deadline_keeps_the_seats_again_or_says_that_they_are_gone():
    event = make_gala(seats=2)
    one = invited(event, companions=1)
    invitations.free_due(BY)
    later = BY + timedelta(days=5)
    all_of_them = Invitation.objects.all()

    assert invitations.set_terms(event, all_of_them, answer_until=later, companions=0, now=BY) == 1
    assert (fresh(one).answer_until, fresh(one).held, balance(event)) == (later, 1, (1, 1))
    refused("full", invitations.set_terms, event, all_of_them, answer_until=later, companions=2, now=BY)
    refused("past", invitations.set_terms, event, all_of_them, answer_until=BY, companions=None, now=BY)


# --- Changes and reminders --------------------------------------------------------------------------------


def guests_told(kind: str) -> list[str]:
    return sorted(Message.objects.filter(kind=kind).values_list("recipient", flat=True))


def test_moving_reaches_everybody_who_got_an_invitation_and_nobody_else():
    event = make_gala()
    people = [make_guest(name) for name in ("Ada", "Ben", "Can", "Deniz")]
    invited(event, *people)
    handed, declined, _unknowing, withdrawn = Invitation.objects.order_by("pk")
    invitations.hand_over(Invitation.objects.filter(pk=handed.pk), now=NOW)
    answers(declined, State.DECLINED)
    answers(withdrawn)
    invitations.withdraw(withdrawn, by=officer(), now=LATER)

    event.starts_at += timedelta(days=2)
    event.changed_at = LATER + timedelta(hours=1)
    event.save()
    now = LATER + timedelta(hours=2)
    assert telling.to_be_decided([event], now) == [event]
    assert telling.audience([event])[telling.GUESTS].total() == 2
    telling.tell(event, whom="standing", now=now)

    assert guests_told("invitation_changed") == ["ada@example.org", "ben@example.org"]
    letters = {message.recipient: message for message in Message.objects.filter(kind="invitation_changed")}
    assert all(kinds.get(message.kind).still_wanted(message, now) for message in letters.values())
    told = kinds.get("invitation_changed").build(letters["ada@example.org"])
    assert "Until now it was to be" in told.text
    assert told.calendar.method == "REQUEST"
    assert kinds.get("invitation_changed").build(letters["ben@example.org"]).calendar is None


def test_calling_off_reaches_them_and_takes_nothing_out_of_a_calendar_that_never_had_it():
    event = make_gala()
    one = invited(event)
    invitations.hand_over(Invitation.objects.all(), now=NOW)
    publishing.call_off(event, now=LATER)

    telling.tell(event, whom="confirmed", now=LATER, at_once=True)

    message = Message.objects.get(kind="invitation_called_off")
    assert kinds.get(message.kind).still_wanted(message, LATER)
    letter = kinds.get(message.kind).build(message)
    assert letter.subject == f"Called off: {event.title}"
    assert letter.calendar is None
    Message.objects.create(dedupe_key=f"inv:{event.pk}:{one.pk}:1", kind="invitation", recipient="x@y.az", state="sent")
    assert kinds.get(message.kind).build(message).calendar.method == "CANCEL"


def test_guests_are_reminded_only_where_the_event_says_so():
    event = make_gala()
    one = invited(event)
    answers(one)
    at = Reminder.objects.get(event=event, offset="1d").at

    reminders.send_due(at)
    assert guests_told("invitation_reminder") == []
    InvitationPolicy.objects.create(event=event, reminds_guests=True)
    Reminder.objects.update(done_for=None)
    reminders.send_due(at)
    reminders.send_due(at)

    assert guests_told("invitation_reminder") == ["leyla@example.org"]
    message = Message.objects.get(kind="invitation_reminder")
    assert kinds.get(message.kind).still_wanted(message, at)
    assert "We look forward" in kinds.get(message.kind).build(message).text
    answers(fresh(one), State.DECLINED)
    assert not kinds.get(message.kind).still_wanted(message, at)


# --- Letters ----------------------------------------------------------------------------------------------


def test_a_guest_of_two_languages_reads_both_in_one_letter():
    guest = make_guest("Leyla Məmmədova", title="Dr.", language="az", second_language="tr", salutation="Hörmətli")
    one = invited(make_gala(title_tr="Çay", title_az="Çay süfrəsi"), guest)
    answers(one)

    letter = kinds.get("invitation_answered").build(Message.objects.get())

    assert "Hörmətli Dr. Leyla Məmmədova," in letter.text
    assert "Çay süfrəsi" in letter.text
    assert "/az/" in letter.text
    assert "/tr/" in letter.text
    assert letter.calendar.method == "REQUEST"
    assert b"PARTSTAT=ACCEPTED" in letter.calendar.body.replace(b"\r\n ", b"")


def test_a_letter_about_an_older_answer_is_not_sent():
    one = invited(make_gala())
    answers(one)
    old = Message.objects.get()
    assert kinds.get(old.kind).still_wanted(old, LATER)
    answers(one, State.DECLINED)

    assert not kinds.get(old.kind).still_wanted(old, LATER)
    assert kinds.get(old.kind).build(Message.objects.latest("pk")).subject.startswith("Noted: you cannot come")


def test_whoever_has_no_address_gets_no_letter_and_counts_all_the_same():
    one = invited(make_gala(), make_guest("Ada", email="", phone="+994 50 000 00 00"))
    answers(one, by=officer(), how="phone")
    assert (one.state, Message.objects.count()) == ("coming", 0)


# --- What the database keeps ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"companions": 9}, "no_more_companions_than_allowed"),
        ({"state": "declined", "answered_at": NOW}, "who_stays_away_keeps_no_seat"),
        ({"state": "proxy", "answered_at": NOW}, "a_proxy_has_a_name"),
        ({"state": "coming"}, "an_answer_has_a_moment"),
    ],
)
def test_the_database_refuses_what_cannot_be(values, name):
    one = invited(make_gala())
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Invitation.objects.filter(pk=one.pk).update(**values)


def test_a_guest_is_invited_once_and_stands_in_a_list_once():
    one = invited(make_gala())
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(event=one.event, guest=one.guest)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_guest("Leyla Məmmədova")


# --- What is held of a person -----------------------------------------------------------------------------


def test_a_guest_reads_and_erases_what_is_held_and_the_seat_is_free_again():
    event = make_gala()
    one = invited(event, make_guest("Ada"), companions=1)
    make_guest("Ben")
    answers(one, companions=1, needs=["interpreting"])
    [room] = [room for room in holdings.rooms() if room.name == "guests"]
    person = Person.of("ADA@example.org")

    told = {each.kind: {name: value for name, _label, value in each.values} for each in room.held(person)}
    assert told["events.guest"]["name"] == "Ada"
    assert told["events.invitation"]["needs"] == "Interpreting"
    assert room.erase(person, LATER) == 1

    assert [guest.name for guest in Guest.objects.all()] == ["Ben"]
    assert balance(event) == (0, 0)


def test_guests_go_half_a_year_after_the_last_event_to_which_they_were_invited():
    past = make_gala(slug="past")
    make_event("ahead", starts_at=NOW + timedelta(days=300))
    gone, stays = make_guest("Ada", changed_at=NOW), make_guest("Ben", changed_at=NOW)
    invited(past, gone, stays)
    invitations.invite(Event.objects.get(slug="ahead"), [stays], by=officer(), now=NOW)
    day = past.starts_at + timedelta(days=185)

    lines = {line.record_class: line.count for line in retention.destroy_due(day)}

    assert lines["guest_list"] == 3  # two invitations and one guest
    assert list(Guest.objects.all()) == [stays]
    assert Invitation.objects.get().event.slug == "ahead"


# --- At the same moment -----------------------------------------------------------------------------------


def answered_twice_at_once(event: Event) -> Invitation:
    """The guest on the page, the officer on the telephone: both read the row before either writes."""
    one = invited(event, make_guest(), make_guest("Ada"), companions=9)
    by, barrier = officer(), Barrier(2, timeout=3)

    def act(companions: int, who) -> None:
        try:
            own = Invitation.objects.select_related("event", "guest", "allotment").get(pk=one.pk)
            with suppress(BrokenBarrierError):
                barrier.wait()
            invitations.answer(own, "coming", companions=companions, now=LATER, by=who, how="phone" if who else "page")
        finally:
            connections.close_all()

    threads = [Thread(target=act, args=(1, None)), Thread(target=act, args=(3, by))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return one


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_never_count_a_seat_twice():
    event = make_gala(seats=20)

    one = answered_twice_at_once(event)

    count, held = balance(event)
    assert (count, one.steps.count()) == (held, 2)


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_the_same_two_answers_count_wrongly(monkeypatch):
    """The guard earns its place: who believes the row as it was before the lock gives the same seats back twice."""
    reading = Invitation.refresh_from_db

    def believe(row: Invitation, *arguments, from_queryset=None, **named) -> None:
        if from_queryset is None or not from_queryset.query.select_for_update:
            reading(row, *arguments, from_queryset=from_queryset, **named)

    monkeypatch.setattr(Invitation, "refresh_from_db", believe)
    event = make_gala(seats=20)

    answered_twice_at_once(event)

    count, held = balance(event)
    assert count < held


def test_a_registration_and_an_invitation_share_one_count():
    event = make_gala(seats=5)
    RegistrationPolicy.objects.create(event=event, mode="open")
    one = invited(event, companions=1)
    seat = come(event, party=2)
    answers(one)
    registration.cancel(seat, now=LATER)
    assert balance(event) == (1, 1)
