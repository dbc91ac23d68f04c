"""The committee's queue: what waits for me first; one proposal, opened once interests are declared; reviewing it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from izbaku import attachments, times
from izbaku.backoffice import FoldedSearch
from izbaku.privacy import reads
from proposals import differing, guards, inviting, register, review, work
from proposals.admin.acts import Acting
from proposals.admin.forms import DeclareForm, ReviewForm, WriterForm
from proposals.admin.pages import tell
from proposals.models import LANGUAGES, Proposal, ProposalFile, ProposalStep
from proposals.presentation import budget
from proposals.states import State

TEXTS = ("summary", "why", "what", "benefits", "calendar", "seeks")


class WaitsFilter(admin.SimpleListFilter):
    """Exactly what the desk counts."""

    title = gettext_lazy("what waits")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, work.NAMES[name]) for name in work.names_for(request.user)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> QuerySet[Proposal]:
        name = self.value()
        if name not in work.names_for(request.user):
            return queryset
        return queryset.filter(work.question(name, request.user, timezone.now()))


@admin.register(Proposal)
class ProposalAdmin(Acting, FoldedSearch):
    list_display = ["titled", "mine", "organisations", "area", "shown", "reviews_in", "since"]
    list_filter = [WaitsFilter, "state", ("area", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["area"]
    list_per_page = 50
    search_fields = ["title_tr", "title_az", "title_en", "partners__name"]
    search_help_text = gettext_lazy("Titles and organisations")
    show_full_result_count = False

    # --- Who may ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        """What waits for me first, then what has waited longest."""
        own = Case(When(review.pending_of(request.user), then=Value(0)), default=Value(1))
        found = work.counted(review.before(request.user)).prefetch_related("partners", "steps")
        return found.annotate(mine_first=own).order_by("mine_first", "stage_at", "pk")

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["mine_first", "stage_at", "pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # authors write proposals

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # nothing is typed over: moves change a proposal

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("acts/<slug:name>/", view(self.act_view), name="proposals_proposal_act"),
            path("<int:pk>/take-on/", view(self.take_on_view), name="proposals_proposal_take_on"),
            path("<int:pk>/declare/", view(self.declare_view), name="proposals_proposal_declare"),
            path("<int:pk>/review/", view(self.review_view), name="proposals_proposal_review"),
            path("<int:pk>/versions/", view(self.versions_view), name="proposals_proposal_versions"),
            path("<int:pk>/remark/", view(self.remark_view), name="proposals_proposal_remark"),
            path("<int:pk>/lift/<int:declaration>/", view(self.lift_view), name="proposals_proposal_lift"),
            path("<int:pk>/files/<int:file>/", view(self.file_view), name="proposals_proposal_file"),
            *super().get_urls(),
        ]

    def _proposal(self, request: HttpRequest, pk: int) -> Proposal:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)

    def _opened(self, request: HttpRequest, pk: int) -> Proposal:
        """With its text: only for those who have declared."""
        proposal = self._proposal(request, pk)
        if review.must_declare(proposal, request.user):
            raise Http404
        return proposal

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The trail holds text: it opens as the proposal does."""
        found = self.get_object(request, object_id)
        if review.must_declare(found, request.user):
            raise Http404
        return super().history_view(request, object_id, extra_context)

    # --- The page ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        proposal = self.get_object(request, object_id)
        if review.must_declare(proposal, request.user):
            return self._declaring(request, proposal, None)
        return self._opened_page(request, proposal)

    def _declaring(self, request: HttpRequest, proposal: Proposal, form: DeclareForm | None) -> TemplateResponse:
        known = review.suspected(proposal, request.user, timezone.now())  # type: ignore[arg-type]
        form = form or DeclareForm(initial={"has_conflict": "yes"} if known else None)
        return self.page(
            request,
            "declare.html",
            title=_("Your interests first"),
            proposal=proposal,
            heading=proposal.said("title", get_language() or "tr"),
            partners=[one for one in proposal.partners.all() if one.declined_at is None],
            known=known,
            form=form,
        )

    def _opened_page(
        self, request: HttpRequest, proposal: Proposal, *, remark: str = "", refused: str = ""
    ) -> TemplateResponse:
        user, language = request.user, get_language() or "tr"
        sees = review.sees_others(proposal, user)  # type: ignore[arg-type]
        reviews = list(proposal.reviews.that_count().select_related("reviewer").prefetch_related("scores__criterion"))
        others = (
            [(one, review.points((s.value, s.weight) for s in one.scores.all())) for one in reviews] if sees else []
        )
        contact = user.has_perm("proposals.handle_proposal")
        decision = proposal.decisions.standing().select_related("meeting", "by").first()
        if others:
            reads.note_many([one for one, _sum in others], by=user, what=["to_committee", "to_author"])
        if contact and proposal.contact_name:
            reads.note_many([proposal], by=user, what=["contact_name", "contact_email", "contact_phone"])
        return self.page(
            request,
            "page.html",
            title=proposal.said("title", language),
            original=proposal,
            proposal=proposal,
            partners=list(proposal.partners.all()),
            facts=self._facts(proposal, language, with_contact=contact),
            texts=[(language, *told) for language, told in _texts(proposal)],
            files=list(proposal.files.all()),
            reviews_it=review.sits_for(proposal, user) and proposal.state == State.IN_REVIEW,
            own=review.own_review(proposal, user),  # type: ignore[arg-type]
            sees=sees,
            tally=review.tally(proposal),
            others=others,
            remarks=list(proposal.remarks.select_related("by")),
            remark=remark,
            refused=refused,
            declarations=list(proposal.declarations.select_related("user")),
            lifts=review.may_lift(proposal, user),  # type: ignore[arg-type]
            steps=[(step, step.label, _when(step, language)) for step in proposal.steps.select_related("by")],
            decision=decision,
            acts=self.acts_for(request, proposal),
            writers=[one.email for one in proposal.authors.filter(left_at=None)] if contact else [],
            may_take_on=proposal.state == State.RECORDED and guards.office(proposal, user),
            has_changed=proposal.version > 1,
            public_address=_public_address(proposal),
        )

    def _facts(self, proposal: Proposal, language: str, *, with_contact: bool) -> list[tuple[str, str]]:
        dates = (proposal.starts_on, proposal.ends_on)
        found = [
            (_("Area"), str(proposal.area or "–")),
            (_("Where"), str(proposal.get_place_display()) if proposal.place else ""),
            (_("When"), " – ".join(times.day(on, language, weekday=False) for on in dates if on)),
            (_("Budget"), budget(proposal) if proposal.budget is not None else ""),
            (_("Partner sought in"), str(proposal.get_seeks_in_display()) if proposal.seeks_in else ""),
            (_("Written in"), str(proposal.get_language_display())),
            (_("Version"), str(proposal.version)),
            (_("What everybody sees"), proposal.stage_label if proposal.is_public else _("nothing")),
        ]
        if with_contact:
            contact = (proposal.contact_name, proposal.contact_email, proposal.contact_phone)
            found.append((_("Contact"), ", ".join(filter(None, contact))))
        return [(label, value) for label, value in found if value]

    # --- What one does there ---

    def take_on_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Whom to ask to write what was only reported."""
        proposal = self._opened(request, pk)
        if not guards.office(proposal, request.user):
            raise PermissionDenied
        form = WriterForm(request.POST or None, initial={"language": proposal.language})
        if request.method == "POST" and form.is_valid():
            try:
                inviting.take_on(proposal, by=request.user, now=timezone.now(), **form.cleaned_data)
            except ValidationError as error:
                tell(form, error)
            else:
                self.log_change(request, proposal, _("Somebody was asked to write it"))
                self.message_user(request, _("A letter is on its way."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_proposal_change", args=[pk]))
        return self.page(
            request,
            "ask.html",
            title=_("Have it written"),
            consequence=_(
                "They get a letter that leads to the pages of an author, where the published title stands already. "
                "Once they have sent it, it is received like any other proposal; until then its public page stays "
                "as it is."
            ),
            proposal=proposal,
            subject=proposal.said("title", get_language() or "tr"),
            form=form,
        )

    def declare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        proposal = self._proposal(request, pk)
        here = reverse("admin:proposals_proposal_change", args=[pk])
        if request.method != "POST":
            return HttpResponseRedirect(here)
        form = DeclareForm(request.POST)
        if form.is_valid():
            try:
                review.declare(proposal, by=request.user, now=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                tell(form, error)
            else:
                if not form.cleaned_data["has_conflict"]:
                    return HttpResponseRedirect(here)
                text = _("You keep away from this proposal: it stands in none of your lists any more.")
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_proposal_changelist"))
        return self._declaring(request, proposal, form)

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read on one side, judge on the other; saved as a draft as often as one likes, then handed in."""
        proposal = self._opened(request, pk)
        user: Any = request.user
        if not review.sits_for(proposal, user):
            raise PermissionDenied
        own = review.own_review(proposal, user)
        form = ReviewForm(
            request.POST or None,
            criteria=review.criteria_of(proposal),
            review=own or review.earlier_review(proposal, user),
            version=proposal.version,
        )
        if request.method == "POST" and form.is_valid():
            hand_in = "_hand_in" in request.POST
            try:
                review.save(
                    proposal,
                    by=user,
                    version=form.cleaned_data["version"],
                    scores=form.scores(),
                    to_committee=form.cleaned_data["to_committee"],
                    to_author=form.cleaned_data["to_author"],
                    hand_in=hand_in,
                    now=timezone.now(),
                )
            except ValidationError as error:
                tell(form, error)
                if (
                    getattr(error, "code", "") == "version"
                ):  # what was typed stays; sent again, it is for the version that stands
                    sent: Any = form.data.copy()  # type: ignore[attr-defined]
                    sent["version"] = str(Proposal.objects.values_list("version", flat=True).get(pk=pk))
                    form.data = sent
            else:
                text = _("Your review is in. Thank you.") if hand_in else _("Kept as a draft: nobody else sees it.")
                self.message_user(request, text, messages.SUCCESS)
                ahead = "admin:proposals_proposal_change" if hand_in else "admin:proposals_proposal_review"
                return HttpResponseRedirect(reverse(ahead, args=[pk]))
        language = get_language() or "tr"
        return self.page(
            request,
            "review.html",
            title=_("Review: %(title)s") % {"title": proposal.said("title", language)},
            proposal=proposal,
            own=own,
            is_from_before=own is None and review.earlier_review(proposal, user) is not None,
            is_open=proposal.state == State.IN_REVIEW,
            has_changed=proposal.version > 1,
            facts=self._facts(proposal, language, with_contact=False),
            texts=[(spoken, *told) for spoken, told in _texts(proposal)],
            files=list(proposal.files.all()),
            form=form,
        )

    def versions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the authors have changed since one's own review, or between any two that they have sent."""
        proposal = self._opened(request, pk)
        before = review.earlier_review(proposal, request.user)  # type: ignore[arg-type]
        sent = proposal.versions.filter(submitted_at__isnull=False)
        since = before.version.number if before else 0
        context = differing.between(sent, request.GET, since=since) | {"proposal": proposal}
        return self.page(request, "versions.html", title=_("What changed between versions"), **context)

    def remark_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        proposal = self._opened(request, pk)
        here = reverse("admin:proposals_proposal_change", args=[pk])
        if request.method != "POST":
            return HttpResponseRedirect(here)
        text = request.POST.get("text", "")
        try:
            if len(text) > 5000:
                raise ValidationError(_("At most 5,000 characters: make it shorter."), code="long")
            review.remark(proposal, by=request.user, text=text, now=timezone.now())  # type: ignore[arg-type]
        except ValidationError as error:
            return self._opened_page(request, proposal, remark=text, refused=" ".join(error.messages))
        return HttpResponseRedirect(f"{here}#discussion")

    def lift_view(self, request: HttpRequest, pk: int, declaration: int) -> HttpResponse:
        proposal = self._opened(request, pk)
        row = get_object_or_404(proposal.declarations.filter(has_conflict=True), pk=declaration)
        if request.method == "POST":
            person = str(row.user)
            review.lift(row, by=request.user)  # type: ignore[arg-type]
            self.log_change(request, proposal, _("Recusal lifted"))
            self.message_user(request, _("%(name)s declares anew.") % {"name": person}, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:proposals_proposal_change", args=[pk]))
        if not review.may_lift(proposal, request.user):  # type: ignore[arg-type]
            raise PermissionDenied
        return self.page(request, "lift.html", title=_("Lift a recusal"), proposal=proposal, declaration=row)

    def file_view(self, request: HttpRequest, pk: int, file: int) -> HttpResponse:
        proposal = self._opened(request, pk)
        return attachments.serve(get_object_or_404(ProposalFile, proposal=proposal, pk=file))

    # --- Columns ---

    @admin.display(description=gettext_lazy("title"))
    def titled(self, one: Proposal) -> str:
        return one.said("title", get_language() or "tr")

    @admin.display(description="")
    def mine(self, one: Any) -> SafeString | str:
        words = _("Mine, pending")
        return format_html('<span class="state is-mine">{}</span>', words) if one.mine_first == 0 else ""

    @admin.display(description=gettext_lazy("organisations"))
    def organisations(self, one: Proposal) -> str:
        return ", ".join(partner.name for partner in one.partners.all() if partner.is_confirmed) or "–"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown(self, one: Proposal) -> SafeString:
        return format_html('<span class="state is-{}">{}</span>', one.state, one.get_state_display())

    @admin.display(description=gettext_lazy("reviews"))
    def reviews_in(self, one: Any) -> str:
        if one.state not in (State.IN_REVIEW, State.DECIDED):
            return "–"
        return _("%(k)d of %(n)d") % {"k": one.handed_in, "n": one.expected}

    @admin.display(description=gettext_lazy("since"), ordering="stage_at")
    def since(self, one: Proposal) -> str:
        """As much of the day as is known: what was reported may have a month alone."""
        steps = list(one.steps.all())
        return (register.when(steps[-1], get_language() or "tr") if steps else "") or "–"


def _when(step: ProposalStep, language: str) -> str:
    """To the minute where the portal was there; of what was reported as much of the day as was published."""
    if step.precision == times.Precision.TIME:
        return times.moment(step.at, "izmir", language)
    return register.when(step, language)


def _public_address(proposal: Proposal) -> str:
    return reverse("proposals:proposal", args=[proposal.slug]) if proposal.is_public else ""


def _texts(proposal: Proposal) -> list[tuple[str, tuple[str, list[tuple[str, str]]]]]:
    """(language, (its name, (label, text) pairs)): the one it was written in first, others where there is anything."""
    ordered = sorted(LANGUAGES, key=lambda pair: pair[0] != proposal.language)
    found = []
    for language, name in ordered:
        pairs = [
            (str(Proposal._meta.get_field(field).verbose_name), getattr(proposal, f"{field}_{language}") or "")  # type: ignore[union-attr]
            for field in ("title", *TEXTS)
        ]
        if told := [(label, text) for label, text in pairs if text]:
            found.append((language, (name, told)))
    return found
