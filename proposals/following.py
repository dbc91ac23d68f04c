"""Hearing of a proposal by e-mail: asked for, confirmed by a letter's link, ended by one click."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from izbaku.mail import outbox
from izbaku.privacy import notices
from izbaku.privacy.notices import Shown
from proposals import mails
from proposals.models import Proposal
from proposals.parties import Follower


def ask(proposal: Proposal, *, email: str, language: str, now: datetime, shown: Shown | None = None) -> Follower:
    """Write to the address; nothing else is sent to it until its owner confirms. The answer is the same whether the
    address was new or known: only its owner learns more."""
    address = outbox.deliverable(email)
    try:
        with transaction.atomic():
            follower = Follower.objects.of(address).filter(proposal=proposal).first()
            if follower is None:
                follower = Follower(proposal=proposal, email=address, language=language, asked_at=now)
                if shown:
                    notices.remember(shown, follower)
                follower.save(force_insert=True)
            if follower.confirmed_at is None:
                mails.follower_asked(follower, now=now)
    except IntegrityError:  # a double click: theirs counts
        follower = Follower.objects.of(address).get(proposal=proposal)
    return follower


def confirm(follower: Follower, *, now: datetime) -> None:
    """The address is theirs. A second time changes nothing."""
    Follower.objects.filter(pk=follower.pk, confirmed_at=None).update(confirmed_at=now)


def stop(follower: Follower) -> None:
    """Nothing more, and nothing of them is kept."""
    follower.delete()
