from django.urls import path
from django.utils.translation import gettext_lazy as _

from events import invitation_views, previews, registration_views, views

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
    path(_("events/<slug:slug>/register/"), registration_views.register, name="register"),
    path(_("events/<slug:slug>/registered/"), registration_views.registered, name="registered"),
    path(_("registrations/<str:code>/"), registration_views.registration, name="registration"),
    path(_("registrations/<str:code>/change/"), registration_views.change, name="registration_change"),
    path(_("registrations/<str:code>/cancel/"), registration_views.cancel, name="registration_cancel"),
    path(_("registrations/<str:code>/accept/"), registration_views.accept, name="registration_accept"),
    path(_("registrations/<str:code>/decline/"), registration_views.decline, name="registration_decline"),
    path(_("registrations/<str:code>/event.ics"), registration_views.ics, name="registration_ics"),
    path(_("registrations/<str:code>/ticket.pdf"), registration_views.ticket_pdf, name="ticket_pdf"),
    path(_("registrations/<str:code>/ticket.png"), registration_views.ticket_png, name="ticket_png"),
    path(_("invitations/<str:code>/"), invitation_views.invitation, name="invitation"),
    path(_("invitations/<str:code>/event.ics"), invitation_views.ics, name="invitation_ics"),
    path("preview/<int:pk>/", previews.preview, name="preview"),
]
