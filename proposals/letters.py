"""How each letter about a proposal is built, and whether it is still wanted when its turn comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from izbaku import times
from izbaku.accounts.models import User
from izbaku.mail.kinds import Kind, Letter, Rank, WhenUncertain, register
from izbaku.mail.models import Message
from proposals.models import Proposal, ProposalStep
from proposals.parties import Author, Follower, Partner
from proposals.states import State, stage_of


def _step(message: Message) -> ProposalStep | None:
    found = ProposalStep.objects.select_related("of__area").filter(pk=message.payload.get("step"))
    return found.filter(of=message.payload.get("proposal")).first()


def address_of(proposal: Proposal) -> str:
    """Where its authors follow it: behind their sign-in."""
    return str(settings.SITE_ADDRESS) + reverse("proposals:own", args=[proposal.code])


def public_address_of(proposal: Proposal) -> str:
    return str(settings.SITE_ADDRESS) + reverse("proposals:proposal", args=[proposal.slug])


def about(proposal: Proposal, language: str) -> dict[str, Any]:
    return {"proposal": proposal, "title": proposal.said("title", language), "language": language}


def letter(name: str, proposal: Proposal, language: str, **more: Any) -> Letter:
    """`templates/proposals/mail/<name>.txt` in the reader's language: its first line is the subject."""
    with translation.override(language):
        text = render_to_string(f"proposals/mail/{name}.txt", about(proposal, language) | more).strip()
    subject, _newline, body = text.partition("\n")
    return Letter(subject.strip(), body.strip())


def to_author(proposal: Proposal, move: str, after: str, language: str, *, why: str = "", at: datetime) -> Letter:
    """What an author reads of a move; the same for a preview, before it is made.

    The subject names what has happened and the day: decisions are overlooked where it does not.
    """
    with translation.override(language):
        own = address_of(proposal)
        day = times.day(at.astimezone(times.zone_of("")).date(), language, weekday=False)
    shown = {"move": move, "stage": stage_of(after), "why": why, "day": day, "own_url": own}
    return letter("step", proposal, language, State=State, **shown)


def _build_step(message: Message) -> Letter:
    step = _step(message)
    assert step is not None
    return to_author(step.of, step.move, step.after, message.language, why=step.why, at=step.at)


def _is_there(message: Message, now: datetime) -> bool:
    """A decision reaches its authors even when the next step has been made."""
    return _step(message) is not None


# --- To partners and followers: what everybody can see ------------------------------------------------------


def _is_news(message: Message, now: datetime) -> bool:
    """Public still, at the stage that the letter tells of, and read by somebody who still follows it."""
    step = _step(message)
    if step is None or not step.of.is_public or step.of.stage != stage_of(step.after):
        return False
    follower, partner = message.payload.get("follower"), message.payload.get("partner")
    if follower:
        return Follower.objects.standing().filter(pk=follower).exists()
    return Partner.objects.standing().filter(pk=partner).exists()


def way_out(message: Message) -> str:
    """Where a reader says, with one button, that this proposal is enough."""
    follower = Follower.objects.filter(pk=message.payload.get("follower")).first()
    if follower is None:
        return ""
    with translation.override(message.language):
        return str(settings.SITE_ADDRESS) + reverse("proposals:following", args=[follower.code])


def _build_news(message: Message) -> Letter:
    step = _step(message)
    assert step is not None
    with translation.override(message.language):
        address = public_address_of(step.of)
    day = times.day(step.day, message.language, weekday=False)
    said = {"stage": stage_of(step.after), "day": day, "public_url": address, "way_out": way_out(message)}
    return letter("news", step.of, message.language, **said)


# --- Ways in: a draft, an invitation, an address to be confirmed ---------------------------------------------


def _link(name: str, code: str, language: str) -> str:
    with translation.override(language):
        return str(settings.SITE_ADDRESS) + reverse(f"proposals:{name}", args=[code])


def _plain(template: str, link: str, language: str, **more: Any) -> Letter:
    """Nothing that a stranger typed stands in it: a title could be an advertisement."""
    with translation.override(language):
        text = render_to_string(f"proposals/mail/{template}.txt", {"link": link} | more).strip()
    subject, _newline, body = text.partition("\n")
    return Letter(subject.strip(), body.strip())


def _draft(message: Message) -> Proposal | None:
    return Proposal.objects.filter(pk=message.payload.get("proposal"), state=State.DRAFT).first()


def _build_draft(message: Message) -> Letter:
    draft = _draft(message)
    assert draft is not None
    return _plain("draft", _link("own", draft.code, message.language), message.language)


def _inviter(message: Message) -> str:
    """The address that this person has proven by signing in; a name would be whatever they like."""
    return User.objects.filter(pk=message.payload.get("by")).values_list("email", flat=True).first() or ""


def _author(message: Message) -> Author | None:
    return Author.objects.filter(pk=message.payload.get("author"), accepted_at=None, left_at=None).first()


def _build_author(message: Message) -> Letter:
    author = _author(message)
    assert author is not None
    return _plain("author", _link("joining", author.code, message.language), message.language, by=_inviter(message))


def _partner(message: Message) -> Partner | None:
    asked = Partner.objects.filter(pk=message.payload.get("partner"), confirmed_at=None, declined_at=None)
    return asked.first()


def _build_partner(message: Message) -> Letter:
    partner = _partner(message)
    assert partner is not None
    link = _link("confirming", partner.code, message.language)
    return _plain("partner", link, message.language, by=_inviter(message))


def _follower(message: Message) -> Follower | None:
    return Follower.objects.filter(pk=message.payload.get("follower"), confirmed_at=None).first()


def _build_follow(message: Message) -> Letter:
    follower = _follower(message)
    assert follower is not None
    return _plain("follow", _link("following", follower.code, message.language), message.language)


AGAIN, WEEK = WhenUncertain.AGAIN, timedelta(days=7)
register(
    Kind("proposal_step", _build_step, _is_there, lives=2 * WEEK, when_uncertain=AGAIN, label=_("Step of a proposal"))
)
register(
    Kind("proposal_news", _build_news, _is_news, lives=WEEK, is_optional=True, rank=Rank.MAILING,
         label=_("News of a proposal"))
)  # fmt: skip
register(
    Kind("proposal_draft", _build_draft, lambda message, now: _draft(message) is not None, when_uncertain=AGAIN,
         label=_("Way back to a draft"))
)  # fmt: skip
register(
    Kind("proposal_author", _build_author, lambda message, now: _author(message) is not None, lives=WEEK,
         when_uncertain=AGAIN, label=_("Invitation of a co-author"))
)  # fmt: skip
register(
    Kind("proposal_partner", _build_partner, lambda message, now: _partner(message) is not None, lives=WEEK,
         when_uncertain=AGAIN, label=_("Question to an organisation"))
)  # fmt: skip
register(
    Kind("proposal_follow", _build_follow, lambda message, now: _follower(message) is not None, when_uncertain=AGAIN,
         label=_("Address to be confirmed"))
)  # fmt: skip
