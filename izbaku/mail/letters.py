"""The one kind of letter that the mail room writes itself: a round's test, to whoever writes it."""

from django.utils.translation import gettext_lazy as _

from izbaku.mail import composing, kinds
from izbaku.mail.mailings import TEST

kinds.register(
    kinds.Kind(
        TEST,
        composing.test_letter,
        composing.test_still_wanted,
        when_uncertain=kinds.WhenUncertain.AGAIN,
        label=_("Test letter of a round"),
    )
)
