"""What opens something stands in no log, whichever page was asked for and whatever went wrong."""

import io
import logging
import logging.config

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.utils import translation

CODE = "QQWW-EERR-TTYY-UUII-OOPP-AASS"
SECRETS = ("<str:code>", "<str:token>", "<str:uidb36>", "<key>", "<str:key>")


def secret_addresses(resolver=None, prefix="/"):
    """All addresses of the portal that hold a code, as they are in this language."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from secret_addresses(pattern, path)
        elif any(secret in path for secret in SECRETS):
            for secret in SECRETS:
                path = path.replace(secret, CODE)
            yield path.replace("^", "").replace("(?P[-:\\w]+)", CODE)


@pytest.fixture
def log():
    """What the portal's own handler writes."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    formatter = {**settings.LOGGING["formatters"]["line"]}
    handler.setFormatter(logging.config.DictConfigurator({"version": 1}).configure_formatter(formatter))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_no_log_line_carries_a_code(log, language):
    with translation.override(language):
        addresses = list(secret_addresses())
    assert len(addresses) > 8
    for address in addresses:
        logging.getLogger("somewhere").error("Gone wrong: %s and %s?x=1", address, "https://portal.example" + address)

    assert log.getvalue().count("Gone wrong") == len(addresses)
    assert CODE not in log.getvalue()


@pytest.mark.django_db
def test_what_django_writes_about_refusals_carries_none(log):
    strict = Client(enforce_csrf_checks=True)
    strict.get(f"/en/registrations/{CODE}/")  # not found
    strict.post(f"/tr/kayitlar/{CODE}/cancel/")  # forged
    strict.put(f"/calendars/{CODE}.ics", headers={"origin": "https://elsewhere.example"})
    strict.post(f"/unsubscribe/{CODE}/")

    assert "Not Found: /en/registrations/…/" in log.getvalue()
    assert CODE not in log.getvalue()


def test_a_traceback_carries_none(log):
    try:
        raise ValueError(f"/az/qeydiyyatlar/{CODE}/change/")
    except ValueError:
        logging.getLogger("somewhere").exception("Oh")

    assert "/az/qeydiyyatlar/…/change/" in log.getvalue()
    assert CODE not in log.getvalue()
