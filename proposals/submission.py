"""The author's side: writing a proposal, sending it, revising it, taking it back.

What is being written is the open version, text as it was typed; saving it asks for nothing. `submit` checks
everything, freezes the version and copies it into the proposal, which the committee and the register read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from izbaku import history, text
from izbaku.privacy import consents, notices
from izbaku.privacy.models import Consent
from izbaku.privacy.notices import Shown
from proposals import forms, mails
from proposals.bodies import Area
from proposals.models import TEXTS, Proposal, ProposalStep, ProposalVersion
from proposals.parties import LANGUAGES, Author
from proposals.states import WITH_THE_AUTHOR, State

# Words that stand where a proposal's own address would, in all three languages.
RESERVED = {
    "submit", "mine", "own", "partners", "figures", "authors", "organisations", "following", "gonder", "gonderis",
    "benimkiler", "menimkiler", "rakamlar", "reqemler", "ortak-arayanlar", "terefdas-axtaranlar", "yazarlar",
    "muellifler", "kurumlar", "qurumlar", "takip", "izleme", "kendi", "oz",
}  # fmt: skip
FACTS = ("place", "starts_on", "ends_on", "budget", "currency", "seeks_in")
CONTACT = ("contact_name", "contact_email", "contact_phone")


@transaction.atomic
def begin(*, by: Any, language: str, now: datetime) -> Proposal:
    """An empty draft: of this person, or of whoever holds its code until somebody claims it."""
    proposal = Proposal.objects.create(language=language, created_at=now, stage_at=now)
    proposal.versions.create(number=1, content={"language": language}, saved_at=now)
    if by is not None and by.is_authenticated:
        claim(proposal, by=by, now=now)
    return proposal


def claim(proposal: Proposal, *, by: Any, now: datetime) -> Author:
    """Make it theirs: from now on nobody reads it by its code alone. Raises PermissionDenied when it is somebody's."""
    with transaction.atomic():
        Proposal.objects.select_for_update().get(pk=proposal.pk)
        first = proposal.authors.filter(is_first=True).first()
        if first is None:
            return proposal.authors.create(
                user=by, email=by.email, name=text.name(by.name)[:120], language=by.language, is_first=True,
                invited_at=now, accepted_at=now,
            )  # fmt: skip
    if first.user_id != by.pk:
        raise PermissionDenied
    return first


def open_version(proposal: Proposal, *, now: datetime) -> ProposalVersion:
    """What is being written; of a proposal that is to be revised, begun from what was submitted."""
    if not proposal.is_with_the_author:
        raise ValidationError(_("This proposal cannot be changed at present."), code="moved")
    written: ProposalVersion | None = proposal.versions.filter(submitted_at=None).first()
    if written is not None:
        return written
    last = proposal.versions.filter(number=proposal.version).first()
    content = {name: value for name, value in (last.content if last else {}).items() if name != "organisations"}
    content |= {name: getattr(proposal, name) for name in CONTACT}
    new, _is_new = proposal.versions.get_or_create(
        submitted_at=None, defaults={"number": proposal.version + 1, "content": content, "saved_at": now}
    )
    return new


def shown_content(proposal: Proposal) -> dict[str, Any]:
    """What a form shows, without beginning a version: opening a page changes nothing."""
    written = proposal.versions.filter(submitted_at=None).first()
    if written is not None:
        return dict(written.content)
    last = proposal.versions.filter(number=proposal.version).first()
    return dict(last.content if last else {}) | {name: getattr(proposal, name) for name in CONTACT}


@transaction.atomic
def save(proposal: Proposal, typed: dict[str, str], *, seen: int | None = None, now: datetime) -> ProposalVersion:
    """Keep what was typed, right or wrong. Nothing is asked for.

    `seen` is the save that the page was made from: where somebody else has saved other words into these fields since,
    ValidationError `other_window` says so, with theirs in `params`; nothing of either is lost.
    """
    Proposal.objects.select_for_update().get(pk=proposal.pk)
    proposal.refresh_from_db(fields=["state", "version"])
    version = open_version(proposal, now=now)
    if seen is not None and seen != version.revision:
        theirs = {name: version.content[name] for name in typed if (version.content.get(name) or "") != typed[name]}
        if any(theirs.values()):
            raise ValidationError(
                _(
                    "This step was changed in another window, or by a co-author. Theirs stands below; "
                    "send yours again to put it in place."
                ),
                code="other_window", params={"theirs": theirs, "revision": version.revision},
            )  # fmt: skip
    before = version.content.get("language") or "tr"
    content = version.content | typed
    if (after := content.get("language") or before) != before:
        _move_texts(content, before, after)
    if content != version.content:
        version.content, version.revision, version.saved_at = content, version.revision + 1, now
        version.save(update_fields=["content", "revision", "saved_at"])
    return version


def _move_texts(content: dict[str, Any], before: str, after: str) -> None:
    """The words that are there were written in the other language after all."""
    for name in TEXTS:
        if content.get(f"{name}_{before}") and not content.get(f"{name}_{after}"):
            content[f"{name}_{after}"] = content.pop(f"{name}_{before}")


