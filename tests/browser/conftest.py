"""A real browser, where the machine has one."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium found (set CHROMIUM to its path, or install it)"


def chromium() -> str | None:
    """The path of the system's Chromium, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="package")
def browser(django_db_setup: None) -> Iterator[Browser]:
    """One Chromium for all journeys. Without one they are skipped, or fail under REQUIRE_BROWSER=1."""
    path = chromium()
    if not path:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"REQUIRE_BROWSER=1, but {MISSING}")
        pytest.skip(f"browser tests: {MISSING}")
    # Playwright's sync API runs an event loop in this thread, and Django refuses its database beside one.
    # Nothing here is concurrent, so the refusal is lifted for exactly as long as that loop runs.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        as_migrated = getattr(connection, "_test_serialized_contents", "")
        with sync_playwright() as playwright:
            # Beside a loop Django opens another connection, which must know what a serialized rollback puts back.
            connection._test_serialized_contents = as_migrated  # type: ignore[attr-defined]
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            yield browser
            browser.close()


@pytest.fixture
def page(browser: Browser, live_server) -> Iterator[Page]:
    """A fresh visitor's page; relative addresses are the live server's."""
    context = browser.new_context(base_url=live_server.url, locale="tr-TR", timezone_id="Europe/Istanbul")
    yield context.new_page()
    context.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A quiet run still says that the browser tests did not run."""
    if not chromium() and os.environ.get("REQUIRE_BROWSER") != "1":
        terminalreporter.write_line(f"BROWSER TESTS SKIPPED: {MISSING}", yellow=True)
