"""News of a project by letter: to its authors, to partners who have confirmed, to those who follow it; once to each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from izbaku.mail import outbox
from izbaku.mail.kinds import Kind, Letter, Rank, WhenUncertain, register
from izbaku.mail.models import Message
from izbaku.mail.outbox import Draft
from proposals.delivery import News
from proposals.letters import letter, public_address_of
from proposals.models import Proposal

KIND = "project_news"


def put(news: News, *, now: datetime) -> int:
    """Write them in the caller's transaction; returns how many."""
    return outbox.put_many(KIND, _drafts(news.proposal, news.pk), now=now)


def readers_of(proposal: Proposal) -> int:
    """How many letters news of this project would be."""
    return sum(1 for _draft in _drafts(proposal, 0))


def _drafts(proposal: Proposal, news: int) -> Iterator[Draft]:
    told: set[str] = set()
    for kind, rows in (
        ("author", proposal.authors.standing()),
        ("partner", proposal.partners.standing().exclude(email="")),
        ("follower", proposal.followers.standing()),
    ):
        for row in rows.order_by("pk").iterator(chunk_size=2000):
            if row.email and row.email.lower() not in told:
                told.add(row.email.lower())
                yield Draft(f"news:{news}:{kind}:{row.pk}", row.email, row.language, {"news": news, kind: row.pk})


def _news(message: Message) -> News | None:
    found = News.objects.public().select_related("proposal").filter(pk=message.payload.get("news"))
    return found.first()


def _is_wanted(message: Message, now: datetime) -> bool:
    """While the news is there and its reader still belongs to the project, or follows it."""
    news = _news(message)
    if news is None or not news.proposal.is_public:
        return False
    payload, proposal = message.payload, news.proposal
    return (
        proposal.authors.standing().filter(pk=payload.get("author")).exists()
        or proposal.partners.standing().filter(pk=payload.get("partner")).exists()
        or proposal.followers.standing().filter(pk=payload.get("follower")).exists()
    )


def _build(message: Message) -> Letter:
    news = _news(message)
    assert news is not None
    address = public_address_of(news.proposal)
    return letter("project_news", news.proposal, message.language, news=news, url=address)


register(
    Kind(
        KIND,
        _build,
        _is_wanted,
        lives=timedelta(days=7),
        when_uncertain=WhenUncertain.AGAIN,
        is_optional=True,
        rank=Rank.MAILING,
        label=_("News of a project"),
    )
)
