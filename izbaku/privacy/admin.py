"""The desk of personal data: texts, periods, requests, breaches, and two logs that can only be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from izbaku import holdings, times
from izbaku.backoffice import TabbedAdmin
from izbaku.holdings import hash_of
from izbaku.privacy import notices, reads, requests, retention
from izbaku.privacy.models import (
    Breach,
    Consent,
    ConsentPurpose,
    DataRequest,
    Destroyed,
    Notice,
    Reading,
    RetentionRule,
)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To be looked at: nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _refusals(request: HttpRequest, error: ValidationError, of: Any) -> None:
    for sentence in error.messages:
        messages.error(request, f"{of}: {sentence}")


# --- Texts ------------------------------------------------------------------------------------------------


@admin.register(Notice)
class NoticeAdmin(TabbedAdmin):
    list_display = ["title", "purpose", "version", "is_published", "valid_from", "is_confirmed"]
    list_filter = ["purpose"]
    fields = ["purpose", "valid_from", "title", *Notice.PARTS[:5], "keeping", "rights"]
    actions = ["publish", "confirm", "write_next"]

    @admin.display(description=gettext_lazy("published"), boolean=True)
    def is_published(self, notice: Notice) -> bool:
        return notice.is_published

    @admin.display(description=gettext_lazy("confirmed by the lawyer"), boolean=True)
    def is_confirmed(self, notice: Notice) -> bool:
        return notice.confirmed_on is not None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("privacy.publish_notice")

    def get_actions(self, request: HttpRequest) -> Any:
        """Drafts are deleted one by one."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description=gettext_lazy("Publish; the text can then no longer be changed"), permissions=["publish"])
    def publish(self, request: HttpRequest, chosen: QuerySet[Notice]) -> None:
        for notice in chosen:
            try:
                notices.publish(notice, now=timezone.now())
                messages.success(request, _("%(notice)s is published.") % {"notice": notice})
            except ValidationError as error:
                _refusals(request, error, notice)

    @admin.action(description=gettext_lazy("Note that the lawyer has confirmed the text"), permissions=["publish"])
    def confirm(self, request: HttpRequest, chosen: Any) -> None:
        published = chosen.filter(published_at__isnull=False, confirmed_on=None)
        count = published.confirm(times.today(timezone.now()))
        messages.success(
            request, ngettext("%(n)d text is confirmed.", "%(n)d texts are confirmed.", count) % {"n": count}
        )

    @admin.action(description=gettext_lazy("Write the next version"), permissions=["add"])
    def write_next(self, request: HttpRequest, chosen: QuerySet[Notice]) -> HttpResponse | None:
        if chosen.count() != 1:
            messages.error(request, _("Choose one version."))
            return None
        draft = notices.next_version(chosen.get())
        return HttpResponse(status=302, headers={"Location": reverse("admin:privacy_notice_change", args=[draft.pk])})


