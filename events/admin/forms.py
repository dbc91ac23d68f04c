"""What staff type: an event, its sessions, its pictures; a new date; a moment to appear."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.admin.seating import RemindersForm
from events.models import Event
from izbaku import text
from izbaku.backoffice import CityTimes, MomentWidget
from izbaku.times import Precision

DAY_HELP = _("For a month or a year, any day of it will do.")


class EventForm(CityTimes, RemindersForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if slug := self.fields.get("slug"):
            slug.required = False
            slug.help_text = _(
                "The last part of the page’s address; empty: made from the Turkish title. "
                "Changing it breaks the links that people have already."
            )
        if certainty := self.fields.get("certainty"):
            certainty.label = _("Status: held, announced or planned")  # beside “how certain the date is”
        if sources := self.fields.get("starts_on"):
            sources.help_text = DAY_HELP

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "slug" in self.fields and not data.get("slug") and "slug" not in self.errors and data.get("title_tr"):
            data["slug"] = self._free_slug(data["title_tr"])
        return data

    def _free_slug(self, title: str) -> str:
        stem = text.slug(title)[:90].strip("-") or "etkinlik"
        others = Event.objects.exclude(pk=self.instance.pk)
        slug, number = stem, 2
        while others.filter(slug=slug).exists():
            slug, number = f"{stem}-{number}", number + 1
        return slug

    def clean_publish_at(self) -> datetime | None:
        """A public event without a moment is published at once, and one that is seen already keeps its moment."""
        at: datetime | None = self.cleaned_data["publish_at"]
        if at or self.instance.state not in Event.PUBLIC_STATES:
            return at
        now, old = timezone.now(), self.instance.publish_at
        return old if old and old <= now else now.replace(second=0, microsecond=0)


class SessionForm(CityTimes, forms.ModelForm):
    pass


class PictureForm(forms.ModelForm):
    pass


def _moment(label: Any, **options: Any) -> forms.SplitDateTimeField:
    return forms.SplitDateTimeField(label=label, required=False, widget=MomentWidget(), **options)


class MoveForm(CityTimes):
    """A new date, exact or vague."""

    precision = forms.ChoiceField(
        label=_("How exact is the new date"),
        choices=[(value, label) for value, label in Precision.choices if value != Precision.UNKNOWN],
    )
    starts_at = _moment(_("begins at"))
    ends_at = _moment(_("ends at"))
    starts_on = forms.DateField(label=_("First day"), required=False, widget=AdminDateWidget(), help_text=DAY_HELP)
    ends_on = forms.DateField(label=_("Last day"), required=False, widget=AdminDateWidget())
    with_sessions = forms.BooleanField(
        label=_("Move its sessions by as many days"),
        required=False,
        help_text=_("If the new date names no day, the dates of the sessions become unknown."),
    )

    def __init__(self, *args: Any, events: list[Event], **kwargs: Any) -> None:
        event = events[0]
        dates = ("precision", "starts_at", "ends_at", "starts_on", "ends_on")
        initial = {name: getattr(event, name) for name in dates} | {"with_sessions": True}
        if event.precision == Precision.UNKNOWN:
            initial["precision"] = Precision.TIME
        super().__init__(*args, initial=initial, **kwargs)
        if not event.sessions.exists():
            del self.fields["with_sessions"]


class PublishForm(CityTimes):
    """When it appears."""

    at = _moment(_("publish at"), help_text=_("Empty: at once, or at the moment that was entered for the event."))

    def __init__(self, *args: Any, events: list[Event], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at and at < timezone.now():
            raise ValidationError(_("This moment has passed; leave it empty to publish at once."), code="past")
        return at
