"""The forms of the student's side. What a hidden question was given is neither required nor kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from izbaku import text
from izbaku.accounts.models import User
from izbaku.privacy.forms import WithNotice
from izbaku.uploads import UploadField
from students import guidance
from students.models import Case
from students.topics import Topic, TopicQuestion, University

LONGEST = 10_000  # characters of a request or a message
EARLIEST, LATEST = date(1980, 1, 1), date(2100, 1, 1)
PREFIX = "q_"


class Words(forms.CharField):
    """A text in somebody's own words, of several lines: without hidden signs, and with at least one word in it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 8, "dir": "auto"}))
        super().__init__(max_length=LONGEST, **kwargs)
        self.error_messages["max_length"] = gettext_lazy(
            "This is too long: at most %(limit_value)d characters. Shorten it, or send the rest as a file; "
            "nothing is lost."
        )

    def clean(self, value: Any) -> Any:
        cleaned = text.paragraphs(super().clean(value) or "")
        if self.required and not cleaned:
            raise ValidationError(self.error_messages["required"], code="required")
        if cleaned and not text.words(cleaned):
            raise ValidationError(_("Say it in a few words: signs alone cannot be answered."), code="no_words")
        return cleaned


class OneLine(forms.CharField):
    """One line, as it will be seen."""

    def clean(self, value: Any) -> Any:
        cleaned = text.name(super().clean(value) or "")
        if self.required and not cleaned:
            raise ValidationError(self.error_messages["required"], code="required")
        return cleaned


class PhoneField(OneLine):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "dir": "ltr"})
        super().__init__(max_length=40, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        digits = sum(letter.isdigit() for letter in cleaned)
        if cleaned and (
            not 3 <= digits <= 15 or not all(letter.isdigit() or letter in "+-()/. " for letter in cleaned)
        ):
            raise ValidationError(
                _("Write a telephone number with its country code, as +90 555 000 00 00."), code="phone"
            )
        return cleaned


def yes_or_no(**kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))], widget=forms.RadioSelect, **kwargs
    )


def _phone(*, required: bool) -> PhoneField:
    return PhoneField(label=gettext_lazy("Telephone"), required=required)


def _safe_hours() -> OneLine:
    return OneLine(
        label=gettext_lazy("When is it safe to call you?"),
        help_text=gettext_lazy("We call at no other time, and say our name to nobody but you."),
        max_length=200,
        required=False,
    )


