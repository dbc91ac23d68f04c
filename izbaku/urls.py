"""Addresses: in the language of the page, and a few that have none."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.static import serve

from events.registration_views import own_calendar
from izbaku.mail import views as mail_views
from izbaku.portal import views

urlpatterns = [
    path("", views.root, name="root"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("me", views.me, name="me"),
    path("robots.txt", views.robots, name="robots"),
    path("unsubscribe/<str:token>/", mail_views.unsubscribe, name="unsubscribe"),
    path("mail/bounces/", mail_views.bounces, name="bounces"),
    path("metrics", mail_views.metrics, name="metrics"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("calendars/<str:token>.ics", own_calendar, name="own_calendar"),
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
        path("", include("izbaku.privacy.urls")),
        path(_("account/"), include("izbaku.accounts.urls")),
        path("", include("events.urls")),
        path("", include("proposals.urls")),
        path("", include("students.urls")),
    ),
]
if settings.IS_LOCAL:  # in production the web server hands out pictures, and letters leave by the relay
    urlpatterns += [
        path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}),
        path("dev/inbox/", include("izbaku.mail.urls")),
    ]

handler400 = "izbaku.portal.views.bad_request"
