"""Venues, and the days that both countries keep."""

from django.contrib import admin

from events.models import Observance, Venue
from izbaku.backoffice import FoldedSearch, TabbedAdmin


@admin.register(Venue)
class VenueAdmin(FoldedSearch):
    list_display = ["name", "city", "district", "address"]
    list_filter = ["city"]
    search_fields = ["name", "district", "address"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Observance)
class ObservanceAdmin(FoldedSearch, TabbedAdmin):
    list_display = ["title", "day", "month", "country"]
    list_filter = ["country", "month"]
    search_fields = ["title_tr", "title_az", "title_en"]
