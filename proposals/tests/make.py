"""Plain helpers that make proposals, by the same activities that the pages call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import Group

from izbaku import history
from izbaku.accounts.models import User
from proposals import submission, taking_in
from proposals.bodies import Area, BodyMember
from proposals.models import Proposal

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
CONTENT = {
    "language": "tr", "area": "cultural", "title_tr": "Ortak koro", "summary_tr": "İki şehrin korosu.",
    "why_tr": "Birlikte söylemek için.", "what_tr": "Yılda iki konser verilir.", "benefits_tr": "İki şehrin gençleri.",
    "place": "both", "budget": "1.250.000,50", "currency": "TRY", "contact_name": "Gizli Kişi",
    "contact_email": "gizli@example.org", "seeks_in": "baku", "seeks_tr": "Bir müzik okulu",
}  # fmt: skip


def person(name: str = "author", *roles: str, **fields: Any) -> User:
    user = User.objects.create_user(f"{name}@example.org", name=name.title(), is_staff=bool(roles), **fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def draft(by: User | None = None, now: datetime = NOW, **content: str) -> Proposal:
    """Complete, and not sent yet."""
    proposal = submission.begin(by=by, language="tr", now=now)
    submission.save(proposal, CONTENT | content, now=now)
    return proposal


def submitted(by: User, now: datetime = NOW, **content: str) -> Proposal:
    proposal = draft(by, now, **content)
    submission.submit(proposal, by=by, now=now)
    return proposal


def in_review(by: User, office: User, now: datetime = NOW, **content: str) -> Proposal:
    proposal = submitted(by, now, **content)
    taking_in.take_up(proposal, by=office, now=now)
    return proposal


def chair(area: str = "cultural", name: str = "chair") -> User:
    user = person(name, "committee-chair")
    BodyMember.objects.create(body=Area.objects.get(slug=area).body, user=user, is_chair=True)
    return user


def put(proposal: Proposal, state: str) -> Proposal:
    """Straight to a state, for tests of what happens there; the proposal's own way is tested by its moves."""
    before = proposal.state
    Proposal.objects.filter(pk=proposal.pk).update(state=state, listed_at=proposal.listed_at or NOW)
    proposal.steps.create(move="put", before=before, after=state, at=NOW)
    proposal.refresh_from_db()
    return proposal


__all__ = ["CONTENT", "NOW", "chair", "draft", "history", "in_review", "person", "put", "submitted"]
