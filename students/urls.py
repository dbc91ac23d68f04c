from django.urls import path
from django.utils.translation import gettext_lazy as _

from students import case_views, figures_views, views

app_name = "students"
urlpatterns = [
    path(_("student-support/"), views.support, name="support"),
    path(_("student-support/figures/"), figures_views.page, name="figures"),
    path(_("student-support/figures/<int:year>/"), figures_views.page, name="figures_of"),
    path(_("student-support/requests/"), case_views.mine, name="mine"),
    path(_("student-support/requests/<str:code>/"), case_views.request, name="request"),
    path(_("student-support/requests/<str:code>/reply/"), case_views.reply, name="reply"),
    path(_("student-support/requests/<str:code>/attach/"), case_views.attach, name="attach"),
    path(_("student-support/requests/<str:code>/withdraw/"), case_views.withdraw, name="withdraw"),
    path(_("student-support/requests/<str:code>/files/<str:file>/"), case_views.file, name="file"),
    path(_("student-support/requests/<str:code>/files/<str:file>/delete/"), case_views.delete_file, name="delete_file"),
    path(_("student-support/requests/<str:code>/passing-on/<str:referral>/"), case_views.referral, name="referral"),
    path(_("student-support/solved/<str:token>/"), case_views.solved, name="solved"),
    path(_("student-support/topics/<slug:slug>/"), views.topic, name="topic"),
    path(_("student-support/topics/<slug:slug>/ask/"), views.ask, name="ask"),
    path(_("student-support/topics/<slug:slug>/call/"), views.call_now, name="call_now"),
    path(_("student-support/topics/<slug:slug>/send/"), views.send, name="send"),
    path(_("student-support/topics/<slug:slug>/discard/"), views.discard, name="discard"),
]
