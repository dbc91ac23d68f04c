"""Letters about proposals: what is written when, and to whom. The words are made just before a letter leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from izbaku.mail import outbox
from izbaku.mail.outbox import Draft
from proposals.states import PRIVATE, stage_of

if TYPE_CHECKING:
    from izbaku.mail.models import Message
    from proposals.models import Proposal, ProposalStep
    from proposals.parties import Author, Follower, Partner

AGAIN_AT_MOST_EVERY = timedelta(hours=1)


def of_step(proposal: Proposal, step: ProposalStep) -> None:
    """Tell the authors of a move, and those who follow it of a stage that everybody can see.

    A decision reaches the authors whatever they prefer; partners and followers hear nothing that is not public.
    """
    to_authors(proposal, step)
    if step.after not in PRIVATE and proposal.listed_at and stage_of(step.before) != stage_of(step.after):
        to_the_public(proposal, step)


def to_authors(proposal: Proposal, step: ProposalStep) -> None:
    for author in proposal.authors.standing():
        outbox.put(
            "proposal_step",
            key=f"proposal:{proposal.pk}:{step.pk}:author:{author.pk}",
            to=author.email,
            language=author.language,
            payload={"proposal": proposal.pk, "step": step.pk},
            now=step.at,
        )


def to_the_public(proposal: Proposal, step: ProposalStep) -> None:
    """Partners who have confirmed, and followers who have confirmed; an address that is both hears once."""
    outbox.put_many("proposal_news", _readers(proposal, step), now=step.at)


def _readers(proposal: Proposal, step: ProposalStep) -> Iterator[Draft]:
    told = {author.email.lower() for author in proposal.authors.standing()}
    stem = f"proposal:{proposal.pk}:{step.pk}"
    about = {"proposal": proposal.pk, "step": step.pk}
    for partner in proposal.partners.standing().exclude(email=""):
        if partner.email.lower() not in told:
            told.add(partner.email.lower())
            payload = about | {"partner": partner.pk}
            yield Draft(f"{stem}:partner:{partner.pk}", partner.email, partner.language, payload)
    for follower in proposal.followers.standing().order_by("pk").iterator(chunk_size=2000):
        if follower.email.lower() not in told:
            payload = about | {"follower": follower.pk}
            yield Draft(f"{stem}:follower:{follower.pk}", follower.email, follower.language, payload)


def _hour(now: datetime) -> int:
    return int(now.timestamp() // AGAIN_AT_MOST_EVERY.total_seconds())


def way_back(proposal: Proposal, *, to: str, language: str, now: datetime) -> Message | None:
    payload = {"proposal": proposal.pk}
    return outbox.put(
        "proposal_draft", key=f"draft:{proposal.pk}:{_hour(now)}", to=to, language=language, payload=payload, now=now
    )


def author_asked(author: Author, *, by: Any, now: datetime) -> Message | None:
    return outbox.put(
        "proposal_author",
        key=f"coauthor:{author.pk}:{_hour(now)}",
        to=author.email,
        language=author.language,
        payload={"author": author.pk, "by": by.pk},
        now=now,
    )


def partner_asked(partner: Partner, *, by: Any, now: datetime) -> Message | None:
    return outbox.put(
        "proposal_partner",
        key=f"partner:{partner.pk}:{_hour(now)}",
        to=partner.email,
        language=partner.language,
        payload={"partner": partner.pk, "by": by.pk},
        now=now,
    )


def follower_asked(follower: Follower, *, now: datetime) -> Message | None:
    return outbox.put(
        "proposal_follow",
        key=f"follow:{follower.pk}:{_hour(now)}",
        to=follower.email,
        language=follower.language,
        payload={"follower": follower.pk},
        now=now,
    )
