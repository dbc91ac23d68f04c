"""The register as visitors see it: list, one proposal, who seeks a partner, figures, data, following."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from izbaku.freshness import next_midnight
from izbaku.kept import asked, keep, plain
from izbaku.limits import is_too_often
from proposals import following as follows
from proposals import forms, milestones, presentation
from proposals import register as entries
from proposals.models import Proposal
from proposals.parties import Author, Follower
from proposals.register import BadFilter, Filters

PAGE = 30


def _kept(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return keep(render(request, template, context), until=next_midnight(timezone.now()))


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """All public proposals, filtered by the address."""
    try:
        filters = Filters.read(request.GET)
    except BadFilter as error:
        return render(request, "400.html", {"reason": str(error)}, status=400)
    address = filters.address(page=filters.page if filters.page > 1 else "")
    if asked(address.removeprefix("?")) != asked(request.META.get("QUERY_STRING", "")):
        return redirect(request.path + address)
    facets = entries.facets(filters)
    if filters.area and filters.area not in {choice.value for choice in facets[0][1].choices}:
        return render(request, "400.html", {"reason": _("There is no such area.")}, status=400)
    found = filters.select(Proposal.objects.public())
    count = found.count()
    pages = max(1, -(-count // PAGE))
    if filters.page > pages:
        raise Http404(_("There are not so many pages."))
    start = (filters.page - 1) * PAGE
    rows = entries.cards(found.newest_first()[start : start + PAGE], get_language() or "tr")
    context = {
        "filters": filters, "facets": facets, "rows": rows, "count": count, "pages": pages,
        "own": [row for row in rows if not row["proposal"].is_on_agenda],
        "agenda": [row for row in rows if row["proposal"].is_on_agenda],
        "previous": filters.address(page=filters.page - 1 if filters.page > 2 else "") if filters.page > 1 else False,
        "next": filters.address(page=filters.page + 1) if filters.page < pages else "",
        "query": filters.address(),
    }  # fmt: skip
    response = render(request, "proposals/register.html", context)
    return response if filters.q else keep(response, until=next_midnight(timezone.now()))


@require_safe
@plain
def board(request: HttpRequest) -> HttpResponse:
    """Those that seek a partner."""
    language = get_language() or "tr"
    rows = entries.cards(Proposal.objects.public().seeking_a_partner().newest_first()[:200], language)
    for row in rows:
        row["seeks"] = row["proposal"].said("seeks", language)
    return _kept(request, "proposals/board.html", {"rows": rows})


@require_safe
@plain
def figures(request: HttpRequest) -> HttpResponse:
    return _kept(request, "proposals/figures.html", {"figures": entries.figures()})


@require_safe
@plain
def proposal(request: HttpRequest, slug: str) -> HttpResponse:
    """One proposal with its whole fate: the same for everybody."""
    found = get_object_or_404(Proposal.objects.public().select_related("area__body"), slug=slug)
    language, now = get_language() or "tr", timezone.now()
    names = ["why", "what", "benefits", "calendar"] if found.is_open else []
    labels = {"why": _("Why"), "what": _("What"), "benefits": _("Who benefits"), "calendar": _("Calendar")}
    texts = [(labels[name], found.said(name, language), found.is_fallback(name, language)) for name in names]
    context = {
        "proposal": found,
        "title": found.said("title", language),
        "summary": found.said("summary", language),
        "is_fallback": found.is_fallback("title", language),
        "texts": [one for one in texts if one[1]],
        "seeks": found.said("seeks", language) if found.seeks_in else "",
        "organisations": list(found.partners.standing()),
        "authors": list(Author.objects.named().filter(proposal=found)),
        "line": entries.line_of(found, language),
        "expected": "" if found.is_reported else entries.expected_next(found),
        "span": presentation.span(found, language) if found.is_open and (found.starts_on or found.ends_on) else "",
        "published": found.said("published_stage", language),
        "project": milestones.project_of(found, language, now),
    }
    return _kept(request, "proposals/proposal.html", context)


@never_cache
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Leaving one's address. The answer is the same whether it was known."""
    found = get_object_or_404(Proposal.objects.public(), slug=slug)
    form = forms.FollowForm(request.POST or None)
    context = {"proposal": found, "title": found.said("title", get_language() or "tr"), "form": form}
    if request.method == "POST":
        now = timezone.now()
        if is_too_often(request, "follow", now=now, most=20):
            form.add_error(None, _("Too many tries. Wait a minute, then send the form again; nothing is lost."))
            return render(request, "proposals/follow.html", context, status=429)
        if form.is_valid():
            if not form.is_of_robot:
                email, language = form.cleaned_data["email"], get_language() or "tr"
                follows.ask(found, email=email, language=language, now=now, shown=form.notice_shown)
            return render(request, "proposals/follow_asked.html", context)
    return render(request, "proposals/follow.html", context)


@never_cache
def following(request: HttpRequest, code: str) -> HttpResponse:
    """Confirming one's address, and ending it: GET shows, POST acts (mail scanners open every link)."""
    if not (code.isascii() and code.isprintable()):
        raise Http404
    follower = get_object_or_404(Follower.objects.select_related("proposal"), code=code)
    context = {"follower": follower, "proposal": follower.proposal, "is_stopped": False}
    context["title"] = follower.proposal.said("title", get_language() or "tr") if follower.proposal.is_public else ""
    if request.method == "POST":
        if "stop" in request.POST:
            follows.stop(follower)
            context["is_stopped"] = True
        else:
            follows.confirm(follower, now=timezone.now())
            return redirect("proposals:following", code=code)
    response = render(request, "proposals/following.html", context)
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


# --- Open data ----------------------------------------------------------------------------------------------------


def _data() -> list[dict[str, Any]]:
    found = Proposal.objects.public().select_related("area").prefetch_related("partners", "steps").order_by("pk")
    address = settings.SITE_ADDRESS
    return [entries.data_of(one, address + reverse("proposals:proposal", args=[one.slug])) for one in found]


@require_safe
@plain
def as_json(request: HttpRequest) -> HttpResponse:
    body = {
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "schema": settings.SITE_ADDRESS + static("open-data/proposals.schema.json"),
        "proposals": _data(),
    }
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    return keep(response, until=next_midnight(timezone.now()))


@require_safe
@plain
def as_csv(request: HttpRequest) -> HttpResponse:
    """The same as a table, one line a proposal; nothing in it that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["slug", "url", "area", "stage", "since", "place", "title_tr", "title_az", "title_en", "organisations", "sample"])  # fmt: skip  # noqa: E501
    for row in _data():
        since = row["history"][-1]["since"] if row["history"] else ""
        names = "; ".join(one["name"] for one in row["organisations"])
        titles = [row["title"][language] or "" for language in ("tr", "az", "en")]
        cells = [
            row["slug"],
            row["url"],
            row["area"],
            row["stage"],
            since,
            row["place"] or "",
            *titles,
            names,
            row["sample"],
        ]
        writer.writerow([_harmless("" if cell is None else str(cell)) for cell in cells])
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="proposals.csv"'
    return keep(response, until=next_midnight(timezone.now()))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
