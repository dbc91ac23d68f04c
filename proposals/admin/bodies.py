"""Who reviews what, and by which measure: bodies and their members by the secretariat, criteria by the chair."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from izbaku.accounts.models import User
from izbaku.backoffice import TabbedAdmin
from proposals.models import Area, BodyMember, ReviewBody
from proposals.reviewing import Criterion, Score


class MemberInline(admin.TabularInline):
    model = BodyMember
    extra = 0
    fields = ["user", "is_chair", "since", "until"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Those whose role lets them review."""
        if db_field.name == "user":
            may = Q(groups__permissions__codename="review_proposal") | Q(user_permissions__codename="review_proposal")
            kwargs["queryset"] = User.objects.filter(may, is_staff=True, is_active=True).distinct().order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(ReviewBody)
class ReviewBodyAdmin(TabbedAdmin):
    list_display = ["name", "decides"]
    fields = ["name", "decides"]
    inlines = [MemberInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its decisions name it


@admin.register(Area)
class AreaAdmin(TabbedAdmin):
    list_display = ["name", "body", "opens_at", "closes_at"]
    fields = ["name", "body", "opens_at", "closes_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the areas are those of the programme

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Criterion)
class CriterionAdmin(TabbedAdmin):
    """Of the bodies that one chairs. Scores keep the weight of their day: a change counts from now on."""

    list_display = ["name", "body", "weight", "position", "is_asked"]
    list_filter = [("body", admin.RelatedOnlyFieldListFilter)]
    fields = ["body", "name", "explanation", "weight", "position", "is_asked"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Criterion]:
        return super().get_queryset(request).select_related("body")

    def _chairs(self, request: HttpRequest) -> Any:
        user: Any = request.user
        return ReviewBody.objects.filter(
            pk__in=BodyMember.objects.standing().filter(user=user, is_chair=True).values("body")
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or self._chairs(request).filter(pk=obj.body_id).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or not Score.objects.filter(criterion=obj).exists())

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "body":
            kwargs["queryset"] = self._chairs(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
