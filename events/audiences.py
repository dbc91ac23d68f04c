"""Whom rounds of letters can reach: those who registered for an event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.attendance import Registration
from events.models import Event
from izbaku import times
from izbaku.mail import mailings
from izbaku.mail.audiences import Audience, Reader
from izbaku.mail.rounds import Mailing

State = Registration.State
NO_NEWS = (State.CANCELLED, State.DECLINED, State.REJECTED, State.LAPSED)


def event_of(mailing: Mailing) -> Event | None:
    return Event.objects.select_related("venue").filter(pk=mailing.about or 0).first()


def expand(mailing: Mailing, after: int, limit: int) -> list[Reader]:
    """All who ever registered, in the order in which they did; those who do not come any more are left out."""
    rows = Registration.objects.filter(event=mailing.about, pk__gt=after).order_by("pk")
    return [
        Reader(key, email, language, "not_coming" if state in NO_NEWS else "")
        for key, email, language, state in rows.values_list("pk", "email", "language", "state")[:limit]
    ]


def read(mailing: Mailing, keys: list[int]) -> dict[int, Any]:
    """Each with the event, which is read once for all."""
    event = event_of(mailing)
    found = Registration.objects.in_bulk(keys)
    for registration in found.values():
        if event is not None:
            registration.event = event
    return found


def words(mailing: Mailing, one: Registration | None, language: str) -> dict[str, str]:
    """Nothing of what people typed about themselves: a name could be an advertisement."""
    event = one.event if one is not None else event_of(mailing)
    if event is None:
        return {}
    with translation.override(language):
        reading = times.reading(event, language)
        page = reverse("events:event", args=[event.slug])
        own = reverse("events:registration", args=[one.code]) if one is not None else page
        return {
            "event": event.title,
            "date": f"{reading.days}, {reading.times}" if reading.has_time else str(reading.days),
            "place": event.where or (times.city_name(event.city, language) if event.city else ""),
            "page": settings.SITE_ADDRESS + page,
            "link": settings.SITE_ADDRESS + own,
        }


def still_wanted(mailing: Mailing, one: Registration, now: datetime) -> bool:
    return one.state not in NO_NEWS and one.event.is_public(now)


def refusal(mailing: Mailing, now: datetime) -> str:
    event = event_of(mailing)
    if event is None or not event.is_public(now):
        return _("The event is not public.")
    if event.state == Event.State.CALLED_OFF:
        return _("The event was called off. Tell those who registered on its own page.")
    return ""


def template(mailing: Mailing, language: str) -> tuple[str, str]:
    with translation.override(language):
        greeting, own = _("Good day,"), _("Your registration")
    return (
        "{{ event }}",
        f"{greeting}\n\n\n\n{{{{ event }}}}\n{{{{ date }}}}\n{{{{ place }}}}\n\n{own}:\n{{{{ link }}}}",
    )


def about(mailing: Mailing) -> str:
    event = event_of(mailing)
    return event.title if event is not None else ""


def choices(user: Any, now: datetime) -> Iterable[tuple[int, str]]:
    """Public events of the last month and to come that have registrations, the next ones first."""
    theirs = Event.objects.editable_by(user).public(now).filter(registrations__isnull=False).distinct()
    since = (timezone.localtime(now) - mailings.expanding.LIVES).date()
    coming = theirs.filter(Q(ends_on__gte=since) | Q(starts_on__gte=since)).order_by("starts_on", "pk")
    language = translation.get_language() or settings.LANGUAGE_CODE
    return [(event.pk, f"{event.title} ({times.reading(event, language).days})") for event in coming]


def visible_to(user: Any) -> Q:
    return Q(about__in=Event.objects.editable_by(user).order_by().values("pk"))


def describe(mailing: Mailing, one: Registration) -> str:
    return f"{one.name}, {one.email}"


def link(one: Registration) -> str:
    return reverse("admin:events_registration_change", args=[one.pk])


mailings.register_audience(
    Audience(
        "registered",
        label=gettext_lazy("Those registered for an event"),
        letter=gettext_lazy("Announcement to those registered"),
        expand=expand,
        read=read,
        words=words,
        placeholders={
            "event": gettext_lazy("title of the event"),
            "date": gettext_lazy("day and time in both cities"),
            "place": gettext_lazy("place"),
            "page": gettext_lazy("address of the event’s page"),
            "link": gettext_lazy("address of the reader’s own registration"),
        },
        reasons={"not_coming": gettext_lazy("Does not come any more")},
        still_wanted=still_wanted,
        refusal=refusal,
        template=template,
        describe=describe,
        link=link,
        visible_to=visible_to,
        about=about,
        choices=choices,
    )
)
