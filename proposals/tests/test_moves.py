"""Every move of the table, for everybody: who may make it, from where, and what it takes."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from izbaku import history
from izbaku.accounts.models import User
from proposals.delivery import Dossier, DossierItem, HandOver, Milestone
from proposals.models import Proposal
from proposals.moves import MOVES
from proposals.reviewing import Decision, Meeting
from proposals.states import State
from proposals.tests.committee import BOARD, NOW, make_member, make_office, make_person, make_proposal

pytestmark = pytest.mark.django_db
# Written by hand, apart from the table: who may make each move.
MAY = {
    "submit": {"author"},
    "withdraw": {"author"},
    "take_up": {"office"},
    "ask_changes": {"office", "area chair"},
    "refuse": {"office"},
    "decide": {"board chair"},
    "reopen": {"board chair"},
    "announce_acceptance": {"office"},
    "announce_deferral": {"office"},
    "announce_changes": {"office"},
    "announce_rejection": {"office"},
    "take_up_again": {"office"},
    "present": {"office"},
    "answer_positive": {"office"},
    "answer_negative": {"office"},
    "start": {"office"},
    "pause": {"office"},
    "resume": {"office"},
    "finish": {"office"},
    "stop": {"office"},
}
VERDICTS = {
    "decide": "accept", "announce_acceptance": "accept", "announce_deferral": "defer",
    "announce_changes": "changes", "announce_rejection": "reject",
}  # fmt: skip
OTHER_ROLES = ("programme-editor", "administrator", "data-protection", "case-worker", "co-host")


def everybody(proposal: Proposal) -> dict[str, User | None]:
    writer = proposal.authors.get().user
    recused_chair = make_member("Rena", BOARD, chairs=True)
    recused_office = make_office("Ruslan")
    for person in (recused_chair, recused_office):
        proposal.declarations.create(user=person, has_conflict=True)
    people: dict[str, User | None] = {
        "author": writer,
        "office": make_office(),
        "board chair": make_member("Kamil", BOARD, chairs=True),
        "area chair": make_member("Nigar", chairs=True),
        "member": make_member("Bahar"),
        "board member": make_member("Lale", BOARD),
        "recused chair": recused_chair,
        "recused office": recused_office,
        "chair without a seat": make_person("Oktay", "committee-chair"),
        "visitor": make_person("Zeki"),
        "nobody": None,
    }
    return people | {role: make_person(role, role) for role in OTHER_ROLES}


def prepared(name: str, state: str) -> Proposal:
    """A proposal in that state, with all that the move asks for."""
    proposal = make_proposal(state=state, listed_at=NOW)
    if name in VERDICTS:
        board = make_member("Yusif", BOARD).review_bodies.get().body
        meeting = Meeting.objects.create(body=board, at=NOW)
        version = proposal.versions.get()
        Decision.objects.create(
            proposal=proposal, meeting=meeting, version=version, verdict=VERDICTS[name], year=2026, serial=1
        )
    if name in ("present", "answer_positive", "answer_negative"):
        dossier = Dossier.objects.create(title="D", year=2026, serial=1, frozen_at=NOW)
        HandOver.objects.create(dossier=dossier, on=date(2026, 11, 20), office="Yazı İşleri")
        item = DossierItem.objects.create(dossier=dossier, proposal=proposal)
        if name != "present":
            item.answer, item.answered_on = name.removeprefix("answer_"), date(2026, 11, 24)
            item.save()
    if name in ("start", "finish"):
        Milestone.objects.create(proposal=proposal, title="İlk adım", state="dropped")
    return proposal


def attempt(proposal: Proposal, name: str, by: User | None) -> str:
    """What comes of it; undone afterwards."""
    fresh = Proposal.objects.get(pk=proposal.pk)
    try:
        with transaction.atomic():
            history.move(fresh, name, by=by, why="Sebep", now=NOW)
            transaction.set_rollback(True)
    except PermissionDenied:
        return "not allowed"
    except ValidationError as error:
        return str(error.code)
    return "made"


def test_the_two_lists_name_the_same_moves():
    assert {move.name for move in MOVES} == set(MAY)


@pytest.mark.parametrize("name", MAY)
def test_each_move_is_made_by_those_who_may_and_by_nobody_else_from_its_own_states_alone(name):
    move = MOVES[name]
    proposal = prepared(name, move.sources[0])
    people = everybody(proposal)
    came: dict[tuple[str, str], str] = {}
    for state in State:
        Proposal.objects.filter(pk=proposal.pk).update(state=state)
        for who, by in people.items():
            came[(who, state)] = attempt(proposal, name, by)

    for (who, state), what in came.items():
        expected = "moved" if state not in move.sources else "made" if who in MAY[name] else "not allowed"
        assert what == expected, f"{who} makes {name} from {state}"


@pytest.mark.parametrize("name", [move.name for move in MOVES if move.needs_reason])
def test_a_move_that_needs_a_reason_is_not_made_without_one(name):
    proposal = prepared(name, MOVES[name].sources[0])
    people: dict[str, Any] = everybody(proposal)

    with pytest.raises(ValidationError) as caught:
        history.move(proposal, name, by=people[sorted(MAY[name])[-1]], why="  ", now=NOW)

    assert caught.value.code == "reason"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("submit", "incomplete"),
        ("take_up", "unlisted"),
        ("decide", "undecided"),
        ("announce_acceptance", "other"),
        ("announce_deferral", "other"),
        ("announce_changes", "other"),
        ("announce_rejection", "other"),
        ("present", "unhanded"),
        ("answer_positive", "unanswered"),
        ("answer_negative", "unanswered"),
        ("start", "no_milestones"),
    ],
)
def test_what_is_missing_is_said_and_nothing_moves(name, code):
    proposal = make_proposal(state=MOVES[name].sources[0], listed_at=None, version=7)
    people = everybody(proposal)

    assert attempt(proposal, name, people[next(iter(MAY[name]))]) == code


def test_a_project_with_an_open_milestone_is_not_completed():
    proposal = make_proposal(state=State.RUNNING)
    Milestone.objects.create(proposal=proposal, title="Açılış")

    assert attempt(proposal, "finish", make_office()) == "open"
