"""Before a request is sent: who reads it, the topics, guidance, the form, whom to call now, the last look."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from izbaku import times
from izbaku.accounts.models import User
from izbaku.freshness import next_midnight
from izbaku.kept import keep, plain
from izbaku.limits import is_too_often
from students import asking, casework, guidance, reading
from students.forms import AskForm, CallMeForm, SendForm
from students.models import CaseDraft
from students.topics import Topic

IN_SESSION = "asking"  # topic → code of the draft of this browser
SENT_AN_HOUR = 10  # by one account
KEPT_A_MINUTE = 20  # drafts, by one network
BOTH = ["GET", "HEAD", "POST"]


@require_safe
@plain
def support(request: HttpRequest) -> HttpResponse:
    """First of all who reads a request and who does not; then the topics."""
    topics = list(Topic.objects.offered())
    groups = [(label, [each for each in topics if each.topic_class == value]) for value, label in Topic.Class.choices]
    context = {
        "emergencies": [topic for topic in topics if topic.is_emergency],
        "groups": [(label, each) for label, each in groups if each],
        "contact": settings.CONTACT,
    }
    return keep(render(request, "students/support.html", context), until=next_midnight(timezone.now()))


def _offered(slug: str) -> Topic:
    topic: Topic = get_object_or_404(Topic.objects.offered(), slug=slug)
    return topic


@require_safe
@plain
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """What staff have confirmed, with its source and day; until then the official pages. An emergency leads to whom to
    call."""
    found = _offered(slug)
    if found.is_emergency:
        return redirect("students:call_now", slug=slug)
    context = {
        "topic": found,
        "links": guidance.links(found),
        "checked_on": found.checked_on and times.day(found.checked_on, _language(), weekday=False),
    }
    return keep(render(request, "students/topic.html", context), until=next_midnight(timezone.now()))


def _language() -> str:
    return (get_language() or settings.LANGUAGE_CODE)[:2]


# --- Drafts -----------------------------------------------------------------------------------------------


def _draft(request: HttpRequest, topic: Topic) -> CaseDraft | None:
    return asking.find(request.session.get(IN_SESSION, {}).get(topic.slug, ""), topic, request.user)


def _keep(request: HttpRequest, topic: Topic, typed: dict[str, str]) -> bool:
    """Keep what was typed; False when this network has kept too much in this minute."""
    now, draft = timezone.now(), _draft(request, topic)
    if is_too_often(request, "case_draft", now=now, most=KEPT_A_MINUTE):
        return False
    draft = asking.keep(draft, topic=topic, typed=typed, by=request.user, now=now)
    request.session[IN_SESSION] = {**request.session.get(IN_SESSION, {}), topic.slug: draft.code}
    return True


# --- The form ---------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(BOTH)
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """The form. What was typed is kept first, then looked at; an emergency stops it."""
    topic = _offered(slug)
    if topic.is_emergency:
        return redirect("students:call_now", slug=slug)
    questions, draft = guidance.questions_of(topic), _draft(request, topic)
    if request.method != "POST":
        form = AskForm(topic=topic, questions=questions, initial=draft.typed if draft else None)
        return _asked(request, form, draft)
    form = AskForm(request.POST, topic=topic, questions=questions)
    if not _keep(request, topic, form.typed()):
        form.add_error(None, _("Too many tries. Wait a minute, then send the form again; nothing is lost."))
        return _asked(request, form, draft, status=429)
    if guidance.is_emergency(topic, questions, form.raw):
        return redirect("students:call_now", slug=slug)
    if not form.is_valid():
        return _asked(request, form, draft)
    return redirect("students:send", slug=slug)


def _asked(request: HttpRequest, form: AskForm, draft: CaseDraft | None, status: int = 200) -> HttpResponse:
    context = {"form": form, "topic": form.topic, "draft": draft, "contact": settings.CONTACT}
    return render(request, "students/ask.html", context, status=status)


@never_cache
@require_http_methods(BOTH)
def call_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Whom to call at this moment; and "call me", with nothing asked but the number."""
    topic, now = _offered(slug), timezone.now()
    draft = _draft(request, topic)
    typed = draft.typed if draft else {}
    form = CallMeForm(request.POST or None, initial=typed)
    if request.method == "POST":
        kept = {name: str(request.POST.get(name) or "") for name in form.fields}
        if not _keep(request, topic, {**typed, **kept, "call_me": "yes"}):
            form.add_error(None, _("Too many tries. Wait a minute, then send the form again; nothing is lost."))
        if form.is_valid():
            return redirect("students:send", slug=slug)
    lines = guidance.helplines(now, _language())
    context = {
        "topic": topic,
        "lines": [line for line in lines if guidance.leads_somewhere(line)],
        "unknown": [line for line in lines if not guidance.leads_somewhere(line)],
        "contact": settings.CONTACT,
        "clock": times.clock(now.astimezone(times.zone_of("izmir")), _language()),
        "form": form,
        "came_from_form": bool(typed) and not topic.is_emergency,
    }
    return render(request, "students/call_now.html", context)


