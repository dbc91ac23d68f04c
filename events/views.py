"""The programme as visitors see it: calendar, list, one event, feeds."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events import calendars, feeds
from events.filters import BadFilter, Filters
from events.models import SPOKEN, Event, Observance
from izbaku import ics, times
from izbaku.freshness import keep
from izbaku.images import share_picture as draw_share_picture

PAGE = 30
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page that is the same for everybody; a question it does not understand is answered with what was wrong."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        now = timezone.now()
        try:
            return view(request, now, *args, **kwargs)
        except BadFilter as error:
            return render(request, "400.html", {"reason": str(error)}, status=400)

    return answer


def kept(request: HttpRequest, template: str, context: dict[str, Any], until: datetime) -> HttpResponse:
    return keep(render(request, template, context), until=until)


def _year_or_404(year: int) -> int:
    if not calendars.FIRST_YEAR <= year <= calendars.LAST_YEAR:
        raise Http404(_("The calendar has no such year."))
    return year


@public
def calendar(request: HttpRequest, now: datetime) -> HttpResponse:
    first = calendars.month_of_interest(now)
    return redirect(reverse("events:month", args=[first.year, first.month]))


@public
def month(request: HttpRequest, now: datetime, year: int, month: int) -> HttpResponse:
    _year_or_404(year)
    if not 1 <= month <= 12:
        raise Http404(_("There is no such month."))
    language = get_language()
    grid = calendars.month_grid(year, month, language, now)
    before, after, appearing = calendars.neighbours(grid.first, _last_of(grid.first), now)
    context = {
        "grid": grid,
        "weekdays": [times.weekday_name(number, language) for number in range(7)],
        "previous": before and (before, times.month(before.year, before.month, language)),
        "next": after and (after, times.month(after.year, after.month, language)),
        "week": grid.weeks[1][0].on.isocalendar(),
    }
    return kept(request, "events/month.html", context, feeds.true_until(now, appearing))


def _last_of(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


@public
def week(request: HttpRequest, now: datetime, year: int, week: int) -> HttpResponse:
    _year_or_404(year)
    try:
        first = date.fromisocalendar(year, week, 1)
    except ValueError as error:
        raise Http404(_("There is no such week.")) from error
    language = get_language()
    last = first + timedelta(days=6)
    listed, vague, _count = calendars.days(first, last, language, now)
    before, after, appearing = calendars.neighbours(first, last, now)
    context = {
        "year": year,
        "week": week,
        "span": times.days(first, last, language),
        "days": listed,
        "vague": vague,
        "month": first,
        "previous": before and before.isocalendar(),
        "next": after and after.isocalendar(),
    }
    return kept(request, "events/week.html", context, feeds.true_until(now, appearing))


@public
def year(request: HttpRequest, now: datetime, year: int) -> HttpResponse:
    _year_or_404(year)
    language = get_language()
    counts: Counter[int] = Counter()
    spans = Event.objects.public(now).between(date(year, 1, 1), date(year, 12, 31)).values_list("starts_on", "ends_on")
    undated = 0
    for starts, ends in spans:
        if (ends - starts).days > 300:
            undated += 1
            continue
        first = starts.month if starts.year == year else 1
        last = ends.month if ends.year == year else 12
        counts.update(range(first, last + 1))
    kept_days = list(Observance.objects.all())
    months = [
        (
            number,
            times.month_name(number, language),
            counts[number],
            [o for o in kept_days if o.month == number],
        )
        for number in range(1, 13)
    ]
    before, after, appearing = calendars.neighbours(date(year, 1, 1), date(year, 12, 31), now)
    context = {"year": year, "months": months, "previous": before, "next": after, "undated": undated}
    return kept(request, "events/year.html", context, feeds.true_until(now, appearing))


@public
def event_list(request: HttpRequest, now: datetime) -> HttpResponse:
    language = get_language()
    filters = Filters.read(request.GET)
    everything = Event.objects.public(now)
    found = filters.apply(everything, now)
    count = found.count()
    pages = max(1, -(-count // PAGE))
    if filters.page > pages:
        raise BadFilter(_("There is no such page."))
    start = (filters.page - 1) * PAGE
    context = {
        "filters": filters,
        "cards": calendars.cards(found, language, now, start, start + PAGE),
        "count": count,
        "pages": pages,
        "previous": filters.page > 1 and filters.address(page=filters.page - 1 if filters.page > 2 else ""),
        "next": filters.page < pages and filters.address(page=filters.page + 1),
        "ics_address": reverse("events:ics") + filters.address(),
        "atom_address": reverse("events:atom") + filters.address(),
        "json_address": reverse("events:json") + filters.address(),
    }
    response = render(request, "events/list.html", context)
    return response if filters.is_free_text else keep(response, until=feeds.until(now))


@public
def event(request: HttpRequest, now: datetime, slug: str) -> HttpResponse:
    language = get_language()
    found = get_object_or_404(Event.objects.public(now).select_related("venue", "twin"), slug=slug)
    address = settings.SITE_ADDRESS + request.path
    picture = settings.SITE_ADDRESS + reverse("events:share_picture", args=[slug])
    text = quote(f"{found.title} {address}")
    context = {
        "event": found,
        "reading": times.reading(found, language),
        "unconfirmed": found.is_unconfirmed(now),
        "is_over": found.is_over(now),
        "sessions": [(session, times.reading(session, language)) for session in found.sessions.all()],
        "city_name": times.city_name(found.city, language) if found.city else "",
        "fallback": found.is_fallback("title", language) or found.is_fallback("summary", language),
        "twin": found.twin if found.twin and found.twin.is_public(now) else None,
        "add_links": {} if found.is_over(now) else feeds.add_links(found, address),
        "json_ld": feeds.json_ld(found, address, picture),
        "picture": picture,
        "previous_day": found.previous_starts_on and times.day(found.previous_starts_on, language),
        "map_link": _map_link(found),
        "spoken": _labels(found.spoken, SPOKEN),
        "interpreted": _labels(found.interpreted, SPOKEN),
        "access": _labels(found.access, Event.ACCESS),
        "share": {
            "WhatsApp": f"https://wa.me/?text={text}",
            "Telegram": f"https://t.me/share/url?url={quote(address)}&text={quote(found.title)}",
            _("E-mail"): f"mailto:?subject={quote(found.title)}&body={quote(address)}",
        },
    }
    return kept(request, "events/event.html", context, feeds.until(now))


def _labels(codes: list[str], choices: list[tuple[str, Any]]) -> list[str]:
    return [str(label) for code, label in choices if code in codes]


def _map_link(event: Event) -> str:
    if event.venue and event.venue.position:
        latitude, longitude = event.venue.position
        return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=17/{latitude}/{longitude}"
    return f"https://www.openstreetmap.org/search?query={quote(event.where)}" if event.where else ""


def _calendar_answer(body: bytes, name: str, now: datetime) -> HttpResponse:
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return keep(response, until=feeds.until(now))


@public
def ics_feed(request: HttpRequest, now: datetime) -> HttpResponse:
    filters = Filters.read(request.GET)
    events = filters.apply(Event.objects.public(now), now)
    address = settings.SITE_ADDRESS + request.path + filters.address()
    body = feeds.calendar(events, get_language(), _("İzmir–Baku 40"), address)
    return _calendar_answer(body, "izbaku.ics", now)


@public
def event_ics(request: HttpRequest, now: datetime, slug: str) -> HttpResponse:
    found = get_object_or_404(Event.objects.public(now), slug=slug)
    entry = found.lines.get(language=get_language()).entry
    if not entry:
        raise Http404(_("The date is not exact enough for a calendar."))
    body = ics.calendar([entry], name=found.title)
    return _calendar_answer(body, f"{re.sub('[^a-z0-9-]', '', slug)}.ics", now)


@public
def atom_feed(request: HttpRequest, now: datetime) -> HttpResponse:
    filters = Filters.read(request.GET)
    events = filters.apply(Event.objects.public(now).select_related("venue"), now)[:200]
    text, kind = feeds.atom(events, get_language(), settings.SITE_ADDRESS + request.path + filters.address())
    return keep(HttpResponse(text, content_type=kind), until=feeds.until(now))


@public
def json_feed(request: HttpRequest, now: datetime) -> HttpResponse:
    filters = Filters.read(request.GET)
    events = filters.apply(Event.objects.public(now).select_related("venue"), now)
    response = JsonResponse(feeds.open_data(events), json_dumps_params={"ensure_ascii": False})
    response["Access-Control-Allow-Origin"] = "*"
    return keep(response, until=feeds.until(now))


@public
def share_picture(request: HttpRequest, now: datetime, slug: str) -> HttpResponse:
    language = get_language()
    found = get_object_or_404(Event.objects.public(now).select_related("venue"), slug=slug)
    reading = times.reading(found, language)
    picture = draw_share_picture(
        title=found.title,
        when=f"{reading.days} {reading.times if reading.has_time else ''}".strip(),
        place=found.where or (times.city_name(found.city, language) if found.city else ""),
        city=found.city,
        language=language,
        label=str(found.get_state_display()) if found.state != Event.State.PUBLIC else "",
    )
    return keep(HttpResponse(picture, content_type="image/png"), until=feeds.until(now))
