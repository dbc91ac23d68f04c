"""Acts that ask first: each page shows the letters as they would leave; a button does it to all, or to none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext, ngettext_lazy
from django.utils.translation import gettext as _

from izbaku import history
from izbaku.mail import kinds
from izbaku.mail.models import Message
from proposals import presentation, review, taking_in
from proposals.admin.forms import ReasonForm
from proposals.admin.pages import Page
from proposals.models import Proposal
from proposals.states import State

MOST = 100  # proposals at once: each letter of each is shown
CHANGED = ngettext_lazy("%(n)d proposal was changed.", "%(n)d proposals were changed.", "n")


@dataclass(frozen=True)
class Act:
    """`moves` are those of the table that it makes: whoever may make one of them sees the button."""

    name: str
    label: Any
    consequence: Any
    moves: tuple[str, ...]
    do: Callable[..., Any]
    done: Any = CHANGED
    asks_why: Any = ""  # what the reason is for; empty: none is asked
    is_for_many: bool = False
    is_weighty: bool = False
    fits: Callable[[Proposal], bool] = lambda proposal: True  # what the table of moves alone does not tell


def _announce(proposal: Proposal, *, by: Any, why: str, now: datetime) -> Any:
    return review.announce(proposal, by=by, now=now)


def _take_up(proposal: Proposal, *, by: Any, why: str, now: datetime) -> Any:
    return taking_in.take_up(proposal, by=by, now=now)


def _move(name: str) -> Callable[..., Any]:
    def make(proposal: Proposal, *, by: Any, why: str, now: datetime) -> Any:
        return history.move(proposal, name, by=by, why=why, now=now)

    return make


def _answer(answer: str) -> Callable[..., Any]:
    def make(proposal: Proposal, *, by: Any, why: str, now: datetime) -> Any:
        return presentation.answer_reported(proposal, answer=answer, told=why, by=by, now=now)

    return make


AUTHORS_READ_IT = gettext_lazy("The authors read it in their letter.")
ACTS = {
    act.name: act
    for act in [
        Act(
            "take_up",
            gettext_lazy("Start the review"),
            gettext_lazy(
                "Title, summary and organisations appear in the public register; the committee finds it in its queue."
            ),
            ("take_up",),
            _take_up,
            ngettext_lazy("The review of %(n)d proposal has begun.", "The review of %(n)d proposals has begun.", "n"),
            is_for_many=True,
        ),
        Act(
            "ask_changes",
            gettext_lazy("Ask for changes"),
            gettext_lazy("It goes back to its authors, who can change it and submit it again."),
            ("ask_changes",),
            _move("ask_changes"),
            asks_why=AUTHORS_READ_IT,
        ),
        Act(
            "refuse",
            gettext_lazy("Turn down before the review"),
            gettext_lazy("It ends here: nobody reviews it, and nobody but its authors hears of it."),
            ("refuse",),
            review.refuse,
            asks_why=AUTHORS_READ_IT,
            is_weighty=True,
        ),
        Act(
            "reopen",
            gettext_lazy("Take the decision back"),
            gettext_lazy(
                "The decision is void, its number stays used, and it is reviewed again. Nobody is written to."
            ),
            ("reopen",),
            lambda proposal, *, by, why, now: review.take_back(proposal, by=by, why=why, now=now),
            asks_why=gettext_lazy("It stands in the record."),
            is_weighty=True,
        ),
        Act(
            "announce",
            gettext_lazy("Announce the decision"),
            gettext_lazy(
                "Until now nobody outside knows of it. The authors get the letter below, the register shows the new "
                "stage, and those who follow a proposal hear of what is public."
            ),
            tuple(review.MOVE_OF.values()),
            _announce,
            ngettext_lazy("%(n)d decision was announced.", "%(n)d decisions were announced.", "n"),
            is_for_many=True,
            is_weighty=True,
        ),
        Act(
            "take_up_again",
            gettext_lazy("Review again"),
            gettext_lazy("What was deferred goes back into the committee’s queue."),
            ("take_up_again",),
            _move("take_up_again"),
            is_for_many=True,
        ),
        Act(
            "answer_positive",
            gettext_lazy("The municipality agrees"),
            gettext_lazy("It was presented before the portal was there. Its page says that the municipality agrees."),
            ("answer_positive",),
            _answer("positive"),
            asks_why=gettext_lazy("When the municipality has answered, and under which number."),
            fits=lambda proposal: proposal.is_reported,
        ),
        Act(
            "answer_negative",
            gettext_lazy("The municipality declines"),
            gettext_lazy("It was presented before the portal was there. Its page says that the municipality declines."),
            ("answer_negative",),
            _answer("negative"),
            asks_why=gettext_lazy("When the municipality has answered, and under which number."),
            fits=lambda proposal: proposal.is_reported,
        ),
        Act(
            "start",
            gettext_lazy("Start the project"),
            gettext_lazy("Its page shows milestones and news from now on."),
            ("start",),
            _move("start"),
            is_for_many=True,
        ),
        Act(
            "pause",
            gettext_lazy("Pause the project"),
            gettext_lazy("Its page says that it pauses."),
            ("pause",),
            _move("pause"),
            asks_why=AUTHORS_READ_IT,
        ),
        Act(
            "resume",
            gettext_lazy("Go on with the project"),
            gettext_lazy("Its page says that it runs again."),
            ("resume",),
            _move("resume"),
        ),
        Act(
            "finish",
            gettext_lazy("Complete the project"),
            gettext_lazy("Its page says that it is completed. This cannot be taken back."),
            ("finish",),
            _move("finish"),
            is_weighty=True,
        ),
        Act(
            "stop",
            gettext_lazy("Stop the project"),
            gettext_lazy("Its page says that it was stopped. This cannot be taken back."),
            ("stop",),
            _move("stop"),
            asks_why=AUTHORS_READ_IT,
            is_weighty=True,
        ),
    ]
}


@dataclass
class Rehearsed:
    """What the act would do to one proposal: the letters as they would leave, or why it cannot be done."""

    proposal: Proposal
    refusals: list[str] = field(default_factory=list)
    letters: list[tuple[str, str, Any]] = field(default_factory=list)  # (to whom, language, letter)

    @property
    def heading(self) -> str:
        return self.proposal.said("title", get_language() or "tr")


def rehearse(act: Act, proposals: list[Proposal], *, by: Any, why: str, now: datetime) -> list[Rehearsed]:
    """Does it, reads the letters that it writes, and undoes all of it: what is shown is what would be sent."""
    found = []
    with transaction.atomic():
        for proposal in proposals:
            told = Rehearsed(proposal)
            newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            try:
                with transaction.atomic():
                    act.do(Proposal.objects.get(pk=proposal.pk), by=by, why=why, now=now)
                    for message in Message.objects.filter(pk__gt=newest).order_by("pk"):
                        built = kinds.get(message.kind).build(message)
                        told.letters.append((message.recipient, message.language, built))
            except ValidationError as error:
                told.refusals = error.messages
            except PermissionDenied:
                told.refusals = [_("You may not do this with this proposal.")]
            found.append(told)
        transaction.set_rollback(True)
    return found


def _leads_to(act: Act) -> Callable[..., HttpResponse | None]:
    def go(model_admin: Acting, request: HttpRequest, queryset: QuerySet[Proposal]) -> HttpResponse | None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            text = _("At most %(n)d proposals at once: choose fewer.") % {"n": MOST}
            model_admin.message_user(request, text, messages.ERROR)
            return None
        return HttpResponseRedirect(address(act.name, keys, request.GET.urlencode()))

    go.__name__ = act.name
    return admin.action(description=act.label, permissions=["handle"])(go)


def address(act: str, keys: list[int], filters: str = "") -> str:
    """Where the act's page stands for these proposals; `filters` lead back to the same list."""
    query = QueryDict(mutable=True)
    query.setlist("proposal", [str(key) for key in keys])
    if filters:
        query["_changelist_filters"] = filters
    return f"{reverse('admin:proposals_proposal_act', args=[act])}?{query.urlencode()}"


