"""The forms of visitors: registering for an event, answering an invitation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from events.attendance import Question, RegistrationPolicy
from events.guests import Invitation
from izbaku import text
from izbaku.mail import outbox
from izbaku.privacy.forms import WithNotice
from izbaku.times import City


class QuestionFields(forms.Form):
    """What the event itself asks, as fields of a form."""

    def add_questions(self, policy: RegistrationPolicy) -> None:
        self.questions = list(policy.questions.all())
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = _field(question)

    def answers(self) -> list[dict[str, Any]]:
        """What was asked and what was answered, in words that stay readable when the question changes."""
        return [
            {"question": question.text, "answer": self.cleaned_data[f"question_{question.pk}"]}
            for question in self.questions
        ]


class RegistrationForm(QuestionFields, WithNotice):
    """Name, address, and what the event asks; nothing is asked that it does not need."""

    notice_purpose = "registration"

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Your ticket and reminders come here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    city = forms.ChoiceField(label=_("You come from"), choices=City.choices, widget=forms.RadioSelect)
    party = forms.IntegerField()  # how many at most, the event says
    website = forms.CharField(
        required=False,
        label=_("Leave this empty"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1", "aria-hidden": "true"}),
    )

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, policy: RegistrationPolicy, cities: list[str], page: tuple[int, bool], **kwargs: Any
    ) -> None:
        """`page` is what the page says above the form: after how many changes of the event, and whether it is full."""
        super().__init__(*args, **kwargs)
        self.page = page
        self.initial["seen"] = _spelled(page)
        if policy.party_limit > 1:
            self.fields["party"] = party_field(policy.party_limit)
        else:
            del self.fields["party"]
        if not any(cities):
            del self.fields["city"]
        self.add_questions(policy)

    def clean_name(self) -> str:
        """In one line, and without signs that nobody sees: they turn around what stands beside them."""
        if not (name := text.name(self.cleaned_data["name"])):
            raise ValidationError(self.fields["name"].error_messages["required"], code="required")
        return name

    def clean_seen(self) -> str:
        """Nobody registers for another evening, or for a place in line, than the page they read has said."""
        seen = self.cleaned_data["seen"]
        if seen and seen != _spelled(self.page):
            # The page comes back as it is now; sent once more, it counts.
            self.data = {**self.data.dict(), "seen": _spelled(self.page)}  # type: ignore[attr-defined]
            sequence, is_full = self.page
            if seen.partition(":")[0] != str(sequence):
                raise ValidationError(
                    _("The event has changed meanwhile. Read above when and where it is, and send the form again."),
                    code="moved",
                )
            if is_full:
                raise ValidationError(
                    _("The last seats were taken meanwhile. Send the form again to be on the waiting list."),
                    code="full",
                )
        return seen

    def clean_email(self) -> str:
        """An address that no letter can reach is refused here."""
        try:
            return outbox.deliverable(self.cleaned_data["email"])
        except ValidationError as error:
            raise ValidationError(_("No letter can be sent to this address. Is it written right?")) from error

    @property
    def is_of_robot(self) -> bool:
        return bool(self.data.get("website"))


def _field(question: Question) -> forms.Field:
    shared: dict[str, Any] = {"label": question.text, "required": question.is_required}
    match question.kind:
        case Question.Kind.YES_NO:
            return forms.ChoiceField(choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect, **shared)
        case Question.Kind.CHOICE:
            lines = [line.strip() for line in question.choices.splitlines() if line.strip()]
            return forms.ChoiceField(choices=[("", "–"), *((line, line) for line in lines)], **shared)
    return forms.CharField(max_length=300, **shared)


def party_field(limit: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Seats, yours included"),
        min_value=1,
        max_value=limit,
        initial=1,
        help_text=_("At most %(n)d.") % {"n": limit},
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


def _spelled(page: tuple[int, bool]) -> str:
    sequence, is_full = page
    return f"{sequence}:{'full' if is_full else 'free'}"


class PartyForm(forms.Form):
    """More or fewer seats."""

    def __init__(self, *args: Any, limit: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["party"] = party_field(limit)


class AnswerFields(forms.Form):
    """What a guest says, whoever takes it down."""

    SAID = [
        (Invitation.State.COMING, _("I am coming")),
        (Invitation.State.DECLINED, _("I cannot come")),
        (Invitation.State.PROXY, _("I send somebody in my place")),
    ]

    answer = forms.ChoiceField(label=_("Your answer"), choices=SAID, widget=forms.RadioSelect)
    proxy = forms.CharField(
        label=_("Who comes in your place"),
        required=False,
        max_length=200,
        help_text=_("Name and office. Only if you send somebody."),
    )
    companions = forms.IntegerField(required=False)
    needs = forms.MultipleChoiceField(
        label=_("What you need"), choices=Invitation.NEEDS, required=False, widget=forms.CheckboxSelectMultiple
    )
    food = forms.CharField(
        label=_("What you do not eat"),
        required=False,
        max_length=200,
        help_text=_("Only if we should know it. Reasons are not asked."),
    )
    remark = forms.CharField(
        label=_("A word to the hosts"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        known = {name: getattr(invitation, name) for name in ("proxy", "companions", "needs", "food", "remark")}
        if invitation.is_answered:
            known["answer"] = invitation.state
        kwargs["initial"] = known | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        if limit := invitation.companions_allowed:
            self.fields["companions"] = forms.IntegerField(
                label=_("Companions"),
                required=False,
                min_value=0,
                max_value=limit,
                help_text=_("At most %(n)d. Their names are not asked.") % {"n": limit},
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        else:
            del self.fields["companions"]

    def clean_proxy(self) -> str:
        return text.name(self.cleaned_data["proxy"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("answer") == Invitation.State.PROXY and not data.get("proxy") and "proxy" not in self.errors:
            self.add_error("proxy", ValidationError(_("Write who comes instead."), code="proxy"))
        return data

    def said(self) -> dict[str, Any]:
        """As `invitations.answer` takes it."""
        names = ("proxy", "needs", "food", "remark")
        return {name: self.cleaned_data[name] for name in names} | {
            "companions": self.cleaned_data.get("companions") or 0
        }


class AnswerForm(AnswerFields, WithNotice):
    """The guest's own answer. `seen` says which state of things stood above the button."""

    notice_purpose = "invitation"

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, invitation=invitation, **kwargs)
        self.now_seen = self.initial["seen"] = str(invitation.sequence)

    def clean_seen(self) -> str:
        """An old page, sent once more, overwrites no newer answer and accepts no other evening than it has shown."""
        if self.cleaned_data["seen"] != self.now_seen:
            self.data = {**_plain(self.data), "seen": self.now_seen}
            raise ValidationError(
                _("The invitation or its answer has changed meanwhile. Look at it above, and send your answer again."),
                code="changed",
            )
        return self.now_seen


def _plain(data: Any) -> dict[str, Any]:
    """As a dictionary that keeps several boxes of one name."""
    return {name: values if name == "needs" else values[-1] for name, values in data.lists()}
