from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "izbaku.mail"
    label = "mail"
    verbose_name = _("Letters")

    def ready(self) -> None:
        """Each room says in its `letters.py` which kinds of letters it writes, in `audiences.py` whom rounds
        reach, in `replies.py` what it hears."""
        autodiscover_modules("letters", "audiences", "replies")
