"""Meetings: an agenda from the queue, who is there, deciding item by item, minutes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from izbaku import attachments, times
from izbaku.accounts.models import User
from izbaku.backoffice import MomentWidget, zone_for
from proposals import guards, meetings, review
from proposals.admin.forms import DecisionForm
from proposals.admin.pages import Page, tell
from proposals.models import BodyMember, ReviewBody
from proposals.reviewing import AgendaItem, Meeting
from proposals.states import State


class MeetingForm(forms.ModelForm):
    """Its body is the one that decides; who is present is one of those who sit in it."""

    class Meta:
        model = Meeting
        fields = ["body", "at", "place", "present", "notes"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "body" in self.fields:
            self.fields["body"].queryset = ReviewBody.objects.filter(decides=True)  # type: ignore[attr-defined]
            self.fields["body"].initial = ReviewBody.objects.filter(decides=True).first()
        if "at" in self.fields:
            self.fields["at"].label = _("Begins (İzmir time)")
            widget = self.fields["at"].widget
            if isinstance(widget, MomentWidget):
                widget.name = str(self.fields["at"].label)
        if "present" in self.fields:
            seats = BodyMember.objects.standing().filter(body__decides=True)
            people = User.objects.filter(pk__in=seats.values("user")).order_by("name", "email")
            self.fields["present"].queryset = people  # type: ignore[attr-defined]


class AgendaInline(admin.TabularInline):
    """The proposals that wait; those of which the reader is kept away are not among them."""

    model = AgendaItem
    extra = 0
    fields = ["position", "proposal"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgendaItem]:
        return super().get_queryset(request).filter(proposal__in=review.before(request.user)).select_related("proposal")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "proposal":
            waiting = review.before(request.user).filter(state__in=(State.IN_REVIEW, State.DECIDED))
            kwargs["queryset"] = waiting.order_by("stage_at", "pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Meeting)
class MeetingAdmin(Page):
    form = MeetingForm
    list_display = ["when", "body", "place", "items_of", "closed"]
    list_select_related = ["body"]
    inlines = [AgendaInline]
    fields = ["body", "at", "place", "present", "notes"]
    change_form_template = "admin/proposals/meeting/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        theirs = meetings.of(request.user).values("pk")
        return super().get_queryset(request).filter(pk__in=theirs).prefetch_related("items")

    def has_change_permission(self, request: HttpRequest, obj: Meeting | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_closed)

    def has_delete_permission(self, request: HttpRequest, obj: Meeting | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and not (obj and (obj.is_closed or obj.decisions.exists()))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "present":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "at":
            kwargs["widget"] = MomentWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/fill/", view(self.fill_view), name="proposals_meeting_fill"),
            path("<int:pk>/decide/<int:proposal>/", view(self.decide_view), name="proposals_meeting_decide"),
            path("<int:pk>/close/", view(self.close_view), name="proposals_meeting_close"),
            path("<int:pk>/minutes.pdf", view(self.minutes_view), name="proposals_meeting_minutes"),
            *super().get_urls(),
        ]

    def _meeting(self, request: HttpRequest, pk: int) -> Meeting:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request).select_related("body"), pk=pk)

    # --- Pages ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        meeting = self.get_object(request, object_id)
        rows = [
            {
                "item": item,
                "heading": item.proposal.said("title", get_language() or "tr"),
                "decision": decision,
                "is_hidden": hidden,
                "quorum": None if hidden else review.quorum(meeting, item.proposal),
                "can_decide": not hidden
                and decision is None
                and not meeting.is_closed
                and item.proposal.state == State.IN_REVIEW
                and guards.decider(item.proposal, request.user),
            }
            for item, decision, hidden in meetings.agenda(meeting, request.user)
        ]
        context = {
            "rows": rows,
            "meeting": meeting,
            "waiting": meetings.ready(meeting).filter(pk__in=review.before(request.user).values("pk")).count(),
            "prepares": self.has_change_permission(request, meeting),
            "title": str(meeting),
            "subtitle": None,
        }
        with zone_for("izmir"):
            response = super().change_view(request, object_id, form_url, context | (extra_context or {}))
            return response.render() if hasattr(response, "render") else response

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        with zone_for("izmir"):
            response = super().add_view(request, form_url, extra_context)
            return response.render() if hasattr(response, "render") else response

    def fill_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not super().has_change_permission(request):
            raise PermissionDenied
        meeting = self._meeting(request, pk)
        here = HttpResponseRedirect(reverse("admin:proposals_meeting_change", args=[pk]))
        if request.method == "POST":
            try:
                count = meetings.fill(meeting)
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
                return here
            self.log_change(request, meeting, _("Agenda filled from the queue"))
            text = ngettext(
                "%(n)d proposal was put on the agenda.", "%(n)d proposals were put on the agenda.", count
            ) % {"n": count}
            self.message_user(request, text, messages.SUCCESS)
        return here

    def decide_view(self, request: HttpRequest, pk: int, proposal: int) -> HttpResponse:
        """What the meeting decides on one proposal. Only inside: nobody else is told by this."""
        meeting = self._meeting(request, pk)
        user: Any = request.user
        found = get_object_or_404(
            review.before(user).filter(agenda__meeting=meeting).prefetch_related("partners"), pk=proposal
        )
        if review.must_declare(found, user):
            return HttpResponseRedirect(reverse("admin:proposals_proposal_change", args=[found.pk]))
        if not guards.decider(found, user):
            raise PermissionDenied
        initial = {"to_author": "\n\n".join(review.comments_for_author(found))}
        form = DecisionForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                decision = review.decide(
                    found,
                    meeting=meeting,
                    verdict=data["verdict"],
                    votes=form.votes(),
                    to_author=data["to_author"],
                    to_minutes=data["to_minutes"],
                    by=user,
                    now=timezone.now(),
                )
            except ValidationError as error:
                tell(form, error)
            else:
                self.log_change(request, meeting, _("Decision %(number)s") % {"number": decision.number})
                text = _(
                    "Decision %(number)s is recorded. Nobody outside knows of it until the secretariat announces it."
                )
                self.message_user(request, text % {"number": decision.number}, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_meeting_change", args=[pk]))
        return self.page(
            request,
            "meeting/decide.html",
            title=_("Decide"),
            meeting=meeting,
            proposal=found,
            heading=found.said("title", get_language() or "tr"),
            quorum=review.quorum(meeting, found),
            tally=review.tally(found) if review.sees_others(found, user) else None,
            is_open=found.state == State.IN_REVIEW and not meeting.is_closed,
            form=form,
        )

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not super().has_change_permission(request):
            raise PermissionDenied
        meeting = self._meeting(request, pk)
        user: Any = request.user
        if request.method == "POST":
            try:
                minutes = meetings.close(meeting, by=user, now=timezone.now())
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
            else:
                self.log_change(request, meeting, _("Closed"))
                text = _("The meeting is closed, its minutes are frozen (SHA-256 %(hash)s…).")
                self.message_user(request, text % {"hash": minutes.sha256[:16]}, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:proposals_meeting_change", args=[pk]))
        rows = meetings.agenda(meeting, user)
        return self.page(
            request,
            "meeting/close.html",
            title=_("Close the meeting"),
            meeting=meeting,
            decided=sum(decision is not None for _item, decision, _hidden in rows),
            undecided=sum(decision is None for _item, decision, _hidden in rows),
            present=meeting.present.count(),
        )

    def minutes_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        meeting = self._meeting(request, pk)
        stored, made = meetings.minutes_for(meeting, request.user, get_language() or "tr", now=timezone.now())
        if stored is not None:
            return attachments.serve(stored)
        response = HttpResponse(made, content_type="application/pdf")
        name = f"{_('Minutes')} {timezone.localtime(meeting.at):%Y-%m-%d}.pdf"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    # --- Columns ---

    @admin.display(description=gettext_lazy("when"), ordering="at")
    def when(self, one: Meeting) -> str:
        return times.moment(one.at, "izmir", get_language() or "tr")

    @admin.display(description=gettext_lazy("proposals"))
    def items_of(self, one: Meeting) -> int:
        return len(one.items.all())

    @admin.display(description=gettext_lazy("closed"), boolean=True)
    def closed(self, one: Meeting) -> bool:
        return one.is_closed
