"""Clearly labelled sample proposals, so that the committee's side can be tried. Never in production."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from izbaku.accounts.models import User
from izbaku.mail.models import Message
from proposals import submission
from proposals.models import Proposal

# Nobody: this address leads nowhere (RFC 2606), and no letter is left for it.
ADDRESS = "sample-author@example.org"
NAME = "Örnek Yazar"
# area, language, title, summary, why, what, who benefits, where, budget, currency
PROPOSALS = [
    ("commercial", "tr", "Örnek: Liman okulu", "Örnek: bu gerçek bir öneri değildir. İki liman için ortak bir kurs.",
     "İki şehrin limanlarında aynı işi öğrenenler birbirini tanımıyor.", "Yılda iki kez, bir ay süren bir kurs açılır.",
     "İzmir'de ve Bakü'de liman işi öğrenen gençler.", "both", "1250000", "TRY"),
    ("cultural", "az", "Nümunə: Ortaq xor", "Nümunə: bu, real təklif deyil. İki şəhərin bir xoru.",
     "İki şəhərin mahnıları birlikdə oxunmur.", "İldə iki konsert verilir.", "İki şəhərin gəncləri.",
     "both", "18000", "AZN"),
    ("educational", "en", "Sample: A week of two libraries", "Sample: this is no real proposal. Two libraries.",
     "The libraries of the two cities have never met.", "For one week each library shows the other's books.",
     "Readers in İzmir and in Baku.", "both", "0", "EUR"),
]  # fmt: skip


@transaction.atomic
def load(now: datetime) -> int:
    """Write and send what is not there yet, by the same acts as the form; returns how many are new."""
    author = User.objects.filter(email=ADDRESS).first() or User.objects.create_user(ADDRESS, name=NAME)
    EmailAddress.objects.get_or_create(user=author, email=ADDRESS, defaults={"verified": True, "primary": True})
    titles = {proposal.said("title", proposal.language) for proposal in _ours()}
    added = 0
    for area, language, title, summary, why, what, benefits, place, budget, currency in PROPOSALS:
        if title in titles:
            continue
        texts = {"title": title, "summary": summary, "why": why, "what": what, "benefits": benefits}
        content = {f"{name}_{language}": text for name, text in texts.items()}
        content |= {"language": language, "area": area, "place": place, "budget": budget, "currency": currency}
        content |= {"contact_name": NAME, "contact_email": ADDRESS}
        proposal = submission.begin(by=author, language=language, now=now)
        Proposal.objects.filter(pk=proposal.pk).update(is_sample=True)
        submission.save(proposal, content, now=now)
        submission.submit(proposal, by=author, now=now)
        added += 1
    Message.objects.filter(recipient=ADDRESS).delete()
    return added


def _ours() -> list[Proposal]:
    return list(Proposal.objects.filter(is_sample=True, authors__email=ADDRESS))


@transaction.atomic
def remove() -> int:
    """Take them away with their author; returns how many there were. What was tried with them goes along, but not
    one that stands in a decision or a dossier: those are books."""
    removed = 0
    for proposal in _ours():
        if proposal.decisions.exists() or proposal.dossiers.exists():
            continue
        proposal.delete()
        removed += 1
    Message.objects.filter(recipient=ADDRESS).delete()
    if not _ours():
        User.objects.filter(email=ADDRESS).delete()
    return removed
