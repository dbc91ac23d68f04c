"""Letters about working here."""

from datetime import datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from izbaku import times
from izbaku.accounts.models import User
from izbaku.mail import outbox
from izbaku.mail.kinds import Kind, Letter, WhenUncertain, register
from izbaku.mail.models import Message


def _still_works_here(message: Message, now: datetime) -> bool:
    return User.objects.filter(pk=message.payload["user"], is_active=True, is_staff=True).exists()


def _welcome(message: Message) -> Letter:
    with translation.override(message.language):
        address = settings.SITE_ADDRESS + reverse("account_login")
        context = {"address": address, "site_name": settings.SITE_NAME, "second": settings.SECOND_FACTOR_REQUIRED}
        subject = render_to_string("account/email/desk_welcome_subject.txt", context)
        return Letter(subject.strip(), render_to_string("account/email/desk_welcome_message.txt", context).strip())


WELCOME = register(
    Kind(
        "desk_welcome",
        _welcome,
        _still_works_here,
        lives=timedelta(days=7),
        when_uncertain=WhenUncertain.AGAIN,
        label=_("Welcome to the staff"),
    )
)


def _is_still_unused(message: Message, now: datetime) -> bool:
    seen = User.objects.filter(pk=message.payload["user"]).values_list("last_login", flat=True).first()
    return seen is None or seen < message.created_at


def _ends(message: Message) -> Letter:
    on = datetime.fromisoformat(message.payload["on"])
    with translation.override(message.language):
        context = {
            "address": settings.SITE_ADDRESS + reverse("account_login"),
            "site_name": settings.SITE_NAME,
            "day": times.day(times.today(on), message.language, weekday=False),
        }
        subject = render_to_string("account/email/account_ends_subject.txt", context)
        return Letter(subject.strip(), render_to_string("account/email/account_ends_message.txt", context).strip())


ENDS = register(
    Kind(
        "account_ends",
        _ends,
        _is_still_unused,
        lives=timedelta(days=14),
        when_uncertain=WhenUncertain.AGAIN,
        label=_("An unused account will go"),
    )
)


def account_ends(user: User, *, on: datetime, now: datetime) -> None:
    """Tell somebody that their account goes on that day unless they sign in before."""
    outbox.put(
        ENDS.name,
        key=f"account_ends:{user.pk}:{now:%Y%m%d}",
        to=user.email,
        language=user.language,
        payload={"user": user.pk, "on": on.isoformat()},
        now=now,
    )


def welcome_to_the_desk(user: User, *, now: datetime) -> None:
    outbox.put(
        WELCOME.name,
        key=f"desk_welcome:{user.pk}:{now:%Y%m%d%H%M}",
        to=user.email,
        language=user.language,
        payload={"user": user.pk},
        now=now,
    )
