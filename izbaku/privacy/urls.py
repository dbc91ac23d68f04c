"""The page on personal data, and one's own."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from izbaku.privacy import views

app_name = "privacy"
urlpatterns = [
    path(_("privacy/"), views.page, name="page"),
    path(_("account/my-data/"), views.my_data, name="my_data"),
    path(_("account/my-data/download/"), views.download, name="download"),
    path(_("account/my-data/ask/"), views.ask, name="ask"),
    path(_("account/my-data/erase/"), views.erase, name="erase"),
    path(_("account/my-data/withdraw-consent/<slug:purpose>/"), views.withdraw_consent, name="withdraw_consent"),
    path(_("account/my-data/withdraw-request/<int:key>/"), views.withdraw_request, name="withdraw_request"),
]
