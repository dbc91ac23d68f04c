"""The queue of requests, and one of them: a conversation with its facts beside it. Who opens one is noted.

The list says of each line reference, topic, state, whose it is and when it is due; of a sensitive one that is not
yours, not even the topic. The page of a request that one may not open does not exist, whichever role one has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from izbaku import attachments, times
from izbaku.privacy import reads
from students import reading, referrals, work
from students.admin import forms
from students.admin.acts import ACTS, Act, acts_for
from students.admin.several import Several
from students.models import EXPORT, Case, rights_of
from students.topics import Topic, TopicQuestion
from students.working import CaseAct, CaseTag, Referral, ReferralItem, Tag

SEALED = ("question", "answers", "phone", "safe_hours")
READ = ["question", "answers", "phone", "safe_hours", "messages", "notes"]


class QueueFilter(admin.SimpleListFilter):
    """Exactly what the desk counts."""

    title = gettext_lazy("queue")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*work.NAMES.items(), ("over", _("resolved or over")), ("all", _("every request"))]

    def choices(self, changelist: Any) -> Any:
        """Without a choice: all that are open."""
        first, *rest = super().choices(changelist)
        return [first | {"display": _("all that are open")}, *rest]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        name = self.value()
        if name == "all":
            return queryset
        if name == "over":
            return queryset.filter(state__in=[Case.State.RESOLVED, *Case.OVER])
        queryset = queryset.filter(state__in=Case.OPEN)
        return queryset.filter(work.question(name, request.user, timezone.now())) if name in work.NAMES else queryset


class ClassFilter(admin.SimpleListFilter):
    """By class of topic; sensitive lines that are not one's own stand in none."""

    title = gettext_lazy("class of topic")
    parameter_name = "class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Topic.Class.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        return _opened(request, queryset).filter(topic_class=self.value()) if self.value() else queryset


