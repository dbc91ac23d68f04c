"""The staff's admin site: in the language of the person, with today's work first."""

from functools import update_wrapper
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import is_reauthentication_required, suspend_request
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from izbaku.desk import doors, guarded, work

ORDER = ["events", "students", "portal", "accounts", "mail"]


def speak(request: HttpRequest) -> None:
    """Answer in the language that was chosen in this browser, or else in the person's own."""
    own = getattr(request.user, "language", "")
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and own in dict(settings.LANGUAGES):
        translation.activate(own)
        request.LANGUAGE_CODE = own


def touches_many(request: HttpRequest) -> bool:
    """Whether this is an act on many rows, or carries many out: who does that proves again who they are.

    By whichever way it comes: the list only leads to the pages of the acts, which can be called without it.
    """
    match = request.resolver_match
    name = (match.url_name if match else "") or ""
    if name.endswith(("_export", "_doorlist")):
        return True
    if request.method != "POST":
        return False
    if name == "mail_mailing_act":
        return match is not None and match.kwargs.get("name") == "approve"
    if name.endswith("_act"):
        kinds = ("event", "registration", "invitation", "proposal")
        return any(len(set(request.POST.getlist(kind))) > 1 for kind in kinds)
    return name.endswith(("_changelist", "_offer"))


def may_come_in(request: HttpRequest) -> bool:
    """By the table; whoever may not is refused at once, and asked for nothing."""
    match = request.resolver_match
    needed = doors.need(match.view_name) if match else None
    return not isinstance(needed, str) or request.user.has_perm(needed)  # type: ignore[union-attr]


def ask_again(request: HttpRequest) -> HttpResponse:
    """allauth asks, and then goes on with what was sent.

    It goes on only where the address is a path and nothing more: the filters of a list would lose what was chosen in
    it. What it keeps of the request has them.
    """
    if request.method != "POST" or not (ways := get_adapter().get_reauthentication_methods(request.user)):
        raise ReauthenticationRequired
    suspend_request(request, ways[0]["url"])
    return HttpResponseRedirect(f"{ways[0]['url']}?{urlencode({REDIRECT_FIELD_NAME: request.path})}")


def refuse_nul(request: HttpRequest) -> None:
    """No text has a NUL, and PostgreSQL takes none: such a request is a probe, not a person."""
    for sent in (request.GET, request.POST):
        if any("\0" in text for name, texts in sent.lists() for text in (name, *texts)):
            raise SuspiciousOperation("NUL")
    if "\0" in request.path:
        raise SuspiciousOperation("NUL")


class Desk(admin.AdminSite):
    site_title = _("The desk of İzmir–Baku 40")
    site_header = _("The desk of İzmir–Baku 40")
    index_title = _("Today’s work")
    empty_value_display = "–"
    enable_nav_sidebar = False  # the way home is short, and lists need the width

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            speak(request)
            refuse_nul(request)
            asks = touches_many(request) and self.has_permission(request) and may_come_in(request)
            if asks and is_reauthentication_required(request, app="izbaku.desk"):
                return ask_again(request)
            return guarded(request, *args, **kwargs)

        return update_wrapper(answer, guarded)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Each room writes its own admins; what all keep to is laid over them here, so that none can forget it."""
        super().register(model_or_iterable, guarded.guarded(admin_class or admin.ModelAdmin), **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The programme first, then what the portal shows beside it; the machinery of accounts last."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: model["object_name"] != "Event")  # what is opened every day
        return sorted(apps, key=lambda app: ORDER.index(app["app_label"]) if app["app_label"] in ORDER else len(ORDER))

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not request.user.lacks_second_factor  # type: ignore[union-attr]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Staff sign in where everybody does; who has yet to set up a second factor is led there."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next", reverse("admin:index")))
        if request.user.is_active and request.user.is_staff and request.user.lacks_second_factor:
            messages.warning(request, _("Set up a second factor first: an app on your phone that shows codes."))
            return redirect("mfa_activate_totp")
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, work.of(request.user, timezone.now()) | (extra_context or {}))