@never_cache
@login_required
@require_http_methods(BOTH)
def send(request: HttpRequest, slug: str) -> HttpResponse:
    """The last look: what is sent, which dates follow from it, who shall not read it."""
    topic, now = _offered(slug), timezone.now()
    assert isinstance(request.user, User)
    me = User.objects.get(pk=request.user.pk)
    draft = _draft(request, topic)
    if draft is None:
        messages.info(request, _("There is nothing to send here: it was sent already, or never begun."))
        return redirect("students:mine")
    if draft.user_id is None:
        draft = asking.keep(draft, topic=topic, typed=_typed(draft), by=me, now=now)
    read = _read(draft, topic)
    if read is None:
        return redirect("students:call_now" if _is_call(draft, topic) else "students:ask", slug=slug)
    values, given = read
    # Nobody reads of staff by name before their address is proven.
    readers = casework.workers(sensitive=topic.is_sensitive).exclude(pk=me.pk)
    may_send = asking.may_send(me)
    form = SendForm(request.POST or None, readers=readers if may_send else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        if is_too_often(request, "case_send", now=now, most=SENT_AN_HOUR, seconds=3600, whose=f"case of {me.pk}"):
            form.add_error(
                None, _("Many requests came from your account within the hour. Wait an hour; this one is kept.")
            )
            status = 429
        else:
            try:
                case = asking.send(
                    draft,
                    topic=topic,
                    by=me,
                    language=_language(),
                    values=values,
                    given=given,
                    shown=form.notice_shown,
                    now=now,
                    is_emergency=_is_call(draft, topic),
                    kept_out=form.cleaned_data.get("kept_out", ()),
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                if case is None:
                    return redirect("students:mine")
                messages.success(request, _("Your request has arrived. You can add files to it now, one by one."))
                return redirect("students:request", code=case.reference)
    context = {
        "topic": topic,
        "form": form,
        "may_send": may_send,
        "said": reading.told(topic, values, given, _language()),
        "dates": reading.dates(topic, given, _language()),
        "beside": guidance.BESIDE_EVERY_DATE,
        "is_call": _is_call(draft, topic),
    }
    return render(request, "students/send.html", context, status=status)


def _typed(draft: CaseDraft) -> dict[str, str]:
    return {name: value for name, value in draft.typed.items() if name != "topic"}


def _is_call(draft: CaseDraft, topic: Topic) -> bool:
    """Whether it asks to be called in an emergency, instead of the form."""
    typed = draft.typed
    questions = guidance.questions_of(topic)
    answers = {question.key: typed.get(f"q_{question.key}", "") for question in questions}
    return guidance.is_emergency(topic, questions, answers) or typed.get("call_me") == "yes"


def _read(draft: CaseDraft, topic: Topic) -> tuple[dict[str, Any], dict[str, str]] | None:
    """(columns, answers) of a draft that can be sent; None while something is missing."""
    typed = _typed(draft)
    if _is_call(draft, topic):
        call = CallMeForm(typed)
        return (call.values(typed), {}) if call.is_valid() else None
    form = AskForm(typed, topic=topic, questions=guidance.questions_of(topic))
    return (form.values(), form.given()) if form.is_valid() else None


@never_cache
@require_POST
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Throw the draft away, now."""
    topic = get_object_or_404(Topic, slug=slug)
    if draft := _draft(request, topic):
        draft.delete()
        messages.success(request, _("The draft is gone."))
    return redirect("students:mine" if request.user.is_authenticated else "students:support")
