"""Clearly labelled sample events in the coming weeks, so that everything can be tried. Never in production."""

from datetime import datetime, time, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from events import own_calendars, registration
from events.attendance import Allotment, Question, Registration, RegistrationPolicy
from events.models import Event, Venue
from izbaku import times
from izbaku.mail.models import Message

SAMPLES = [
    # days ahead, hour, hours, kind, city, titles
    (
        5,
        time(19),
        2,
        "concert",
        "izmir",
        ("Örnek: Muğam akşamı", "Nümunə: Muğam axşamı", "Sample: Mugham evening"),
    ),
    (9, time(10), 8, "b2b", "izmir", ("Örnek: B2B günü", "Nümunə: B2B günü", "Sample: B2B day")),
    (
        12,
        time(23, 30),
        2,
        "youth",
        "izmir",
        ("Örnek: Gece yürüyüşü", "Nümunə: Gecə gəzintisi", "Sample: Night walk"),
    ),
    (
        16,
        time(18),
        3,
        "exhibition",
        "baku",
        ("Örnek: İki kıyı sergisi", "Nümunə: İki sahil sərgisi", "Sample: Two shores"),
    ),
    (23, time(14), 2, "volunteering", "izmir", ("Örnek: Gönüllü buluşması", "Nümunə: Könüllülər görüşü", "")),
]
# Which sample is registered for in which way: open with few seats, by approval, full with a line, by invitation only.
Mode = RegistrationPolicy.Mode
REGISTERING: dict[int, tuple[dict[str, Any], int | None]] = {
    1: ({"mode": Mode.OPEN, "party_limit": 2}, 3),
    2: ({"mode": Mode.APPROVAL, "party_limit": 1}, 30),
    3: ({"mode": Mode.OPEN, "party_limit": 2}, 2),
    4: ({"mode": Mode.INVITATION}, None),
}
QUESTION = {
    "text_tr": "Hangi kurumdan geliyorsunuz?",
    "text_az": "Hansı qurumdan gəlirsiniz?",
    "text_en": "Which organisation do you come from?",
}
FULL = 3
# Nobody: these addresses lead nowhere (RFC 2606), and no letter is left for them.
COMING = [("Örnek Kişi", "tr", 2), ("Nümunə Şəxs", "az", 1)]


def load(now: datetime) -> int:
    """Add the samples that are not there, and how one registers for them; returns how many are new."""
    added = 0
    for number, (ahead, at, hours, kind, city, titles) in enumerate(SAMPLES, 1):
        zone = times.zone_of(city)
        starts_at = datetime.combine(now.astimezone(zone).date() + timedelta(days=ahead), at, zone)
        event, is_new = Event.objects.get_or_create(
            slug=f"sample-{number}",
            defaults={
                "is_sample": True,
                "title_tr": titles[0],
                "title_az": titles[1],
                "title_en": titles[2],
                "summary_tr": "Bu bir örnektir; gerçek bir etkinlik değildir.",
                "summary_az": "Bu nümunədir; real tədbir deyil.",
                "summary_en": "This is a sample; it is not a real event.",
                "kind": kind,
                "city": city,
                "venue": Venue.objects.filter(city=city).order_by("pk").first(),
                "precision": "time",
                "starts_at": starts_at,
                "ends_at": starts_at + timedelta(hours=hours),
                "spoken": ["tr", "az"],
                "access": ["step_free"],
                "admission": "free",
                "state": Event.State.PUBLIC,
                "publish_at": now,
                "changed_at": now,
            },
        )
        added += is_new
        if number in REGISTERING:
            _open(event, number, now)
    return added


@transaction.atomic
def _open(event: Event, number: int, now: datetime) -> None:
    values, capacity = REGISTERING[number]
    way, is_new = RegistrationPolicy.objects.get_or_create(event=event, defaults=values)
    if not is_new:
        return
    if capacity is not None:
        Allotment.objects.create(event=event, capacity=capacity)
    if way.mode == Mode.APPROVAL:
        Question.objects.create(policy=way, **QUESTION)
    if number == FULL and not registration.closed_because(event, way, now):
        for place, (name, language, party) in enumerate(COMING, 1):
            address = f"sample-{place}@example.org"
            registration.register(event, name=name, email=address, language=language, party=party, now=now)
        _letters_about(event.registrations.all()).delete()


def _letters_about(registrations: Any) -> Any:
    return Message.objects.filter(payload__registration__in=list(registrations.values_list("pk", flat=True)))


@transaction.atomic
def remove() -> int:
    """Take all samples away, with who registered for them and the letters about it; returns how many events."""
    samples = Event.objects.filter(is_sample=True)
    registrations = Registration.objects.filter(event__in=samples)
    _letters_about(registrations).delete()
    codes = list(registrations.values_list("code", flat=True))
    registrations.delete()
    own_calendars.sweep()
    count = samples.count()
    samples.delete()
    transaction.on_commit(lambda: _remove_files(codes))
    return count


def _remove_files(codes: list[str]) -> None:
    """Of a machine without a mail server: the letters that lie in its folder."""
    for path in Path(settings.MAIL_FOLDER).glob("*.eml"):
        body = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
        words = body.get_content() if body else ""
        if any(code in words for code in codes):
            path.unlink(missing_ok=True)
