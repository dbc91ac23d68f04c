"""Guest lists and guests. Who reads whose data is noted; a partner finds its own lists alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import invitations
from events.admin.guest_imports import Importing
from events.admin.searching import FoundFilter, Searched
from events.guests import EVERYBODY, Guest, GuestList, Invitation, spoken_for
from izbaku.accounts.models import Organisation
from izbaku.mail.models import Suppression
from izbaku.privacy import reads

READ = ["salutation", "title", "name", "office", "organisation", "email", "phone", "language", "note"]


class Theirs(admin.ModelAdmin):
    """What one may not see does not exist: in lists, pages, histories and choices."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied  # before anything is looked for
        return super().history_view(request, object_id, extra_context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Invitations go with their guest: whoever may delete the one may delete the other."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        theirs = {str(Invitation._meta.verbose_name), str(Guest._meta.verbose_name)}
        return deleted, counts, {name for name in lacking if str(name) not in theirs}, protected


@admin.register(GuestList)
class GuestListAdmin(Importing, Theirs):
    list_display = ["name", "organisation", "counted"]
    list_select_related = ["organisation"]
    fields = ["name", "organisation"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[GuestList]:
        return super().get_queryset(request).annotate(n=Count("guests"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A partner makes lists of its own alone."""
        if db_field.name == "organisation" and not request.user.has_perm(EVERYBODY):
            kwargs["queryset"] = Organisation.objects.filter(pk__in=spoken_for(request.user))
            kwargs["empty_label"] = None
            kwargs["required"] = True
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def delete_model(self, request: HttpRequest, obj: GuestList) -> None:
        invitations.forget(obj.guests.all(), now=timezone.now())
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[GuestList]) -> None:
        invitations.forget(Guest.objects.filter(guest_list__in=queryset.values("pk")), now=timezone.now())
        super().delete_queryset(request, queryset)

    @admin.display(description=gettext_lazy("guests"), ordering="n")
    def counted(self, guest_list: GuestList) -> SafeString:
        listed = f"{reverse('admin:events_guest_changelist')}?guest_list__id__exact={guest_list.pk}"
        return format_html('<a href="{}">{}</a>', listed, guest_list.n)  # type: ignore[attr-defined]


@admin.action(description=gettext_lazy("Invite to an event"), permissions=["invite"])
def invite(model_admin: Any, request: HttpRequest, queryset: QuerySet[Guest]) -> HttpResponse:
    keys = "&".join(f"guest={key}" for key in queryset.order_by("pk").values_list("pk", flat=True)[:200])
    return HttpResponseRedirect(f"{reverse('admin:events_invitation_invite')}?{keys}")


@admin.register(Guest)
class GuestAdmin(Searched, Theirs):
    list_display = ["called", "office", "organisation", "rank", "reached", "guest_list", "spoken"]
    list_filter = [FoundFilter, ("guest_list", admin.RelatedOnlyFieldListFilter), "language"]
    list_select_related = ["guest_list"]
    list_per_page = 50
    show_full_result_count = False
    actions = [invite]
    fieldsets = [
        (None, {"fields": ["guest_list", "salutation", "title", "name", "office", "organisation", "rank"]}),
        (gettext_lazy("How they are reached"), {"fields": ["email", "phone", "language", "second_language", "note"]}),
    ]

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.add_invitation")

    def get_ordering(self, request: HttpRequest) -> Any:
        return ["rank", "found_by", "pk"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "guest_list":
            kwargs["queryset"] = GuestList.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        response = super().changelist_view(request, title | (extra_context or {}))
        listed = getattr(response, "context_data", {}).get("cl")
        if listed is not None:
            reads.note_many(listed.result_list, by=request.user, what=["name", "office", "organisation", "email"])
            _look_for_trouble(listed.result_list)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        one = self.get_object(request, object_id)
        context: dict[str, Any] = {"title": one.called, "subtitle": None} if one else {}
        if one:
            _look_for_trouble([one])
            if one.trouble:
                self.message_user(request, one.trouble, "WARNING")
        response = super().change_view(request, object_id, form_url, context | (extra_context or {}))
        if one and request.method == "GET":
            reads.note_many([one], by=request.user, what=READ)
        return response

    def save_model(self, request: HttpRequest, obj: Guest, form: Any, change: bool) -> None:
        obj.changed_at = timezone.now()
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Guest) -> None:
        invitations.forget([obj], now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Guest]) -> None:
        invitations.forget(Guest.objects.filter(pk__in=queryset.values("pk")), now=timezone.now())

    @admin.display(description=gettext_lazy("name"), ordering="found_by")
    def called(self, guest: Guest) -> str:
        return guest.called

    @admin.display(description=gettext_lazy("reached by"))
    def reached(self, guest: Guest) -> SafeString | str:
        if trouble := getattr(guest, "trouble", ""):
            return format_html("{}<br><strong>{}</strong>", guest.email, trouble)
        return guest.email or guest.phone or _("neither address nor telephone")

    @admin.display(description=gettext_lazy("languages"))
    def spoken(self, guest: Guest) -> str:
        return " + ".join(guest.languages)


def _look_for_trouble(guests: Any) -> None:
    """Addresses that take no letters, by one question: the row says so and asks for another."""
    hashes = {Suppression.hash_of(guest.email): "" for guest in guests if guest.email}
    now = timezone.now()
    blocked = Suppression.objects.filter(Q(until=None) | Q(until__gt=now), address_hash__in=hashes)
    why = {one.address_hash: str(one.get_reason_display()) for one in blocked}
    for guest in guests:
        reason = why.get(Suppression.hash_of(guest.email)) if guest.email else ""
        guest.trouble = _("%(reason)s: ask for another address.") % {"reason": reason} if reason else ""
