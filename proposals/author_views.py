"""The author's pages: writing, sending, following one's own; answering an invitation. Each makes one call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from izbaku import attachments, times
from izbaku.limits import is_too_often
from proposals import differing, forms, inviting, register, submission
from proposals.models import Proposal, ProposalFile
from proposals.parties import Author, Partner
from proposals.states import State

DRAFTS = "proposal_drafts"  # in the session: drafts begun before signing in
View = Callable[..., HttpResponse]
MOST_FILES = 12
ANSWERED = (State.CHANGES_ASKED, State.DEFERRED, State.REJECTED)  # with reasons that the authors read


def _code(code: str) -> str:
    """As it can be in the database: PostgreSQL refuses to look for a NUL."""
    if not (code.isascii() and code.isprintable()):
        raise Http404
    return code


def _key(posted: str) -> int:
    """The key that a button posts; of what a hand has typed there, one that no row has."""
    return int(posted) if posted.isascii() and posted.isdecimal() and len(posted) < 18 else 0


def own_page(view: View) -> View:
    """A page of one's own proposal. Until it is claimed, its code is the key; then only its authors' accounts are."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, code: str, *args: Any, **kwargs: Any) -> HttpResponse:
        proposal = Proposal.objects.select_related("area").filter(code=_code(code)).first()
        is_free = proposal is not None and proposal.state == State.DRAFT and not proposal.authors.exists()
        if not is_free and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if proposal is None or not (is_free or proposal.is_author(request.user)):
            raise Http404
        if is_free and request.method == "POST" and request.user.is_authenticated:
            submission.claim(proposal, by=request.user, now=timezone.now())
        response = view(request, proposal, *args, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """What awaits one, and one button: from then on everything is kept on the server."""
    if request.method != "POST":
        return render(request, "proposals/begin.html", {"steps": forms.STEPS})
    now = timezone.now()
    if is_too_often(request, "proposal", now=now, most=10, seconds=3600):
        messages.error(request, _("Too many drafts. Wait an hour, or go on with one that you have begun."))
        return render(request, "proposals/begin.html", {"steps": forms.STEPS}, status=429)
    draft = submission.begin(by=request.user, language=get_language() or "tr", now=now)
    if not request.user.is_authenticated:
        request.session[DRAFTS] = [*request.session.get(DRAFTS, []), draft.code][-10:]
    return redirect("proposals:write", code=draft.code, step=forms.STEPS[0].name)


@never_cache
@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """All that one writes, and what this browser began before signing in."""
    found = Proposal.objects.of_author(request.user) | Proposal.objects.filter(
        code__in=request.session.get(DRAFTS, []), authors=None, state=State.DRAFT
    )
    rows = [
        (proposal, _title(proposal), register.expected_next(proposal)) for proposal in found.distinct().order_by("-pk")
    ]
    return render(request, "proposals/mine.html", {"rows": rows})


def _title(proposal: Proposal) -> str:
    content = submission.shown_content(proposal)
    language = content.get("language") or "tr"
    return content.get(f"title_{get_language()}") or content.get(f"title_{language}") or _("A draft without a title")


@own_page
@require_safe
def own(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """Where it stands, what is expected next, and what can be done."""
    author = proposal.authors.filter(user=request.user).first() if request.user.is_authenticated else None
    told = proposal.steps.filter(after=proposal.state).last() if proposal.state in ANSWERED else None
    sent = proposal.versions.filter(number=proposal.version).first()
    may = {move.name for move in Proposal.MOVES.open_to(proposal, by=request.user)} if author else set()
    context = _context(proposal, "") | {
        "author": author,
        "told": told if told and told.why else None,
        "is_asked": proposal.state == State.CHANGES_ASKED,
        "steps_of_life": register.line_of(proposal, get_language() or "tr", for_author=True),
        "expected": register.expected_next(proposal),
        "may_withdraw": "withdraw" in may,
        "versions": list(proposal.versions.filter(submitted_at__isnull=False)),
        "said": forms.said(forms.check(sent.content)) if sent and proposal.version else [],
        "is_draft": proposal.state == State.DRAFT,
    }
    return render(request, "proposals/own.html", context)


def _context(proposal: Proposal, here: str) -> dict[str, Any]:
    return {"proposal": proposal, "title": _title(proposal), "all_steps": forms.STEPS, "here": here}


def _still_written(proposal: Proposal) -> bool:
    return proposal.is_with_the_author


@own_page
def write(request: HttpRequest, proposal: Proposal, step: str) -> HttpResponse:
    """One step. Saving asks for nothing and keeps what was typed; what is not right yet is said."""
    kind = forms.BY_NAME.get(step)
    if kind is None:
        raise Http404
    if not _still_written(proposal):
        messages.error(request, _("This proposal cannot be changed at present."))
        return redirect("proposals:own", code=proposal.code)
    now, wants_json = timezone.now(), request.headers.get("Accept") == "application/json"
    version = proposal.versions.filter(submitted_at=None).first()
    content, status = submission.shown_content(proposal), 200
    theirs: dict[str, str] = {}
    form = kind(request.POST if request.method == "POST" else None, content=content)
    if request.method == "POST":
        seen = request.POST.get("revision", "")
        try:
            if is_too_often(request, "write", now=now, most=120):
                raise ValidationError(_("Too many tries. Wait a minute, then send the form again; nothing is lost."))
            version = submission.save(
                proposal, form.typed(), seen=int(seen) if seen.isdecimal() and len(seen) < 9 else None, now=now
            )
        except ValidationError as error:
            theirs = (error.params or {}).get("theirs", {}) if hasattr(error, "params") else {}
            form.is_valid()
            form.add_error(None, error.messages[0])
            status = 409
            if wants_json:
                return JsonResponse({"error": error.messages[0]}, status=409)
        else:
            if wants_json:
                return JsonResponse({"saved": times.clock(now.astimezone(times.zone_of("")), get_language()), "revision": version.revision})  # fmt: skip  # noqa: E501
            if form.is_valid() and "stay" not in request.POST:
                names = [each.name for each in forms.STEPS]
                after = names.index(step) + 1
                if step == "partners":
                    return redirect("proposals:people", code=proposal.code)
                if after < len(names):
                    return redirect("proposals:write", code=proposal.code, step=names[after])
                return redirect("proposals:send", code=proposal.code)
            if form.is_valid():
                messages.success(request, _("Saved."))
                return redirect("proposals:write", code=proposal.code, step=step)
    context = _context(proposal, step) | {
        "form": form, "step": kind, "theirs": list(theirs.items()), "revision": version.revision if version else "",
        "is_claimed": proposal.authors.exists(), "is_draft": proposal.state == State.DRAFT,
    }  # fmt: skip
    return render(request, "proposals/write.html", context, status=status)


@own_page
def people(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """Organisations and co-authors, asked by letter."""
    spoken = {"language": get_language() or "tr"}
    author_form = forms.AuthorForm(prefix="author", initial=spoken)
    partner_form = forms.PartnerForm(prefix="partner")
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        act, now = request.POST.get("act"), timezone.now()
        if act == "author":
            author_form = forms.AuthorForm(request.POST, prefix="author")
        elif act == "partner":
            partner_form = forms.PartnerForm(request.POST, prefix="partner")
        form = {"author": author_form, "partner": partner_form}.get(act or "")
        try:
            if act == "remove":
                partner = get_object_or_404(proposal.partners, pk=_key(request.POST.get("key", "")))
                inviting.remove_partner(partner, by=request.user)
                return redirect("proposals:people", code=proposal.code)
            if act == "uninvite":
                author = get_object_or_404(proposal.authors, pk=_key(request.POST.get("key", "")))
                inviting.uninvite(author, by=request.user)
                return redirect("proposals:people", code=proposal.code)
            if form is not None and form.is_valid():
                if act == "author":
                    inviting.invite_author(proposal, **form.cleaned_data, by=request.user, now=now)
                else:
                    inviting.add_partner(proposal, **form.cleaned_data, by=request.user, now=now)
                messages.success(request, _("A letter is on its way."))
                return redirect("proposals:people", code=proposal.code)
        except ValidationError as error:
            if form is None:
                messages.error(request, error.messages[0])
            else:
                form.add_error(None, error)
    context = _context(proposal, "people") | {
        "authors": proposal.authors.all(), "partners": proposal.partners.all(),
        "author_form": author_form, "partner_form": partner_form, "is_written": _still_written(proposal),
    }  # fmt: skip
    return render(request, "proposals/people.html", context)


@own_page
def files(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """Annexes: checked from their content, sealed, for the authors and the committee."""
    form = forms.FileForm()
    if request.method == "POST" and _still_written(proposal):
        if "remove" in request.POST:
            get_object_or_404(proposal.files, pk=_key(request.POST["remove"])).delete()
            return redirect("proposals:files", code=proposal.code)
        form = forms.FileForm(request.POST, request.FILES)
        if form.is_valid():
            if proposal.files.count() >= MOST_FILES:
                form.add_error("file", _("At most %(n)d files.") % {"n": MOST_FILES})
            else:
                by = request.user if request.user.is_authenticated else None
                attachments.receive(
                    form.cleaned_data["file"], ProposalFile, sealed=True, proposal=proposal, added_by=by
                )
                return redirect("proposals:files", code=proposal.code)
    context = _context(proposal, "files") | {
        "form": form, "files": proposal.files.all(), "is_written": _still_written(proposal),
    }  # fmt: skip
    return render(request, "proposals/files.html", context)


@own_page
@require_safe
def file(request: HttpRequest, proposal: Proposal, pk: int) -> HttpResponse:
    return attachments.serve(get_object_or_404(proposal.files, pk=pk))


@own_page
def send(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """Everything once more, what is still missing, the notice, and one button."""
    if not _still_written(proposal):
        if request.method == "POST":
            messages.error(request, _("This proposal was sent already."))
        return redirect("proposals:own", code=proposal.code)
    now, content = timezone.now(), submission.shown_content(proposal)
    checked = forms.check(content)
    problems = [(step, step.errors) for step in checked if step.errors]
    form = forms.SubmitForm(request.POST or None)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if form.is_valid():
            try:
                submission.submit(
                    proposal, by=request.user, now=now, shown=form.notice_shown,
                    is_named=form.cleaned_data.get("consent_publish_name", False),
                )  # fmt: skip
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("Received. A letter confirms it."))
                return redirect("proposals:own", code=proposal.code)
    context = _context(proposal, "send") | {
        "form": form, "problems": problems, "said": forms.said(checked),
        "closed": submission.why_closed(proposal, content, now),
    }  # fmt: skip
    return render(request, "proposals/send.html", context)


@own_page
def withdraw(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    form = forms.ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            submission.withdraw(proposal, by=request.user, why=form.cleaned_data["why"], now=timezone.now())
            return redirect("proposals:own", code=proposal.code)
        except ValidationError as error:
            form.add_error(None, error)
    return render(request, "proposals/withdraw.html", _context(proposal, "") | {"form": form})


@own_page
def discard(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """The last word before a draft goes."""
    if request.method == "POST":
        try:
            submission.discard(proposal, by=request.user)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("proposals:own", code=proposal.code)
        messages.success(request, _("The draft is gone."))
        return redirect("proposals:register")
    return render(request, "proposals/discard.html", _context(proposal, ""))


@own_page
def letter(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """The way back, by letter."""
    if proposal.state != State.DRAFT:  # its authors sign in, and find it among theirs
        return redirect("proposals:own", code=proposal.code)
    form = forms.WayBackForm(
        request.POST or None, initial={"email": submission.shown_content(proposal).get("contact_email")}
    )
    if request.method == "POST" and form.is_valid():
        if is_too_often(request, "way back", now=timezone.now(), most=5, seconds=3600):
            form.add_error(None, _("Too many letters. Wait an hour; the draft is kept."))
        else:
            language = get_language() or "tr"
            submission.send_way_back(proposal, to=form.cleaned_data["email"], language=language, now=timezone.now())
            messages.success(request, _("A letter with the way back is on its way."))
            return redirect("proposals:own", code=proposal.code)
    return render(request, "proposals/letter.html", _context(proposal, "") | {"form": form})


@own_page
@require_POST
def naming(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """Being named on the page, or no longer: takes effect at once."""
    author = get_object_or_404(proposal.authors.standing(), user=request.user)
    if "named" in request.POST:
        submission.name_me(author, now=timezone.now())
    else:
        submission.unname_me(author)
    return redirect("proposals:own", code=proposal.code)


@own_page
def leave(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """A co-author takes part no longer: the last word before the proposal closes for them."""
    author = get_object_or_404(proposal.authors.standing(), user=request.user.pk, is_first=False)
    if request.method == "POST":
        inviting.leave(author, now=timezone.now())
        messages.success(request, _("You take part no longer. Nothing of you is shown."))
        return redirect("proposals:mine")
    return render(request, "proposals/leave.html", _context(proposal, ""))


@own_page
@require_safe
def versions(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """Any two versions side by side, word by word."""
    context = _context(proposal, "") | differing.between(proposal.versions.all(), request.GET)
    return render(request, "proposals/versions.html", context)


# --- Answering an invitation -----------------------------------------------------------------------------------


@never_cache
@login_required
def joining(request: HttpRequest, code: str) -> HttpResponse:
    author = get_object_or_404(Author.objects.select_related("proposal"), code=_code(code), left_at=None)
    if author.accepted_at and author.user_id == request.user.pk:
        return redirect("proposals:own", code=author.proposal.code)
    if author.user_id not in (None, request.user.pk):
        raise Http404
    form = forms.JoinForm(request.POST or None)
    if request.method == "POST":
        if "decline" in request.POST:
            inviting.leave(author, now=timezone.now())
            messages.success(request, _("You take no part. Nothing of you is shown."))
            return redirect("proposals:register")
        if form.is_valid():
            try:
                inviting.join(
                    author, user=request.user, now=timezone.now(), shown=form.notice_shown,
                    is_named=form.cleaned_data.get("consent_publish_name", False),
                )  # fmt: skip
                return redirect("proposals:own", code=author.proposal.code)
            except PermissionDenied:
                raise Http404 from None
            except ValidationError as error:
                form.add_error(None, error)
    context = {"proposal": author.proposal, "title": _title(author.proposal), "form": form}
    return render(request, "proposals/joining.html", context)


@never_cache
def confirming(request: HttpRequest, code: str) -> HttpResponse:
    """For whoever holds the letter: the proposal as its authors have written it, and two buttons."""
    partner = get_object_or_404(Partner.objects.select_related("proposal"), code=_code(code))
    form = forms.ConfirmForm(request.POST or None)
    if request.method == "POST":
        if "decline" in request.POST:
            inviting.decline(partner, now=timezone.now())
            return redirect("proposals:confirming", code=code)
        if form.is_valid():
            inviting.confirm(partner, name=form.cleaned_data["name"], now=timezone.now(), shown=form.notice_shown)
            return redirect("proposals:confirming", code=code)
    content = submission.shown_content(partner.proposal)
    language = content.get("language") or "tr"
    context = {
        "partner": partner, "proposal": partner.proposal, "title": _title(partner.proposal), "form": form,
        "summary": content.get(f"summary_{language}", ""), "what": content.get(f"what_{language}", ""),
        "language": language, "is_local": settings.IS_LOCAL,
    }  # fmt: skip
    response = render(request, "proposals/confirming.html", context)
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response
