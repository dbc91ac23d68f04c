from django.urls import path

from izbaku.mail import inbox

app_name = "mail"
urlpatterns = [
    path("", inbox.listing, name="inbox"),
    path("<slug:name>.html", inbox.as_html, name="inbox_html"),
]
