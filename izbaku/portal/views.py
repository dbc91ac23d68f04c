"""The visitors' hall: home, the forty years, publications, about, open data."""

from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import feedgenerator, timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, get_language_from_request
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events import calendars
from events.feeds import until
from events.models import Event, EventQuerySet, Observance
from izbaku import times
from izbaku.accounts import typed
from izbaku.kept import keep, plain
from izbaku.portal.models import Milestone, Publication
from proposals import register as proposed
from proposals.models import Proposal


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """To the home page in the visitor's language."""
    language = get_language_from_request(request)
    with translation.override(language):
        response = redirect(reverse("home"))
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    response["Cache-Control"] = "no-cache"
    return response


def kept(request: HttpRequest, template: str, context: dict[str, Any], now: datetime) -> HttpResponse:
    return keep(render(request, template, context), until=until(now))


@require_safe
@plain
def home(request: HttpRequest) -> HttpResponse:
    """What is next; with nothing ahead, what has just been. A remembrance day is never the headline."""
    now = timezone.now()
    language = get_language()
    today = times.today(now)
    real = Event.objects.public(now)
    ahead = real.exclude(kind=Event.Kind.COMMEMORATION).exclude(state=Event.State.CALLED_OFF)
    ahead = ahead.upcoming(today).with_a_day().in_order()
    latest = real.exclude(kind=Event.Kind.COMMEMORATION).past(today).with_a_day().newest_first()
    context = {
        "next_events": calendars.cards(ahead, language, now, stop=3),
        "latest_events": calendars.cards(latest, language, now, stop=3),
        "month_html": render_to_string("events/parts/month_table.html", _month_at_a_glance(now, language)),
        "month": calendars.month_of_interest(now),
        "numbers": [
            _programme_count(real),
            (now.year - settings.SISTERS_SINCE, _("years of sister cities")),
            (Observance.objects.count(), _("days remembered in either country")),
        ],
        "milestones": _milestones(language),
        "proposals": _proposals(language),
    }
    return kept(request, "portal/home.html", context, now)


def _programme_count(events: EventQuerySet) -> tuple[int, str]:
    """How many events are the anniversary's own; related ones are counted beside them, never among them."""
    counted = events.filter(is_sample=False).aggregate(
        own=Count("pk", filter=Q(scope=Event.Scope.CORE)), related=Count("pk", filter=~Q(scope=Event.Scope.CORE))
    )
    return counted["own"], _("events of the anniversary itself, and %(count)s related") % {"count": counted["related"]}


def _proposals(language: str) -> list[dict[str, Any]]:
    """The three that moved last; neither samples nor what others have on their agenda."""
    ours = Proposal.objects.public().filter(is_sample=False, is_on_agenda=False)
    return proposed.cards(ours.newest_first()[:3], language)


def _month_at_a_glance(now: datetime, language: str) -> dict[str, Any]:
    first = calendars.month_of_interest(now)
    return {
        "grid": calendars.month_grid(first.year, first.month, language, now),
        "weekdays": [times.weekday_name(number, language) for number in range(7)],
    }


@require_safe
@plain
def history(request: HttpRequest) -> HttpResponse:
    language = get_language()
    return kept(request, "portal/history.html", {"milestones": _milestones(language)}, timezone.now())


def _milestones(language: str) -> list[Milestone]:
    """All of them, with their dates as the language writes them, and whether their text is only there in Turkish."""
    milestones = list(Milestone.objects.all())
    for milestone in milestones:
        milestone.when_text = _when(milestone, language)  # type: ignore[attr-defined]
        milestone.fallback = not getattr(milestone, f"text_{language}")  # type: ignore[attr-defined]
    return milestones


def _when(milestone: Milestone, language: str) -> str:
    numbers = [int(part) for part in milestone.when.split("-")] if milestone.when else []
    if len(numbers) == 3:
        return times.day(date(*numbers), language, weekday=False)
    if len(numbers) == 2:
        return times.month(numbers[0], numbers[1], language)
    year = times.year_text(milestone.year, language)
    return _("about %(year)s") % {"year": year} if milestone.is_approximate else ""  # the year stands there already


@require_safe
@plain
def publications(request: HttpRequest) -> HttpResponse:
    language = get_language()
    found = [
        (publication, times.day(publication.published_on, language, weekday=False))
        for publication in Publication.objects.all()
    ]
    return kept(request, "portal/publications.html", {"publications": found}, timezone.now())


@require_safe
@plain
def publications_atom(request: HttpRequest) -> HttpResponse:
    feed = feedgenerator.Atom1Feed(
        title=_("Publications of İzmir–Baku 40"),
        link=settings.SITE_ADDRESS + reverse("publications"),
        description="",
        language=get_language(),
        feed_url=settings.SITE_ADDRESS + request.path,
    )
    feed.latest_post_date = lambda: datetime(2026, 1, 1, tzinfo=UTC)  # type: ignore[method-assign]
    for publication in Publication.objects.all()[:100]:
        feed.add_item(
            title=publication.title,
            link=publication.url,
            description=publication.summary,
            unique_id=publication.url,
            updateddate=datetime.combine(publication.published_on, datetime.min.time(), UTC),
        )
    response = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    return keep(response, until=until(timezone.now()))


@require_safe
@plain
def about(request: HttpRequest) -> HttpResponse:
    return kept(request, "portal/about.html", {"contact": settings.CONTACT}, timezone.now())


@require_safe
@plain
def accessibility(request: HttpRequest) -> HttpResponse:
    return kept(request, "portal/accessibility.html", {"contact": settings.CONTACT}, timezone.now())


@require_safe
@plain
def open_data(request: HttpRequest) -> HttpResponse:
    return kept(request, "portal/open_data.html", {}, timezone.now())


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    text = f"User-agent: *\nDisallow: /admin/\nSitemap: {settings.SITE_ADDRESS}{reverse('sitemap')}\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
@plain
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page, with its addresses in each language (hreflang, x-default)."""
    now = timezone.now()
    names: list[tuple[str, list[str]]] = [
        (name, []) for name in ("home", "events:calendar", "events:list", "history", "publications", "about")
    ]
    names += [
        ("events:event", [slug]) for slug in Event.objects.public(now).order_by("pk").values_list("slug", flat=True)
    ]
    names += [(name, []) for name in ("proposals:register", "proposals:board", "proposals:figures")]
    names += [
        ("proposals:proposal", [slug])
        for slug in Proposal.objects.public().order_by("pk").values_list("slug", flat=True)
    ]
    pages = []
    for name, args in names:
        addresses = []
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                addresses.append((code, settings.SITE_ADDRESS + reverse(name, args=args)))
        pages.append(addresses)
    response = render(request, "portal/sitemap.xml", {"pages": pages}, content_type="application/xml")
    return keep(response, until=until(now))


@never_cache
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Who is signed in, for the header; nothing for a stranger."""
    if not request.user.is_authenticated:
        return JsonResponse({"signed_in": False})
    who = {"signed_in": True, "name": request.user.get_short_name()}
    if request.user.is_staff:
        who["staff"] = reverse("admin:index")
    return JsonResponse(who)


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The process answers and so does its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", {"reason": ""}, status=400)


def not_sent(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from this portal, or was open for too long."""
    match = request.resolver_match
    # Never the path as it was sent: "//elsewhere.example" would be a way out of the portal.
    again = reverse(match.view_name, args=match.args, kwargs=match.kwargs) if match else ""
    return render(request, "not_sent.html", {"again": again, "typed": typed.of(request)}, status=403)
