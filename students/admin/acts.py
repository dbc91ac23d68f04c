"""What staff may do with a request: for each act its words, its form, and when it fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from students.admin import forms
from students.models import OVERSEE, Case, rights_of

State = Case.State


@dataclass(frozen=True)
class Act:
    """`fits(case, by)` decides whether the button stands there; `of_a_line` for what needs no open request."""

    name: str
    label: Any
    consequence: Any
    done: Any
    form: type[forms.ActForm]
    fits: Callable[[Case, Any], bool]
    previews: bool = False
    of_a_line: bool = False
    is_weighty: bool = False

    def refusal(self, case: Case) -> str:
        return _("This fits no request in this state: %(state)s.") % {"state": case.get_state_display()}


def _open(case: Case, by: Any) -> bool:
    return case.is_open


def _open_move(name: str) -> Callable[[Case, Any], bool]:
    return lambda case, by: case.state in Case.MOVES[name].sources


def _line_only(case: Case, by: Any) -> bool:
    return case.is_sensitive and case.assigned_to_id != by.pk


def _may_give(case: Case, by: Any) -> bool:
    if case.state in Case.OVER:
        return False
    return not _line_only(case, by) or (case.assigned_to_id is not None and OVERSEE in rights_of(by))


ACTS = {
    act.name: act
    for act in [
        Act(
            "answer",
            gettext_lazy("Answer"),
            gettext_lazy("The student gets a letter that there is a message; the message itself stands in the portal."),
            gettext_lazy("The answer is in the conversation, and a letter says so."),
            forms.Answer,
            _open,
            previews=True,
        ),
        Act(
            "take",
            pgettext_lazy("request", "Take it"),
            gettext_lazy("It is yours from then on. Of a sensitive request nobody else sees any more than that."),
            gettext_lazy("It is yours."),
            forms.Take,
            lambda case, by: case.state not in Case.OVER and case.assigned_to_id is None,
            of_a_line=True,
        ),
        Act(
            "document",
            gettext_lazy("Ask for a document"),
            gettext_lazy("The student is asked to add it on the request’s page; the clock stops until then."),
            gettext_lazy("The student is asked for it, and a letter says so."),
            forms.Document,
            _open,
            previews=True,
        ),
        Act(
            "file",
            gettext_lazy("Answer with a file"),
            gettext_lazy(
                "Message and file stand in the portal at once, and the student gets a letter that there is a message. "
                "Look twice whether it is this student’s file."
            ),
            gettext_lazy("Message and file are in the conversation, and a letter says so."),
            forms.AnswerWithFile,
            _open,
        ),
        Act(
            "unfile",
            gettext_lazy("Take a file back"),
            gettext_lazy("A file that was sent to the student by mistake goes at once and cannot be brought back."),
            gettext_lazy("The file is gone."),
            forms.TakeBackFile,
            lambda case, by: case.files.filter(is_from_student=False).exists(),
            is_weighty=True,
        ),
        Act(
            "note",
            gettext_lazy("Internal note"),
            gettext_lazy("Only staff who may open this request read it."),
            gettext_lazy("Noted."),
            forms.Note,
            lambda case, by: case.state not in Case.OVER,
        ),
        Act(
            "sort",
            gettext_lazy("Sort"),
            gettext_lazy("Topic, priority and tags. A new request counts as looked at; when it is due is set anew."),
            gettext_lazy("Sorted."),
            forms.Sort,
            _open,
        ),
        Act(
            "work",
            gettext_lazy("Work on it"),
            gettext_lazy("It is in progress; the clock runs. The student sees the state, and gets no letter."),
            gettext_lazy("It is in progress."),
            forms.WorkOn,
            _open_move("start"),
        ),
        Act(
            "wait",
            gettext_lazy("Wait for others"),
            gettext_lazy("The student sees that somebody else is being waited for, and gets no letter."),
            gettext_lazy("It waits for others."),
            forms.WaitForOthers,
            _open_move("wait_for_others"),
        ),
        Act(
            "assign",
            gettext_lazy("Hand over"),
            gettext_lazy("The person gets a letter with the reference. Whoever it was with no longer sees it."),
            gettext_lazy("It is handed over."),
            forms.Assign,
            _may_give,
            of_a_line=True,
        ),
        Act(
            "release",
            gettext_lazy("Put back into the queue"),
            gettext_lazy("It belongs to nobody then; everybody with the role may take it."),
            gettext_lazy("It is back in the queue."),
            forms.Release,
            lambda case, by: case.is_open and case.assigned_to_id == by.pk,
        ),
        Act(
            "watch",
            gettext_lazy("Watch"),
            gettext_lazy("It stays in your queue, whoever works on it."),
            gettext_lazy("You watch it."),
            forms.Watch,
            lambda case, by: not case.is_sensitive and case.is_open and not _watches(case, by),
        ),
        Act(
            "unwatch",
            gettext_lazy("Watch no more"),
            gettext_lazy("It leaves your queue, unless it is yours."),
            gettext_lazy("You watch it no more."),
            forms.Unwatch,
            lambda case, by: case.watched_by.filter(pk=by.pk).exists(),
        ),
        Act(
            "refer",
            gettext_lazy("Ask to pass something on"),
            gettext_lazy(
                "The student decides item by item. Nothing leaves before that, and it can be taken back at any time."
            ),
            gettext_lazy("The student is asked, and a letter says so."),
            forms.Refer,
            lambda case, by: case.is_open and not case.is_minor,
        ),
        Act(
            "merge",
            gettext_lazy("Put it together with another request"),
            gettext_lazy("Messages, notes and files pass to the other one, which goes on; the student gets a letter."),
            gettext_lazy("They go on as one."),
            forms.Merge,
            _open,
            is_weighty=True,
        ),
        Act(
            "resolve",
            gettext_lazy("Resolve"),
            gettext_lazy(
                "The student gets a letter with one question: solved? “Not solved” within fourteen days opens it "
                "again; after that it is closed for good."
            ),
            gettext_lazy("It is resolved; a letter asks the student whether it is solved."),
            forms.Resolve,
            _open,
            previews=True,
            is_weighty=True,
        ),
    ]
}


def acts_for(case: Case, by: Any) -> list[Act]:
    """The buttons on its page; of a line alone, what may be done unseen."""
    unseen = _line_only(case, by)
    return [act for act in ACTS.values() if (act.of_a_line or not unseen) and act.fits(case, by)]


def _watches(case: Case, by: Any) -> bool:
    return case.watched_by.filter(pk=by.pk).exists()
