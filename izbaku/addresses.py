"""Lists of addresses as staff type them, one a line: what may be in them, and what becomes a link."""

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

SCHEMES = ["http", "https"]
_is_address = URLValidator(schemes=SCHEMES)


def check_lines(text: str) -> None:
    """Refuse whatever a browser could run or cannot open, and say in which line it stands."""
    wrong = []
    for number, line in enumerate(text.splitlines(), start=1):
        for address in line.split():
            try:
                _is_address(address)
            except ValidationError:
                told = _("Line %(number)d: “%(address)s” is no web address. It begins with https:// or http://.")
                wrong.append(ValidationError(told % {"number": number, "address": address[:60]}, code="address"))
    if wrong:
        raise ValidationError(wrong)


def links(text: str) -> list[str]:
    """What may be shown as a link; whatever else has come into the table is left out."""
    return [address for address in text.split() if address.lower().startswith(("https://", "http://"))]
