"""What can be done with a round of letters. Every act is a page that asks, with numbers, and a button that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from izbaku.desk.round_pages import RoundPages, readers_now
from izbaku.mail import audiences, composing, mailings
from izbaku.mail.rounds import Mailing

State = Mailing.State
OVER = (State.CANCELLED, State.FINISHED)


@dataclass(frozen=True)
class Act:
    """Something a person does with a round; `do` gets the form's words as well."""

    label: Any
    consequence: Any
    done: Any
    do: Callable[..., Any]
    shows_readers: bool = False
    asks_why: bool = False
    is_weighty: bool = False


def _approve(mailing: Mailing, *, by: Any, now: Any, version: int, readers: int, why: str) -> None:
    mailings.approve(mailing, by=by, now=now, version=version, readers=readers)


def _plain(do: Callable[..., Any]) -> Callable[..., Any]:
    return lambda mailing, *, by, now, version, readers, why: do(mailing, by=by, now=now)


def _with_reason(do: Callable[..., Any]) -> Callable[..., Any]:
    return lambda mailing, *, by, now, version, readers, why: do(mailing, by=by, now=now, why=why)


ACTS = {
    "test": Act(
        gettext_lazy("Test letter to myself"),
        gettext_lazy("One letter in each language goes to your own address, with an example in place of a reader."),
        gettext_lazy("The test letters leave now. Look at them before you go on."),
        _plain(mailings.test),
    ),
    "hold": Act(
        gettext_lazy("Ask for approval"),
        gettext_lazy("Nothing leaves yet. The words can be changed only after it was taken back."),
        gettext_lazy("It waits for approval."),
        _plain(mailings.hold),
        shows_readers=True,
    ),
    "take_back": Act(
        gettext_lazy("Back to draft"),
        gettext_lazy("It is not approved, and its words can be changed again."),
        gettext_lazy("It is a draft again."),
        _with_reason(mailings.take_back),
        asks_why=True,
    ),
    "approve": Act(
        gettext_lazy("Approve, and let it go"),
        gettext_lazy(
            "The letters leave at the round’s time, or at once where it has none. What has left is not undone."
        ),
        gettext_lazy("It is approved."),
        _approve,
        shows_readers=True,
        is_weighty=True,
    ),
    "pause": Act(
        gettext_lazy("Pause"),
        gettext_lazy("No further letter leaves; one that is being sent at this moment still does."),
        gettext_lazy("It is paused."),
        _with_reason(mailings.pause),
        asks_why=True,
    ),
    "resume": Act(
        gettext_lazy("Go on"),
        gettext_lazy("It goes on where it stopped; nobody gets a second letter."),
        gettext_lazy("It goes on."),
        _plain(mailings.resume),
    ),
    "cancel": Act(
        gettext_lazy("Call back"),
        gettext_lazy("What has not left yet never will. Readers hear nothing of this, and it cannot be undone."),
        gettext_lazy("It was called back."),
        _with_reason(mailings.cancel),
        asks_why=True,
        is_weighty=True,
    ),
    "follow_up": Act(
        gettext_lazy("Follow-up to those who have not answered"),
        gettext_lazy("A new draft is begun. Whoever answers until it leaves is left out."),
        gettext_lazy("The follow-up is a draft now."),
        _plain(mailings.follow_up),
    ),
}


def move_label(name: str) -> Any:
    if name in ACTS:
        return ACTS[name].label
    return {
        "change": _("Words changed"),
        "start": _("Started"),
        "stop": _("Stopped by itself"),
        "finish": _("Finished"),
    }.get(name, name)


class ActingOnRounds(RoundPages):
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.act_view)
        return [path("<int:pk>/act/<slug:name>/", view, name="mail_mailing_act"), *super().get_urls()]

    def _acts(self, request: HttpRequest, mailing: Mailing) -> list[tuple[str, Act]]:
        names = [move.name for move in Mailing.MOVES.open_to(mailing, request.user) if move.name in ACTS]
        if "approve" in names and not mailings.may_approve(mailing, request.user):
            names.remove("approve")
        can_follow = audiences.get(mailing.audience).can_be_followed and mailing.state in Mailing.LETTING_GO
        if can_follow and self.has_add_permission(request):
            names.append("follow_up")
        return [(name, ACTS[name]) for name in ACTS if name in names]

    def act_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """GET asks, with whom it reaches; POST does it."""
        mailing = self._found(request, pk)
        act = ACTS.get(name)
        if act is None:
            raise Http404
        if name not in dict(self._acts(request, mailing)):
            if request.method == "POST" or mailing.state in OVER:
                messages.error(
                    request, _("This cannot be done any more, or not yet, or it is for somebody else to do.")
                )
            return HttpResponseRedirect(self._address(mailing))
        error = None
        if request.method == "POST":
            error = self._do(request, mailing, name, act)
            if isinstance(error, HttpResponse):
                return error
            mailing.refresh_from_db()
        context: dict[str, Any] = {}
        if act.shows_readers:  # and what they will read: that is what is approved
            context = readers_now(mailing) | {"texts": composing.texts_of(mailing).values()}
        return self._page(
            request,
            "act",
            act.label,
            mailing=mailing,
            act=act,
            name=name,
            error=error,
            back=self._address(mailing),
            **context,
        )

    def _do(self, request: HttpRequest, mailing: Mailing, name: str, act: Act) -> HttpResponse | ValidationError:
        sent = request.POST
        numbers = {key: int(sent[key]) if sent.get(key, "").isdecimal() else 0 for key in ("version", "readers")}
        try:
            made = act.do(mailing, by=request.user, now=timezone.now(), why=sent.get("why", "")[:1000], **numbers)
        except ValidationError as error:
            return error
        self.log_change(request, mailing, str(act.label))
        messages.success(request, act.done)
        return HttpResponseRedirect(self._address(made if isinstance(made, Mailing) else mailing))
