"""What the committee is promised: interests first, then the text; nobody follows another's score; nothing leaks."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection

from izbaku.accounts.models import Organisation, Speaker, User
from izbaku.mail.models import Message
from proposals import handover, review
from proposals.models import Proposal
from proposals.review import Votes
from proposals.reviewing import Criterion, Decision, Review
from proposals.states import State
from proposals.tests.committee import (
    BOARD,
    NOW,
    back,
    decided,
    judge,
    make_board,
    make_member,
    make_office,
    make_person,
    make_proposal,
    meet,
)

pytestmark = pytest.mark.django_db


def refusal(act: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        act(*args, **kwargs)
    error = caught.value
    return str(next(iter(error.error_dict.values()))[0].code if hasattr(error, "error_dict") else error.code)


# --- Interests ---


def test_the_text_stays_closed_until_a_member_has_declared():
    proposal, member = make_proposal(), make_member("Bahar")

    assert list(review.before(member)) == [proposal]
    assert review.must_declare(proposal, member)
    review.declare(proposal, by=member, has_conflict=False, now=NOW)

    assert not review.must_declare(proposal, member)


def test_who_has_a_conflict_meets_the_proposal_nowhere_and_is_expected_no_more():
    proposal, member, other = make_proposal(), make_member("Bahar"), make_member("Cavid")

    review.declare(proposal, by=member, has_conflict=True, why="Kardeşim yazdı.", now=NOW)

    assert not review.before(member).exists()
    assert list(review.reviewers(proposal)) == [other]
    with pytest.raises(PermissionDenied):
        review.remark(proposal, by=member, text="Yine de", now=NOW)
    with pytest.raises(PermissionDenied):  # the word stands: they cannot come back by themselves
        review.declare(proposal, by=member, has_conflict=False, now=NOW)


def test_a_conflict_by_organisation_is_proposed_by_itself_and_denying_it_needs_a_reason():
    proposal, member = make_proposal(), make_member("Bahar")
    chamber = Organisation.objects.create(name="Ege Odası")
    back(proposal, chamber)
    Speaker.objects.create(user=member, organisation=chamber, confirmed_at=NOW - timedelta(days=1))

    assert review.suspected(proposal, member, NOW) == ["Ege Odası"]
    assert refusal(review.declare, proposal, by=member, has_conflict=False, now=NOW) == "why"
    review.declare(proposal, by=member, has_conflict=False, why="Eski görevim.", now=NOW)


def test_who_spoke_for_an_organisation_once_is_not_suspected_any_more():
    proposal, member = make_proposal(), make_member("Bahar")
    chamber = Organisation.objects.create(name="Ege Odası")
    back(proposal, chamber)
    Speaker.objects.create(
        user=member, organisation=chamber, confirmed_at=NOW - timedelta(days=9), ended_at=NOW - timedelta(days=1)
    )

    assert review.suspected(proposal, member, NOW) == []


def test_a_conflict_declared_later_takes_the_review_out_of_the_totals():
    proposal, one, two = make_proposal(), make_member("Bahar"), make_member("Cavid")
    judge(proposal, one, 1)
    judge(proposal, two, 5)

    review.declare(proposal, by=one, has_conflict=True, now=NOW)

    assert review.tally(proposal).total.values == [100.0]


def test_only_a_chair_lifts_a_recusal_and_never_their_own():
    proposal, member = make_proposal(), make_member("Bahar")
    chair = make_member("Cavid", chairs=True)
    theirs = review.declare(proposal, by=member, has_conflict=True, now=NOW)

    with pytest.raises(PermissionDenied):
        review.lift(theirs, by=member)
    review.lift(theirs, by=chair)
    assert review.before(member).exists()

    own = review.declare(proposal, by=chair, has_conflict=True, now=NOW)
    with pytest.raises(PermissionDenied):
        review.lift(own, by=chair)


def test_a_member_of_another_body_and_an_author_meet_nothing():
    proposal = make_proposal(area="commercial")
    writer = proposal.authors.get().user
    writer.groups.set(make_member("Bahar").groups.all())
    outsider = make_person("Deniz", "committee-member")

    assert not review.before(outsider).exists()
    assert not review.before(writer).exists()


# --- Scoring ---


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([(5, 30), (5, 70)], 100.0),
        ([(1, 30), (1, 70)], 0.0),
        ([(3, 1)], 50.0),
        ([(5, 75), (1, 25)], 75.0),
        ([(5, 75), (None, 25)], 100.0),  # over the weights that were answered
        ([(None, 75), (2, 25)], 25.0),
        ([(None, 75), (None, 25)], None),
        ([], None),
    ],
)
def test_points_are_normalised_over_the_weights_that_were_answered(scores, expected):
    assert review.points(scores) == expected


def test_totals_and_others_are_hidden_until_ones_own_review_is_in():
    proposal, one, two = make_proposal(), make_member("Bahar"), make_member("Cavid")
    judge(proposal, one, 5)
    review.declare(proposal, by=two, has_conflict=False, now=NOW)

    assert review.sees_others(proposal, one)
    assert not review.sees_others(proposal, two)
    judge(proposal, two, 2)

    assert review.sees_others(proposal, two)


def test_the_tally_says_median_and_spread():
    proposal = make_proposal()
    for name, score in (("Ada", 1), ("Bahar", 2), ("Cavid", 5)):
        judge(proposal, make_member(name), score)

    total = review.tally(proposal).total

    assert (total.lowest, total.median, total.highest) == (0.0, 25.0, 100.0)


def test_a_draft_is_kept_but_does_not_count_and_handing_in_needs_every_answer():
    proposal, member = make_proposal(), make_member("Bahar")
    review.declare(proposal, by=member, has_conflict=False, now=NOW)
    first = Criterion.objects.filter(body__slug="is-gelistirme")[0]
    words = {"version": 1, "to_committee": "Düşünüyorum", "to_author": "", "by": member, "now": NOW}

    kept = review.save(proposal, scores={first.pk: 4}, hand_in=False, **words)

    assert (kept.to_committee, kept.handed_in_at) == ("Düşünüyorum", None)
    assert review.tally(proposal).handed_in == 0
    assert refusal(review.save, proposal, scores={first.pk: 4}, hand_in=True, **words) == "unanswered"
    nothing = {criterion.pk: None for criterion in review.criteria_of(proposal)}
    assert refusal(review.save, proposal, scores=nothing, hand_in=True, **words) == "nothing"


def test_a_review_of_an_old_version_is_refused_and_the_earlier_one_stays_with_its_version():
    proposal, member = make_proposal(), make_member("Bahar")
    judge(proposal, member, 5)
    proposal.versions.create(number=2, content={}, submitted_at=NOW)
    Proposal.objects.filter(pk=proposal.pk).update(version=2)
    proposal.refresh_from_db()
    words = {"to_committee": "", "to_author": "", "by": member, "now": NOW, "hand_in": True}

    assert refusal(review.save, proposal, version=1, scores={}, **words) == "version"
    assert review.tally(proposal).handed_in == 0
    assert review.earlier_review(proposal, member).version.number == 1


def test_a_changed_weight_counts_from_now_on():
    proposal, one, two = make_proposal(), make_member("Bahar"), make_member("Cavid")
    judge(proposal, one, 4)
    weights = set(Review.objects.get().scores.values_list("criterion", "weight"))

    Criterion.objects.update(weight=99)

    assert set(Review.objects.get().scores.values_list("criterion", "weight")) == weights
    assert set(judge(proposal, two, 4).scores.values_list("weight", flat=True)) == {99}


def test_nobody_reviews_once_it_is_decided():
    proposal, member = make_proposal(), make_member("Bahar")
    review.declare(proposal, by=member, has_conflict=False, now=NOW)
    decided(proposal, make_board())
    scores = {criterion.pk: 3 for criterion in review.criteria_of(proposal)}
    words = {"to_committee": "", "to_author": "", "by": member, "now": NOW, "hand_in": True}

    assert refusal(review.save, proposal, version=1, scores=scores, **words) == "closed"


# --- Deciding and announcing ---


def test_a_decision_has_a_number_and_says_nothing_to_anybody_outside():
    proposal, board = make_proposal(), make_board()
    before = (proposal.stage_label, Message.objects.count())

    decision = decided(proposal, board)

    proposal.refresh_from_db()
    assert (decision.number, proposal.state) == ("2026/1", State.DECIDED)
    assert (proposal.stage_label, Message.objects.count()) == before


def test_announcing_moves_it_on_and_writes_to_the_authors_with_the_reasons():
    proposal, office = make_proposal(), make_office()
    decided(proposal, make_board(), "reject", to_author="Bütçe yok.")

    step = review.announce(proposal, by=office, now=NOW)

    proposal.refresh_from_db()
    assert (proposal.state, step.why, proposal.kept_as) == (State.REJECTED, "Bütçe yok.", "rejected_proposal")
    assert Message.objects.filter(kind="proposal_step").count() == 1
    assert not Decision.objects.unannounced().exists()


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        ("accept", State.ACCEPTED),
        ("changes", State.CHANGES_ASKED),
        ("defer", State.DEFERRED),
        ("reject", State.REJECTED),
    ],
)
def test_what_is_announced_is_what_was_decided(verdict, state):
    proposal = make_proposal()
    decided(proposal, make_board(), verdict)

    review.announce(proposal, by=make_office(), now=NOW)

    assert Proposal.objects.get().state == state


def test_a_decision_taken_back_keeps_its_number_and_the_next_gets_another():
    proposal, board = make_proposal(), make_board()
    first = decided(proposal, board)

    review.take_back(proposal, by=board[0], why="Yanlış sayıldı.", now=NOW)
    second = decided(proposal, board, "defer")

    assert (first.number, second.number) == ("2026/1", "2026/2")
    assert list(Decision.objects.unannounced()) == [second]


def test_the_quorum_leaves_out_who_is_recused():
    board = make_board()
    proposal = make_proposal()
    meeting = meet(proposal, board[:1])
    review.declare(proposal, by=board[1], has_conflict=True, now=NOW)

    found = review.quorum(meeting, proposal)
    assert (found.entitled, found.present, found.needed, found.recused, found.is_there) == (2, 1, 2, 1, False)
    assert refusal(_decide, proposal, meeting, board[0], Votes(1)) == "quorum"

    meeting.present.add(board[2])
    assert refusal(_decide, proposal, meeting, board[0], Votes(2)) == "undeclared"
    review.declare(proposal, by=board[2], has_conflict=False, now=NOW)
    _decide(proposal, meeting, board[0], Votes(2))


def test_who_has_left_the_house_sits_in_no_body_and_counts_for_no_quorum():
    board, heir = make_board(), make_office()
    proposal = make_proposal()
    meeting = meet(proposal, board[:2])
    assert review.quorum(meeting, proposal).entitled == 3
    proposal.responsible = board[2]
    proposal.save()

    assert handover.pass_on(board[2], heir) == 1

    assert review.quorum(meeting, proposal).entitled == 2
    assert not heir.review_bodies.exists()  # the board gives a seat, nobody inherits it
    User.objects.filter(pk=board[1].pk).update(is_active=False)  # disabled by another way
    assert review.quorum(meeting, proposal).entitled == 1


@pytest.mark.parametrize(("votes", "code"), [(Votes(2), "votes"), (Votes(4), "votes"), (Votes(1, 1, 1), "carried")])
def test_votes_add_up_and_carry(votes, code):
    board, proposal = make_board(), make_proposal()

    assert refusal(_decide, proposal, meet(proposal, board), board[0], votes) == code


def test_only_the_chair_of_the_board_decides_and_never_when_recused():
    board, proposal = make_board(), make_proposal()
    committee_chair = make_member("Nigar", chairs=True)
    meeting = meet(proposal, board)

    for person in (board[1], committee_chair, make_office()):
        with pytest.raises(PermissionDenied):
            _decide(proposal, meeting, person, Votes(3))
    review.declare(proposal, by=board[0], has_conflict=True, now=NOW)
    with pytest.raises(PermissionDenied):
        _decide(proposal, meeting, board[0], Votes(2))
    assert not Decision.objects.exists()


def test_a_refusal_needs_reasons_and_a_proposal_that_stands_on_no_agenda_is_not_decided():
    board, proposal, other = make_board(), make_proposal(), make_proposal("Başka")
    meeting = meet(proposal, board)

    assert refusal(_decide, other, meeting, board[0], Votes(3)) == "agenda"
    assert refusal(_decide, proposal, meeting, board[0], Votes(3), verdict="reject") == "reasons"


def _decide(proposal: Proposal, meeting: Any, by: Any, votes: Votes, verdict: str = "accept") -> Decision:
    return review.decide(proposal, meeting=meeting, verdict=verdict, votes=votes, by=by, now=NOW)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("guard", ["on", "off"])
def test_of_two_who_decide_at_once_the_second_is_told(guard, monkeypatch):
    """Without the lock the second one runs into the database's promise instead of being told."""
    board = make_board()
    second_chair = make_member("Orhan", BOARD, chairs=True)
    proposal = make_proposal()
    meeting = meet(proposal, [*board, second_chair])
    if guard == "off":
        monkeypatch.setattr(review, "_lock", lambda proposal: None)
    ready, said = Barrier(2), []

    def act(person):
        mine = Proposal.objects.get(pk=proposal.pk)
        ready.wait(timeout=20)
        try:
            _decide(mine, meeting, person, Votes(4))
            said.append("done")
        except ValidationError as error:
            said.append(error.code)
        except IntegrityError:
            said.append("broken")
        finally:
            connection.close()

    threads = [Thread(target=act, args=[person]) for person in (board[0], second_chair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == (["done", "moved"] if guard == "on" else ["broken", "done"])
    assert Decision.objects.count() == 1
