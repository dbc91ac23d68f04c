"""What the acts on a request ask for. A form is made for a request and for whoever acts; it knows what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from izbaku.accounts.models import Organisation, User
from izbaku.text import upper
from izbaku.uploads import UploadField
from students import casework, closing, referrals
from students.models import Case, CaseFile
from students.topics import Topic
from students.working import CannedText, ReferralItem

LONGEST = 20_000  # characters of a message
WORDS = forms.Textarea(attrs={"rows": 10, "cols": 70})


class ActForm(forms.Form):
    """An act that asks for nothing but to be confirmed."""

    def __init__(self, *args: Any, case: Case, by: User, **kwargs: Any) -> None:
        self.case, self.by = case, by
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            label = str(field.label or "")
            field.label = upper(label[:1], get_language() or "tr") + label[1:]

    def do(self, now: datetime) -> None:
        raise NotImplementedError


class Seen(ActForm):
    """Whose it was when the page was shown: whoever was quicker is not overwritten."""

    was = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["was"] = self.case.assigned_to_id or ""

    @property
    def seen(self) -> User | None:
        key = self.cleaned_data["was"]
        return User.objects.filter(pk=key).first() if key.isascii() and key.isdecimal() and len(key) < 18 else None


class Take(Seen):
    def do(self, now: datetime) -> None:
        casework.assign(self.case, to=self.by, was=self.seen, by=self.by, now=now)


class Release(Seen):
    def do(self, now: datetime) -> None:
        casework.assign(self.case, to=None, was=self.seen, by=self.by, now=now)


class Assign(Seen):
    to = forms.ModelChoiceField(label=gettext_lazy("to whom"), queryset=User.objects.none())
    why = forms.CharField(
        label=gettext_lazy("what the person should know"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 70}),
        help_text=gettext_lazy("For staff alone; it stands in the request, not in the letter."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = casework.candidates(self.case).exclude(pk=self.case.assigned_to_id or 0)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]

    def do(self, now: datetime) -> None:
        data = self.cleaned_data
        casework.assign(self.case, to=data["to"], was=self.seen, by=self.by, why=data["why"], now=now)


class Watch(ActForm):
    def do(self, now: datetime) -> None:
        casework.watch(self.case, by=self.by, now=now)


class Unwatch(ActForm):
    def do(self, now: datetime) -> None:
        casework.unwatch(self.case, by=self.by, now=now)


class WorkOn(ActForm):
    def do(self, now: datetime) -> None:
        casework.work_on(self.case, by=self.by, now=now)


class Sort(ActForm):
    topic: Any = forms.ModelChoiceField(label=gettext_lazy("topic"), queryset=Topic.objects.all())
    priority = forms.TypedChoiceField(label=gettext_lazy("priority"), choices=Case.Priority.choices, coerce=int)
    sensitive = forms.BooleanField(
        label=gettext_lazy("sensitive"),
        required=False,
        help_text=gettext_lazy("Only assigned people with the role see it from then on, and nobody watches it."),
    )
    tags = forms.CharField(
        label=gettext_lazy("tags"), required=False, max_length=300, help_text=gettext_lazy("With commas between.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            **self.initial,
            "topic": self.case.topic_id,
            "priority": self.case.priority,
            "sensitive": self.case.is_sensitive,
            "tags": ", ".join(each.tag.name for each in self.case.tagged.select_related("tag")),
        }

    def do(self, now: datetime) -> None:
        data = self.cleaned_data
        casework.sort(
            self.case,
            topic=data["topic"],
            priority=data["priority"],
            sensitive=data["sensitive"],
            tags=data["tags"].split(","),
            by=self.by,
            now=now,
        )


class Note(ActForm):
    text = forms.CharField(
        label=gettext_lazy("internal note"),
        max_length=LONGEST,
        widget=WORDS,
        help_text=gettext_lazy("For staff alone: the student never sees it, and no letter carries it."),
    )

    def do(self, now: datetime) -> None:
        casework.note(self.case, by=self.by, text=self.cleaned_data["text"], now=now)


class WaitForOthers(ActForm):
    why = forms.CharField(
        label=gettext_lazy("for whom, and for what"),
        max_length=1000,
        help_text=gettext_lazy("For staff alone. The student’s clock goes on meanwhile."),
    )

    def do(self, now: datetime) -> None:
        casework.wait_for_others(self.case, by=self.by, why=self.cleaned_data["why"], now=now)


# --- Writing to the student -------------------------------------------------------------------------------

THEN = [
    ("wait", gettext_lazy("we wait for the student: the clock stops")),
    ("work", gettext_lazy("we go on working: the clock runs")),
]


class FileChoiceOfOne(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class Writing(ActForm):
    """A message that is shown as the student will read it before it is sent."""

    asks_for_document = False

    text = forms.CharField(label=gettext_lazy("message to the student"), max_length=LONGEST, widget=WORDS)
    ready: Any = forms.ModelChoiceField(
        label=gettext_lazy("ready text"),
        queryset=CannedText.objects.none(),
        required=False,
        help_text=gettext_lazy(
            "In the student’s language. It is put below what you have written; change it as you like."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fits = Q(topic=None) | Q(topic=self.case.topic_id)
        texts = CannedText.objects.filter(fits, is_offered=True, asks_for_document=self.asks_for_document)
        self.fields["ready"].queryset = texts  # type: ignore[attr-defined]
        if not texts.exists():
            del self.fields["ready"]

    def with_ready_text(self) -> dict[str, Any]:
        """What was typed, with the chosen ready text below it: the form is shown again with it."""
        typed: dict[str, Any] = {name: self.data.get(name, "") for name in self.fields}
        if "ready" not in self.fields:
            return typed
        try:
            chosen = self.fields["ready"].clean(typed["ready"])
        except forms.ValidationError:
            chosen = None
        if chosen:
            ready = casework.ready_text(chosen, self.case, by=self.by)
            typed["text"] = f"{typed['text'].rstrip()}\n\n{ready}".strip()
            typed["ready"] = ""
        return typed


class Answer(Writing):
    then = forms.ChoiceField(label=gettext_lazy("and then"), choices=THEN, initial="wait", widget=forms.RadioSelect)

    def do(self, now: datetime) -> None:
        data = self.cleaned_data
        casework.answer(self.case, by=self.by, text=data["text"], waits=data["then"] == "wait", now=now)


class Document(Writing):
    asks_for_document = True
    what = forms.CharField(label=gettext_lazy("which document"), max_length=200)
    field_order = ["what", "text", "ready"]

    def do(self, now: datetime) -> None:
        data = self.cleaned_data
        text = f"{data['what']}\n\n{data['text']}"
        casework.answer(self.case, by=self.by, text=text, asks=data["what"], now=now)


class AnswerWithFile(ActForm):
    """Not shown first like other messages: a browser gives a chosen file once."""

    text = forms.CharField(
        label=gettext_lazy("message to the student"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5})
    )
    file = UploadField(
        label=gettext_lazy("file"), help_text=gettext_lazy("A PDF, a picture or a document, 15 MB at most.")
    )
    then = forms.ChoiceField(label=gettext_lazy("and then"), choices=THEN, initial="wait", widget=forms.RadioSelect)

    def do(self, now: datetime) -> None:
        data = self.cleaned_data
        casework.answer_with_file(
            self.case, by=self.by, text=data["text"], upload=data["file"], waits=data["then"] == "wait", now=now
        )


class TakeBackFile(ActForm):
    file = FileChoiceOfOne(label=gettext_lazy("file"), queryset=CaseFile.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].queryset = self.case.files.filter(is_from_student=False)  # type: ignore[attr-defined]

    def do(self, now: datetime) -> None:
        casework.take_back_file(self.cleaned_data["file"], by=self.by, now=now)


class Resolve(Writing):
    def do(self, now: datetime) -> None:
        closing.resolve(self.case, by=self.by, text=self.cleaned_data["text"], now=now)


# --- Together, and to others ------------------------------------------------------------------------------


class Merge(ActForm):
    into = forms.ModelChoiceField(
        label=gettext_lazy("with which request"),
        queryset=Case.objects.none(),
        help_text=gettext_lazy("Open requests of the same student that you may open; this one ends, that one goes on."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = others_of(self.case, self.by).open()  # type: ignore[attr-defined]

    def do(self, now: datetime) -> None:
        casework.merge(self.case, into=self.cleaned_data["into"], by=self.by, now=now)


def others_of(case: Case, by: User) -> Any:
    """Other requests of the same student which this person may open as well."""
    return Case.objects.workable_by(by).filter(student=case.student_id).exclude(pk=case.pk)


class FileChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class Refer(ActForm):
    body = forms.ModelChoiceField(label=gettext_lazy("to whom"), queryset=Organisation.objects.all())
    purpose = forms.CharField(
        label=gettext_lazy("why, in words for the student"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 70}),
        help_text=gettext_lazy("In the student’s language."),
    )
    items = forms.MultipleChoiceField(
        label=gettext_lazy("what would be passed on"), widget=forms.CheckboxSelectMultiple, required=False
    )
    attached = FileChoice(
        label=gettext_lazy("files"),
        queryset=CaseFile.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = {"phone": self.case.phone, "answers": self.case.answers, "question": self.case.question, "name": True}
        self.fields["items"].choices = [  # type: ignore[attr-defined]
            (value, label) for value, label in ReferralItem.What.choices if given.get(value)
        ]
        self.fields["attached"].queryset = self.case.files.all()  # type: ignore[attr-defined]
        if not self.case.files.exists():
            del self.fields["attached"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("items") and not data.get("attached"):
            self.add_error("items", _("Choose what is to be passed on."))
        return data

    def do(self, now: datetime) -> None:
        data = self.cleaned_data
        referrals.ask(
            self.case,
            body=data["body"],
            purpose=data["purpose"],
            items=data["items"],
            files=data.get("attached") or (),
            by=self.by,
            now=now,
        )
