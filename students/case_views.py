"""A request that was sent: the student's own page, and the one question of the closing letter.

Every page reads through `Case.objects.of(student)`: what is somebody else's does not exist.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from izbaku import attachments
from izbaku.accounts.models import User
from izbaku.limits import is_too_often
from students import asking, closing, guidance, reading, referrals
from students.forms import FileForm, ReplyForm
from students.models import Case, CaseFile
from students.topics import Topic
from students.working import Merging

ACTS_AN_HOUR = 60  # of one account on its requests


def _language() -> str:
    return (get_language() or "tr")[:2]


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return User.objects.get(pk=request.user.pk)


def _own(request: HttpRequest, code: str) -> Case:
    """PostgreSQL refuses to look for a NUL."""
    if not (code.isascii() and code.isprintable()):
        raise Http404
    rows = Case.objects.of(request.user).select_related("topic", "university", "student", "assigned_to")
    case: Case = get_object_or_404(rows, reference=code)
    return case


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex"
    return response


def _is_too_often(request: HttpRequest) -> bool:
    return is_too_often(
        request, "case_act", now=timezone.now(), most=ACTS_AN_HOUR, seconds=3600, whose=f"acts of {request.user.pk}"
    )


def _too_often() -> str:
    return _("Too much came from your account within the hour. Wait a while, then send it again; nothing is lost.")


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """All of one's requests, and what was begun and not sent."""
    cases = [
        (case, reading.when(case.created_at, _language()))
        for case in Case.objects.of(request.user).select_related("topic")
    ]
    topics = Topic.objects.in_bulk(field_name="slug")
    drafts = [
        (topics[draft.typed["topic"]], reading.when(draft.changed_at, _language()))
        for draft in asking.drafts_of(request.user)
        if draft.typed.get("topic") in topics
    ]
    return _private(render(request, "students/mine.html", {"cases": cases, "drafts": drafts}))


@never_cache
@login_required
@require_safe
def request(request: HttpRequest, code: str) -> HttpResponse:
    """Where it stands, the conversation, the files, who has opened it."""
    return _page(request, _own(request, code))


