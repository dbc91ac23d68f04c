"""The public register: what is asked of it, how a proposal came to where it stands, and figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _

from izbaku import times
from izbaku.kept import is_passed_on
from izbaku.times import Precision
from proposals import states
from proposals.bodies import Area
from proposals.models import Proposal, ProposalStep
from proposals.moves import HIDDEN
from proposals.parties import Partner
from proposals.querysets import ProposalQuerySet
from proposals.states import State

FACETS = ("area", "city", "stage", "organisation")


class BadFilter(ValueError):
    """A filter or value that the register does not know; the message says which."""


@dataclass(frozen=True)
class Filters:
    """A checked question. Empty fields ask for nothing."""

    q: str = ""
    area: str = ""
    city: str = ""
    stage: str = ""
    organisation: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: QueryDict) -> Filters:
        """The filters in an address. Raises BadFilter."""
        values: dict[str, Any] = {}
        for name in query:
            if is_passed_on(name):
                continue
            if name not in ("q", "page", *FACETS):
                raise BadFilter(_("The filter “%(name)s” is not known.") % {"name": name[:40]})
            given = {value.strip() for value in query.getlist(name)} - {""}
            if len(given) > 1:
                raise BadFilter(_("The filter “%(name)s” stands there more than once.") % {"name": name})
            if given:
                values[name] = given.pop()
        for name, value in values.items():
            if "\0" in value or "\ufffd" in value or len(value) > 200:
                raise BadFilter(_("The value of “%(name)s” cannot be searched for.") % {"name": name})
        if page := values.get("page"):
            if not (page.isascii() and page.isdecimal() and 0 < int(page) < 10_000):
                raise BadFilter(_("The value of “%(name)s” cannot be searched for.") % {"name": "page"})
            values["page"] = int(page)
        known = {"city": Proposal.Place.values, "stage": [str(stage) for stage in states.STAGES]}
        for name, allowed in known.items():
            if name in values and values[name] not in allowed:
                told = _("“%(value)s” is no known value of “%(name)s”.")
                raise BadFilter(told % {"value": values[name][:40], "name": name})
        return cls(**values)

    def address(self, **changes: object) -> str:
        """The query of this question with changes; `?` included where there is one."""
        named = {name: getattr(self, name) for name in ("q", *FACETS)} | changes
        pairs = [(name, str(value)) for name, value in named.items() if value]
        return f"?{urlencode(pairs)}" if pairs else ""

    def select(self, proposals: ProposalQuerySet, *, but: str = "") -> ProposalQuerySet:
        """Those that answer; `but` leaves one filter out, to count what stands beside its choices."""
        if self.q:
            proposals = proposals.containing(self.q)
        if self.area and but != "area":
            proposals = proposals.filter(area__slug=self.area)
        if self.city and but != "city":
            proposals = proposals.in_city(self.city)
        if self.stage and but != "stage":
            proposals = proposals.filter(state__in=states.states_of(self.stage))
        if self.organisation and but != "organisation":
            proposals = proposals.of_organisation(self.organisation)
        return proposals


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    name: str
    count: int
    choices: list[Choice]


def facets(filters: Filters) -> list[tuple[str, Facet]]:
    """Every filter with its values and how many each would find: one question a filter, and one for the areas."""
    public = Proposal.objects.public()
    areas = {area.slug: str(area) for area in Area.objects.all()}
    by_area = _counts(filters.select(public, but="area"), "area__slug")
    by_place = _counts(filters.select(public, but="city"), "place")
    by_state = _counts(filters.select(public, but="stage"), "state")
    both = by_place.get("both", 0)
    cities = [
        (value, str(label), by_place.get(value, 0) + (both if value != "both" else 0))
        for value, label in Proposal.Place.choices
    ]
    stages = [
        (str(s), str(s.label), sum(by_state.get(state, 0) for state in states.states_of(s))) for s in states.STAGES
    ]
    named = Partner.objects.standing().filter(proposal__in=filters.select(public, but="organisation").values("pk"))
    names: dict[str, str] = {}
    count_of: dict[str, int] = {}
    for key, name, count in named.order_by().values_list("key", "name").annotate(n=Count("proposal", distinct=True)):
        names.setdefault(key, name)
        count_of[key] = count_of.get(key, 0) + count
    organisations = sorted(((key, names[key], count) for key, count in count_of.items()), key=lambda one: one[1])
    of_areas = [(slug, label, by_area.get(slug, 0)) for slug, label in areas.items()]
    return [
        (_("Area"), _facet(filters, "area", sum(by_area.values()), of_areas)),
        (_("City"), _facet(filters, "city", sum(by_place.values()), cities)),
        (_("Stage"), _facet(filters, "stage", sum(by_state.values()), stages)),
        (_("Organisation"), _facet(filters, "organisation", sum(by_state.values()), organisations)),
    ]  # fmt: skip


def _counts(proposals: ProposalQuerySet, field: str) -> dict[str, int]:
    return dict(proposals.order_by().values_list(field).annotate(n=Count("pk", distinct=True)))


def _facet(filters: Filters, name: str, count: int, rows: Iterable[tuple[str, str, int]]) -> Facet:
    chosen = getattr(filters, name)
    return Facet(name, count, [Choice(value, label, n, value == chosen) for value, label, n in rows])


def cards(proposals: ProposalQuerySet, language: str) -> list[dict[str, Any]]:
    """What lists show of each: two queries more, however many there are."""
    return [
        {
            "proposal": proposal,
            "title": proposal.said("title", language),
            "summary": proposal.said("summary", language),
            "is_fallback": proposal.is_fallback("title", language),
            "organisations": [one for one in proposal.partners.all() if one.is_confirmed],
        }
        for proposal in proposals.select_related("area").prefetch_related("partners")
    ]


# --- The line of time ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Passage:
    """One stage that it reached: since when, in words, and for how many days."""

    stage: State
    label: str
    when: str
    days: int | None
    is_now: bool
    why: str = ""


def line_of(proposal: Proposal, language: str, *, for_author: bool = False) -> list[Passage]:
    """The stages in order, as others may know them: what is decided and not announced is passed over."""
    return passages(list(proposal.steps.all()), language, for_author=for_author)


def seen_steps(steps: Iterable[ProposalStep]) -> list[ProposalStep]:
    """Those that changed the stage that is shown."""
    found: list[ProposalStep] = []
    for step in steps:
        if step.move not in HIDDEN and not (found and states.stage_of(found[-1].after) == states.stage_of(step.after)):
            found.append(step)
    return found


def passages(steps: list[ProposalStep], language: str, *, for_author: bool = False) -> list[Passage]:
    seen = seen_steps(steps)
    line = []
    for number, step in enumerate(seen):
        after = seen[number + 1] if number + 1 < len(seen) else None
        is_exact = after is not None and {step.precision, after.precision} == {Precision.TIME}
        days = (after.day - step.day).days if after is not None and is_exact else None
        stage = states.stage_of(step.after)
        why = step.why if for_author else ""
        line.append(Passage(stage, str(stage.label), when(step, language), days, after is None, why))
    return line


def when(step: ProposalStep, language: str) -> str:
    """The day, or as much of it as was published."""
    there = step.day
    if step.precision == Precision.MONTH:
        return times.month(there.year, there.month, language)
    if step.precision == Precision.YEAR:
        return times.year_text(there.year, language)
    return "" if step.precision == Precision.UNKNOWN else times.day(there, language, weekday=False)


def expected_next(proposal: Proposal) -> str:
    """What happens next and whose turn it is; the same whether it is decided already or not."""
    return {
        State.RECORDED: _("It is with you: finish and send it."),
        State.DRAFT: _("It is with you: finish and send it."),
        State.CHANGES_ASKED: _("It is with its authors: they revise it and send it again."),
        State.SUBMITTED: _("The secretariat reads it, and starts the review."),
        State.IN_REVIEW: _("The review body reads it; the decision is announced by the secretariat."),
        State.DEFERRED: _("The review body takes it up again later."),
        State.ACCEPTED: _("The association presents it to the municipality."),
        State.PRESENTED: _("The municipality’s answer is awaited."),
        State.POSITIVE: _("The project begins."),
        State.RUNNING: _("The project is under way."),
        State.PAUSED: _("The project rests; it goes on or is stopped."),
    }.get(proposal.stage, "")


# --- Figures --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    label: str
    value: int
    width: int  # of 100
    unit: str = ""


def bars(rows: list[tuple[str, int]]) -> list[Bar]:
    most = max((value for _label, value in rows), default=0) or 1
    return [Bar(label, value, round(value * 100 / most)) for label, value in rows]


def figures() -> dict[str, list[Bar]]:
    """How many at each stage and in each area, and for how many days half of them stayed there. Samples are no fact."""
    real = Proposal.objects.public().filter(is_sample=False)
    by_state = _counts(real, "state")
    stages = [(str(s.label), sum(by_state.get(state, 0) for state in states.states_of(s))) for s in states.STAGES]
    by_area = _counts(real, "area__slug")
    areas = [(str(area), by_area.get(area.slug, 0)) for area in Area.objects.all()]
    stayed: dict[State, list[int]] = {}
    steps: dict[int, list[ProposalStep]] = {}
    for step in ProposalStep.objects.filter(of__in=real.values("pk")).order_by("of", "at", "pk"):
        steps.setdefault(step.of_id, []).append(step)
    for life in steps.values():
        for passage in passages(life, "en"):
            if passage.days is not None:
                stayed.setdefault(passage.stage, []).append(passage.days)
    days = [(str(s.label), round(median(stayed[s]))) for s in states.STAGES if s in stayed]
    return {"stages": bars([row for row in stages if row[1]]), "areas": bars(areas), "days": bars(days)}


# --- Open data --------------------------------------------------------------------------------------------------


def data_of(proposal: Proposal, address: str) -> dict[str, Any]:
    """One proposal as data: what its page says and nothing else. Wants `partners` and `steps` prefetched."""
    languages = ("tr", "az", "en")
    open_texts = ("why", "what", "benefits", "calendar") if proposal.is_open else ()
    said = ("title", *([] if proposal.is_reported else ["summary"]), *open_texts)
    texts: dict[str, dict[str, str | None]] = {"summary": dict.fromkeys(languages)}
    texts |= {
        name: {language: getattr(proposal, f"{name}_{language}") or None for language in languages} for name in said
    }
    organisations = [partner for partner in proposal.partners.all() if partner.is_confirmed]
    return {
        "slug": proposal.slug,
        "url": address,
        "area": proposal.area.slug if proposal.area else None,
        "stage": str(proposal.stage),
        "place": proposal.place or None,
        **texts,
        "organisations": [{"name": one.name, "city": one.city or None, "part": one.part} for one in organisations],
        "partner_sought_in": proposal.seeks_in or None,
        "budget": str(proposal.budget) if proposal.is_open and proposal.budget is not None else None,
        "currency": (proposal.currency or None) if proposal.is_open else None,
        "history": [
            {"stage": str(states.stage_of(step.after)), "since": day_as_data(step), "precision": step.precision}
            for step in seen_steps(proposal.steps.all())
        ],
        "published_stage": proposal.published_stage_tr or None,  # type: ignore[attr-defined]
        "sources": proposal.source_list,
        "sample": proposal.is_sample,
    }


def day_as_data(step: ProposalStep) -> str | None:
    if step.precision == Precision.UNKNOWN:
        return None
    there = step.day.isoformat()
    return {Precision.MONTH: there[:7], Precision.YEAR: there[:4]}.get(Precision(step.precision), there)
