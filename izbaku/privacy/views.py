"""The page on personal data and cookies; and “My data”: seeing, taking along, asking, erasing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from izbaku import times
from izbaku.freshness import FRESH_COOKIE, next_midnight
from izbaku.holdings import Person
from izbaku.kept import keep, plain
from izbaku.privacy import consents, erasing, export, notices, requests
from izbaku.privacy.forms import AskForm, EraseForm
from izbaku.privacy.models import Consent, ConsentPurpose, DataRequest, Notice


@dataclass(frozen=True)
class Cookie:
    name: str
    purpose: str
    life: str


def cookies() -> list[Cookie]:
    """Every cookie the portal ever sets; none of them needs consent."""
    weeks = settings.SESSION_COOKIE_AGE // timedelta(weeks=1).total_seconds()
    return [
        Cookie(
            settings.SESSION_COOKIE_NAME,
            _("keeps you signed in and a form’s messages with you; an opaque number"),
            _("%(n)d weeks, or until you sign out") % {"n": weeks},
        ),
        Cookie(settings.CSRF_COOKIE_NAME, _("proves that a form was sent from this site"), _("one year")),
        Cookie(
            settings.LANGUAGE_COOKIE_NAME,
            _("remembers the language you chose"),
            _("until the browser is closed"),
        ),
        Cookie("signed_in", _("tells pages to greet you; says nothing about you"), _("as long as you are signed in")),
        Cookie(
            "messages", _("tells pages that a message waits for you; says nothing about you"), _("until you see it")
        ),
        Cookie(FRESH_COOKIE, _("shows staff at once what they have just changed; a version number"), _("ten seconds")),
    ]


@require_safe
@plain
def page(request: HttpRequest) -> HttpResponse:
    """The notices in force, the cookies, and how to ask: the same for everybody."""
    now = timezone.now()
    language = get_language() or settings.LANGUAGE_CODE
    coming = Notice.objects.filter(published_at__isnull=False, valid_from__gt=now).order_by("valid_from").first()
    told = [
        (notice, notices.parts(notice, language), times.day(times.today(notice.valid_from), language, weekday=False))
        for notice in notices.all_current(now)
    ]
    context = {"notices": told, "cookies": cookies(), "contact": settings.CONTACT}
    midnight = next_midnight(now)
    until = min(midnight, coming.valid_from) if coming else midnight
    return keep(render(request, "privacy/page.html", context), until=until)


# --- My data ----------------------------------------------------------------------------------------------


def _me(request: HttpRequest) -> Any:
    """The account itself, not the lazy stand-in of the request."""
    return get_user_model()._default_manager.get(pk=request.user.pk)  # type: ignore[misc]


@never_cache
@login_required
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    me, now = _me(request), timezone.now()
    person = Person.of(me)
    asked = DataRequest.objects.filter(user=me).most_urgent_first()
    language = get_language() or settings.LANGUAGE_CODE

    def on(moment: datetime) -> str:
        return times.day(times.today(moment), language, weekday=False)

    context = {
        "held": export.overview(person),
        "consents": [(act, on(act.at)) for act in consents.standing(me)],
        "requests": [(each, on(each.due_at), each.days_left(now)) for each in asked],
        "obstacles": erasing.obstacles(person),
    }
    return render(request, "privacy/my_data.html", context)


@never_cache
@login_required
@reauthentication_required(app="izbaku.privacy")  # a browser left open is not enough
@require_POST
def download(request: HttpRequest) -> StreamingHttpResponse:
    """Everything as a zip, made while it is sent."""
    now = timezone.now()
    response = StreamingHttpResponse(export.as_zip(Person.of(_me(request)), now), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="my-data-{times.today(now)}.zip"'
    return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = requests.ask(
                _me(request),
                kind=form.cleaned_data["kind"],
                text=form.cleaned_data["text"],
                language=get_language() or settings.LANGUAGE_CODE,
                now=timezone.now(),
                shown=form.notice_shown,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            told = _("Your request %(reference)s has arrived. You get an answer within thirty days.")
            messages.success(request, told % {"reference": asked.reference})
            return redirect("privacy:my_data")
    return render(request, "privacy/ask.html", {"form": form})


@never_cache
@login_required
@require_POST
def withdraw_consent(request: HttpRequest, purpose: str) -> HttpResponse:
    get_object_or_404(ConsentPurpose, slug=purpose)
    consents.withdraw(_me(request), purpose, how=Consent.How.MY_DATA, now=timezone.now())
    messages.success(request, _("Your consent is withdrawn. It no longer holds from this moment on."))
    return redirect("privacy:my_data")


@never_cache
@login_required
@require_POST
def withdraw_request(request: HttpRequest, key: int) -> HttpResponse:
    asked = get_object_or_404(DataRequest, pk=key, user=request.user.pk)
    requests.withdraw(asked, now=timezone.now())
    messages.success(request, _("Your request is withdrawn."))
    return redirect("privacy:my_data")


@never_cache
@login_required
@reauthentication_required(app="izbaku.privacy")  # a browser left open is not enough
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Say what will go, then let it go; nobody is signed in afterwards."""
    person = Person.of(_me(request))
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            erasing.erase(person, now=timezone.now(), rule="by the person")
        except ValidationError as error:
            form.add_error(None, error)
        else:
            logout(request)
            return render(request, "privacy/erased.html")
    context = {"form": form, "obstacles": erasing.obstacles(person), "held": export.overview(person)}
    return render(request, "privacy/erase.html", context)
