"""The trail on a page: `{% trail_of object as lines %}`."""

from typing import Any

from django import template
from django.core.paginator import Page
from django.db import models

from izbaku.audit import reading
from izbaku.audit.models import Entry

register = template.Library()


@register.simple_tag(takes_context=True)
def trail_of(context: template.Context, record: models.Model) -> Page[Any]:
    """What happened to the record and to what is edited on its page; `?p=` is the page, as in Django's own history."""
    request = context["request"]
    return reading.page(Entry.objects.of(record), request.user, request.GET.get("p"), of=record)
