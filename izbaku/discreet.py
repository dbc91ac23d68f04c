"""What is written beside the records tells nothing of people: log lines without the codes that stand in addresses,
because whoever reads a log must not be able to open a registration; keys of the cache without network addresses."""

import logging
import re

from django.utils.crypto import salted_hmac

# Before these parts of a path, in each language, stands nothing secret; the part after them opens something.
_BEFORE_A_CODE = (
    "registrations", "kayitlar", "qeydiyyatlar",
    "invitations", "davet", "devet",
    "requests", "talepler", "muracietler", "files", "dosyalar", "fayllar",  # of students, who sign in
    "proposals/own", "oneriler/kendi", "teklifler/oz",
    "proposals/authors", "oneriler/yazarlar", "teklifler/muellifler",
    "proposals/organisations", "oneriler/kurumlar", "teklifler/qurumlar",
    "proposals/following", "oneriler/takip", "teklifler/izleme",
    "referrals", "passing-on", "aktarim", "oturme", "solved", "cozuldu", "hell-olundu",
    "calendars", "unsubscribe", "confirm-email", "password/reset/key",
)  # fmt: skip
_CODE = re.compile(rf"(?<=/)({'|'.join(_BEFORE_A_CODE)})/[^/\s?#\"'<>]+")


def without_codes(line: str) -> str:
    return _CODE.sub(r"\1/…", line)


class Discreet(logging.Formatter):
    """Formats as asked, then takes the codes out: of the message, of what was put into it, of a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return without_codes(super().format(record))


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """The key under which the shared cache keeps something. allauth's counters name networks: here a keyed hash does.

    Always short enough for the cache in the database, whatever a stranger sends.
    """
    return f"{key_prefix}:{version}:{salted_hmac('izbaku.cache', key, algorithm='sha256').hexdigest()}"
