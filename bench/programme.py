"""An invented programme of any size: 300 events in one month, 20 with a rare word, the rest spread out."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from events.models import Event

YEAR, MONTH, IN_MONTH = 2031, 6, 300
RARE = "kemençe"
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = [kind for kind in Event.Kind.values if kind != Event.Kind.OTHER]


def grow(*, to: int) -> None:
    """Add events until there are `to`; the month, the rare word and one filter hold the same at every size."""
    have = Event.objects.count()
    new = list(_events(have, to))
    for at in range(0, len(new), 500):
        Event.objects.bulk_create(new[at : at + 500])


def _events(first: int, last: int) -> Iterator[Event]:
    for number in range(first, last):
        if number < IN_MONTH:
            starts_at = datetime(YEAR, MONTH, 1 + number % 30, 8 + number % 11, tzinfo=UTC)
        else:
            day = date(2027, 1, 1) + timedelta(days=number % 1400)
            starts_at = datetime(day.year, day.month, day.day, 8 + number % 11, tzinfo=UTC)
        rare = f" {RARE}" if number < 20 else ""
        yield Event(
            slug=f"bench-{number}",
            kind=KINDS[number % len(KINDS)],
            scope=Event.Scope.IZMIR if number < IN_MONTH else Event.Scope.CORE,
            state=Event.State.PUBLIC,
            publish_at=BEGUN,
            changed_at=BEGUN,
            title_tr=f"Dostluk konseri {number}{rare}",
            title_az=f"Dostluq konserti {number}",
            title_en=f"Friendship concert {number}",
            summary_tr="Kardeş şehirlerin müzisyenleri aynı sahnede.",
            summary_az="Qardaş şəhərlərin musiqiçiləri eyni səhnədə.",
            summary_en="Musicians of the sister cities on one stage.",
            city="izmir" if number % 2 else "baku",
            precision="time",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=2),
        )
