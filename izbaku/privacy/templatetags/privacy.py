"""`{% notice "account" %}`: what people are told about their data, above the button of the form."""

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from izbaku.privacy import notices
from izbaku.privacy.forms import TOKEN_NAME

register = template.Library()


@register.filter
def breakable(name: str) -> SafeString:
    """A name of code may go on in the next line after its underscore, nowhere else."""
    return format_html_join(mark_safe("_<wbr>"), "{}", ((part,) for part in name.split("_")))


@register.inclusion_tag("privacy/parts/notice.html")
def notice(purpose: str, *, with_token: bool = True, is_open: bool = False) -> dict[str, Any]:
    """The text in force, folded; inside a form also the token of what is shown."""
    now, language = timezone.now(), get_language() or settings.LANGUAGE_CODE
    current = notices.current(purpose, now)
    if current is None:
        return {"notice": None, "purpose": purpose}
    return {
        "notice": current,
        "parts": notices.parts(current, language),
        "contact": settings.CONTACT,
        "token": notices.token(current, language, now) if with_token else "",
        "token_name": TOKEN_NAME,
        "is_open": is_open,
    }