def why_closed(proposal: Proposal, content: dict[str, Any], now: datetime) -> str:
    """Why it cannot be sent at this moment, whatever it says; empty while it can. A revision is never too late."""
    if proposal.version:
        return ""
    area = Area.objects.filter(slug=content.get("area") or "").first()
    if area and not area.is_open(now):
        if area.closes_at and area.closes_at <= now:
            return _(
                "This area has stopped taking proposals. Your text is kept: "
                "choose another area, or wait until it opens again."
            )
        return _("This area does not take proposals yet. Your text is kept.")
    return ""


def submit(
    proposal: Proposal, *, by: Any, now: datetime, shown: Shown | None = None, is_named: bool = False
) -> ProposalStep:
    """Check everything, freeze the version, copy it into the proposal, and write to the authors.

    Raises ValidationError: `moved` (sent already, or not with its authors), `closed` (the area takes none now),
    `incomplete` (`forms.check` says where); PermissionDenied for somebody who is no author. Nothing is changed then.
    """
    with transaction.atomic():
        _lock(proposal)
        if not proposal.is_author(by):
            raise PermissionDenied
        if proposal.state not in WITH_THE_AUTHOR:
            raise ValidationError(_("This proposal was sent already."), code="moved")
        version = open_version(proposal, now=now)
        if why := why_closed(proposal, version.content, now):
            raise ValidationError(why, code="closed")
        steps = forms.check(version.content)
        if any(step.errors for step in steps):
            raise ValidationError(_("Something is still missing. Nothing is lost."), code="incomplete")
        _freeze(proposal, version, forms.cleaned(steps), by=by, now=now)
        _sign(proposal, by, shown, is_named, now)
        step: ProposalStep = history.move(proposal, "submit", by=by, now=now)
    return step


def _lock(proposal: Proposal) -> None:
    """Of two who send at once, or of one from two windows, the second waits here and then sees what was sent."""
    Proposal.objects.select_for_update().get(pk=proposal.pk)
    proposal.refresh_from_db()


def _freeze(proposal: Proposal, version: ProposalVersion, said: dict[str, Any], *, by: Any, now: datetime) -> None:
    # What the contact details were is nobody's business later: they stand in the proposal alone.
    version.content = {name: value for name, value in version.content.items() if name not in CONTACT}
    version.content["organisations"] = [partner.name for partner in proposal.partners.filter(declined_at=None)]
    version.submitted_at = version.saved_at = now
    version.submitted_by = by
    version.save()
    proposal.version = version.number
    proposal.language, proposal.area = said["language"], Area.objects.get(slug=said["area"])
    for name in (*FACTS, *CONTACT):
        setattr(proposal, name, said.get(name))
    for name in TEXTS:
        for language, _name in LANGUAGES:
            setattr(proposal, f"{name}_{language}", version.content.get(f"{name}_{language}") or "")
    proposal.seeks_in = proposal.seeks_in or ""
    proposal.submitted_at = proposal.submitted_at or now
    proposal.answer_by = None
    proposal.slug = proposal.slug or _free_slug(proposal)
    proposal.save()


def _free_slug(proposal: Proposal) -> str:
    wanted = text.slug(proposal.said("title", proposal.language))[:80].strip("-") or "proposal"
    names = set(Proposal.objects.filter(slug__startswith=wanted).values_list("slug", flat=True)) | RESERVED
    numbered = (f"{wanted}-{number}" for number in range(2, len(names) + 3))
    return wanted if wanted not in names else next(name for name in numbered if name not in names)


def _sign(proposal: Proposal, by: Any, shown: Shown | None, is_named: bool, now: datetime) -> None:
    author = proposal.authors.get(user=by)
    if shown:
        notices.remember(shown, author)
    author.save()
    if is_named:
        name_me(author, now=now, shown=shown)


def name_me(author: Author, *, now: datetime, shown: Shown | None = None) -> None:
    """Their name may stand on the page: said here, and kept in the ledger of consents."""
    assert author.user is not None
    consents.give(author.user, "publish_name", how=Consent.How.FORM, now=now, shown=shown)
    author.is_named, author.named_at = True, now
    author.name = author.name or text.name(author.user.name)[:120]
    author.save()


def unname_me(author: Author) -> None:
    """Off this page at once; elsewhere their consent holds until they take it back."""
    author.is_named, author.named_at = False, None
    author.save()


def withdraw(proposal: Proposal, *, by: Any, why: str, now: datetime) -> ProposalStep:
    """Take it back, with a reason that the secretariat reads."""
    step: ProposalStep = history.move(proposal, "withdraw", by=by, why=why, now=now)
    return step


def discard(proposal: Proposal, *, by: Any) -> None:
    """Destroy a draft, with its versions, annexes and invitations. Raises ValidationError once it was sent."""
    with transaction.atomic():
        Proposal.objects.select_for_update().get(pk=proposal.pk)
        proposal.refresh_from_db()
        if proposal.state != State.DRAFT:
            raise ValidationError(_("Only a draft can be thrown away. You can withdraw the proposal."), code="moved")
        if proposal.authors.exists() and not proposal.authors.filter(user=by, is_first=True).exists():
            raise PermissionDenied
        proposal.delete()


def send_way_back(proposal: Proposal, *, to: str, language: str, now: datetime) -> bool:
    """A letter with the link to the draft; at most one an hour. False when there was one already."""
    return mails.way_back(proposal, to=to, language=language, now=now) is not None
