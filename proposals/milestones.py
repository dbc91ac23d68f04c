"""What became of a yes: milestones, how far a project is, its news, and the events that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from izbaku import times
from izbaku.accounts.models import User
from izbaku.freshness import bump
from proposals import linked_events, project_letters, states
from proposals.delivery import Milestone, News
from proposals.models import Proposal

OPEN = (Milestone.State.PLANNED, Milestone.State.UNDER_WAY)


@dataclass(frozen=True)
class Project:
    """A project as its page shows it."""

    state: str
    milestones: list[Milestone]
    reached: int
    counted: int  # those that were dropped count no more
    news: list[News]
    events: list[linked_events.Linked]

    @property
    def percent(self) -> int:
        return round(100 * self.reached / self.counted) if self.counted else 0


def project_of(proposal: Proposal, language: str, now: datetime) -> Project | None:
    """What its public page shows; None while it is no project. Four queries, however long it runs."""
    if proposal.state not in states.PROJECT:
        return None
    milestones = list(proposal.milestones.all())
    for one in milestones:
        one.due_text = _day(one.due_on, language)  # type: ignore[attr-defined]
        one.reached_text = _day(one.reached_on, language)  # type: ignore[attr-defined]
    news = list(News.objects.public().filter(proposal=proposal).prefetch_related("pictures"))
    for told in news:
        assert told.published_at is not None
        told.day_text = _day(times.today(told.published_at), language)  # type: ignore[attr-defined]
    counted = [one for one in milestones if one.state != Milestone.State.DROPPED]
    return Project(
        str(proposal.get_state_display()),
        milestones,
        sum(one.state == Milestone.State.REACHED for one in counted),
        len(counted),
        news,
        linked_events.told(proposal.linked.values_list("event", flat=True), language, now),
    )


def _day(day: date | None, language: str) -> str:
    """As every page writes a day; nothing for none."""
    return times.day(day, language, weekday=False) if day else ""


def overdue(proposal: Proposal, today: date) -> list[Milestone]:
    return [one for one in proposal.milestones.all() if one.state in OPEN and one.due_on and one.due_on < today]


@transaction.atomic
def publish(news: News, *, by: User, now: datetime) -> int:
    """Show the news on the project's page and tell those who want to hear; returns how many letters leave.

    Raises ValidationError: `published`, `project` (not a project, or one that nobody can see), `alt`.
    """
    if not by.has_perm("proposals.handle_proposal"):
        raise PermissionDenied
    bump()
    locked = News.objects.select_for_update().select_related("proposal").get(pk=news.pk)
    if locked.published_at is not None:
        raise ValidationError(_("It is published already."), code="published")
    if locked.proposal.state not in states.PROJECT or not locked.proposal.is_public:
        raise ValidationError(_("News belong to a project that everybody can see."), code="project")
    if any(not picture.alt for picture in locked.pictures.all()):
        raise ValidationError(_("Describe each picture for people who cannot see it."), code="alt")
    locked.published_at = now
    locked.save()
    news.refresh_from_db()
    return project_letters.put(locked, now=now)


def readers_of(proposal: Proposal) -> int:
    """How many letters news of this project would be."""
    return project_letters.readers_of(proposal)
