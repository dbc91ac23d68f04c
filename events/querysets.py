"""Questions to the programme."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone

from events import changes, lines
from events.moments import Reminder
from events.ready import EventWord, Line, refresh
from izbaku.accounts.models import Speaker
from izbaku.freshness import PublicQuerySet
from izbaku.text import words
from izbaku.times import Precision

if TYPE_CHECKING:
    from events.models import Event


def _day() -> Case:
    return Case(When(precision__in=(Precision.MONTH, Precision.YEAR), then="ends_on"), default="starts_on")


class EventQuerySet(PublicQuerySet["Event"]):
    def public(self, now: datetime) -> Self:
        return self.filter(state__in=self.model.PUBLIC_STATES, publish_at__lte=now)

    def appearing(self, now: datetime) -> Self:
        """Those that will become public by themselves."""
        return self.filter(state__in=self.model.PUBLIC_STATES, publish_at__gt=now)

    def with_a_day(self) -> Self:
        return self.filter(starts_on__isnull=False)

    def between(self, first: date, last: date) -> Self:
        """Those that touch the days from `first` to `last`, both included."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)

    def upcoming(self, today: date) -> Self:
        """Not over yet; what has no date yet is still ahead unless it was held."""
        return self.filter(Q(ends_on__gte=today) | Q(starts_on=None) & ~Q(certainty=self.model.Certainty.HELD))

    def past(self, today: date) -> Self:
        return self.filter(Q(ends_on__lt=today) | Q(starts_on=None, certainty=self.model.Certainty.HELD))

    def in_order(self) -> Self:
        """Soonest first; what is only known by its month or year stands at the end of that month or year."""
        return self.order_by(_day().asc(nulls_last=True), F("starts_at").asc(nulls_first=True), "pk")

    def newest_first(self) -> Self:
        return self.order_by(F("starts_on").desc(nulls_last=True), F("starts_at").desc(nulls_last=True), "-pk")

    def for_visitors(self, today: date) -> Self:
        """What is ahead, soonest first, then what has passed, latest first; in both, the anniversary's own programme
        before related events. What is called off is not ahead: it stands between them."""
        over = Q(ends_on__lt=today) | Q(starts_on=None, certainty=self.model.Certainty.HELD)
        return self.annotate(
            is_past=Case(When(over, then=2), When(state=self.model.State.CALLED_OFF, then=1), default=0),
            is_related=Case(When(scope=self.model.Scope.CORE, then=0), default=1),
        ).order_by(
            "is_past",
            "is_related",
            Case(When(over, then=None), default=_day()).asc(nulls_last=True),
            Case(When(over, then=None), default="starts_at").asc(nulls_first=True),
            F("starts_on").desc(nulls_last=True),
            F("starts_at").desc(nulls_last=True),
            "pk",
        )

    def containing(self, text: str) -> Self:
        """Those in which every word of `text` begins a word, in any of the languages, whatever its diacritics."""
        found = self
        for word in words(text):
            found = found.filter(Exists(EventWord.objects.filter(event=OuterRef("pk"), word__startswith=word)))
        return found

    def editable_by(self, user: Any) -> Self:
        """What this person may work on at all: everything, or what an organisation they speak for organises.

        Which pages and acts that opens is said by their rights.
        """
        if user.has_perm("events.every_event"):
            return self
        spoken_for = Speaker.objects.standing(timezone.now()).filter(user=user).values("organisation")
        theirs = self.model.organisers.through.objects.filter(event=OuterRef("pk"), organisation__in=spoken_for)
        return self.filter(Exists(theirs))

    def outdated(self) -> Self:
        """Those whose lines were made from other templates, catalogues or code than today's, or that lack something."""
        made = Line.objects.filter(event=OuterRef("pk"))
        reminders = Reminder.objects.filter(event=OuterRef("pk"))
        return self.filter(Exists(made.exclude(made_by=lines.maker())) | ~Exists(made) | ~Exists(reminders))

    def update(self, **kwargs: Any) -> int:
        """Where dates, places or states change, lines and reminders follow, and what was changed is noted."""
        if not changes.WORTH_TELLING & kwargs.keys():
            return super().update(**kwargs)
        with transaction.atomic():
            before = {event.pk: changes.facts(event) for event in self}
            counted = {"sequence": F("sequence") + 1, "changed_at": timezone.now()}
            count = super().update(**counted | kwargs)
            events = list(self.model.objects.filter(pk__in=before).select_related("venue"))
            refresh(events)
            for event in events:
                changes.note(event, before[event.pk])
        return count

    def bulk_create(self, objs: Iterable[Event], *args: Any, **kwargs: Any) -> list[Event]:
        events = list(objs)
        for event in events:
            event.set_days(event.city)
        with transaction.atomic():
            created = super().bulk_create(events, *args, **kwargs)
            refresh(created)
        return created
