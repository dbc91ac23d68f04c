"""Names the portal's own admin site, so that `admin.site` is the desk everywhere."""

from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    default_site = "izbaku.desk.site.Desk"
