"""What proposals hold of a person: authorship, contact details, an organisation's address, what somebody follows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from izbaku.freshness import bump
from izbaku.holdings import Person, RecordClass, Room, Told, keep, register, told
from izbaku.privacy import retention
from proposals import reviewers
from proposals.models import Proposal, ProposalFile, ProposalVersion
from proposals.parties import Author, Follower, Partner
from proposals.states import State

__all__ = ["reviewers"]  # the committee's side
CONTACT = ("contact_name", "contact_email", "contact_phone")
ENDED = (State.DRAFT, State.REJECTED, State.WITHDRAWN)


def _authors(person: Person) -> QuerySet[Author]:
    by_address = Author.objects.of(*person.addresses)
    if person.user is None:
        return by_address.order_by("pk")
    return Author.objects.filter(Q(user=person.user) | Q(pk__in=by_address.values("pk"))).order_by("pk")


def _contacts(person: Person) -> QuerySet[Proposal]:
    """Where this person is the contact: of what was submitted, or of an open version (an anonymous draft too)."""
    there = Q()
    for address in person.addresses:
        there |= Q(contact_email__iexact=address) | Q(versions__content__contact_email__iexact=address)
    return Proposal.objects.filter(there).distinct().order_by("pk") if person.addresses else Proposal.objects.none()


def _versions(person: Person) -> QuerySet[ProposalVersion]:
    theirs = Q(proposal__in=_authors(person).filter(accepted_at__isnull=False).values("proposal"))
    theirs |= Q(proposal__in=_contacts(person).values("pk"))
    return ProposalVersion.objects.filter(theirs).order_by("pk")


def _files(person: Person) -> QuerySet[ProposalFile]:
    if person.user is None:
        return ProposalFile.objects.none()
    return ProposalFile.objects.filter(added_by=person.user).order_by("pk")


def held(person: Person) -> Iterable[Told]:
    for author in _authors(person).select_related("proposal"):
        yield told(author, "proposal", "email", "name", "language", "invited_at", "accepted_at", "is_named", "named_at")
    for proposal in _contacts(person):
        yield told(proposal, *CONTACT)
    for version in _versions(person):
        text = "\n\n".join(f"{name}: {value}" for name, value in version.content.items() if value)
        yield told(version, "number", "saved_at", "submitted_at", values={"content": text})
    for file in _files(person):
        yield told(file, "name", "added_at", files=[(file.name, file.read)])
    for partner in Partner.objects.of(*person.addresses).order_by("pk"):
        yield told(partner, "name", "email", "language", "invited_at", "confirmed_at", "confirmed_by")
    for follower in Follower.objects.of(*person.addresses).select_related("proposal").order_by("pk"):
        yield told(follower, "proposal", "email", "language", "asked_at", "confirmed_at")


def erase(person: Person, now: datetime) -> int:
    """Who wrote it, not what the association has decided upon.

    A proposal that went nowhere and has no other author goes with its files and versions; of any other one the text
    stays, without its author, contact and whoever confirmed for an organisation.
    """
    bump()
    authors, contacts = list(_authors(person)), list(_contacts(person))
    keys = {author.proposal_id for author in authors} | {proposal.pk for proposal in contacts}
    files = _files(person).filter(proposal__state__in=ENDED)
    count = len(authors) + len(contacts) + sum(1 for file in files if file.delete())
    _blank(contacts, person)
    Author.objects.filter(pk__in=[author.pk for author in authors]).delete()
    left = Proposal.objects.filter(pk__in=keys, state__in=ENDED).exclude(
        pk__in=Author.objects.standing().values("proposal")
    )
    for proposal in left:
        proposal.delete()
    theirs = Partner.objects.of(*person.addresses)
    count += Partner.objects.filter(pk__in=theirs.values("pk")).update(email="", confirmed_by="")
    following, _each = Follower.objects.of(*person.addresses).delete()
    return count + following


def _blank(contacts: list[Proposal], person: Person) -> None:
    for proposal in contacts:
        if proposal.contact_email.lower() in person.addresses:
            for name in CONTACT:
                setattr(proposal, name, "")
            proposal.save(update_fields=CONTACT)
        for version in proposal.versions.all():
            if str(version.content.get("contact_email", "")).lower() in person.addresses:
                version.content.update(dict.fromkeys(CONTACT, ""))
                version.save(update_fields=["content"])


register(
    Room(
        "proposals",
        _("Cooperation proposals"),
        (Author, Proposal, ProposalVersion, ProposalFile, Partner, Follower),
        held=held,
        erase=erase,
    )
)


# --- How long ---------------------------------------------------------------------------------------------


def _delete(due: QuerySet[Proposal]) -> int:
    """One by one: each raises the programme's version and takes its files along."""
    return sum(1 for proposal in due if proposal.delete())


keep(
    RecordClass(
        "abandoned_draft",
        _("Drafts that were never sent"),
        due=lambda now, period: Proposal.objects.left_alone(now - period).count(),
        destroy=lambda now, period: _delete(Proposal.objects.left_alone(now - period)),
    )
)
keep(
    retention.of_kept("rejected_proposal", _("Proposals that were not accepted"), Proposal, destroy=_delete),
)
keep(retention.of_kept("withdrawn_proposal", _("Proposals that were withdrawn"), Proposal, destroy=_delete))


def _unconfirmed(now: datetime, period: timedelta) -> QuerySet[Follower]:
    return Follower.objects.filter(confirmed_at=None, asked_at__lt=now - period)


keep(
    RecordClass(
        "unconfirmed_follower",
        _("Addresses that did not confirm to follow a proposal"),
        due=lambda now, period: _unconfirmed(now, period).count(),
        destroy=lambda now, period: _unconfirmed(now, period).delete()[0],
    )
)