@admin.register(ConsentPurpose)
class ConsentPurposeAdmin(TabbedAdmin):
    list_display = ["slug", "question", "is_asked"]
    prepopulated_fields = {"slug": ["question"]}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What somebody has answered stays; it is only asked no more."""
        return super().has_delete_permission(request, obj) and not (obj and obj.acts.exists())


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ["at", "purpose", "act", "user", "how", "notice"]
    list_filter = ["purpose", "act", "how"]
    list_select_related = ["purpose", "user", "notice"]
    date_hierarchy = "at"


# --- Periods ----------------------------------------------------------------------------------------------


@admin.register(RetentionRule)
class RetentionRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["label", "days", "begins", "limits", "warn_days", "due_now", "due_soon"]
    list_display_links = ["label"]
    fields = ["label", "begins", "limits", "days", "warn_days", "reason"]
    readonly_fields = ["label", "begins", "limits"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, rule: RetentionRule, form: Any, change: bool) -> None:
        retention.change(rule)

    @admin.display(description=gettext_lazy("class of records"))
    def label(self, rule: RetentionRule) -> str:
        known = holdings.classes().get(rule.record_class)
        label = retention.label_of(rule.record_class)
        return label if known else f"{label} ({_('no such records yet')})"

    @admin.display(description=gettext_lazy("limits"))
    def limits(self, rule: RetentionRule) -> str:
        return f"{rule.shortest}–{rule.longest}"

    def _due(self, rule: RetentionRule, days: int) -> int | None:
        known = holdings.classes().get(rule.record_class)
        return known.due(timezone.now() + timedelta(days=days), rule.period) if known else None

    @admin.display(description=gettext_lazy("go tonight"))
    def due_now(self, rule: RetentionRule) -> int | None:
        return self._due(rule, 1)

    @admin.display(description=gettext_lazy("go within a month"))
    def due_soon(self, rule: RetentionRule) -> int | None:
        return self._due(rule, 30)


class ClassFilter(admin.SimpleListFilter):
    title = gettext_lazy("class of records")
    parameter_name = "record_class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = Destroyed.objects.order_by("record_class").values_list("record_class", flat=True).distinct()
        return [(name, retention.label_of(name)) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(record_class=self.value()) if self.value() else queryset


@admin.register(Destroyed)
class DestroyedAdmin(ReadOnlyAdmin):
    list_display = ["at", "label", "count", "by_rule"]
    fields = ["at", "label", "count", "by_rule"]
    list_filter = [ClassFilter]
    date_hierarchy = "at"

    @admin.display(description=gettext_lazy("class of records"), ordering="record_class")
    def label(self, destroyed: Destroyed) -> str:
        return retention.label_of(destroyed.record_class)

    @admin.display(description=gettext_lazy("by which rule"))
    def by_rule(self, destroyed: Destroyed) -> str:
        return retention.rule_in_words(destroyed.rule)


# --- Requests ---------------------------------------------------------------------------------------------


class AnswerForm(forms.ModelForm):  # type: ignore[type-arg]
    """The answer is kept until it is sent; sending closes the request."""

    send = forms.BooleanField(
        label=gettext_lazy("Send the answer and close the request"),
        help_text=gettext_lazy("The letter carries a link to the answer, and the way to the Board."),
        required=False,
    )
    erase = forms.BooleanField(
        label=gettext_lazy("Erase everything that is held of this person first"),
        help_text=gettext_lazy("The letter then carries the words of the answer. This cannot be undone."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("erase") and not data.get("send"):
            self.add_error("erase", _("Erasing belongs to an answer that is sent."))
        if data.get("send") and not (data.get("answer") or "").strip():
            self.add_error("answer", _("An answer needs words."))
        return data


class OpenFilter(admin.SimpleListFilter):
    title = gettext_lazy("time left")
    parameter_name = "clock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("late", _("late")), ("week", _("within a week")), ("open", _("all that wait"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        waiting = queryset.filter(state=DataRequest.State.OPEN)
        ends = {"late": timezone.now(), "week": timezone.now() + timedelta(days=7)}.get(self.value() or "")
        return waiting.filter(due_at__lt=ends) if ends else waiting


class TakeInForm(forms.ModelForm):  # type: ignore[type-arg]
    """A request that came by letter, mail or telephone."""

    email = forms.EmailField(
        label=gettext_lazy("e-mail address"),
        help_text=gettext_lazy("The address that the data are about. Make sure first that it is this person who asks."),
    )


@admin.register(DataRequest)
class DataRequestAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = AnswerForm
    list_display = ["reference", "kind", "state", "clock", "due_at", "asked_at"]
    list_filter = [OpenFilter, "state", "kind"]
    readonly_fields = [
        "reference",
        "kind",
        "text",
        "who",
        "language",
        "state",
        "clock",
        "asked_at",
        "due_at",
        "closed_at",
    ]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """What came by letter or telephone is written down here, so that its clock runs too."""
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("privacy.handle_requests")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.state == DataRequest.State.OPEN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) or super().has_module_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataRequest]:
        return DataRequest.objects.select_related("user").most_urgent_first()

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["is_done", "due_at", "pk"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["kind", "text", "email", "language"]
        fields = [*self.readonly_fields, "answer"]
        if obj.state != DataRequest.State.OPEN:
            return fields
        fields.append("send")
        if request.user.has_perm("privacy.erase_people"):
            fields.append("erase")
        return fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if obj is None else self.readonly_fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            return super().get_form(request, obj, change, **{**kwargs, "form": TakeInForm})
        form = super().get_form(request, obj, change, **kwargs)
        if not request.user.has_perm("privacy.erase_people"):
            form.base_fields.pop("erase", None)  # a declared field would be read although nobody was shown it
        return form

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Whoever is shown a request reads somebody's words: that is noted, a refused form too."""
        response = super().change_view(request, object_id, *args, **kwargs)
        asked = self.get_object(request, object_id)
        if response.status_code == 200 and asked:
            reads.note(asked, by=request.user, what=["text", "email", "answer"])
        return response

    def save_model(self, request: HttpRequest, asked: DataRequest, form: Any, change: bool) -> None:
        if not change:
            taken = requests.take_in(
                asked.email,
                now=timezone.now(),
                **{name: form.cleaned_data[name] for name in ("kind", "text", "language")},
            )
            asked.__dict__.update(taken.__dict__)
            return
        if not form.cleaned_data.get("send"):
            kept = _("The answer is kept; it is not sent yet.")
            request.said = kept if form.changed_data else _("Nothing was changed.")  # type: ignore[attr-defined]
            asked.save(update_fields=["answer"])
            return
        try:
            request.said = _("The answer is on its way; the request is closed.")  # type: ignore[attr-defined]
            requests.answer(
                asked,
                by=request.user,
                text=form.cleaned_data["answer"],
                now=timezone.now(),
                erase=bool(form.cleaned_data.get("erase")),
            )
        except ValidationError as error:
            request.said = ""  # type: ignore[attr-defined]
            asked.save(update_fields=["answer"])  # nothing typed is lost
            _refusals(request, error, asked.reference)

    def response_change(self, request: HttpRequest, obj: DataRequest) -> HttpResponse:
        """What was done in its own words; after a refusal the page again."""
        said = getattr(request, "said", "")
        if said:
            messages.info(request, said)
        name, keys = ("changelist", []) if said and "_continue" not in request.POST else ("change", [obj.pk])
        return redirect(f"admin:privacy_datarequest_{name}", *keys)

    @admin.display(description=gettext_lazy("reference"), ordering="pk")
    def reference(self, asked: DataRequest) -> str:
        return asked.reference

    @admin.display(description=gettext_lazy("person"))
    def who(self, asked: DataRequest) -> str:
        return asked.email or "–"

    @admin.display(description=gettext_lazy("closed"))
    def closed_at(self, asked: DataRequest) -> Any:
        """Answered, or withdrawn by the person: `state` says which."""
        return asked.answered_at

    @admin.display(description=gettext_lazy("days left"))
    def clock(self, asked: DataRequest) -> str:
        left = asked.days_left(timezone.now())
        if left is None:
            return "–"
        if left < 0:
            return format_html(
                "<strong>{}</strong>", ngettext("%(n)d day late", "%(n)d days late", -left) % {"n": -left}
            )
        return ngettext("%(n)d day", "%(n)d days", left) % {"n": left}