def _page(
    request: HttpRequest,
    case: Case,
    *,
    reply_form: ReplyForm | None = None,
    file_form: FileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    language, now = _language(), timezone.now()
    is_over = case.state in Case.OVER
    context: dict[str, Any] = {
        "case": case,
        "said": reading.of_case(case, language),
        "dates": reading.dates(case.topic, case.given, language),
        "beside": guidance.BESIDE_EVERY_DATE,
        "asked_at": reading.when(case.created_at, language),
        "conversation": [
            (message, reading.when(message.at, language))
            for message in case.messages.select_related("by").prefetch_related("files")
        ],
        "files": reading.files(case, language),
        "opened": [(each, reading.when(each.at, language)) for each in asking.opened_by(case)],
        "referrals": list(referrals.of(case)),
        "survey": closing.question_of(case, now),
        "goes_on_in": _goes_on_in(case),
        "is_over": is_over,
        "can_withdraw": Case.MOVES["withdraw"].is_open_to(case, request.user),
        "goes": case.destroy_after and reading.when(case.destroy_after, language),
        "reply_form": reply_form or (None if is_over else ReplyForm()),
        "file_form": file_form or (None if is_over else FileForm()),
        "now": now,
    }
    return _private(render(request, "students/request.html", context, status=status))


def _goes_on_in(case: Case) -> Case | None:
    """The request with which this one was put together."""
    if case.state != Case.State.DUPLICATE:
        return None
    merging = Merging.objects.select_related("into").filter(case=case).first()
    return merging.into if merging else None


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HttpRequest, code: str) -> HttpResponse:
    case = _own(request, code)
    if request.method != "POST":  # a reload after signing in
        return redirect("students:request", code=code)
    form = ReplyForm(request.POST)
    if _is_too_often(request):
        form.add_error(None, _too_often())
        return _page(request, case, reply_form=form, status=429)
    if form.is_valid():
        try:
            asking.reply(case, by=_me(request), text=form.cleaned_data["text"], now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
            case.refresh_from_db()
        else:
            messages.success(request, _("Your message is sent."))
            return redirect("students:request", code=code)
    return _page(request, case, reply_form=form)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attach(request: HttpRequest, code: str) -> HttpResponse:
    """One file; what is wrong with it is said at the field."""
    case = _own(request, code)
    if request.method != "POST":
        return redirect("students:request", code=code)
    if _is_too_often(request):
        messages.error(request, _too_often())
        return _page(request, case, status=429)
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data
        try:
            asking.attach(
                case, by=_me(request), upload=data["file"], is_identity=data["is_identity"], now=timezone.now()
            )
        except ValidationError as error:
            form.add_error("file", error)
            case.refresh_from_db()
        else:
            messages.success(request, _("The file has arrived. You can add another one."))
            return redirect("students:request", code=code)
    return _page(request, case, file_form=form)


def _file(request: HttpRequest, code: str, key: str) -> CaseFile:
    if not (key.isascii() and key.isprintable()):
        raise Http404
    found: CaseFile = get_object_or_404(_own(request, code).files.select_related("case"), code=key)
    return found


@never_cache
@login_required
@require_safe
def file(request: HttpRequest, code: str, file: str) -> HttpResponse:
    """A file of one's own request, whoever has sent it."""
    return attachments.serve(_file(request, code, file))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_file(request: HttpRequest, code: str, file: str) -> HttpResponse:
    """Ask, then delete it at once: nobody waits for the night for that."""
    found = _file(request, code, file)
    if not found.is_from_student:
        raise Http404
    if request.method == "POST":
        asking.delete_file(found)
        messages.success(request, _("The file is deleted."))
        return redirect("students:request", code=code)
    return _private(render(request, "students/delete_file.html", {"file": found, "case": found.case}))


@never_cache
@login_required
@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    case = _own(request, code)
    try:
        asking.withdraw(case, by=_me(request), now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Your request is withdrawn. A letter confirms it."))
    return redirect("students:request", code=code)


@never_cache
@login_required
@require_POST
def referral(request: HttpRequest, code: str, referral: str) -> HttpResponse:
    """The student's word on what may be passed on, item by item; and taking it back."""
    case = _own(request, code)
    if not (referral.isascii() and referral.isprintable()):
        raise Http404
    found = get_object_or_404(case.referrals, code=referral)
    me, now = _me(request), timezone.now()
    try:
        if request.POST.get("act") == "revoke":
            referrals.revoke(found, by=me, now=now)
            messages.success(request, _("Taken back: from now on nothing of it is passed on."))
        else:
            agreed = [int(key) for key in request.POST.getlist("item") if key.isdecimal() and len(key) < 18]
            referrals.decide(found, agreed=agreed, by=me, now=now)
            messages.success(request, _("Your decision is noted. You can take it back at any time."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("students:request", code=code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def solved(request: HttpRequest, token: str) -> HttpResponse:
    """The one question of the closing letter, without signing in. The page tells nothing of the request but its
    reference; opening it answers nothing, because mail scanners open every link."""
    now = timezone.now()
    survey = closing.asked_by(token) if token.isascii() and token.isprintable() else None
    if survey is None:
        raise Http404
    answered: bool | None = None
    if request.method == "POST" and request.POST.get("answer") in ("yes", "no"):
        try:
            closing.answer(survey, is_solved=request.POST["answer"] == "yes", now=now)
            answered = request.POST["answer"] == "yes"
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    context = {
        "reference": survey.case.reference,
        "is_open": answered is None and closing.is_open(survey, now),
        "answered": answered,
        "code": survey.case.reference,
    }
    response = _private(render(request, "students/solved.html", context))
    response["Referrer-Policy"] = "strict-origin"  # the token leaves in no Referer
    return response
