from django.urls import path
from django.utils.translation import gettext_lazy as _

from proposals import author_views, views

app_name = "proposals"
urlpatterns = [
    path(_("proposals/"), views.register, name="register"),
    path(_("proposals.json"), views.as_json, name="json"),
    path(_("proposals.csv"), views.as_csv, name="csv"),
    path(_("proposals/partners/"), views.board, name="board"),
    path(_("proposals/figures/"), views.figures, name="figures"),
    path(_("proposals/submit/"), author_views.begin, name="begin"),
    path(_("proposals/mine/"), author_views.mine, name="mine"),
    path(_("proposals/own/<str:code>/"), author_views.own, name="own"),
    path(_("proposals/own/<str:code>/write/<slug:step>/"), author_views.write, name="write"),
    path(_("proposals/own/<str:code>/people/"), author_views.people, name="people"),
    path(_("proposals/own/<str:code>/files/"), author_views.files, name="files"),
    path(_("proposals/own/<str:code>/files/<int:pk>/"), author_views.file, name="file"),
    path(_("proposals/own/<str:code>/send/"), author_views.send, name="send"),
    path(_("proposals/own/<str:code>/withdraw/"), author_views.withdraw, name="withdraw"),
    path(_("proposals/own/<str:code>/discard/"), author_views.discard, name="discard"),
    path(_("proposals/own/<str:code>/letter/"), author_views.letter, name="letter"),
    path(_("proposals/own/<str:code>/leave/"), author_views.leave, name="leave"),
    path(_("proposals/own/<str:code>/naming/"), author_views.naming, name="naming"),
    path(_("proposals/own/<str:code>/versions/"), author_views.versions, name="versions"),
    path(_("proposals/authors/<str:code>/"), author_views.joining, name="joining"),
    path(_("proposals/organisations/<str:code>/"), author_views.confirming, name="confirming"),
    path(_("proposals/following/<str:code>/"), views.following, name="following"),
    path(_("proposals/<slug:slug>/"), views.proposal, name="proposal"),
    path(_("proposals/<slug:slug>/follow/"), views.follow, name="follow"),
]