def keys_of(values: list[str]) -> list[int]:
    return [int(value) for value in values[:MOST] if value.isascii() and value.isdecimal() and len(value) < 18]


class Acting(Page):
    """An admin of proposals whose acts have a page of their own, from the list and from a proposal."""

    actions = [_leads_to(act) for act in ACTS.values() if act.is_for_many]

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("proposals.handle_proposal")

    def acts_for(self, request: HttpRequest, proposal: Proposal) -> list[dict[str, Any]]:
        """The buttons on a proposal's own page: what this person could do next."""
        if proposal.state == State.DRAFT:
            return []
        open_now = {move.name for move in Proposal.MOVES.open_to(proposal, request.user)}
        return [
            {"name": act.name, "label": act.label, "address": address(act.name, [proposal.pk])}
            for act in ACTS.values()
            if open_now & set(act.moves) and act.fits(proposal)
        ]

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Ask with GET, act with POST: to all that were shown, or to none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        act = ACTS.get(name)
        if act is None:
            raise Http404
        keys = keys_of((request.POST if request.method == "POST" else request.GET).getlist("proposal"))
        proposals = [
            one
            for one in review.before(request.user).filter(pk__in=keys).order_by("pk").prefetch_related("partners")
            if not review.must_declare(one, request.user)
        ]
        if not proposals:
            if keys:
                raise Http404
            self.message_user(request, _("Choose at least one proposal."), messages.ERROR)
            return self._back(request, [])
        if len(proposals) > 1 and not act.is_for_many:
            self.message_user(request, _("Choose one proposal."), messages.ERROR)
            return self._back(request, proposals)
        now = timezone.now()
        form = ReasonForm(
            request.POST if request.method == "POST" else None, is_asked=bool(act.asks_why), help_text=act.asks_why
        )
        why = str(form.cleaned_data.get("why", "")) if request.method == "POST" and form.is_valid() else ""
        refusals: list[str] = []
        if request.method == "POST" and not form.errors and "_preview" not in request.POST:
            refusals = self._act(request, act, proposals, why, now)
            if not refusals:
                self.message_user(request, act.done % {"n": len(proposals)}, messages.SUCCESS)
                return self._back(request, proposals)
        return self._ask(request, act, proposals, form, why, refusals, now)

    def _act(self, request: HttpRequest, act: Act, proposals: list[Proposal], why: str, now: datetime) -> list[str]:
        """All or none; returns why not."""
        refusals: list[str] = []
        with transaction.atomic():
            for proposal in proposals:
                try:
                    act.do(proposal, by=request.user, why=why, now=now)
                    self.log_change(request, proposal, str(act.label))
                except ValidationError as error:
                    refusals += error.messages
            if refusals:
                transaction.set_rollback(True)
        for proposal in proposals:
            if refusals:
                proposal.refresh_from_db()
        return list(dict.fromkeys(refusals))

    def _ask(
        self,
        request: HttpRequest,
        act: Act,
        proposals: list[Proposal],
        form: ReasonForm,
        why: str,
        refusals: list[str],
        now: datetime,
    ) -> TemplateResponse:
        # Before a reason is typed the letter is shown with a mark in its place.
        rehearsed = rehearse(act, proposals, by=request.user, why=why or (act.asks_why and "[…]"), now=now)
        ready = [told for told in rehearsed if not told.refusals]
        return self.page(
            request,
            "act.html",
            title=act.label,
            act=act,
            ready=ready,
            refused=[told for told in rehearsed if told.refusals],
            refusals=refusals,
            form=form if ready else None,
            letters=sum(len(told.letters) for told in ready),
            filters=request.GET.get("_changelist_filters") or request.POST.get("_changelist_filters") or "",
            question=ngettext("It happens to this proposal:", "It happens to these %(n)d proposals:", len(ready))
            % {"n": len(ready)},
            back=self._back(request, proposals).url,
        )

    def _back(self, request: HttpRequest, proposals: list[Proposal]) -> HttpResponseRedirect:
        filters = request.GET.get("_changelist_filters") or request.POST.get("_changelist_filters")
        if len(proposals) == 1 and not filters:
            return HttpResponseRedirect(reverse("admin:proposals_proposal_change", args=[proposals[0].pk]))
        listed = reverse("admin:proposals_proposal_changelist")
        return HttpResponseRedirect(f"{listed}?{filters}" if filters else listed)
