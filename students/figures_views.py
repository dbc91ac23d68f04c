"""The figures, for everybody: charts drawn here, with a table beside each."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from izbaku import times
from izbaku.freshness import next_midnight
from izbaku.kept import keep, plain
from students import figures


@require_safe
@plain
def page(request: HttpRequest, year: int | None = None) -> HttpResponse:
    now = timezone.now()
    known = figures.years(now)
    if year is not None and year not in known:
        raise Http404
    shown = year or (known[0] if known else None)
    context = {
        "years": known,
        "year": shown,
        "charts": figures.of_year(shown, now) if shown else [],
        "until": times.day(figures.last_day(shown, now), get_language() or "tr", weekday=False) if shown else "",
        "fewest": figures.FEWEST,
    }
    return keep(render(request, "students/figures.html", context), until=next_midnight(now))
