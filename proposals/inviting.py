"""Co-authors and organisations: asked by letter, and named once they have answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from izbaku import text
from izbaku.accounts.models import Organisation
from izbaku.privacy import notices
from izbaku.privacy.notices import Shown
from proposals import guards, mails, submission
from proposals.models import Proposal
from proposals.parties import LANGUAGES, Author, Partner
from proposals.states import WITH_THE_AUTHOR, State

MOST = 12  # people, and organisations, behind one proposal


def _only_its_authors(proposal: Proposal, by: Any) -> None:
    """Invitations name who invites: whoever has not signed in cannot send any."""
    if not proposal.is_author(by):
        raise PermissionDenied
    if proposal.state not in WITH_THE_AUTHOR:
        raise ValidationError(_("This proposal cannot be changed at present."), code="moved")


def _room_for(count: int) -> None:
    if count >= MOST:
        raise ValidationError(_("At most %(n)d can stand behind one proposal.") % {"n": MOST}, code="many")


# --- Co-authors -------------------------------------------------------------------------------------------


@transaction.atomic
def invite_author(proposal: Proposal, *, email: str, language: str, by: Any, now: datetime) -> Author:
    """Ask somebody to write along; asked again, the same invitation is sent again, at most once an hour."""
    _only_its_authors(proposal, by)
    return ask(proposal, email=email, language=language, by=by, now=now)


def ask(proposal: Proposal, *, email: str, language: str, by: Any, now: datetime) -> Author:
    """The letter, whoever asks."""
    author = proposal.authors.of(email).first()
    if author is None:
        _room_for(proposal.authors.count())
        author = proposal.authors.create(email=email, language=language, invited_at=now)
    if author.accepted_at is None or author.left_at is not None:
        author.left_at = None
        author.save()
        mails.author_asked(author, by=by, now=now)
    return author


@transaction.atomic
def uninvite(author: Author, *, by: Any) -> None:
    """Take back an invitation that nobody has answered: the address may have been another's. Its link ends.

    Raises ValidationError `taken` once somebody takes part or has declined.
    """
    _only_its_authors(author.proposal, by)
    author = Author.objects.select_for_update().get(pk=author.pk)
    if author.accepted_at is not None or author.left_at is not None:
        raise ValidationError(_("This invitation was answered meanwhile."), code="taken")
    author.delete()


@transaction.atomic
def take_on(proposal: Proposal, *, email: str, language: str, by: Any, now: datetime) -> Author:
    """Ask somebody to write what was only reported in the press. Nothing changes outside until they have sent it.

    They begin with the title that was published. Raises ValidationError `moved`, PermissionDenied.
    """
    locked = Proposal.objects.select_for_update().get(pk=proposal.pk)
    if locked.state != State.RECORDED:
        raise ValidationError(_("This cannot be done any more, or not yet."), code="moved")
    if not guards.office(locked, by):
        raise PermissionDenied
    known = {f"title_{code}": getattr(locked, f"title_{code}") or "" for code, _name in LANGUAGES}
    content = {"language": locked.language, "area": locked.area.slug if locked.area else "", **known}
    locked.versions.get_or_create(number=1, defaults={"content": content, "saved_at": now})
    return ask(locked, email=email, language=language, by=by, now=now)


@transaction.atomic
def join(author: Author, *, user: Any, now: datetime, shown: Shown | None = None, is_named: bool = False) -> Author:
    """Take part. The letter's link and one's own account are the key: it binds the invitation to this person."""
    author = Author.objects.select_for_update().get(pk=author.pk)
    if author.user_id not in (None, user.pk):
        raise PermissionDenied
    if author.left_at is not None:
        raise ValidationError(_("This invitation is no longer open."), code="closed")
    other = Author.objects.filter(proposal=author.proposal, user=user).exclude(pk=author.pk).first()
    if other is not None:
        raise ValidationError(_("You are an author of this proposal already."), code="twice")
    author.user, author.accepted_at = user, author.accepted_at or now
    author.name = author.name or text.name(user.name)[:120]
    if shown:
        notices.remember(shown, author)
    author.save()
    if is_named:
        submission.name_me(author, now=now, shown=shown)
    return author


def leave(author: Author, *, now: datetime) -> None:
    """Decline, or take part no longer; asked again, they decide again. Whoever began it stays: they can withdraw it."""
    if author.is_first:
        raise ValidationError(_("Who began a proposal cannot leave it. You can withdraw it."), code="first")
    author.left_at, author.accepted_at, author.is_named, author.named_at = now, None, False, None
    author.save()


# --- Organisations ----------------------------------------------------------------------------------------


@transaction.atomic
def add_partner(
    proposal: Proposal, *, name: str, part: str, city: str, email: str, language: str, by: Any, now: datetime
) -> Partner:
    """Ask an organisation to confirm that it stands behind the proposal."""
    _only_its_authors(proposal, by)
    key = text.slug(name)[:200] or "-"
    partner = proposal.partners.filter(key=key).first()
    if partner is None:
        _room_for(proposal.partners.count())
        partner = Partner(proposal=proposal, name=name)
    elif partner.is_confirmed:
        raise ValidationError(_("This organisation has confirmed already."), code="twice")
    partner.part, partner.city, partner.email, partner.language = part, city, email, language
    partner.organisation = _known(name)
    partner.invited_at, partner.declined_at = now, None
    partner.save()
    mails.partner_asked(partner, by=by, now=now)
    return partner


def _known(name: str) -> Organisation | None:
    """The organisation that the portal knows by this name, however it is written."""
    folded = text.fold(name)
    return next((known for known in Organisation.objects.all() if text.fold(known.name) == folded), None)


def remove_partner(partner: Partner, *, by: Any) -> None:
    _only_its_authors(partner.proposal, by)
    proposal = partner.proposal
    partner.delete()
    proposal.save()  # it is found by its organisations


@transaction.atomic
def confirm(partner: Partner, *, name: str, now: datetime, shown: Shown | None = None) -> Partner:
    """It stands behind the proposal; a second time changes nothing."""
    partner = Partner.objects.select_for_update().select_related("proposal").get(pk=partner.pk)
    if partner.is_confirmed:
        return partner
    partner.confirmed_at, partner.declined_at, partner.confirmed_by = now, None, name
    if shown:
        notices.remember(shown, partner)
    partner.save()
    partner.proposal.save()
    return partner


@transaction.atomic
def decline(partner: Partner, *, now: datetime) -> Partner:
    """It does not stand behind it, or no longer does; at once off the page."""
    partner = Partner.objects.select_for_update().select_related("proposal").get(pk=partner.pk)
    partner.declined_at = now
    partner.save()
    partner.proposal.save()
    return partner
