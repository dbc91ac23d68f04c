from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "izbaku.accounts"
    label = "accounts"
    verbose_name = _("People and organisations")

    def ready(self) -> None:
        """Each room says in its `handover.py` how what a person keeps there passes to another."""
        autodiscover_modules("handover")
        autodiscover_modules("proving")  # it hears of every address that is proven
