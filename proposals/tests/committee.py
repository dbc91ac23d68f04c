"""Test data of the committee's side: who sits where, and proposals at any point of their life."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client

from events.tests.desk import proven
from izbaku.accounts.models import User
from proposals import review
from proposals.models import Area, Author, BodyMember, Partner, Proposal, ReviewBody
from proposals.review import Votes
from proposals.reviewing import AgendaItem, Decision, Meeting
from proposals.states import State

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
COMMITTEE, BOARD = "is-gelistirme", "yonetim-kurulu"
MEMBER, CHAIR, OFFICE = "committee-member", "committee-chair", "secretariat"


def make_person(name: str, *roles: str, **fields: Any) -> User:
    values = {"name": name, "is_staff": bool(roles), "language": "en"}
    user = User.objects.create_user(f"{name.lower()}@example.org", **values | fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def make_member(name: str, body: str = COMMITTEE, *, chairs: bool = False) -> User:
    user = make_person(name, CHAIR if chairs else MEMBER)
    BodyMember.objects.create(
        body=ReviewBody.objects.get(slug=body), user=user, is_chair=chairs, since=NOW - timedelta(days=9)
    )
    return user


def make_office(name: str = "Sevda") -> User:
    return make_person(name, OFFICE)


def make_proposal(title: str = "Liman okulu", state: str = State.IN_REVIEW, **fields: Any) -> Proposal:
    """Submitted once, with its author, at this point of its life; Turkish unless told otherwise."""
    number = Proposal.objects.count() + 1
    area = fields.pop("area", "commercial")
    texts = {
        "title_tr": title, "summary_tr": "Kısaca.", "why_tr": "Çünkü.", "what_tr": "Bir okul.", "benefits_tr": "Herkes.",
    }  # fmt: skip
    values = {
        "slug": f"p{number}", "state": state, "version": 1, "area": Area.objects.get(slug=area), "language": "tr",
        "submitted_at": NOW, "listed_at": None if state in (State.DRAFT, State.SUBMITTED) else NOW, "stage_at": NOW,
    }  # fmt: skip
    proposal = Proposal.objects.create(**values | texts | fields)
    proposal.versions.create(number=1, content={**texts, "language": "tr"}, submitted_at=NOW)
    writer = make_person(f"author{number}")
    Author.objects.create(
        proposal=proposal, user=writer, email=writer.email, name="Aygün", is_first=True, accepted_at=NOW, language="en"
    )
    return proposal


def back(proposal: Proposal, organisation: Any, **fields: Any) -> Partner:
    """The organisation stands behind it."""
    values = {"name": organisation.name, "organisation": organisation, "confirmed_at": NOW, "city": "izmir"}
    return Partner.objects.create(proposal=proposal, **values | fields)


def judge(proposal: Proposal, by: User, score: int | None = 4, **words: str) -> Any:
    """Declared without a conflict, and one score for everything."""
    if not proposal.declarations.filter(user=by).exists():
        review.declare(proposal, by=by, has_conflict=False, now=NOW)
    scores = {criterion.pk: score for criterion in review.criteria_of(proposal)}
    texts = {"to_committee": "", "to_author": ""} | words
    return review.save(proposal, by=by, version=proposal.version, scores=scores, hand_in=True, now=NOW, **texts)


def make_board() -> list[User]:
    """A chair and two members."""
    return [make_member("Kamil", BOARD, chairs=True), make_member("Lale", BOARD), make_member("Mehmet", BOARD)]


def meet(proposal: Proposal, people: list[User]) -> Meeting:
    """The board meets on it; all are there and have declared."""
    meeting = Meeting.objects.create(body=ReviewBody.objects.get(slug=BOARD), at=NOW, place="Konak")
    meeting.present.set(people)
    AgendaItem.objects.create(meeting=meeting, proposal=proposal, position=1)
    for person in people:
        if not proposal.declarations.filter(user=person).exists():
            review.declare(proposal, by=person, has_conflict=False, now=NOW)
    return meeting


def decided(proposal: Proposal, people: list[User], verdict: str = "accept", **words: str) -> Decision:
    """By all who are there."""
    meeting = meet(proposal, people)
    texts = {"to_author": "Sebebi budur."} | words
    return review.decide(
        proposal, meeting=meeting, verdict=verdict, votes=Votes(len(people)), by=people[0], now=NOW, **texts
    )


def client_of(user: User) -> Client:
    return proven(user)