class AskForm(forms.Form):
    """The request itself. Bound to what was typed, it asks what applies to these answers and nothing else."""

    asked_as = forms.ChoiceField(
        label=gettext_lazy("Who is asking?"), choices=Case.AskedAs.choices, widget=forms.RadioSelect, initial="student"
    )
    is_minor = yes_or_no(label=gettext_lazy("Is the student under 18?"))
    citizenship = forms.ChoiceField(
        label=gettext_lazy("Citizenship of the student"), choices=[("", "–"), *Case.Citizenship.choices]
    )
    university = forms.ModelChoiceField(
        label=gettext_lazy("University"),
        queryset=University.objects.none(),
        required=False,
        empty_label=gettext_lazy("None of these, or none yet"),
    )
    question = Words(
        label=gettext_lazy("What do you need?"),
        help_text=gettext_lazy(
            "In your own words and language. Leave out details of your health and numbers of identity papers; "
            "files can be added after sending."
        ),
    )
    way = forms.ChoiceField(
        label=gettext_lazy("How shall we reach you?"),
        choices=Case.Way.choices,
        widget=forms.RadioSelect,
        initial="portal",
    )
    phone = _phone(required=False)
    safe_hours = _safe_hours()

    def __init__(self, *args: Any, topic: Topic, questions: Iterable[TopicQuestion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topic, self.questions = topic, list(questions)
        self.fields["university"].queryset = University.objects.all()  # type: ignore[attr-defined]
        own = {f"{PREFIX}{question.key}": _field(question) for question in self.questions}
        names = [*list(self.fields)[:4], *own, *list(self.fields)[4:]]
        self.fields |= own
        self.order_fields(names)
        for name, about in {"phone": ("way", "phone"), "safe_hours": ("way", "phone")}.items():
            _hang(self.fields[name], *about)
        self.applying = guidance.asked_of(self.questions, self.raw)
        applying = {f"{PREFIX}{question.key}" for question in self.applying}
        for name, field in self.fields.items():
            if name.startswith(PREFIX) and name not in applying:
                field.required = False
        if self.data.get("way") == Case.Way.PHONE:
            self.fields["phone"].required = True

    @property
    def raw(self) -> dict[str, str]:
        """Answers as they were typed or kept: for the questions that decide which others apply."""
        source: Mapping[str, Any] = self.data if self.is_bound else self.initial
        return {question.key: str(source.get(f"{PREFIX}{question.key}") or "") for question in self.questions}

    def typed(self) -> dict[str, str]:
        """All that was typed, right or wrong: what a draft keeps."""
        return {name: str(self.data.get(name) or "") for name in self.fields}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        applying = {f"{PREFIX}{question.key}" for question in self.applying}
        hidden = [name for name in self.fields if name.startswith(PREFIX) and name not in applying]
        if data.get("way") != Case.Way.PHONE:
            hidden += ["phone", "safe_hours"]
        for name in hidden:
            data.pop(name, None)
            self.errors.pop(name, None)
        return data

    def given(self) -> dict[str, str]:
        """Answers to the questions that apply: key → value, those left empty left out."""
        answers = {question.key: self.cleaned_data.get(f"{PREFIX}{question.key}") for question in self.applying}
        return {
            key: value.isoformat() if isinstance(value, date) else str(value) for key, value in answers.items() if value
        }

    def values(self) -> dict[str, Any]:
        """Columns of the request."""
        data = self.cleaned_data
        names = ("asked_as", "citizenship", "university", "question", "way")
        return {name: data[name] for name in names} | {
            "is_minor": data["is_minor"] == "yes",
            "phone": data.get("phone", ""),
            "safe_hours": data.get("safe_hours", ""),
        }


class CallMeForm(forms.Form):
    """In an emergency nothing is asked but how to call back; whatever was typed before goes along."""

    phone = _phone(required=True)
    safe_hours = _safe_hours()

    def values(self, before: Mapping[str, str]) -> dict[str, Any]:
        """Columns of the request; of the form that was stopped only what is sound."""
        said = Words(required=False)
        try:
            question = said.clean(before.get("question", ""))
        except ValidationError:
            question = ""
        chosen = {
            "asked_as": (Case.AskedAs.values, Case.AskedAs.STUDENT),
            "citizenship": (Case.Citizenship.values, ""),
        }
        known = {name: before.get(name) for name in chosen}
        return {name: known[name] if known[name] in fits else other for name, (fits, other) in chosen.items()} | {
            "is_minor": before.get("is_minor") == "yes",
            "question": question,
            "way": Case.Way.PHONE,
            "phone": self.cleaned_data["phone"],
            "safe_hours": self.cleaned_data["safe_hours"],
        }


class SendForm(WithNotice):
    """The last look before sending."""

    notice_purpose = "student_support"

    kept_out = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Shall somebody not read it?"),
        help_text=gettext_lazy(
            "Whom you tick here neither sees the request nor learns that there is one. You need give no reason."
        ),
        queryset=User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, readers: Any, **kwargs: Any) -> None:
        """`readers` may work on it; those without a name cannot be told apart, and are not offered."""
        super().__init__(*args, **kwargs)
        self.readers = readers
        if readers and (named := readers.exclude(name="")):
            self.fields["kept_out"].queryset = named  # type: ignore[attr-defined]
        else:
            del self.fields["kept_out"]

    def clean_kept_out(self) -> Any:
        """A request that nobody may read would wait for ever, and its student with it."""
        kept_out = self.cleaned_data["kept_out"]
        if kept_out and not self.readers.exclude(pk__in=[each.pk for each in kept_out]).exists():
            raise ValidationError(
                _("Nobody would be left to read it. Leave at least one person, or reach the association another way."),
                code="nobody_left",
            )
        return kept_out


class ReplyForm(forms.Form):
    text = Words(label=gettext_lazy("Your message"), widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}))


class FileForm(forms.Form):
    """One file at a time: what is wrong with one is said of this one."""

    file = UploadField(
        label=gettext_lazy("File"), help_text=gettext_lazy("A PDF, a picture or a document, 15 MB at most.")
    )
    is_identity = forms.BooleanField(
        label=gettext_lazy("It shows an identity paper"),
        help_text=gettext_lazy(
            "Passport, permit, identity card: it is destroyed sooner. Send one only if we have asked for it."
        ),
        required=False,
    )


def _field(question: TopicQuestion) -> forms.Field:
    shared: dict[str, Any] = {"label": question.text, "required": question.is_required}
    if question.only_if is not None:
        shared["help_text"] = _("Only if “%(question)s” is answered with “%(answer)s”.") % {
            "question": question.only_if.text,
            "answer": question.only_if.in_words(question.only_if_answer),
        }
    field: forms.Field
    match question.kind:
        case TopicQuestion.Kind.YES_NO:
            field = yes_or_no(**shared)
        case TopicQuestion.Kind.CHOICE:
            choices = [(value, question.in_words(value)) for value in question.values]
            field = forms.ChoiceField(choices=[("", "–"), *choices], **shared)
        case TopicQuestion.Kind.DATE:
            widget = forms.DateInput(
                attrs={"type": "date", "min": EARLIEST.isoformat(), "max": LATEST.isoformat()}, format="%Y-%m-%d"
            )
            field = DayField(widget=widget, **shared)
        case _:
            field = OneLine(max_length=300, **shared)
    if question.only_if is not None:
        _hang(field, f"{PREFIX}{question.only_if.key}", question.only_if_answer)
    return field


class DayField(forms.DateField):
    """A day of somebody's life here: a mistyped century is told."""

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day and not EARLIEST <= day < LATEST:
            raise ValidationError(_("Is the year right?"), code="year")
        return day


def _hang(field: forms.Field, on: str, answer: str) -> None:
    """Scripts hide it until it applies; without them its help text says when it does."""
    field.widget.attrs |= {"data-only-if": on, "data-only-answer": answer}
