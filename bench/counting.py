"""The portal with seats taken as most take them: lock the event, count who comes, compare. All else is the same."""

from django.db.models import Sum

from izbaku.wsgi import application

__all__ = ["application"]

from events import seats
from events.attendance import Allotment, Registration
from events.models import Event


def take(allotment: Allotment, party: int, *, before_the_line: bool = False) -> bool:
    Event.objects.select_for_update().get(pk=allotment.event_id)
    seated = Registration.objects.filter(allotment=allotment, state__in=Registration.SEATED)
    waits = not before_the_line and Registration.objects.in_line().filter(allotment=allotment).exists()
    taken = seated.aggregate(sum=Sum("party"))["sum"] or 0
    return not waits and (allotment.capacity is None or taken + party <= allotment.capacity)


seats.take = take
