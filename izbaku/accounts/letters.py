"""The letters of signing in: words are made when they are wanted, because a code lives for minutes."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from izbaku.mail.kinds import Kind, Letter, Rank, WhenUncertain, register
from izbaku.mail.models import Message


def _build(message: Message) -> Letter:
    return Letter(message.payload["subject"], message.payload["text"])


SECRET = register(
    Kind(
        "account_secret",
        _build,
        is_secret=True,
        lives=timedelta(minutes=10),
        when_uncertain=WhenUncertain.NEVER,
        rank=Rank.CODE,
        label=_("Sign-in code"),
    )
)
NOTICE = register(
    Kind(
        "account_notice",
        _build,
        lives=timedelta(days=2),
        when_uncertain=WhenUncertain.AGAIN,
        label=_("About an account"),
    )
)
