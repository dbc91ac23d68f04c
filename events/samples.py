"""Clearly labelled sample events in the coming weeks, so that everything can be tried. Never in production."""

from datetime import datetime, time, timedelta

from events.models import Event, Venue
from izbaku import times

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


def load(now: datetime) -> int:
    """Add the samples that are not there; returns how many."""
    added = 0
    for number, (ahead, at, hours, kind, city, titles) in enumerate(SAMPLES, 1):
        zone = times.zone_of(city)
        starts_at = datetime.combine(now.astimezone(zone).date() + timedelta(days=ahead), at, zone)
        _event, is_new = Event.objects.get_or_create(
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
    return added


def remove() -> int:
    """Take all samples away; returns how many."""
    samples = Event.objects.filter(is_sample=True)
    count = samples.count()
    samples.delete()
    return count
