"""Plain helpers that make test data."""

from datetime import UTC, datetime
from typing import Any

from events.models import Event

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make_event(slug: str = "gala", **fields: Any) -> Event:
    """A public event at 19.00 in İzmir on 21 March 2026, unless told otherwise."""
    values: dict[str, Any] = {
        "title_tr": slug.title(),
        "kind": Event.Kind.CONCERT,
        "city": "izmir",
        "precision": "time",
        "starts_at": datetime(2026, 3, 21, 16, tzinfo=UTC),
        "state": Event.State.PUBLIC,
        "publish_at": LONG_AGO,
        "changed_at": LONG_AGO,
    }
    values |= fields
    if values["precision"] != "time":
        values["starts_at"] = None
    event = Event(slug=slug, **values)
    event.save()
    return event
