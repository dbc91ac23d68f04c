"""What staff write once: ready texts, tags, and how soon students are answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from izbaku.backoffice import TabbedAdmin
from students.working import AnswerTime, CannedText, Tag


@admin.register(CannedText)
class CannedTextAdmin(TabbedAdmin):
    list_display = ["name", "topic", "asks_for_document", "is_offered"]
    list_filter = ["is_offered", "asks_for_document"]
    list_select_related = ["topic"]
    fields = ["name", "topic", "asks_for_document", "is_offered", "text"]


@admin.register(AnswerTime)
class AnswerTimeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["priority", "hours"]
    fields = ["priority", "hours"]
    readonly_fields = ["priority"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name"]
