"""What somebody is signed in with, in words they know."""

from django import template
from django.utils.translation import gettext as _
from ua_parser import parse

register = template.Library()


@register.filter
def device(user_agent: str) -> str:
    """`Firefox · Windows`; a browser that says nothing of itself is called unknown."""
    found = parse(user_agent)
    known = [part.family for part in (found.user_agent, found.os) if part and part.family != "Other"]
    return " · ".join(known) or _("Unknown device")
