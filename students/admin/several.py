"""Acts on several lines of the queue at once, and the queue as a file. The desk has asked again who does it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from izbaku import times
from izbaku.accounts.models import User
from izbaku.privacy import reads
from students import casework
from students.models import EXPORT, Case, rights_of
from students.working import CaseTag

MOST = 100  # requests at once
SEPARATORS = {"tr": ";", "az": ";"}  # what a spreadsheet of that language expects
STAMP = "%Y-%m-%d %H:%M"


class SeveralForm(forms.Form):
    """Asks what is to be done with the chosen requests, and does it to all of them or to none."""

    label: Any
    consequence: Any

    def do(self, cases: list[Case], was: dict[int, int | None], *, by: User, now: datetime) -> int:
        raise NotImplementedError


class GiveSeveral(SeveralForm):
    label = gettext_lazy("Give to somebody")
    consequence = gettext_lazy(
        "The person gets a letter for each, with the reference. Whoever they were with no longer sees them."
    )
    to = forms.ModelChoiceField(label=gettext_lazy("To whom"), queryset=User.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = casework.workers(sensitive=False) | casework.workers(sensitive=True)
        self.fields["to"].queryset = people.distinct()  # type: ignore[attr-defined]

    def do(self, cases: list[Case], was: dict[int, int | None], *, by: User, now: datetime) -> int:
        return casework.assign_all(cases, to=self.cleaned_data["to"], was=was, by=by, now=now)


class TagSeveral(SeveralForm):
    label = gettext_lazy("Add tags")
    consequence = gettext_lazy("They are put beside the tags that are there; the student does not see tags.")
    tags = forms.CharField(label=gettext_lazy("Tags"), max_length=300, help_text=gettext_lazy("With commas between."))

    def do(self, cases: list[Case], was: dict[int, int | None], *, by: User, now: datetime) -> int:
        return casework.tag_all(cases, self.cleaned_data["tags"].split(","), by=by, now=now)


class Several(admin.ModelAdmin):  # type: ignore[type-arg]
    """The actions of the list. Each shows what it is about to do, and to which requests, before it does it."""

    actions = ("give_several", "tag_several")

    @admin.action(description=GiveSeveral.label)
    def give_several(self, request: HttpRequest, queryset: QuerySet[Case]) -> HttpResponse | None:
        return self._several(request, queryset, "give_several", GiveSeveral)

    @admin.action(description=TagSeveral.label)
    def tag_several(self, request: HttpRequest, queryset: QuerySet[Case]) -> HttpResponse | None:
        return self._several(request, queryset, "tag_several", TagSeveral)

    def _several(
        self, request: HttpRequest, queryset: QuerySet[Case], action: str, form_class: type[SeveralForm]
    ) -> HttpResponse | None:
        cases = list(queryset[: MOST + 1])
        if len(cases) > MOST:
            text = _("At most %(n)d requests at once. Choose fewer of them.") % {"n": MOST}
            self.message_user(request, text, messages.ERROR)
            return None
        is_meant = "confirmed" in request.POST
        form = form_class(request.POST if is_meant else None)
        was = {case.pk: _key(request.POST.get(f"was-{case.pk}", "")) for case in cases} if is_meant else {}
        if is_meant and form.is_valid():
            by: Any = request.user
            try:
                if len(cases) != len(set(request.POST.getlist(ACTION_CHECKBOX_NAME))):
                    raise ValidationError(_("Somebody else has changed this meanwhile. Look at it again."))
                done = form.do(cases, was, by=by, now=timezone.now())
            except ValidationError as error:
                form.add_error(None, error)
            else:
                text = ngettext("Done with %(n)d request.", "Done with %(n)d requests.", done) % {"n": done}
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(request.get_full_path())
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": form.label,
            "form": form,
            "cases": [(case, was.get(case.pk) if is_meant else case.assigned_to_id) for case in cases],
            "action": action,
            "back": request.get_full_path(),
        }
        response = TemplateResponse(request, "admin/students/case/several.html", context)
        response["Cache-Control"] = "private, no-store"
        return response

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The lines that the list shows, as CSV: what a line tells, and no name or word of a student."""
        if EXPORT not in rights_of(request.user):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except (IncorrectLookupParameters, ValueError):  # an address written by hand: the list itself starts anew
            return HttpResponseRedirect(reverse("admin:students_case_changelist"))
        tagged = Prefetch("tagged", CaseTag.objects.select_related("tag"))
        cases = list(rows.select_related("student").prefetch_related(tagged))
        told = [case for case in cases if is_told(case, request.user)]
        reads.note_many(told, by=request.user, what=[casework.LINE], again=True)
        response = HttpResponse(to_csv(cases, request.user), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="requests-{times.today(timezone.now())}.csv"'
        response["Cache-Control"] = "private, no-store"
        return response


def is_told(case: Case, reader: Any) -> bool:
    """Of a sensitive one that is not the reader's own a line tells neither topic nor tags."""
    return not case.is_sensitive or case.assigned_to_id == reader.pk


def to_csv(cases: Iterable[Case], reader: Any) -> bytes:
    text = io.StringIO()
    text.write("\ufeff")  # by this a spreadsheet knows that it is UTF-8
    out = csv.writer(text, delimiter=SEPARATORS.get(get_language() or "", ","))
    out.writerow(
        [_("Reference"), _("State"), _("Topic"), _("Priority"), _("Whose"), _("Asked"), _("Answer due"), _("Tags")]
    )
    for case in cases:
        topic, tags = _("sensitive"), ""
        if is_told(case, reader):
            topic = str(case.topic or "")
            tags = ", ".join(each.tag.name for each in case.tagged.all())
        moments = [
            at.astimezone(times.zone_of("")).strftime(STAMP) if at else "" for at in (case.created_at, case.due_at)
        ]
        cells = [
            case.reference,
            case.get_state_display(),
            topic,
            case.get_priority_display(),
            str(case.assigned_to or ""),
        ]
        out.writerow([reads.harmless(cell) for cell in [*cells, *moments, tags]])
    return text.getvalue().encode()


def _key(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 18 else None
