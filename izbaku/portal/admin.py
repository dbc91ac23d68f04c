from django.contrib import admin

from izbaku.backoffice import ADDRESSES, FoldedSearch, TabbedAdmin
from izbaku.portal.models import Milestone, Publication


@admin.register(Milestone)
class MilestoneAdmin(FoldedSearch, TabbedAdmin):
    list_display = ["year", "when", "text"]
    list_display_links = ["year", "text"]
    search_fields = ["text_tr", "text_az", "text_en", "year"]


@admin.register(Publication)
class PublicationAdmin(FoldedSearch):
    list_display = ["title", "kind", "language", "published_on"]
    list_filter = ["kind", "language"]
    search_fields = ["title"]
    date_hierarchy = "published_on"
    formfield_overrides = ADDRESSES
