"""The form of a proposal, step by step. Saving asks for nothing; asked strictly, the steps say what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from izbaku import text
from izbaku.mail import outbox
from izbaku.privacy.forms import WithConsents, WithNotice
from izbaku.times import City
from izbaku.uploads import UploadField
from proposals.bodies import Area
from proposals.models import TEXTS, Proposal
from proposals.parties import LANGUAGES, Partner

LONGEST = 8000  # characters of one text
AMOUNT = re.compile(r"-?(\d+|\d{1,3}([ .,\u00a0]\d{3})+)([.,]\d{1,2})?")


def _text(label: Any, rows: int = 5, *, most: int = LONGEST, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, help_text=help_text, widget=forms.Textarea(attrs={"rows": rows})
    )


class AmountField(forms.DecimalField):
    """Reads `1250000`, `1.250.000,50` and `1,250,000.50`; a comma or point with two digits after it is the last one."""

    default_error_messages = {
        "invalid": _("Write the amount in digits, for example 250000."),
        "max_digits": _("This is more than any budget: at most 999 999 999 999."),
        "min_value": _("A budget is never below zero. Write 0 if it costs nothing."),
    }

    def __init__(self, **kwargs: Any) -> None:
        typed = forms.TextInput(attrs={"inputmode": "decimal"})
        super().__init__(max_digits=14, decimal_places=2, min_value=0, widget=typed, **kwargs)
        for validator in self.validators:  # their words would be Django's
            code = getattr(validator, "code", "")
            if code in self.error_messages:
                validator.message = self.error_messages[code]  # type: ignore[attr-defined]

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        typed = str(value or "").strip()
        if not typed:
            return None
        if not (found := AMOUNT.fullmatch(typed)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        cents = found[3] or ""
        whole = re.sub(r"[^\d-]", "", typed[: len(typed) - len(cents)])
        if len(whole.lstrip("-0")) > 12:
            raise ValidationError(self.error_messages["max_digits"], code="max_digits")
        return super().to_python(whole + cents.replace(",", "."))


class StepForm(forms.Form):
    """One step. `content` is what the open version holds, as it was typed; a text stands there by its language."""

    name: ClassVar[str]
    title: ClassVar[Any]
    needed: ClassVar[tuple[str, ...]] = ()
    do_not_call_in_templates: ClassVar[bool] = True  # templates list the steps themselves

    def __init__(self, data: Any = None, *, content: dict[str, Any], is_strict: bool = False, **kwargs: Any) -> None:
        self.content, self.written_in = content, content.get("language") or "tr"
        initial = {name: content.get(self.key(name), "") for name in self.base_fields}
        super().__init__(data, initial=initial, **kwargs)
        for name, field in self.fields.items():
            field.required = is_strict and name in self.needed
            field.widget.is_required = False  # crispy's asterisk and the browser's own check would stop a draft

    def key(self, name: str) -> str:
        """Where the open version keeps this field."""
        return f"{name}_{self.written_in}" if name in TEXTS else name

    def typed(self) -> dict[str, str]:
        """What was typed, right or wrong, as far as it can be kept: nobody types anything twice."""
        return {
            self.key(name): text.sendable(str(self.data.get(self.add_prefix(name)) or ""))[:LONGEST]
            for name in self.base_fields
            if self.add_prefix(name) in self.data
        }

    def as_typed(self) -> dict[str, Any]:
        """The content as this form would have sent it: for checking what is stored."""
        return {name: self.content.get(self.key(name), "") for name in self.base_fields}


class IdeaStep(StepForm):
    name, title = "idea", pgettext_lazy("step", "Idea")
    needed = ("language", "area", "title", "summary")

    language = forms.ChoiceField(label=_("You write in"), choices=LANGUAGES, widget=forms.RadioSelect)
    area = forms.ChoiceField(label=pgettext_lazy("proposal", "Area"))
    summary = _text(_("Summary"), 4, most=600, help_text=_("Two or three sentences. It stands in the public register."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = [("", "–"), *((area.slug, str(area)) for area in Area.objects.all())]
        self.fields["area"].choices = areas  # type: ignore[attr-defined]


# `title` is also the class's own word for the step, so the field is put in by its name.
IdeaStep.base_fields["title"] = forms.CharField(
    label=_("Title"), max_length=200, help_text=_("It stands in the public register.")
)
IdeaStep.base_fields = {name: IdeaStep.base_fields[name] for name in ("language", "area", "title", "summary")}


class DetailStep(StepForm):
    name, title = "details", pgettext_lazy("step", "Why and what")
    needed = ("why", "what", "benefits")

    why = _text(_("Why"), help_text=_("What is missing today, or what would be lost without it."))
    what = _text(_("What"), 8, help_text=_("What happens, step by step."))
    benefits = _text(_("Who benefits"), help_text=_("In İzmir and in Baku."))


class PlanStep(StepForm):
    name, title = "plan", pgettext_lazy("step", "Place, time, budget")
    needed = ("place", "budget", "currency")

    place = forms.ChoiceField(label=_("Where"), choices=Proposal.Place.choices, widget=forms.RadioSelect)
    starts_on = forms.DateField(label=_("Begins"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(label=_("Ends"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    calendar = _text(_("Calendar"), 4, help_text=_("In words: what comes first, what follows."))
    budget = AmountField(label=_("Budget"), help_text=_("In digits. Write 0 if it costs nothing."))
    currency = forms.ChoiceField(label=_("Currency"), choices=[("", "–"), *Proposal.Currency.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("starts_on", "ends_on"):
            self.fields[name].input_formats = ["%Y-%m-%d", "%d.%m.%Y"]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("starts_on", "ends_on"):
            if data.get(name) and not 2000 <= data[name].year < 2200:
                self.add_error(name, _("Is the year right?"))
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", _("It ends before it begins."))
        return data


class PartnerStep(StepForm):
    name, title = "partners", pgettext_lazy("step", "Organisations")

    seeks_in = forms.ChoiceField(
        label=_("Is a partner sought?"),
        choices=[("", _("No")), *((value, label) for value, label in Proposal.Place.choices)],
        help_text=_("Then the proposal stands on the board of those that seek a partner."),
    )
    seeks = _text(_("Which partner is sought"), 3, most=600)


class ContactStep(StepForm):
    name, title = "contact", pgettext_lazy("step", "Contact")
    needed = ("contact_name", "contact_email")

    contact_name = forms.CharField(
        label=_("Contact person"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("For the association alone; never on the public page."),
    )  # fmt: skip
    contact_email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    contact_phone = forms.CharField(
        label=_("Telephone"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"})
    )

    def clean_contact_email(self) -> str:
        return deliverable(self.cleaned_data["contact_email"]) if self.cleaned_data["contact_email"] else ""


class LanguageStep(StepForm):
    """The same texts in the other two languages, as far as somebody has them."""

    name, title = "languages", pgettext_lazy("step", "Other languages")

    def __init__(self, data: Any = None, *, content: dict[str, Any], is_strict: bool = False, **kwargs: Any) -> None:
        labels = {
            "title": _("Title"), "summary": _("Summary"), "why": _("Why"), "what": _("What"),
            "benefits": _("Who benefits"), "calendar": _("Calendar"), "seeks": _("Which partner is sought"),
        }  # fmt: skip
        fields: dict[str, forms.Field] = {}
        for language, called in LANGUAGES:
            if language == (content.get("language") or "tr"):
                continue
            for name in TEXTS:
                if name not in ("title", "summary") and not content.get(f"{name}_{content.get('language') or 'tr'}"):
                    continue  # there is nothing to translate yet
                label = _("%(text)s in %(language)s") % {"text": labels[name], "language": called}
                widget = forms.TextInput() if name == "title" else forms.Textarea(attrs={"rows": 3})
                widget.attrs["lang"] = language
                most = 200 if name == "title" else LONGEST
                fields[f"{name}_{language}"] = forms.CharField(label=label, max_length=most, widget=widget)
        self.base_fields = fields  # type: ignore[misc]
        super().__init__(data, content=content, is_strict=is_strict, **kwargs)

    def key(self, name: str) -> str:
        return name


STEPS: tuple[type[StepForm], ...] = (IdeaStep, DetailStep, PlanStep, PartnerStep, ContactStep, LanguageStep)
BY_NAME = {step.name: step for step in STEPS}


def check(content: dict[str, Any]) -> list[StepForm]:
    """Every step, asked strictly, each bound to what is stored: their errors are what is still missing or wrong."""
    found = []
    for step in STEPS:
        form = step(content=content)
        form = step(form.as_typed(), content=content, is_strict=True)
        form.is_valid()
        found.append(form)
    return found


def cleaned(steps: Iterable[StepForm]) -> dict[str, Any]:
    """The checked values of all steps, by the names of the proposal's own fields."""
    return {form.key(name): value for form in steps for name, value in form.cleaned_data.items()}


