"""Registering for an event, and one's own page by its secret address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_safe

from events import own_calendars, tickets
from events import registration as seats_of
from events.attendance import Allotment, OwnCalendar, Registration, RegistrationPolicy
from events.forms import PartyForm, RegistrationForm
from events.letters.registrations import calendar_part
from events.models import Event
from izbaku import times
from izbaku.freshness import next_midnight
from izbaku.kept import keep, plain
from izbaku.limits import is_too_often

State = Registration.State
ACTS_AN_HOUR = 20  # on one registration: each writes a letter to the address that it was made with


def register(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, what came of it, or why there is none. Where there is none, the page is the same for everybody."""
    now = timezone.now()
    event = get_object_or_404(Event.objects.public(now).select_related("venue", "registration_policy"), slug=slug)
    policy = getattr(event, "registration_policy", None)
    if why := seats_of.closed_because(event, policy, now):
        return _closed(request, event, policy, why, now)
    assert policy is not None
    return _open(request, event, policy, now)


@plain
def _closed(
    request: HttpRequest, event: Event, policy: RegistrationPolicy | None, why: str, now: datetime
) -> HttpResponse:
    """Kept until one can register, or until midnight; a form that comes too late is led to it."""
    if request.method not in ("GET", "HEAD"):
        return redirect("events:register", slug=event.slug)
    context = {"event": event, "reading": times.reading(event, get_language()), "why": why, "policy": policy}
    moments = (policy and policy.opens_at, policy and policy.closes_at, seats_of.starts(event))
    until = min([next_midnight(now), *(moment for moment in moments if moment and moment > now)])
    return keep(render(request, "events/registration_closed.html", context), until=until)


@never_cache
def _open(request: HttpRequest, event: Event, policy: RegistrationPolicy, now: datetime) -> HttpResponse:
    """The form and what came of it. What a stranger typed is never shown to anybody else."""
    language = get_language()
    context: dict[str, Any] = {"event": event, "reading": times.reading(event, language)}
    allotments = list(Allotment.objects.filter(event=event))
    is_full = _is_full(allotments)
    form = RegistrationForm(
        request.POST or None,
        initial={"name": getattr(request.user, "name", ""), "email": getattr(request.user, "email", "")},
        policy=policy,
        cities=[allotment.city for allotment in allotments],
        page=(event.sequence, is_full),
    )
    context |= {"form": form, "policy": policy, "is_full": is_full}
    if request.method != "POST":
        return render(request, "events/register.html", context)
    if is_too_often(request, "register", now=now, most=20) or is_too_often(
        request, "register", now=now, most=5, whose=request.POST.get("email", "")
    ):
        form.add_error(None, _("Too many tries. Wait a minute, then send the form again; nothing is lost."))
        return render(request, "events/register.html", context, status=429)
    if not form.is_valid():
        return render(request, "events/register.html", context)
    if not form.is_of_robot:
        data = form.cleaned_data
        try:
            seats_of.register(
                event,
                name=data["name"],
                email=data["email"],
                language=language,
                now=now,
                party=data.get("party", 1),
                city=data.get("city", ""),
                answers=form.answers(),
                shown=form.notice_shown,
                policy=policy,
            )
        except ValidationError as error:
            form.add_error(None, error)
            return render(request, "events/register.html", context)
    # The same answer whether the address was new, known or a robot's: only its owner learns more, by letter.
    return redirect("events:registered", slug=event.slug)


def _is_full(allotments: list[Allotment]) -> bool:
    return bool(allotments) and all(allotment.left == Allotment.Left.FULL for allotment in allotments)


@never_cache
@require_safe
def registered(request: HttpRequest, slug: str) -> HttpResponse:
    """What happens next; the same for everybody."""
    event = get_object_or_404(Event.objects.public(timezone.now()), slug=slug)
    return render(request, "events/registered.html", {"event": event, "is_local": settings.IS_LOCAL})


def _code(code: str) -> str:
    """As it can be in the database: PostgreSQL refuses to look for a NUL."""
    if not (code.isascii() and code.isprintable()):
        raise Http404
    return code


