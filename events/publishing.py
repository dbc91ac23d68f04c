"""Making an event public, moving it, calling it off. Nothing here writes to anybody."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from events.models import Event


def publish(event: Event, *, now: datetime, at: datetime | None = None) -> None:
    """Make it public, at once or at a later moment; raises ValidationError while something needed is missing."""
    if not getattr(event, "title_tr"):  # noqa: B009  (made by modeltranslation; unknown to the type checker)
        raise ValidationError(_("Enter the Turkish title before publishing."), code="no_turkish_title")
    event.clean()
    event.state = Event.State.PUBLIC
    event.publish_at = at or event.publish_at or now
    _save(event, now)


def withdraw(event: Event, *, now: datetime) -> None:
    """Back to a draft: it shows nowhere."""
    event.state = Event.State.DRAFT
    _save(event, now)


def postpone(event: Event, *, now: datetime) -> None:
    """It will not be on its day; the new one is not known yet."""
    _must_be_public(event)
    event.state = Event.State.POSTPONED
    event.previous_starts_on = event.previous_starts_on or event.starts_on
    _save(event, now)


def move(event: Event, *, starts_at: datetime, ends_at: datetime | None = None, now: datetime) -> None:
    """Give a public event a new time; the first planned day is remembered."""
    _must_be_public(event)
    event.previous_starts_on = event.previous_starts_on or event.starts_on
    event.starts_at, event.ends_at, event.precision = starts_at, ends_at, "time"
    event.state = Event.State.PUBLIC
    event.clean()
    _save(event, now)


def call_off(event: Event, *, now: datetime) -> None:
    """It will not take place; it stays visible, and says so."""
    _must_be_public(event)
    event.state = Event.State.CALLED_OFF
    _save(event, now)


def _must_be_public(event: Event) -> None:
    if event.state == Event.State.DRAFT:
        raise ValidationError(_("A draft can be edited or deleted; nobody has seen it."), code="draft")


def _save(event: Event, now: datetime) -> None:
    with transaction.atomic():
        event.sequence += 1
        event.changed_at = now
        event.save()


def copy(event: Event, *, now: datetime) -> Event:
    """A draft with the same texts, sessions left out; its address says that it is a copy."""
    number = 2
    while Event.objects.filter(slug=f"{event.slug}-{number}").exists():
        number += 1
    organisers = list(event.organisers.all())
    draft = Event.objects.get(pk=event.pk)
    draft.pk, draft.twin = None, None
    draft.slug, draft.state, draft.publish_at = f"{event.slug}-{number}", Event.State.DRAFT, None
    draft.previous_starts_on, draft.sequence, draft.changed_at = None, 0, now
    draft._state.adding = True
    with transaction.atomic():
        draft.save()
        draft.organisers.set(organisers)
        draft.save()
    return draft