class TagFilter(admin.SimpleListFilter):
    title = gettext_lazy("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(tag.pk), tag.name) for tag in Tag.objects.all()[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        value = self.value() or ""
        if not (value.isascii() and value.isdecimal() and len(value) < 18):
            return queryset
        return _opened(request, queryset).filter(pk__in=CaseTag.objects.filter(tag__pk=value).values("case"))


def _opened(request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
    """A line tells nothing, and a filter must not tell it either."""
    return queryset.filter(Q(is_sensitive=False) | Q(assigned_to=request.user.pk))


@admin.register(Case)
class CaseAdmin(Several):
    list_display = ["line", "due", "about", "shown", "whose", "asked"]
    list_display_links = None
    list_filter = [QueueFilter, ClassFilter, "state", "priority", TagFilter]
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/students/case/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        return Case.objects.listed_for(request.user).select_related("topic", "assigned_to").defer(*SEALED)

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What is due first; what waits for others to move stands below."""
        return [F("due_at").asc(nulls_last=True), "-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("find/", view(self.find_view), name="students_case_find"),
            path("figures/", view(self.figures_view), name="students_case_figures"),
            path("export/", view(self.export_view), name="students_case_export"),
            path("<str:reference>/do/<slug:name>/", view(self.do_view), name="students_case_do"),
            path("<str:reference>/files/<str:code>/", view(self.file_view), name="students_case_file"),
            path("<str:reference>/referrals/<str:code>/", view(self.referral_view), name="students_case_referral"),
            *super().get_urls(),
        ]

    # --- The queue ----------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": capfirst(str(self.opts.verbose_name_plural)),
            "may_export": EXPORT in rights_of(request.user),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """A reference, however it is typed. What one may not open is answered like one that was never given."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        typed = "".join(sign for sign in request.POST.get("reference", "").upper()[:40] if sign.isalnum())
        reference = f"{typed[:4]}-{typed[4:8]}-{typed[8:]}"
        if Case.objects.listed_for(request.user).filter(reference=reference).exists():
            return HttpResponseRedirect(reverse("admin:students_case_change", args=[reference]))
        self.message_user(request, _("Your queue has no request with this reference."), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:students_case_changelist"))

    @admin.display(description=gettext_lazy("Reference"), ordering="reference")
    def line(self, case: Case) -> SafeString:
        address = reverse("admin:students_case_change", args=[case.reference])
        return format_html('<a class="reference" href="{}">{}</a>', address, case.reference)

    @admin.display(description=gettext_lazy("topic"))
    def about(self, case: Case) -> SafeString | str:
        if case.is_sensitive:  # the list may stand open on a screen
            return format_html('<span class="state is-called_off">{}</span>', _("sensitive"))
        return str(case.topic or "")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def shown(self, case: Case) -> SafeString:
        return format_html('<span class="state is-{}">{}</span>', case.state, case.get_state_display())

    @admin.display(description=gettext_lazy("whose"), ordering="assigned_to__name")
    def whose(self, case: Case) -> str:
        return str(case.assigned_to or "–")

    @admin.display(description=gettext_lazy("Answer due"), ordering="due_at")
    def due(self, case: Case) -> SafeString | str:
        if case.due_at is None:
            return "–"
        text = when(case.due_at)
        if case.due_at > timezone.now():
            return text
        return format_html('<strong class="is-late">{}<br>{}</strong>', _("late"), text)

    @admin.display(description=gettext_lazy("Asked"), ordering="created_at")
    def asked(self, case: Case) -> str:
        return times.day(times.today(case.created_at), get_language() or "tr", weekday=False)

    # --- One request --------------------------------------------------------------------------------------

    def _case(self, request: HttpRequest, reference: str) -> Case:
        """One that this person may open; 404 for every other, and for every reference that was never given."""
        rows = Case.objects.workable_by(request.user)
        return get_object_or_404(
            rows.select_related("topic", "assigned_to", "student", "university"), reference=reference
        )

    def _line(self, request: HttpRequest, reference: str) -> Case:
        return get_object_or_404(self.get_queryset(request), reference=reference)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = Case.objects.workable_by(request.user).filter(reference=object_id).first()
        if case is None:
            return self._closed(request, self._line(request, object_id))
        case = self._case(request, object_id)
        _note(case, request.user, READ)
        context = self._context(request, case, str(case)) | {
            "talk": _talk(case),
            "answers": _answers(case),
            "files": list(case.files.all()),
            "tags": [each.tag.name for each in case.tagged.select_related("tag")],
            "referrals": list(referrals.of(case)),
            "others": list(forms.others_of(case, request.user)[:20]),  # type: ignore[arg-type]
            "watchers": list(case.watched_by.all()),
            "acts": acts_for(case, request.user),
            "asked": when(case.created_at),
            "due": when(case.due_at) if case.due_at else "",
            "is_late": bool(case.due_at and case.due_at <= timezone.now()),
            "deadline": times.day(case.deadline_on, get_language() or "tr") if case.deadline_on else "",
        }
        return _private(TemplateResponse(request, "admin/students/case/case.html", context))

    def _closed(self, request: HttpRequest, case: Case) -> HttpResponse:
        """A sensitive one that is not this person's: its line, and taking it."""
        context = self._context(request, case, str(case)) | {"acts": acts_for(case, request.user)}
        context |= {"due": when(case.due_at) if case.due_at else ""}
        return _private(TemplateResponse(request, "admin/students/case/closed.html", context))

    def do_view(self, request: HttpRequest, reference: str, name: str) -> HttpResponse:
        """Ask with GET, do it with POST. What is written to the student is shown first as it will be read."""
        act = ACTS.get(name)
        if act is None:
            raise Http404
        rows = Case.objects.listed_for(request.user) if act.of_a_line else Case.objects.workable_by(request.user)
        case = rows.select_related("topic", "assigned_to", "student").filter(reference=reference).first()
        if case is None:
            return self._gone(request)
        person: Any = request.user
        if act not in acts_for(case, person):
            self.message_user(request, act.refusal(case), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:students_case_change", args=[reference]))
        sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = act.form(*sent, case=case, by=person)
        if request.method == "POST":
            if "insert" in request.POST and isinstance(form, forms.Writing):
                form = act.form(initial=form.with_ready_text(), case=case, by=person)
            elif form.is_valid() and "edit" not in request.POST:
                if act.previews and "confirmed" not in request.POST:
                    return self._ask(request, act, case, form, "preview.html")
                try:
                    form.do(timezone.now())
                except ValidationError as error:
                    form.add_error(None, error)
                except PermissionDenied:
                    form.add_error(None, _("This is not yours to do."))
                else:
                    self.message_user(request, act.done, messages.SUCCESS)
                    return self._onward(request, reference)
            elif "edit" in request.POST:
                form = act.form(
                    initial={name: request.POST.get(name, "") for name in form.fields}, case=case, by=person
                )
        return self._ask(request, act, case, form, "act.html")

    def _ask(self, request: HttpRequest, act: Act, case: Case, form: forms.ActForm, template: str) -> HttpResponse:
        context = self._context(request, case, act.label) | {"act": act, "form": form}
        return _private(TemplateResponse(request, f"admin/students/case/{template}", context))

    def _gone(self, request: HttpRequest) -> HttpResponse:
        """Whoever stood on its page a moment ago is told in words; they tell nothing of any request."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise Http404
        text = _("This request is not in your queue (any more): somebody else may have taken it. Nothing was done.")
        self.message_user(request, text, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:students_case_changelist"))

    def _onward(self, request: HttpRequest, reference: str) -> HttpResponse:
        """Back to the request, or to the queue when it is no longer this person's."""
        if Case.objects.listed_for(request.user).filter(reference=reference).exists():
            return HttpResponseRedirect(reverse("admin:students_case_change", args=[reference]))
        return HttpResponseRedirect(reverse("admin:students_case_changelist"))

    def file_view(self, request: HttpRequest, reference: str, code: str) -> HttpResponse:
        """A file of a request that this person may open; each opening is noted."""
        file = get_object_or_404(self._case(request, reference).files.select_related("case__student"), code=code)
        reads.note(file, by=request.user, what=["name"])
        return attachments.serve(file)

    def referral_view(self, request: HttpRequest, reference: str, code: str) -> HttpResponse:
        """What the student has agreed to, and passing it on: noted first, shown then."""
        case = self._case(request, reference)
        referral: Referral = get_object_or_404(referrals.of(case), code=code)
        passed: list[tuple[ReferralItem, str]] = []
        if request.method == "POST":
            try:
                items = referrals.pass_on(referral, by=request.user, now=timezone.now())  # type: ignore[arg-type]
                passed = [(item, _content(case, item)) for item in items]
                reads.note(case, by=request.user, what=[item.what for item in items])
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
        context = self._context(request, case, _("Passing on to %(body)s") % {"body": referral.body}) | {
            "referral": referral,
            "agreed": [item for item in referral.items.all() if item.is_agreed],
            "passed": passed,
        }
        return _private(TemplateResponse(request, "admin/students/case/referral.html", context))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise Http404  # its history stands on its page

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise Http404  # what has had its time is destroyed by night

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("students:figures"))

    def _context(self, request: HttpRequest, case: Case, title: Any) -> dict[str, Any]:
        return self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": title,
            "case": case,
            "back": reverse("admin:students_case_change", args=[case.reference]),
        }


# --- What the page says -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """One thing in the conversation: a message, a note, a move, an act."""

    kind: str  # student, staff, note, step
    who: str
    at: datetime
    text: str
    when: str
    files: tuple[Any, ...] = ()


def _talk(case: Case) -> list[Said]:
    """All of it in its order: what was said, what staff noted, what was done."""
    student = str(case.student or "")
    said = [Said("student", student, case.created_at, case.question, "")] if case.question else []
    for message in case.messages.select_related("by").prefetch_related("files"):
        kind, who = ("student", student) if message.is_from_student else ("staff", str(message.by or "–"))
        said.append(Said(kind, who, message.at, message.text, "", tuple(message.files.all())))
    said += [Said("note", str(note.by or "–"), note.at, note.text, "") for note in case.notes.select_related("by")]
    for step in case.steps.select_related("by"):
        words = f"{Case.State(step.before).label} → {Case.State(step.after).label}"
        said.append(Said("step", str(step.by or _("the portal")), step.at, f"{words} {step.why}".strip(), ""))
    for act in case.acts.select_related("by", "whom"):
        words = " ".join(filter(None, [str(CaseAct.What(act.what).label), str(act.whom or ""), act.text]))
        said.append(Said("step", str(act.by or _("the portal")), act.at, words, ""))
    order = {"student": 0, "staff": 0, "note": 1, "step": 2}
    said.sort(key=lambda one: (one.at, order[one.kind]))
    return [replace(one, when=when(one.at)) for one in said]


def _answers(case: Case) -> list[tuple[str, str]]:
    """The topic's questions with what was answered, in the words of the page's reader."""
    given = case.given
    asked = {question.key: question for question in TopicQuestion.objects.filter(topic=case.topic_id)}
    language = get_language() or "tr"
    return [
        (asked[key].text, reading.answer_in_words(asked[key], value, language)) if key in asked else (key, value)
        for key, value in given.items()
    ]


def _content(case: Case, item: ReferralItem) -> str:
    what = ReferralItem.What
    if item.what == what.NAME and case.student:
        return f"{case.student.name} <{case.student.email}>"
    if item.what == what.PHONE:
        return case.phone
    if item.what == what.QUESTION:
        return case.question
    if item.what == what.ANSWERS:
        return "\n".join(f"{label} {answer}" for label, answer in _answers(case))
    return str(item.file.name) if item.file else ""


def _note(case: Case, by: Any, what: list[str]) -> None:
    """Each opening of a sensitive one; of others, coming back within the hour is one look."""
    if case.is_sensitive:
        reads.note(case, by=by, what=what)
    else:
        reads.note_many([case], by=by, what=what)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response


def when(at: datetime) -> str:
    language = get_language() or "tr"
    there = at.astimezone(times.zone_of(""))
    return f"{times.day(there.date(), language, weekday=False)}, {times.clock(there, language)}"
