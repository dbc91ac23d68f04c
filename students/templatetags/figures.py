"""Where the lines of a chart stand, in the units of its drawing."""

from django import template

register = template.Library()
ROW, WIDTH = 48, 340


@register.filter
def rows(count: int, below: int) -> int:
    """So many lines down, and a little below."""
    return count * ROW + below


@register.filter
def wide(share: float) -> int:
    return max(2, round(share * WIDTH))


@register.filter
def beside(share: float) -> int:
    return wide(share) + 8
