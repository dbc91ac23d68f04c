from typing import Any

import pytest

from izbaku import freshness


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Each test begins with no page kept."""
    freshness.forget()


@pytest.fixture(autouse=True)
def _static_files_without_a_manifest(settings: Any) -> None:
    """Tests serve static files from their folders: nobody has to collect them first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
