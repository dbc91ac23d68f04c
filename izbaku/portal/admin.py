from django.contrib import admin
from modeltranslation.admin import TranslationAdmin

from izbaku.portal.models import Milestone, Publication


@admin.register(Milestone)
class MilestoneAdmin(TranslationAdmin):
    list_display = ["year", "when", "text"]


@admin.register(Publication)
class PublicationAdmin(admin.ModelAdmin):
    list_display = ["title", "kind", "language", "published_on"]
    list_filter = ["kind", "language"]
