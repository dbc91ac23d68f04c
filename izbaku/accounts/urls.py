"""Everything under `/account/`: our overview, then allauth's pages."""

from django.urls import include, path

from izbaku.accounts import views

urlpatterns = [
    path("", views.overview, name="account_overview"),
    path("prove-again/", views.prove_again, name="account_prove_again"),
    path("password/set/", views.set_password, name="account_set_password"),
    path("", include("allauth.urls")),
]
