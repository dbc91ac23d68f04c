"""What the committee and the secretariat type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.utils.translation import gettext_lazy as _

from proposals.delivery import LANGUAGES, DossierItem
from proposals.forms import deliverable
from proposals.review import Votes
from proposals.reviewing import BEST, Criterion, Decision, Review

LONGEST = 5000
NOT_APPLICABLE = "na"
MARKS = [*((str(n), str(n)) for n in range(1, BEST + 1)), (NOT_APPLICABLE, _("not applicable"))]


def _text(label: Any, rows: int = 5, **options: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "cols": 80})
    return forms.CharField(label=label, required=False, max_length=LONGEST, widget=widget, **options)


class DeclareForm(forms.Form):
    """A member's word before the text opens."""

    has_conflict = forms.TypedChoiceField(
        label=_("Your interests"),
        choices=[
            ("no", _("I have no conflict of interest")),
            ("yes", _("I have a conflict of interest: I keep away from this proposal")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    why = forms.CharField(
        label=_("Why"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3, "cols": 80})
    )


class ReviewForm(forms.Form):
    """Scores by criterion, a word for the committee, another for the authors. What is typed is never lost."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    to_committee = _text(_("Comment for the committee"), help_text=_("Only the committee reads it."))
    to_author = _text(
        _("Comment for the authors"), help_text=_("The chair may pass it on with the decision, without your name.")
    )

    def __init__(self, data: Any = None, *, criteria: list[Criterion], review: Review | None, version: int) -> None:
        initial: dict[str, Any] = {"version": version}
        if review is not None:
            initial |= {"to_committee": review.to_committee, "to_author": review.to_author}
            for score in review.scores.all():
                initial[f"c{score.criterion_id}"] = NOT_APPLICABLE if score.value is None else str(score.value)
        super().__init__(data, initial=initial)
        self.criteria = criteria
        for criterion in criteria:
            self.fields[f"c{criterion.pk}"] = forms.ChoiceField(
                label=criterion.name,
                help_text=criterion.explanation,
                choices=MARKS,
                required=False,
                widget=forms.RadioSelect,
            )

    def marks(self) -> list[tuple[Criterion, forms.BoundField]]:
        return [(criterion, self[f"c{criterion.pk}"]) for criterion in self.criteria]

    def scores(self) -> Mapping[int, int | None]:
        """By criterion's key: the score, None for "not applicable"; what was left open is absent."""
        given = {criterion.pk: self.cleaned_data[f"c{criterion.pk}"] for criterion in self.criteria}
        return {key: None if value == NOT_APPLICABLE else int(value) for key, value in given.items() if value}


class ReasonForm(forms.Form):
    """Why; some moves ask for it."""

    why = _text(_("Why"), rows=4)

    def __init__(self, *args: Any, is_asked: bool = True, help_text: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].help_text = help_text
        if not is_asked:
            del self.fields["why"]


def _votes(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=200, initial=0)


class DecisionForm(forms.Form):
    verdict = forms.ChoiceField(label=_("Decision"), choices=Decision.Verdict.choices, widget=forms.RadioSelect)
    in_favour = _votes(_("Votes in favour"))
    against = _votes(_("Votes against"))
    abstained = _votes(_("Abstentions"))
    to_author = _text(
        _("Reasons, for the authors"),
        rows=6,
        help_text=_(
            "They read it when the decision is announced. The reviewers’ comments for them stand here already."
        ),
    )
    to_minutes = _text(_("Reasons, for the minutes"), help_text=_("Empty: the reasons for the authors."))

    def votes(self) -> Votes:
        data = self.cleaned_data
        return Votes(data["in_favour"], data["against"], data["abstained"])


class WriterForm(forms.Form):
    """Who is to write what was only reported."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    language = forms.ChoiceField(label=_("Language of the letter"), choices=LANGUAGES)

    def clean_email(self) -> str:
        return deliverable(self.cleaned_data["email"])


class HandOverForm(forms.Form):
    on = forms.DateField(label=_("Handed over on"), widget=AdminDateWidget)
    office = forms.CharField(label=_("Office"), max_length=200, help_text=_("Where it was handed in."))
    registry_number = forms.CharField(
        label=_("Registry number"),
        max_length=60,
        required=False,
        help_text=_("The number under which the office has registered it."),
    )
    expected_on = forms.DateField(label=_("Answer expected by"), required=False, widget=AdminDateWidget)


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        label=_("Answer"),
        choices=[choice for choice in DossierItem.Answer.choices if choice[0]],
        widget=forms.RadioSelect,
    )
    on = forms.DateField(label=_("Day of the answer"), widget=AdminDateWidget)
    number = forms.CharField(label=_("Number of the answer"), max_length=60, required=False)

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, initial={"on": today})
