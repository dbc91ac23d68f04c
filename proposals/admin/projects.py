"""Projects: milestones, events, news with pictures."""

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
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from izbaku import times
from izbaku.backoffice import PICTURES, TabbedAdmin, TabbedInline
from proposals import linked_events, milestones, review
from proposals.admin.acts import ACTS, address
from proposals.admin.pages import Page
from proposals.delivery import LinkedEvent, Milestone, News, NewsPicture
from proposals.models import Project, Proposal
from proposals.states import PROJECT, State


class MilestoneForm(forms.ModelForm):
    """A milestone is reached on a day that has come; any other has no such day."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("state") == Milestone.State.REACHED:
            if not data.get("reached_on") and "reached_on" not in self.errors:
                data["reached_on"] = times.today(timezone.now())
            if data.get("reached_on") and data["reached_on"] > times.today(timezone.now()):
                self.add_error("reached_on", ValidationError(_("This day is still to come."), code="future"))
        else:
            data["reached_on"] = None
        return data


class MilestoneInline(TabbedInline):
    model = Milestone
    form = MilestoneForm
    fields = ["title", "due_on", "state", "reached_on"]


class LinkedInline(admin.TabularInline):
    model = LinkedEvent
    extra = 0
    fields = ["event"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "event":
            kwargs["queryset"] = linked_events.to_choose_from(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Project)
class ProjectAdmin(Page):
    """What the municipality has agreed to: its milestones before it starts, and while it runs."""

    list_display = ["titled", "shown", "progress", "late"]
    list_filter = ["state"]
    inlines = [MilestoneInline, LinkedInline]
    fields = ()
    change_form_template = "admin/proposals/project/change_form.html"

    class Media:
        js = [forms.Script("js/admin.js", defer=True)]

    def get_queryset(self, request: HttpRequest) -> Any:
        mine = review.before(request.user).filter(state__in=(State.POSITIVE, *PROJECT))
        found = Project.objects.filter(pk__in=mine.values("pk")).prefetch_related("milestones")
        return found.order_by("-stage_at", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a proposal becomes one

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        project = self.get_object(request, object_id)
        open_now = {move.name for move in Proposal.MOVES.open_to(project, request.user)}
        context = {
            "title": project.said("title", get_language() or "tr"),
            "subtitle": str(project.get_state_display()),
            "acts": [
                {"name": act.name, "label": act.label, "address": address(act.name, [project.pk])}
                for act in ACTS.values()
                if open_now & set(act.moves)
            ],
            "news": list(project.news.all()),
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing of the proposal itself is typed here."""

    @admin.display(description=gettext_lazy("title"))
    def titled(self, one: Project) -> str:
        return one.said("title", get_language() or "tr")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown(self, one: Project) -> SafeString:
        return format_html('<span class="state is-{}">{}</span>', one.state, one.get_state_display())

    @admin.display(description=gettext_lazy("milestones reached"))
    def progress(self, one: Project) -> str:
        counted = [row for row in one.milestones.all() if row.state != Milestone.State.DROPPED]
        reached = sum(row.state == Milestone.State.REACHED for row in counted)
        return _("%(k)d of %(n)d") % {"k": reached, "n": len(counted)}

    @admin.display(description=gettext_lazy("overdue"))
    def late(self, one: Project) -> int | str:
        return len(milestones.overdue(one, times.today(timezone.now()))) or "–"


class PictureInline(TabbedInline):
    model = NewsPicture
    fields = ["picture", "alt"]
    formfield_overrides = PICTURES


@admin.register(News)
class NewsAdmin(Page, TabbedAdmin):
    list_display = ["title", "of_project", "published"]
    list_select_related = ["proposal"]
    fields = ["proposal", "title", "text"]
    inlines = [PictureInline]
    change_form_template = "admin/proposals/news/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[News]:
        found: QuerySet[News] = super().get_queryset(request)
        return found.filter(proposal__in=review.before(request.user)).order_by("-pk")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "proposal":
            kwargs["queryset"] = review.before(request.user).filter(state__in=PROJECT)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.publish_view)
        return [path("<int:pk>/publish/", view, name="proposals_news_publish"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.by = request.user
        super().save_model(request, obj, form, change)

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        news = get_object_or_404(self.get_queryset(request).select_related("proposal"), pk=pk)
        if request.method == "POST":
            try:
                count = milestones.publish(news, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
            else:
                self.log_change(request, news, _("Published"))
                text = ngettext(
                    "The news is on the page; %(n)d letter leaves.",
                    "The news is on the page; %(n)d letters leave.",
                    count,
                ) % {"n": count}
                self.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:proposals_news_change", args=[pk]))
        return self.page(
            request,
            "news/publish.html",
            title=_("Publish the news"),
            news=news,
            heading=news.proposal.said("title", get_language() or "tr"),
            readers=milestones.readers_of(news.proposal),
        )

    @admin.display(description=gettext_lazy("project"))
    def of_project(self, one: News) -> str:
        return one.proposal.said("title", get_language() or "tr")

    @admin.display(description=gettext_lazy("published"), boolean=True)
    def published(self, one: News) -> bool:
        return one.published_at is not None