# --- After a breach ---------------------------------------------------------------------------------------


@admin.register(Breach)
class BreachAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["title", "noticed_at", "clock", "board_told_at", "people_told_at"]
    readonly_fields = ["clock", "readings"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("72 hours"))
    def clock(self, breach: Breach) -> str:
        if not breach.pk:
            return "–"
        left = breach.hours_left(timezone.now())
        if left is None:
            return _("The Board was told.")
        if left < 0:
            return format_html(
                "<strong>{}</strong>", ngettext("%(n)d hour late", "%(n)d hours late", -left) % {"n": -left}
            )
        return ngettext("%(n)d hour left", "%(n)d hours left", left) % {"n": left}

    @admin.display(description=gettext_lazy("who read what in that time"))
    def readings(self, breach: Breach) -> str:
        if not breach.pk or not breach.began_at:
            return _("Save with the moment at which it began, and the way to the list appears here.")
        until = breach.ended_at or breach.noticed_at
        query = urlencode({"at__gte": breach.began_at.isoformat(), "at__lte": until.isoformat()})
        address = f"{reverse('admin:privacy_reading_changelist')}?{query}"
        return format_html('<a href="{}">{}</a>', address, _("Open the read log of that time"))


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    """Whose data, which fields, by whom, when: narrowed down, looked for by address, and taken along as CSV."""

    list_display = ["at", "subject", "which", "fields_read", "reader"]
    fields = ["at", "subject", "which", "fields_read", "reader"]
    list_filter = [("at", admin.DateFieldListFilter), ("by", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["whose", "by"]
    search_fields = ["record", "what"]
    search_help_text = gettext_lazy("A whole e-mail address, a kind of record, or a field.")
    date_hierarchy = "at"
    show_full_result_count = False
    actions = ["export"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An address finds what was read of that person, and by that person; erased people are found by it too."""
        if "@" not in term:
            return super().get_search_results(request, queryset, term)
        address = term.strip()
        found = Q(whose_hash=hash_of(address)) | Q(by_hash=hash_of(address)) | Q(whose__email__iexact=address)
        return queryset.filter(found | Q(by__email__iexact=address)), False

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("privacy.export_reading")

    @admin.action(description=gettext_lazy("Export as CSV"), permissions=["export"])
    def export(self, request: HttpRequest, chosen: QuerySet[Reading]) -> StreamingHttpResponse:
        lines = reads.to_csv(chosen.order_by("at", "pk"))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="read-log-{times.today(timezone.now())}.csv"'
        response["Cache-Control"] = "private, no-store"
        return response

    @admin.display(description=gettext_lazy("record"), ordering="record")
    def which(self, reading: Reading) -> str:
        return reads.in_words(reading)[0]

    @admin.display(description=gettext_lazy("which fields"))
    def fields_read(self, reading: Reading) -> str:
        return reads.in_words(reading)[1]

    @admin.display(description=gettext_lazy("whose"), ordering="whose")
    def subject(self, reading: Reading) -> str:
        return reads.told(reading.whose, reading.whose_hash)

    @admin.display(description=gettext_lazy("by whom"), ordering="by")
    def reader(self, reading: Reading) -> str:
        return reads.told(reading.by, reading.by_hash)
