from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "izbaku.audit"
    verbose_name = _("Trail of changes")

    def ready(self) -> None:
        from izbaku.audit import recording  # noqa: PLC0415  (models are known only now)

        recording.begin()
