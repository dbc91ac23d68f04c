from django.urls import path
from django.utils.translation import gettext_lazy as _

from events import views

app_name = "events"
urlpatterns = [
    path(_("calendar/"), views.calendar, name="calendar"),
    path(_("calendar/<int:year>/"), views.year, name="year"),
    path(_("calendar/<int:year>/<int:month>/"), views.month, name="month"),
    path(_("calendar/<int:year>/week/<int:week>/"), views.week, name="week"),
    path(_("calendar.ics"), views.ics_feed, name="ics"),
    path(_("events/"), views.event_list, name="list"),
    path(_("events.atom"), views.atom_feed, name="atom"),
    path(_("events.json"), views.json_feed, name="json"),
    path(_("events/<slug:slug>/"), views.event, name="event"),
    path(_("events/<slug:slug>/event.ics"), views.event_ics, name="event_ics"),
    path(_("events/<slug:slug>/share.png"), views.share_picture, name="share_picture"),
]
