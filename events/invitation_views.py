"""One guest's page by its secret address: the invitation, and the answer. Looking at it changes nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events import invitations
from events.courtesies import deadline, greeting, whom_to_call
from events.forms import AnswerForm
from events.guests import Invitation
from events.letters.guests import calendar_part
from events.models import Event
from izbaku import times
from izbaku.limits import is_too_often

ANSWERS_AN_HOUR = 20  # each writes a letter


def _found(code: str) -> Invitation:
    """By the whole code alone: PostgreSQL refuses to look for a NUL, and a shortened one is nobody's."""
    if not (code.isascii() and code.isprintable()):
        raise Http404
    return get_object_or_404(Invitation.objects.select_related("event__venue", "guest", "allotment"), code=code)


def _guarded(response: HttpResponse) -> HttpResponse:
    # Under "no-referrer" a browser sends forms with "Origin: null", which no protection against forgery accepts.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """The invitation; a POST answers it. What was typed is never lost."""
    one, now = _found(code), timezone.now()
    if not one.event.is_public(now):
        return _guarded(render(request, "events/invitation_hidden.html", {"contact": whom_to_call(one.event)}))
    why = invitations.closed_because(one, now)
    if request.method != "POST":
        return _page(request, one, None if why else AnswerForm(invitation=one), why)
    if is_too_often(request, "answer", now=now, most=ANSWERS_AN_HOUR, seconds=3600, whose=one.code):
        messages.error(request, _("Too many answers to one invitation. Wait an hour, or call us."))
        return _page(request, one, None, why, status=429)
    if why:
        return _page(request, one, None, why, status=409)
    form = AnswerForm(request.POST, invitation=one)
    if form.is_valid():
        try:
            is_new = invitations.answer(
                one, form.cleaned_data["answer"], now=now, shown=form.notice_shown, **form.said()
            )
        except ValidationError as error:
            form.add_error(None, error)
        except Invitation.DoesNotExist as error:  # erased in this very moment
            raise Http404 from error
        else:
            if is_new:
                messages.success(request, _("Thank you. Your answer is noted."))
            return _guarded(redirect("events:invitation", code=one.code))
    return _page(request, one, form, why)


def _page(request: HttpRequest, one: Invitation, form: AnswerForm | None, why: str, status: int = 200) -> HttpResponse:
    language, event, until = get_language(), one.event, deadline(one)
    context: dict[str, Any] = {
        "invitation": one,
        "event": event,
        "reading": times.reading(event, language),
        "greeting": greeting(one.guest, language),
        "deadline": until and times.moment(until, event.city, language),
        "contact": whom_to_call(event),
        "form": form,
        "why": why,
        "has_entry": event.has_exact_day and event.state == Event.State.PUBLIC and one.state in Invitation.STANDING,
    }
    return _guarded(render(request, "events/invitation.html", context, status=status))


@never_cache
@require_safe
def ics(request: HttpRequest, code: str) -> HttpResponse:
    """The entry for one's own calendar."""
    one = _found(code)
    shown = one.event.is_public(timezone.now()) and one.state in Invitation.STANDING
    part = calendar_part(one, "PUBLISH", get_language()) if shown else None
    if part is None:
        return _guarded(redirect("events:invitation", code=one.code))
    response = HttpResponse(part.body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="invitation.ics"'
    return _guarded(response)
