"""The programme as visitors see it: calendar, list, one event, feeds."""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache, lru_cache, partial, wraps
from typing import Any, cast
from urllib.parse import quote

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events import calendars, feeds, listing, registration, year_grid
from events.filters import BadFilter, Filters
from events.models import SPOKEN, Event, EventQuerySet, Session
from izbaku import ics, times
from izbaku.images import share_picture as draw_share_picture
from izbaku.kept import asked, keep, plain

PAGE = 30
# A third of a second each: of these the programme may change without drawing them anew.
drawn = lru_cache(maxsize=100)(draw_share_picture)
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page that is the same for everybody."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, timezone.now(), *args, **kwargs)

    return answer


def asking(view: View, *, in_pages: bool = False) -> View:
    """A public page that answers the filters in its address, `filters`.

    One question has one address, the others lead there: a form sends its empty fields, too. A question that it does
    not understand is answered with what was wrong.
    """

    @public
    @wraps(view)
    def answer(request: HttpRequest, now: datetime, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            filters = Filters.read(request.GET)
            address = filters.address(page=filters.page if in_pages and filters.page > 1 else "")
            if asked(address.removeprefix("?")) != asked(request.META.get("QUERY_STRING", "")):
                return redirect(request.path + address)
            return view(request, now, filters, *args, **kwargs)
        except BadFilter as error:
            return render(request, "400.html", {"reason": str(error)}, status=400)

    return answer


def kept(request: HttpRequest, template: str, context: dict[str, Any], until: datetime) -> HttpResponse:
    """A page to keep, unless it answers free text: of such questions there is no end."""
    response = render(request, template, context)
    filters = context.get("filters")
    return response if filters and filters.is_free_text else keep(response, until=until)


def _year_or_404(year: int) -> int:
    if not calendars.FIRST_YEAR <= year <= calendars.LAST_YEAR:
        raise Http404(_("The calendar has no such year."))
    return year


@asking
def calendar(request: HttpRequest, now: datetime, filters: Filters) -> HttpResponse:
    first = calendars.month_of_interest(now)
    return redirect(reverse("events:month", args=[first.year, first.month]) + filters.address())


@asking
def month(request: HttpRequest, now: datetime, filters: Filters, year: int, month: int) -> HttpResponse:
    _year_or_404(year)
    if not 1 <= month <= 12:
        raise Http404(_("There is no such month."))
    language = get_language()
    among = filters.select(Event.objects.public(now), now) if filters.chosen else None
    grid = calendars.month_grid(year, month, language, now, among)
    before, after, appearing = calendars.neighbours(grid.first, _last_of(grid.first), now, among)
    context = {
        "grid": grid,
        "weekdays": [times.weekday_name(number, language) for number in range(7)],
        "previous": before and (before, times.month(before.year, before.month, language)),
        "next": after and (after, times.month(after.year, after.month, language)),
        **_filtered(request, filters),
        "ways": _ways(_day_of_interest(grid, now), grid.first, _last_of(grid.first), filters),
    }
    return kept(request, "events/month.html", context, feeds.true_until(now, appearing))


def _filtered(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    """What a calendar page shows of its filters."""
    form = _filter_form(filters, request.path) if filters.chosen else _empty_filter_form(get_language())
    return {"filters": filters, "filter_form": form, "asked": filters.address()}


def _filter_form(filters: Filters, path: str) -> SafeString:
    facets = {name: listing.uncounted(filters, name) for name in ("city", "type", "scope")}
    context = {"filters": filters, "facets": facets, "path": path}
    return render_to_string("events/calendar_filters.html", context)


@cache
def _empty_filter_form(language: str) -> SafeString:
    """The same on every calendar page, so it is made once for each language."""
    return _filter_form(Filters.read(QueryDict()), "")


def _day_of_interest(grid: calendars.Month, now: datetime) -> date:
    """Today, or the first day of the month that holds something, or just the first."""
    inside = [day for week in grid.weeks for day in week if not day.is_outside]
    return next((day.on for day in inside if day.is_today), next((d.on for d in inside if d.cells), grid.first))


def _ways(on: date, first: date, last: date, filters: Filters) -> dict[str, str]:
    """The addresses of the year, month and week around a day, and of the list of some days: all filtered alike."""
    week = on.isocalendar()
    asked = filters.address(**{"from": "", "to": ""})
    return {
        "year": reverse("events:year", args=[on.year]) + asked,
        "month": reverse("events:month", args=[on.year, on.month]) + asked,
        "week": reverse("events:week", args=[week.year, week.week]) + asked,
        "list": reverse("events:list") + filters.address(**{"from": first, "to": last}),
    }


def _ways_from_list(filters: Filters, now: datetime) -> dict[str, str]:
    """Around the first day asked for; without one, to the month that is of interest now."""
    on = filters.first or times.today(now)
    ways = _ways(on, on, on, filters) | {"list": reverse("events:list") + filters.address()}
    return ways if filters.first else ways | {"month": reverse("events:calendar") + filters.address(to="")}


def _last_of(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


@asking
def week(request: HttpRequest, now: datetime, filters: Filters, year: int, week: int) -> HttpResponse:
    _year_or_404(year)
    try:
        first = date.fromisocalendar(year, week, 1)
    except ValueError as error:
        raise Http404(_("There is no such week.")) from error
    language = get_language()
    last = first + timedelta(days=6)
    among = filters.select(Event.objects.public(now), now) if filters.chosen else None
    listed, vague, count = calendars.days(first, last, language, now, among=among)
    sessions = _sessions(first, last, language, Event.objects.public(now) if among is None else among)
    before, after, appearing = calendars.neighbours(first, last, now, among)
    middle = first + timedelta(days=3)  # names the month and the year of an ISO week
    context = {
        "span": times.days(first, last, language),
        "days": [(day, sessions[day.on]) for day in listed],
        "vague": vague,
        "count": count,
        **_filtered(request, filters),
        "ways": _ways(middle, first, last, filters),
        "previous": before and (before.isocalendar(), _week_of(before, language)),
        "next": after and (after.isocalendar(), _week_of(after, language)),
    }
    return kept(request, "events/week.html", context, feeds.true_until(now, appearing))


def _week_of(day: date, language: str) -> str:
    monday = day - timedelta(days=day.weekday())
    return times.days(monday, monday + timedelta(days=6), language)


def _sessions(first: date, last: date, language: str, events: EventQuerySet) -> dict[date, list[tuple[Session, str]]]:
    """The parts of these events on each day, with their times in both cities."""
    found: dict[date, list[tuple[Session, str]]] = defaultdict(list)
    for session in (
        cast("QuerySet[Session]", Session.objects.all())
        .filter(
            event__in=events.between(first, last).values("pk"),
            starts_on__lte=last,
            ends_on__gte=first,
            precision__in=("time", "day"),
        )
        .select_related("event")
    ):
        reading = times.reading(session, language)
        for number in range((last - first).days + 1):
            on = first + timedelta(days=number)
            if session.starts_on and session.ends_on and session.starts_on <= on <= session.ends_on:
                found[on].append((session, reading.times_html if reading.has_time else ""))
    return found


@asking
def year(request: HttpRequest, now: datetime, filters: Filters, year: int) -> HttpResponse:
    _year_or_404(year)
    language = get_language()
    first, last = date(year, 1, 1), date(year, 12, 31)
    among = filters.select(Event.objects.public(now), now) if filters.chosen else None
    events = Event.objects.public(now) if among is None else among
    before, after, appearing = calendars.neighbours(first, last, now, among)
    months = year_grid.months(year, language, now, events)
    today = times.today(now)
    busy = next((month.first for month in months if month.count), first)
    context = {
        "year": year,
        "months": months,
        "vague": year_grid.known_by_year(year, language, now, events),
        "previous": before,
        "next": after,
        **_filtered(request, filters),
        "ways": _ways(today if today.year == year else busy, first, last, filters),
    }
    return kept(request, "events/year.html", context, feeds.true_until(now, appearing))


@partial(asking, in_pages=True)
def event_list(request: HttpRequest, now: datetime, filters: Filters) -> HttpResponse:
    everything = Event.objects.public(now)
    tally = listing.tally(filters, everything, now)
    pages = max(1, -(-tally.count // PAGE))
    if filters.page > pages:
        raise BadFilter(_("There is no such page."))
    start = (filters.page - 1) * PAGE
    cards = calendars.cards(filters.apply(everything, now), get_language(), now, start, start + PAGE)
    context = {
        "filters": filters,
        "ways": _ways_from_list(filters, now),
        "groups": listing.grouped(cards, tally.groups, start),
        "count": tally.count,
        "facets": tally.facets,
        "pages": pages,
        "previous": filters.page > 1 and filters.address(page=filters.page - 1 if filters.page > 2 else ""),
        "next": filters.page < pages and filters.address(page=filters.page + 1),
        "ics_address": reverse("events:ics") + filters.address(),
        "atom_address": reverse("events:atom") + filters.address(),
        "json_address": reverse("events:json") + filters.address(),
    }
    return kept(request, "events/list.html", context, feeds.until(now))


@plain
@public
def event(request: HttpRequest, now: datetime, slug: str) -> HttpResponse:
    found = get_object_or_404(Event.objects.public(now).select_related("venue", "twin"), slug=slug)
    context = event_page(request, found, now)
    until = feeds.until(now)
    return kept(request, "events/event.html", context, min(until, context["standing"].until or until))


def event_page(request: HttpRequest, found: Event, now: datetime) -> dict[str, Any]:
    """Everything that an event's page shows; its preview shows the same."""
    language = get_language()
    address = settings.SITE_ADDRESS + request.path
    picture = settings.SITE_ADDRESS + reverse("events:share_picture", args=[found.slug])
    text = quote(f"{found.title} {address}")
    takes_place = found.state not in (Event.State.POSTPONED, Event.State.CALLED_OFF)
    return {
        "event": found,
        "reading": times.reading(found, language),
        "standing": registration.standing_of(found, now),
        "unconfirmed": found.is_unconfirmed(now),
        "is_over": found.is_over(now),
        "sessions": [
            (session, times.reading(session, language), not getattr(session, f"title_{language}"))
            for session in found.sessions.all()
        ],
        "city_name": times.city_name(found.city, language) if found.city else "",
        "title_fallback": found.is_fallback("title", language),
        "story_fallback": found.is_fallback("summary", language) or found.is_fallback("description", language),
        "twin": found.twin if found.twin and found.twin.is_public(now) else None,
        "add_links": feeds.add_links(found, address) if takes_place and not found.is_over(now) else {},
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


@asking
def ics_feed(request: HttpRequest, now: datetime, filters: Filters) -> HttpResponse:
    events = filters.apply(Event.objects.public(now), now)
    address = settings.SITE_ADDRESS + request.path + filters.address()
    body = feeds.calendar(events, get_language(), _("İzmir–Baku 40"), address)
    return _calendar_answer(body, "izbaku.ics", now)


@plain
@public
def event_ics(request: HttpRequest, now: datetime, slug: str) -> HttpResponse:
    found = get_object_or_404(Event.objects.public(now), slug=slug)
    entry = found.lines.get(language=get_language()).entry
    if not entry:
        raise Http404(_("The date is not exact enough for a calendar."))
    body = ics.calendar([entry], name=found.title)
    return _calendar_answer(body, f"{re.sub('[^a-z0-9-]', '', slug)}.ics", now)


@asking
def atom_feed(request: HttpRequest, now: datetime, filters: Filters) -> HttpResponse:
    events = filters.apply(Event.objects.public(now).select_related("venue"), now)[:200]
    text, kind = feeds.atom(events, get_language(), settings.SITE_ADDRESS + request.path + filters.address())
    return keep(HttpResponse(text, content_type=kind), until=feeds.until(now))


@asking
def json_feed(request: HttpRequest, now: datetime, filters: Filters) -> HttpResponse:
    events = filters.apply(Event.objects.public(now).select_related("venue"), now)
    response = JsonResponse(feeds.open_data(events), json_dumps_params={"ensure_ascii": False})
    response["Access-Control-Allow-Origin"] = "*"
    return keep(response, until=feeds.until(now))


@plain
@public
def share_picture(request: HttpRequest, now: datetime, slug: str) -> HttpResponse:
    language = get_language()
    found = get_object_or_404(Event.objects.public(now).select_related("venue"), slug=slug)
    reading = times.reading(found, language)
    picture = drawn(
        title=found.title,
        when=f"{reading.days}, {reading.times}" if reading.has_time else reading.days,
        place=found.where or (times.city_name(found.city, language) if found.city else ""),
        city=found.city,
        language=language,
        label=str(found.get_state_display()) if found.state != Event.State.PUBLIC else "",
    )
    return keep(HttpResponse(picture, content_type="image/png"), until=feeds.until(now))
