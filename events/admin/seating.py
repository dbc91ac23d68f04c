"""How one registers for an event, on the event's own page: the way in, the seats, the questions, the reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import moments, registration, seats
from events.attendance import Allotment, Question, Registration, RegistrationPolicy
from events.guests import InvitationPolicy, Quota
from events.models import Event
from events.moments import Reminder
from izbaku.backoffice import ADDRESSES, CityTimes, MomentWidget, Overrides, TabbedInline
from izbaku.freshness import bump

WHY = {
    "": gettext_lazy("The first whose whole party fits can be offered a seat."),
    "over": gettext_lazy("Nobody is offered a seat: the event has begun, is over, or does not take place as planned."),
    "quiet": gettext_lazy("Nobody is offered a seat any more: the event begins too soon."),
    "empty": gettext_lazy("Nobody waits."),
    "full": gettext_lazy("Nobody is offered a seat: none is free."),
    "party": gettext_lazy(
        "Nobody is offered a seat: each party that waits is larger than what is free. Parties are not split."
    ),
}


@dataclass(frozen=True)
class Line:
    """Who waits for these seats, what is free, and why nobody is offered one."""

    people: int
    parties: int
    free: int | None
    why: str

    @classmethod
    def of(cls, allotment: Allotment, now: datetime) -> Line:
        waiting = Registration.objects.in_line().filter(allotment=allotment).order_by()
        counts = waiting.aggregate(parties=Count("pk"), people=Sum("party"))
        return cls(
            counts["people"] or 0,
            counts["parties"],
            allotment.free,
            registration.why_nobody(allotment, now=now) if counts["parties"] else "empty",
        )

    def __str__(self) -> str:
        waits = ngettext("%(n)d person waits", "%(n)d people wait", self.people) % {"n": self.people}
        if self.free is None:
            return _("%(waits)s, seats are free for all.") % {"waits": waits}
        free = ngettext("%(n)d seat is free", "%(n)d seats are free", self.free) % {"n": self.free}
        return _("%(waits)s, %(free)s.") % {"waits": waits, "free": free}


class PolicyForm(CityTimes, forms.ModelForm):
    pass


class PolicyInline(admin.StackedInline):
    model = RegistrationPolicy
    form = PolicyForm
    formfield_overrides: ClassVar[Overrides] = {**ADDRESSES, models.DateTimeField: {"widget": MomentWidget}}
    can_delete = False
    max_num = 1
    fields = ["mode", "outside_url", "opens_at", "closes_at", "party_limit", "offer_hours", "quiet_hours"]


class AllotmentForm(forms.ModelForm):
    """Seats. `taken` changes while the form is open: it is read anew, under lock, and never written from here."""

    def clean(self) -> dict[str, Any]:
        if self.instance.pk and self.has_changed():
            bump()  # the first lock of every change of the programme
            self.instance.taken = seats.lock(self.instance).taken
        return super().clean() or self.cleaned_data

    def save(self, commit: bool = True) -> Allotment:
        if commit and self.instance.pk:
            self.instance.save(update_fields=["city", "capacity"])
            return self.instance
        return super().save(commit)


class AllotmentInline(admin.StackedInline):
    model = Allotment
    form = AllotmentForm
    extra = 0
    max_num = 3
    fields = ["city", "capacity", "occupied", "line"]
    readonly_fields = ["occupied", "line"]

    @admin.display(description=gettext_lazy("taken and free"))
    def occupied(self, allotment: Allotment) -> str:
        if not allotment.pk:
            return "–"
        free = "∞" if allotment.free is None else allotment.free
        return _("%(taken)d taken, %(free)s free") % {"taken": allotment.taken, "free": free}

    @admin.display(description=gettext_lazy("waiting list"))
    def line(self, allotment: Allotment) -> SafeString | str:
        if not allotment.pk:
            return "–"
        line = Line.of(allotment, timezone.now())
        if line.why == "empty":
            return str(WHY["empty"])
        return format_html(
            '{} {}<br><a href="{}">{}</a>', line, WHY[line.why], offers(allotment), _("Look at the line")
        )


class QuestionFormSet(forms.BaseInlineFormSet):
    """The questions of an event's policy, on the event's page; the policy is made when the first one is asked."""

    def __init__(self, data: Any = None, files: Any = None, instance: Any = None, **kwargs: Any) -> None:
        self.event = instance
        policy = registration.policy_of(instance) if instance and instance.pk else None
        super().__init__(data, files, policy or RegistrationPolicy(), **kwargs)

    def save(self, commit: bool = True) -> Any:
        if self.instance.pk is None and self.has_changed():
            self.instance, _is_new = RegistrationPolicy.objects.get_or_create(event=self.event)
        return super().save(commit)


class QuestionInline(TabbedInline):
    model = Question
    formset = QuestionFormSet
    fields = ["kind", "is_required", "text", "choices"]

    def __init__(self, parent_model: type[models.Model], admin_site: Any) -> None:
        super().__init__(RegistrationPolicy, admin_site)


class InvitationPolicyForm(CityTimes, forms.ModelForm):
    pass


class InvitationPolicyInline(admin.StackedInline):
    model = InvitationPolicy
    form = InvitationPolicyForm
    formfield_overrides: ClassVar[Overrides] = {models.DateTimeField: {"widget": MomentWidget}}
    can_delete = False
    max_num = 1
    fields = ["answer_until", "companions", "contact", "reminds_guests"]


class QuotaInline(admin.TabularInline):
    model = Quota
    extra = 0
    fields = ["organisation", "seats"]


class RemindersForm(forms.ModelForm):
    """Which reminders leave: all, until somebody says otherwise."""

    reminders_on = forms.MultipleChoiceField(
        label=gettext_lazy("reminders"),
        choices=Reminder.Offset.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("To those who have a seat, in their language, on the clock of the event’s city."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reminders_on" in self.fields:
            self.initial["reminders_on"] = reminded(self.instance)


def reminded(event: Event) -> list[str]:
    off = set(Reminder.objects.filter(event=event, is_on=False).values_list("offset", flat=True)) if event.pk else set()
    return [offset for offset in Reminder.Offset.values if offset not in off]


class Seated(admin.ModelAdmin):
    """An admin of events that keeps their seats and reminders, and says who waits after every change of seats."""

    @admin.display(description=gettext_lazy("reminders"))
    def reminders_on(self, event: Event) -> str:
        """For those who may only look."""
        on = reminded(event)
        return ", ".join(str(label) for offset, label in Reminder.Offset.choices if offset in on) or "–"

    def save_reminders(self, form: Any) -> None:
        if "reminders_on" in form.changed_data:
            moments.choose(form.instance, form.cleaned_data["reminders_on"], now=timezone.now())

    def tell_of_line(self, request: HttpRequest, event: Event) -> None:
        """Seats that are free while people wait: nobody has been written to, and a link leads to who would be."""
        now = timezone.now()
        for allotment in Allotment.objects.filter(event=event).select_related("event"):
            line = Line.of(allotment, now)
            if not line.why:
                text = _("Nobody has been written to.")
                link = format_html('{} {} <a href="{}">{}</a>', line, text, offers(allotment), _("Offer the seats …"))
                self.message_user(request, link, messages.WARNING)


def offers(allotment: Allotment) -> str:
    return reverse("admin:events_registration_offer", args=[allotment.pk])


def registrations_of(event: Event) -> str:
    return f"{reverse('admin:events_registration_changelist')}?event__id__exact={event.pk}"
