"""Dossiers for the municipality: filled, looked at in three languages, frozen, handed over, answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from izbaku import attachments, times
from proposals import presentation, review
from proposals.admin.forms import AnswerForm, HandOverForm
from proposals.admin.pages import Page, tell
from proposals.delivery import LANGUAGES, Dossier, DossierFile, DossierItem, HandOver
from proposals.models import Proposal


class OverdueFilter(admin.SimpleListFilter):
    title = gettext_lazy("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("overdue", _("overdue")), ("open", _("expected")), ("draft", _("not handed over yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dossier]) -> QuerySet[Dossier]:
        items = DossierItem.objects
        match self.value():
            case "overdue":
                today = times.today(timezone.now())
                return queryset.filter(pk__in=items.overdue(today).values("dossier"))
            case "open":
                return queryset.filter(pk__in=items.unanswered().values("dossier"))
            case "draft":
                return queryset.filter(handover=None)
        return queryset


class ItemInline(admin.TabularInline):
    model = DossierItem
    extra = 0
    fields = ["position", "proposal"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DossierItem]:
        return super().get_queryset(request).select_related("proposal")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "proposal":
            mine = review.before(request.user).values("pk")
            kwargs["queryset"] = Proposal.objects.filter(state__in=presentation.TAKES, pk__in=mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not (obj and obj.is_frozen)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_frozen)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_frozen)


@admin.register(Dossier)
class DossierAdmin(Page):
    list_display = ["number_or_draft", "title", "items_of", "handed", "answers"]
    list_display_links = ["number_or_draft", "title"]
    list_filter = [OverdueFilter]
    fields = ["title"]
    inlines = [ItemInline]
    change_form_template = "admin/proposals/dossier/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dossier]:
        """Whoever keeps away from one of its proposals does not meet the dossier."""
        found = super().get_queryset(request).prefetch_related("items").select_related("handover")
        others = DossierItem.objects.exclude(proposal__in=review.before(request.user)).values("dossier")
        return found.exclude(pk__in=others)

    def has_change_permission(self, request: HttpRequest, obj: Dossier | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_frozen)

    def has_delete_permission(self, request: HttpRequest, obj: Dossier | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_frozen)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/fill/", view(self.fill_view), name="proposals_dossier_fill"),
            path("<int:pk>/freeze/", view(self.freeze_view), name="proposals_dossier_freeze"),
            path("<int:pk>/paper/<slug:language>.pdf", view(self.paper_view), name="proposals_dossier_paper"),
            path("<int:pk>/hand-over/", view(self.hand_over_view), name="proposals_dossier_hand_over"),
            path("<int:pk>/answer/<int:item>/", view(self.answer_view), name="proposals_dossier_answer"),
            *super().get_urls(),
        ]

    def _dossier(self, request: HttpRequest, pk: int, *, to_change: bool = True) -> Dossier:
        if not (super().has_change_permission(request) if to_change else self.has_view_permission(request)):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def _here(self, pk: int) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:proposals_dossier_change", args=[pk]))

    # --- Pages ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        dossier = self.get_object(request, object_id)
        today = times.today(timezone.now())
        handover = HandOver.objects.filter(dossier=dossier).first()
        rows = [
            {
                "item": item,
                "heading": item.proposal.said("title", get_language() or "tr"),
                "is_overdue": bool(
                    handover and not item.answered_on and handover.expected_on and handover.expected_on < today
                ),
            }
            for item in dossier.items.select_related("proposal")
        ]
        context = {
            "dossier": dossier,
            "rows": rows,
            "files": list(dossier.files.all()),
            "languages": LANGUAGES,
            "handover": handover,
            "waiting": presentation.presentable().filter(pk__in=review.before(request.user).values("pk")).count(),
            "works": super().has_change_permission(request),
            "title": str(dossier),
            "subtitle": None,
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def fill_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        dossier = self._dossier(request, pk)
        if request.method == "POST":
            try:
                count = presentation.fill(dossier)
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
            else:
                self.log_change(request, dossier, _("Filled with what is approved"))
                text = ngettext(
                    "%(n)d proposal was put into the dossier.", "%(n)d proposals were put into the dossier.", count
                ) % {"n": count}
                self.message_user(request, text, messages.SUCCESS)
        return self._here(pk)

    def freeze_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        dossier = self._dossier(request, pk)
        if request.method == "POST":
            try:
                presentation.freeze(dossier, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
            else:
                self.log_change(request, dossier, _("Frozen"))
                text = _("The dossier is frozen as number %(number)s, in three languages.")
                self.message_user(request, text % {"number": dossier.number}, messages.SUCCESS)
            return self._here(pk)
        return self.page(
            request,
            "dossier/freeze.html",
            title=_("Freeze the dossier"),
            dossier=dossier,
            languages=LANGUAGES,
            items=[item.proposal.said("title", get_language() or "tr") for item in dossier.items.all()],
        )

    def paper_view(self, request: HttpRequest, pk: int, language: str) -> HttpResponse:
        """The stored file of a frozen dossier, byte for byte; of an open one a draft as it would be."""
        dossier = self._dossier(request, pk, to_change=False)
        if language not in dict(LANGUAGES):
            raise Http404
        if dossier.is_frozen:
            return attachments.serve(get_object_or_404(DossierFile, dossier=dossier, language=language))
        response = HttpResponse(
            presentation.paper(dossier, language, now=timezone.now()), content_type="application/pdf"
        )
        response["Content-Disposition"] = f'attachment; filename="{language}.pdf"'
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def hand_over_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        dossier = self._dossier(request, pk)
        now = timezone.now()
        form = HandOverForm(request.POST or None, initial={"on": times.today(now)})
        if request.method == "POST" and form.is_valid():
            try:
                presentation.hand_over(dossier, by=request.user, now=now, **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                tell(form, error)
            else:
                self.log_change(request, dossier, _("Handed over"))
                self.message_user(request, _("The hand-over is recorded."), messages.SUCCESS)
                return self._here(pk)
        return self.page(
            request,
            "dossier/ask.html",
            title=_("Record the hand-over"),
            consequence=_(
                "Each proposal in it is then shown as presented to the municipality, its authors get a letter, "
                "and those who follow it hear of it."
            ),
            dossier=dossier,
            form=form,
        )

    def answer_view(self, request: HttpRequest, pk: int, item: int) -> HttpResponse:
        dossier = self._dossier(request, pk)
        row = get_object_or_404(dossier.items.select_related("proposal"), pk=item)
        now = timezone.now()
        form = AnswerForm(request.POST or None, today=times.today(now))
        if request.method == "POST" and form.is_valid():
            try:
                presentation.answer(row, by=request.user, now=now, **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                tell(form, error)
            else:
                self.log_change(request, dossier, _("Answer recorded"))
                self.message_user(request, _("The answer is recorded."), messages.SUCCESS)
                return self._here(pk)
        return self.page(
            request,
            "dossier/ask.html",
            title=_("Record the municipality’s answer"),
            consequence=_(
                "The page of the proposal shows it, its authors get a letter, and those who follow it hear of it."
            ),
            dossier=dossier,
            subject=row.proposal.said("title", get_language() or "tr"),
            form=form,
        )

    # --- Columns ---

    @admin.display(description=gettext_lazy("number"), ordering="-serial")
    def number_or_draft(self, one: Dossier) -> str:
        return one.number or _("draft")

    @admin.display(description=gettext_lazy("proposals"))
    def items_of(self, one: Dossier) -> int:
        return len(one.items.all())

    @admin.display(description=gettext_lazy("handed over"))
    def handed(self, one: Dossier) -> str:
        row: HandOver | None = getattr(one, "handover", None)
        return times.day(row.on, get_language() or "tr", weekday=False) if row else "–"

    @admin.display(description=gettext_lazy("answers"))
    def answers(self, one: Dossier) -> SafeString | str:
        row: HandOver | None = getattr(one, "handover", None)
        if row is None:
            return "–"
        items = list(one.items.all())
        given = sum(item.answered_on is not None for item in items)
        words = _("%(k)d of %(n)d") % {"k": given, "n": len(items)}
        is_late = given < len(items) and row.expected_on and row.expected_on < times.today(timezone.now())
        return format_html('{} <strong class="mark-late">{}</strong>', words, _("overdue")) if is_late else words
