"""Making an event public, moving it, calling it off. Nothing here writes to anybody.

Each act refuses with a ValidationError what it cannot do, before anything is written.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from events import telling
from events.models import Event, Session
from izbaku import times
from izbaku.times import Basis, Precision

_HIDDEN = (Event.State.DRAFT,)
_LANGUAGES = ("tr", "az", "en")


def fits(act: str, event: Event, now: datetime) -> bool:
    """Whether the act makes sense in the event's state; it may still be refused for what is missing."""
    if act == "publish":
        return event.state != Event.State.PUBLIC or not event.is_public(now)
    if act == "postpone":
        return event.state == Event.State.PUBLIC
    if act == "call_off":
        return event.state in (Event.State.PUBLIC, Event.State.POSTPONED)
    if act == "confirm":
        return event.is_public(now) and event.is_unconfirmed(now)
    if act == "tell":
        return telling.change_of(event, now) is not None
    return act == "copy" or event.state not in _HIDDEN


def check(act: str, event: Event, now: datetime) -> None:
    """Refuse what the act cannot do to this event."""
    if not fits(act, event, now):
        if event.state in _HIDDEN:
            raise ValidationError(_("A draft can be edited or deleted; nobody has seen it."), code="draft")
        if act == "confirm":
            raise ValidationError(_("It is not past and announced: there is nothing to confirm."), code="not_past")
        if act == "tell":
            raise ValidationError(_("There is no change that somebody has not been told of."), code="told")
        raise ValidationError(_("It is already so: “%(state)s”.") % {"state": event.get_state_display()}, code="done")
    if act == "publish":
        if not getattr(event, "title_tr"):  # noqa: B009  (made by modeltranslation; unknown to the type checker)
            raise ValidationError(_("Enter the Turkish title before publishing."), code="no_turkish_title")
        event.clean()
        for session in event.sessions.all():
            try:
                session.clean()
            except ValidationError as error:
                raise ValidationError([f"{session}: {text}" for text in error.messages]) from error


def appears_at(event: Event, now: datetime, at: datetime | None = None) -> datetime:
    """When an event that is published now is seen: a draft keeps the moment that was entered for it."""
    if at:
        return at
    if event.publish_at and (event.state == Event.State.DRAFT or event.publish_at <= now):
        return event.publish_at
    return now.replace(second=0, microsecond=0)  # the form shows minutes; what it shows, it can give back


def publish(event: Event, *, now: datetime, at: datetime | None = None) -> None:
    """Make it public, at once or at a later moment; one that was postponed or called off takes place after all."""
    check("publish", event, now)
    event.publish_at = appears_at(event, now, at)
    event.state = Event.State.PUBLIC
    _save(event, now)


def withdraw(event: Event, *, now: datetime) -> None:
    """Back to a draft: it shows nowhere."""
    check("withdraw", event, now)
    event.state = Event.State.DRAFT
    _save(event, now)


def postpone(event: Event, *, now: datetime) -> None:
    """It will not be on its day; the new one is not known yet."""
    check("postpone", event, now)
    event.state = Event.State.POSTPONED
    event.previous_starts_on = event.previous_starts_on or event.starts_on
    _save(event, now)


def move(
    event: Event,
    *,
    now: datetime,
    precision: str = Precision.TIME,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    with_sessions: bool = False,
) -> None:
    """Give a public event a new date, exact or vague; the first planned day is remembered.

    `with_sessions` moves its sessions by as many days; where the new date names no day, theirs become unknown.
    """
    check("move", event, now)
    old_day, old = event.starts_on, _date_of(event)
    event.precision, event.basis = precision, Basis.STATED
    event.starts_at, event.ends_at = starts_at, ends_at
    event.starts_on, event.ends_on = (None, None) if precision == Precision.TIME else (starts_on, ends_on)
    event.clean()
    event.set_days(event.city)
    if _date_of(event) == old and event.state == Event.State.PUBLIC:
        raise ValidationError(_("This is the date that it has already."), code="same_date")
    event.previous_starts_on = event.previous_starts_on or old_day
    event.state = Event.State.PUBLIC
    with transaction.atomic():
        _save(event, now)
        if with_sessions:
            days = event.starts_on - old_day if event.has_exact_day and event.starts_on and old_day else None
            for session in event.sessions.all():
                _shift(session, days)


def call_off(event: Event, *, now: datetime) -> None:
    """It will not take place; it stays visible, and says so."""
    check("call_off", event, now)
    event.state = Event.State.CALLED_OFF
    _save(event, now)


def confirm(event: Event, *, now: datetime) -> None:
    """It was announced, its day has passed, and somebody knows that it was held."""
    check("confirm", event, now)
    event.certainty = Event.Certainty.HELD
    _save(event, now)


def copy(event: Event, *, now: datetime) -> Event:
    """A draft with the same texts, date and sessions; what was told afterwards stays behind."""
    number = 2
    while Event.objects.filter(slug=f"{event.slug[:95]}-{number}").exists():
        number += 1
    draft = Event.objects.get(pk=event.pk)
    draft.pk, draft.twin = None, None
    draft.slug, draft.state, draft.publish_at = f"{event.slug[:95]}-{number}", Event.State.DRAFT, None
    draft.previous_starts_on, draft.sequence, draft.changed_at = None, 0, now
    draft.certainty, draft.press = Event.Certainty.ANNOUNCED, ""
    for language in _LANGUAGES:
        setattr(draft, f"report_{language}", "")
    draft._state.adding = True
    with transaction.atomic():
        draft.save()
        draft.organisers.set(event.organisers.all())
        for session in event.sessions.all():
            # Without its short name: an import must not take the copy for its own.
            session.pk, session.event, session.slug = None, draft, ""
            session._state.adding = True
            session.save()
        draft.save()  # the organisers are known only now, and it is found by their names
    return draft


def _date_of(event: Event) -> tuple[object, ...]:
    return (event.precision, event.starts_at, event.ends_at, event.starts_on, event.ends_on)


def _shift(session: Session, days: timedelta | None) -> None:
    """Move by whole days on the city's clock; `None` means to a day that nobody knows yet."""
    if days is None:
        session.precision = Precision.UNKNOWN
    elif session.starts_at:
        zone = times.zone_of(session.city)
        session.starts_at = session.starts_at.astimezone(zone) + days
        session.ends_at = session.ends_at.astimezone(zone) + days if session.ends_at else None
    elif session.precision == Precision.DAY and session.starts_on:
        session.starts_on += days
        session.ends_on = session.ends_on + days if session.ends_on else None
    session.save()


def _save(event: Event, now: datetime) -> None:
    with transaction.atomic():
        event.sequence += 1
        event.changed_at = now
        event.save()