def deliverable(address: str) -> str:
    """An address that no letter can reach is refused where it is typed."""
    try:
        return outbox.deliverable(address)
    except ValidationError as error:
        raise ValidationError(_("No letter can be sent to this address. Is it written right?")) from error


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def clean_email(self) -> str:
        return deliverable(self.cleaned_data["email"])


class WayBackForm(EmailForm):
    """Where to send the link that leads back to the draft."""


class AuthorForm(EmailForm):
    """Whom to invite as a co-author, and in which language."""

    language = forms.ChoiceField(label=_("Language of the letter"), choices=LANGUAGES)


class PartnerForm(EmailForm):
    """An organisation that stands behind the proposal, and where it is asked to confirm."""

    name = forms.CharField(label=_("Organisation"), max_length=200)
    part = forms.ChoiceField(label=_("Its part"), choices=Partner.Part.choices, initial=Partner.Part.PARTNER)
    city = forms.ChoiceField(label=_("City"), choices=City.choices)
    language = forms.ChoiceField(
        label=_("Language of the letter"),
        required=False,
        choices=[("", _("Turkish to İzmir, Azerbaijani to Baku")), *LANGUAGES],
    )
    field_order = ("name", "part", "city", "email", "language")

    def clean_name(self) -> str:
        if not (name := text.name(self.cleaned_data["name"])):
            raise ValidationError(self.fields["name"].error_messages["required"], code="required")
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["language"] = data.get("language") or ("az" if data.get("city") == City.BAKU else "tr")
        return data


