"""Before the municipality: a dossier in three languages, frozen with a number; its hand-over; the answer."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import translation
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from izbaku import attachments, history, pdf, sealing, times
from izbaku.accounts.models import User
from izbaku.text import sendable
from izbaku.uploads import PDF, Checked
from proposals.delivery import LANGUAGES, Dossier, DossierFile, DossierItem, HandOver
from proposals.models import Proposal, ProposalFile
from proposals.querysets import ProposalQuerySet
from proposals.states import State

TEMPLATE = Path(__file__).resolve().parent / "papers" / "dossier.typ"
TAKES = (State.ACCEPTED, State.NEGATIVE)  # what may be put before the municipality, once more after a no
Answer = DossierItem.Answer


def presentable() -> ProposalQuerySet:
    """Approved, and in no dossier that is still on its way."""
    waiting = DossierItem.objects.filter(answered_on=None).values("proposal")
    return Proposal.objects.filter(state__in=TAKES).exclude(pk__in=waiting).order_by("stage_at", "pk")


@transaction.atomic
def fill(dossier: Dossier) -> int:
    """Put all that may be presented into the dossier, behind what it has; returns how many."""
    _check_open(dossier)
    last = dossier.items.aggregate(last=Max("position"))["last"] or 0
    rows = [DossierItem(dossier=dossier, proposal=one, position=n) for n, one in enumerate(presentable(), last + 1)]
    return len(DossierItem.objects.bulk_create(rows))


def _check_open(dossier: Dossier) -> None:
    if dossier.is_frozen:
        raise ValidationError(_("The dossier is frozen: make a new one."), code="frozen")


@transaction.atomic
def freeze(dossier: Dossier, *, by: User, now: datetime) -> list[DossierFile]:
    """Give it a number and store it in every language; from here on it never changes.

    Raises ValidationError: `frozen`, `empty`, `state` (one of them may not be presented, by name).
    """
    if not by.has_perm("proposals.handle_proposal"):
        raise PermissionDenied
    list(Dossier.objects.select_for_update().order_by("pk").values_list("pk", flat=True))  # one number each
    dossier.refresh_from_db()
    _check_open(dossier)
    items = list(dossier.items.select_related("proposal"))
    if not items:
        raise ValidationError(_("There is no proposal in it."), code="empty")
    unfit = [str(item.proposal) for item in items if item.proposal.state not in TAKES and not dossier.is_sample]
    if unfit:
        text = _("Only what the association has approved can be presented. Take out: %(titles)s.")
        raise ValidationError(text % {"titles": "; ".join(unfit)}, code="state")
    dossier.year = times.today(now).year
    last = Dossier.objects.filter(year=dossier.year).aggregate(last=Max("serial"))["last"] or 0
    dossier.serial, dossier.frozen_at, dossier.frozen_by = last + 1, now, by
    dossier.save()
    files = []
    for language, _name in LANGUAGES:
        checked = Checked(f"{dossier.number}-{language}.pdf", PDF, paper(dossier, language, now=now))
        files.append(attachments.receive(checked, DossierFile, dossier=dossier, language=language))
    return files


@transaction.atomic
def hand_over(
    dossier: Dossier,
    *,
    on: date,
    office: str,
    registry_number: str = "",
    expected_on: date | None = None,
    by: User,
    now: datetime,
) -> HandOver:
    """Record that it was handed over; each proposal in it is then presented, and its authors hear of it.

    Raises ValidationError: `unfrozen`, `twice`, `future`, `expected`, and what the move of a proposal says.
    """
    Dossier.objects.select_for_update().get(pk=dossier.pk)
    if not dossier.is_frozen:
        raise ValidationError(_("Freeze the dossier first: what is handed over must not change."), code="unfrozen")
    if HandOver.objects.filter(dossier=dossier).exists():
        raise ValidationError(_("It has been handed over already."), code="twice")
    if dossier.is_sample:
        raise ValidationError(_("A sample is not handed over."), code="sample")
    if on > times.today(now):
        raise _at("on", _("This day is still to come."), "future")
    if expected_on and expected_on < on:
        raise _at("expected_on", _("The answer comes after the hand-over."), "expected")
    row = HandOver.objects.create(
        dossier=dossier, on=on, office=office.strip(), registry_number=registry_number.strip(),
        expected_on=expected_on, by=by,
    )  # fmt: skip
    for item in dossier.items.select_related("proposal"):
        history.move(item.proposal, "present", by=by, why=_told(row), now=now, happened_on=on)
    return row


def _at(field: str, text: str, code: str) -> ValidationError:
    return ValidationError({field: ValidationError(text, code=code)})


def _told(row: HandOver) -> str:
    number = f" · {row.registry_number}" if row.registry_number else ""
    return f"{row.office}{number}"


@transaction.atomic
def answer(item: DossierItem, *, answer: str, on: date, number: str = "", by: User, now: datetime) -> None:
    """Record what the municipality said to one proposal; it moves on accordingly. An answer is given once."""
    item = DossierItem.objects.select_for_update().get(pk=item.pk)
    found = HandOver.objects.filter(dossier=item.dossier).first()
    if found is None:
        raise ValidationError(_("The dossier has not been handed over yet."), code="unhanded")
    if item.answered_on is not None:
        raise ValidationError(_("An answer is recorded already."), code="twice")
    if not found.on <= on <= times.today(now):
        text = _("The answer came after the hand-over and before tomorrow: look at the day.")
        raise _at("on", text, "day")
    item.answer, item.answered_on, item.answer_number = Answer(answer), on, number.strip()
    item.save()
    history.move(item.proposal, f"answer_{item.answer}", by=by, now=now, happened_on=on)


def answer_reported(proposal: Proposal, *, answer: str, told: str, by: User, now: datetime) -> None:
    """Record the answer to what was presented before the portal was there. `told`: when, and under which number."""
    if not told.strip():
        raise ValidationError(_("Say when the municipality has answered, and under which number."), code="reason")
    history.move(proposal, f"answer_{Answer(answer)}", by=by, why=told, now=now)


# --- The paper --------------------------------------------------------------------------------------------


def paper(dossier: Dossier, language: str, *, now: datetime) -> bytes:
    """The dossier as a PDF in this language; before it is frozen it says that it is a draft."""
    with translation.override(language):
        return pdf.page(TEMPLATE, words(dossier, language, now=now), made_at=dossier.frozen_at or now)


def words(dossier: Dossier, language: str, *, now: datetime) -> dict[str, Any]:
    """All that the paper says, in the language that is active."""
    items = dossier.items.select_related("proposal__area").prefetch_related(
        "proposal__partners", "proposal__files", "proposal__decisions"
    )
    proposals = [_proposal(n, item.proposal, language) for n, item in enumerate(items, 1)]
    annexes = [
        {"n": f"{one['n']}.{i}", "of": one["title"], "name": name, "size": size, "sha256": digest}
        for one in proposals
        for i, (name, size, digest) in enumerate(one["annexes"], 1)
    ]
    day = times.day(times.today(dossier.frozen_at or now), language, weekday=False)
    is_sample = dossier.is_sample or any(item.proposal.is_sample for item in items)
    return {
        "language": language,
        "site": str(settings.SITE_NAME),
        "sisters": " · ".join(times.city_name(name, language) for name in ("izmir", "baku")),
        "association": settings.CONTACT["name"],
        "title": sendable(dossier.title),
        "kind": _("Cooperation proposals"),
        "number": dossier.number,
        "number_label": _("Dossier number"),
        "number_shown": dossier.number or _("not frozen yet"),
        "draft": "" if dossier.is_frozen else _("Draft: this dossier is not frozen yet"),
        "sample": _("Sample: these proposals are not real") if is_sample else "",
        "day": day,
        "contents": _("Contents"),
        "proposals_title": _("The proposals in short"),
        "columns": [_("No."), _("Proposal"), _("Area"), _("Budget")],
        "annexes_title": _("List of annexes"),
        "annex_columns": [_("Annex"), _("File"), _("Size"), _("SHA-256 of the file")],
        "no_annexes": _("No annex belongs to these proposals."),
        "unchanged": _(
            "This file was frozen when it got its number. Its SHA-256 is kept with the number in the portal: "
            "whoever has the file can compare."
        )
        if dossier.is_frozen
        else "",
        "page": _("Page"),
        "proposals": proposals,
        "annexes": annexes,
    }


def _proposal(n: int, proposal: Proposal, language: str) -> dict[str, Any]:
    said = {field: sendable(proposal.said(field, language)) for field in _TEXTS}
    facts = [
        [_("Area"), str(proposal.area or "–")],
        *[
            [label, sendable(", ".join(names))]
            for label, names in (
                (_("Proposed by"), _names(proposal, part="proposer")),
                (_("Partners in İzmir"), _names(proposal, city="izmir")),
                (_("Partners in Baku"), _names(proposal, city="baku")),
                (_("Other partners"), _names(proposal, city="")),
            )
            if names
        ],
        *([[_("Where"), capfirst(proposal.get_place_display())]] if proposal.place else []),
        *([[_("When"), span(proposal, language)]] if proposal.starts_on or proposal.ends_on else []),
        *([[_("Budget"), budget(proposal)]] if proposal.budget is not None else []),
        *_decided(proposal),
    ]
    headings = (
        ("summary", _("In short")),
        ("why", _("Why")),
        ("what", _("What will be done")),
        ("benefits", _("Who benefits")),
        ("calendar", _("Calendar")),
    )
    is_other = proposal.is_fallback("title", language) or proposal.is_fallback("what", language)
    name = dict(LANGUAGES).get(proposal.language, proposal.language)
    return {
        "n": n,
        "title": said["title"],
        "area": str(proposal.area or "–"),
        "budget": budget(proposal),
        "facts": facts,
        "note": _("There is no translation of this proposal yet: it is in %(language)s.") % {"language": name}
        if is_other
        else "",
        "sections": [[heading, said[field].split("\n\n")] for field, heading in headings if said[field].strip()],
        "annexes": [[sendable(file.name), _size(file.size), _hash(file)] for file in proposal.files.all()],
    }


_TEXTS = ("title", "summary", "why", "what", "benefits", "calendar")


def _names(proposal: Proposal, *, part: str = "partner", city: str | None = None) -> list[str]:
    rows = (one for one in proposal.partners.all() if one.is_confirmed and one.part == part)
    return [one.name for one in rows if city is None or one.city == city]


def span(proposal: Proposal, language: str) -> str:
    first, last = proposal.starts_on, proposal.ends_on
    if first and last and first != last:
        return times.days(first, last, language)
    only = first or last
    assert only is not None
    return times.day(only, language, weekday=False)


def budget(proposal: Proposal) -> str:
    """As the language that is active writes it: `1.250.000 TRY`."""
    if proposal.budget is None:
        return "–"
    places = 0 if proposal.budget == proposal.budget.to_integral_value() else 2
    return f"{number_format(proposal.budget, places, force_grouping=True)} {proposal.currency}"


def _decided(proposal: Proposal) -> list[list[str]]:
    found = [one for one in proposal.decisions.all() if one.announced_at and not one.taken_back_at]
    yes = [one for one in found if one.verdict == one.Verdict.ACCEPT]
    return [[_("Decision of the association"), yes[0].number]] if yes else []


def _hash(file: ProposalFile) -> str:
    """Of the annex as its reader has it; what is stored is sealed, and its hash would match nobody's file."""
    try:
        return sha256(file.read()).hexdigest()
    except (attachments.Damaged, sealing.SealBroken):
        return "–"


def _size(size: int) -> str:
    return f"{number_format(max(size, 1024) / 1024, 0, force_grouping=True)} kB"
