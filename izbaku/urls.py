"""Addresses: in the language of the page, and a few that have none."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.static import serve

from izbaku.portal import views

urlpatterns = [
    path("", views.root, name="root"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("me", views.me, name="me"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    *i18n_patterns(
        path("", views.home, name="home"),
        path(_("history/"), views.history, name="history"),
        path(_("publications/"), views.publications, name="publications"),
        path(_("publications.atom"), views.publications_atom, name="publications_atom"),
        path(_("open-data/"), views.open_data, name="open_data"),
        path(_("accessibility/"), views.accessibility, name="accessibility"),
        path(_("about/"), views.about, name="about"),
        path("", include("events.urls")),
    ),
]
if settings.IS_LOCAL:  # in production the web server hands out pictures
    urlpatterns.append(path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}))

handler400 = "izbaku.portal.views.bad_request"