class FileForm(forms.Form):
    file = UploadField(
        label=_("File"), help_text=_("PDF, picture, or Word, Excel or OpenDocument text without macros; at most 15 MB.")
    )


class SubmitForm(WithNotice, WithConsents):
    """The last step: the notice, and whether one wants to be named. An empty box is an answer."""

    notice_purpose = "proposal"
    consent_purposes = ["publish_name"]


class JoinForm(SubmitForm):
    """Taking part as a co-author."""


class ConfirmForm(WithNotice):
    """Speaking for an organisation."""

    notice_purpose = "proposal"

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    may = forms.BooleanField(
        label=_("I may speak for this organisation"),
        error_messages={"required": _("Only somebody who may speak for it can confirm.")},
    )

    def clean_name(self) -> str:
        if not (name := text.name(self.cleaned_data["name"])):
            raise ValidationError(self.fields["name"].error_messages["required"], code="required")
        return name


class FollowForm(WithNotice, EmailForm):
    notice_purpose = "following"

    website = forms.CharField(
        required=False,
        label=_("Leave this empty"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1", "aria-hidden": "true"}),
    )

    @property
    def is_of_robot(self) -> bool:
        return bool(self.data.get("website"))


class ReasonForm(forms.Form):
    why = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


def told(field: forms.BoundField) -> str:
    """What was typed or chosen, as somebody reads it: the name of a choice, not its key."""
    value = str(field.value())
    choices = getattr(field.field, "choices", ())
    return next((str(label) for key, label in choices if str(key) == value), value)


def said(steps: Iterable[StepForm]) -> list[tuple[Any, list[tuple[str, str]]]]:
    """(step, (label, what was typed) pairs) of all that was filled in."""
    return [(step.title, [(str(field.label), told(field)) for field in step if field.value()]) for step in steps]


def label_of(key: str) -> str:
    """What a field of a version is called: `title_az` is the title in Azerbaijani."""
    if key == "organisations":
        return str(_("Organisations"))
    name, _underscore, language = key.rpartition("_")
    fields = {field: form_field.label for step in STEPS[:-1] for field, form_field in step.base_fields.items()}
    if name in fields and language in dict(LANGUAGES):
        return f"{fields[name]} ({dict(LANGUAGES)[language]})"
    return str(fields.get(key, key))
