"""States, the moves between them, and who made each move.

class Proposal(models.Model):
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    MOVES = Moves(
        Move("submit", (State.DRAFT, State.CHANGES_ASKED), State.SUBMITTED, label=_("Submit"),
             who=lambda proposal, by: proposal.is_author(by), guard=complete, letter=mails.received),
    )

class ProposalStep(Step):                                     # a room's own table, real foreign key
    of = models.ForeignKey(Proposal, models.CASCADE, related_name="steps")

history.move(proposal, "submit", by=author, now=now)          # the only way to another state
Proposal.MOVES.open_to(proposal, by=author)                   # what this person could do next: the buttons
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def anybody(row: Any, by: Any) -> bool:
    """A move that everybody may make who reached the row at all."""
    return True


def no_condition(row: Any) -> None:
    """A move that asks nothing of its row."""


@dataclass(frozen=True)
class Move:
    """One line of a table of moves.

    `who(row, by)` says whether this person may; nobody (None) is the portal itself, which must be allowed by name
    (`by_itself`). `guard(row)` raises ValidationError while something is missing; its words are shown. `letter(row,
    step)` writes into the outbox, in the same transaction.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    label: Any = ""
    who: Callable[[Any, Any], bool] = anybody
    guard: Callable[[Any], None] = no_condition
    letter: Callable[[Any, Any], Any] | None = None
    needs_reason: bool = False
    by_itself: bool = False

    def is_open_to(self, row: Any, by: Any) -> bool:
        """Whether this person may make it now, whatever is still missing."""
        return row.state in self.sources and (self.by_itself if by is None else self.who(row, by))


class Moves:
    """The table of moves of one model. Two lines of one name are a mistake of its author."""

    def __init__(self, *moves: Move) -> None:
        self._moves = {move.name: move for move in moves}
        if len(self._moves) != len(moves):
            raise ValueError("Two moves have the same name.")

    def __iter__(self) -> Iterator[Move]:
        return iter(self._moves.values())

    def __getitem__(self, name: str) -> Move:
        return self._moves[name]

    def open_to(self, row: Any, by: Any) -> list[Move]:
        """What this person may do next, in the table's order."""
        return [move for move in self if move.is_open_to(row, by)]


class Step(models.Model):
    """One move that was made: from where, to where, when, by whom and why. Never changed afterwards."""

    move = models.CharField(gettext_lazy("move"), max_length=30, editable=False)
    before = models.CharField(gettext_lazy("from"), max_length=30, editable=False)
    after = models.CharField(gettext_lazy("to"), max_length=30, editable=False)
    at = models.DateTimeField(gettext_lazy("at"), default=timezone.now, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=gettext_lazy("by"),
        editable=False,
    )
    why = models.TextField(gettext_lazy("why"), blank=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.move} {self.at:%Y-%m-%d %H:%M}"


@transaction.atomic
def move(row: Any, name: str, *, by: Any, why: str = "", now: datetime, **kept: Any) -> Any:
    """Make a move and keep it in the row's `steps`; returns the step. `row` is brought up to date.
    `kept` is what else steps of this room keep.

    The row is locked and its state read again: of two people deciding at once the second is told. Raises
    ValidationError (code `moved` when the state has changed meanwhile or does not allow it, `reason` when none was
    given, or what the guard says), PermissionDenied for somebody who may not; nothing is changed then.
    """
    line = row.MOVES[name]
    shown = row.state
    type(row)._base_manager.select_for_update().get(pk=row.pk)
    row.refresh_from_db(from_queryset=type(row)._base_manager.all())
    if row.state not in line.sources:
        words = (
            _("Somebody else has changed this meanwhile. Look at it again before you decide.")
            if row.state != shown
            else _("This cannot be done any more, or not yet.")
        )
        raise ValidationError(words, code="moved")
    if not line.is_open_to(row, by):
        raise PermissionDenied
    if line.needs_reason and not why.strip():
        raise ValidationError(_("Say why, please."), code="reason")
    line.guard(row)
    before, row.state = row.state, str(line.target)
    row.save(update_fields=["state"])
    step = row.steps.create(move=name, before=before, after=row.state, at=now, by=by, why=why.strip(), **kept)
    if line.letter:
        line.letter(row, step)
    return step