def own(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for whoever holds the code; it stands in no log, no Referer and no cache."""

    @never_cache
    def answer(request: HttpRequest, code: str, *args: Any, **kwargs: Any) -> HttpResponse:
        found = Registration.objects.select_related("event__venue", "allotment")
        registration = get_object_or_404(found, code=_code(code))
        try:
            response = view(request, registration, *args, **kwargs)
        except Registration.DoesNotExist as error:  # erased in this very moment, from another page
            raise Http404 from error
        # Under "no-referrer" a browser sends forms with "Origin: null", which no protection against forgery accepts.
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


def acting(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only a POST acts; whoever opens the address (a reload, a mail scanner) sees the page."""

    def answer(request: HttpRequest, registration: Registration) -> HttpResponse:
        if request.method != "POST":
            return redirect("events:registration", code=registration.code)
        if is_too_often(request, "own", now=timezone.now(), most=ACTS_AN_HOUR, seconds=3600, whose=registration.code):
            messages.error(request, _("Too many changes of one registration. Wait an hour, then try again."))
            response = _page(request, registration)
            response.status_code = 429
            return response
        return view(request, registration)

    return answer


@own
@require_safe
def registration(request: HttpRequest, registration: Registration) -> HttpResponse:
    """Ticket, place in line, offer: what the registration is now, and what can be done with it."""
    return _page(request, registration)


def _page(request: HttpRequest, registration: Registration, party_form: PartyForm | None = None) -> HttpResponse:
    language, event, now = get_language(), registration.event, timezone.now()
    if not event.is_public(now):
        # Its texts are a draft's again; whoever registered still sees that they did, and can cancel.
        return render(request, "events/registration_hidden.html", {"registration": registration})
    limit = _party_limit(registration)
    is_ahead = _is_ahead(registration, now)
    context = {
        "registration": registration,
        "event": event,
        "reading": times.reading(event, language),
        "offered_until": registration.offered_until and times.moment(registration.offered_until, event.city, language),
        "can_accept": registration.state == State.OFFERED and is_ahead and registration.offered_until > now,  # type: ignore[operator]
        "can_change": registration.is_standing and is_ahead and registration.state != State.OFFERED,
        "can_cancel": registration.is_standing and is_ahead,
        "can_register": not seats_of.closed_because(event, seats_of.policy_of(event), now),
        "party_form": party_form or PartyForm(initial={"party": registration.party}, limit=limit),
        "party_limit": limit,
    }
    if registration.state == State.CONFIRMED:
        context["qr"] = "data:image/svg+xml," + quote(tickets.qr_of(registration))
    return render(request, "events/registration.html", context)


def _party_limit(registration: Registration) -> int:
    policy = seats_of.policy_of(registration.event)
    return policy.party_limit if policy else 1


def _is_ahead(registration: Registration, now: datetime) -> bool:
    begins = seats_of.starts(registration.event)
    return begins is None or begins > now


@own
@acting
def change(request: HttpRequest, registration: Registration) -> HttpResponse:
    """More or fewer seats; what cannot be done is said at the field, with what was typed."""
    now = timezone.now()
    form = PartyForm(request.POST, limit=_party_limit(registration))
    if form.is_valid():
        try:
            _only_ahead(registration, now)
            is_other = form.cleaned_data["party"] != registration.party
            seats_of.change_party(registration, form.cleaned_data["party"], now=now)
        except ValidationError as error:
            form.add_error("party", error)
        else:
            if is_other:
                messages.success(request, _("Changed. A letter confirms it."))
            return redirect("events:registration", code=registration.code)
    registration.refresh_from_db()
    return _page(request, registration, form)


def _only_ahead(registration: Registration, now: datetime) -> None:
    if not registration.event.is_public(now):
        raise ValidationError(_("This event is not public any more."), code="closed")
    if not _is_ahead(registration, now):
        raise ValidationError(_("The event has begun or is over."), code="closed")


@own
@acting
def cancel(request: HttpRequest, registration: Registration) -> HttpResponse:
    now = timezone.now()

    is_public = registration.event.is_public(now)

    def act() -> bool:
        if is_public:
            _only_ahead(registration, now)
        return seats_of.cancel(registration, now=now)

    done = (
        _("Your registration is cancelled. A letter confirms it.")
        if is_public
        else _("Your registration is cancelled.")
    )
    return _act(request, registration, act, done)


@own
@acting
def accept(request: HttpRequest, registration: Registration) -> HttpResponse:
    def act() -> bool:
        if registration.state == State.CONFIRMED:  # a second click
            return False
        seats_of.accept_offer(registration, now=timezone.now())
        return True

    return _act(request, registration, act, _("The seat is yours. A letter confirms it."))


@own
@acting
def decline(request: HttpRequest, registration: Registration) -> HttpResponse:
    return _act(
        request,
        registration,
        lambda: registration.allotment is not None and seats_of.decline_offer(registration, now=timezone.now()),
        _("The seat goes to the next person."),
    )


def _act(request: HttpRequest, registration: Registration, act: Callable[[], bool], done: str) -> HttpResponse:
    """Do it, say so, and show the page; a refusal is said there, too. Where nothing changed, the page says enough."""
    try:
        is_done = act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if is_done:
            messages.success(request, done)
    return redirect("events:registration", code=registration.code)


# --- Papers: only for a confirmed seat --------------------------------------------------------------------


def _has_paper(registration: Registration) -> bool:
    """A paper names the event: of one that was withdrawn it would tell what the draft says now."""
    return registration.state == State.CONFIRMED and registration.event.is_public(timezone.now())


def _paper(registration: Registration, body: bytes | None, content_type: str, name: str) -> HttpResponse:
    """A file to keep; whoever has no seat is shown how things stand instead."""
    if body is None:
        return redirect("events:registration", code=registration.code)
    response = HttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@own
@require_safe
def ics(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The entry for one's own calendar."""
    part = calendar_part(registration, "PUBLISH") if _has_paper(registration) else None
    return _paper(registration, part.body if part else None, "text/calendar; charset=utf-8", "event.ics")


@own
@require_safe
def ticket_pdf(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The ticket to print."""
    body = tickets.ticket(registration, get_language(), form="pdf") if _has_paper(registration) else None
    return _paper(registration, body, "application/pdf", "ticket.pdf")


@own
@require_safe
def ticket_png(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The ticket for the phone."""
    body = tickets.ticket(registration, get_language(), form="png") if _has_paper(registration) else None
    return _paper(registration, body, "image/png", "ticket.png")


@require_safe
@conditional_page
def own_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """All that one address has registered for, for a calendar program to follow."""
    calendar = get_object_or_404(OwnCalendar, token=_code(token))
    response = HttpResponse(
        own_calendars.written(calendar, timezone.now()), content_type="text/calendar; charset=utf-8"
    )
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    return response
