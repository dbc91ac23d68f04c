"""`{% for name, address in addresses|by_host %}`: links that are called by whose pages they lead to."""

from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from django import template

register = template.Library()


@register.filter
def by_host(addresses: Iterable[str]) -> list[tuple[str, str]]:
    """Each address with the name of its host; several of one host are numbered, as no two links may sound alike."""
    named = [(_host(address), address) for address in dict.fromkeys(addresses)]
    of_host, seen = Counter(name for name, _address in named), Counter[str]()
    found = []
    for name, address in named:
        seen[name] += 1
        found.append((f"{name} ({seen[name]})" if of_host[name] > 1 else name, address))
    return found


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or address).removeprefix("www.")
    except ValueError:
        return address
