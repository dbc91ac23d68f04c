"""Allotments: what is free, taken and offered. Under registration and invitations.

Capacity is kept by the database: seats are taken by one conditional UPDATE, and `CHECK (taken <= capacity)` stands
behind it. The allotment's row is the first lock of every act on seats, so that two acts cannot wait for each other.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from events.attendance import Allotment, Registration
from izbaku.freshness import bump


def take(allotment: Allotment, party: int, *, before_the_line: bool = False) -> bool:
    """Take so many seats together, all or none; False changes nothing.

    Nobody overtakes the waiting list: while somebody stands in line, only an offer (`before_the_line`) takes seats.
    """
    rows = Allotment.objects.filter(Q(capacity=None) | Q(taken__lte=F("capacity") - party), pk=allotment.pk)
    if not before_the_line:
        rows = rows.filter(~Exists(Registration.objects.in_line().filter(allotment=OuterRef("pk"))))
    if not rows.update(taken=F("taken") + party):
        return False
    _tell(allotment, party)
    return True


def give_back(allotment: Allotment, party: int) -> None:
    """Free so many seats; whoever calls this offers them to the line."""
    Allotment.objects.filter(pk=allotment.pk).update(taken=F("taken") - party)
    _tell(allotment, -party)


def lock(allotment: Allotment) -> Allotment:
    """The row as it is now, held until the transaction ends."""
    return Allotment.objects.select_for_update().get(pk=allotment.pk)


def _tell(allotment: Allotment, taken_more: int) -> None:
    """Make kept pages old when the word for what is left changes: free, few, full."""
    if allotment.capacity is None:
        return
    after = Allotment.objects.values_list("taken", flat=True).get(pk=allotment.pk)
    if allotment.left_with(after) != allotment.left_with(after - taken_more):
        # After the commit: a change of the programme takes the version's lock before an allotment's, this one could
        # only take it after. If the process dies in between, the page says "few" for too long; the form knows better.
        transaction.on_commit(bump)
