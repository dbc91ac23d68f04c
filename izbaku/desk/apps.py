from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "izbaku.desk"
    label = "desk"
    verbose_name = _("Desk")

    def ready(self) -> None:
        """The desk is the last app: when its turn comes after `migrate`, every permission exists."""
        from django.contrib.auth.models import Group  # noqa: PLC0415  (models can be imported only now)

        from izbaku.accounts import staffing  # noqa: PLC0415
        from izbaku.audit import reading  # noqa: PLC0415
        from izbaku.desk import roles  # noqa: PLC0415

        staffing.name_roles({key: (role.name, role.work) for key, role in roles.ROLES.items()})
        staffing.guard_roles(key for key, role in roles.ROLES.items() if role.is_guarded)
        reading.call(Group, staffing.role_name)  # who may do what stands in a public document
        post_migrate.connect(roles.sync, sender=self, dispatch_uid="roles")
