import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from izbaku import kept


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Each test begins with no page kept."""
    kept.forget()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """What a serialized rollback puts back holds no trail: PostgreSQL refuses to write over one that is still there."""
    rows = json.loads(getattr(connection, "_test_serialized_contents", "[]"))
    kept_rows = [row for row in rows if row["model"] != "audit.entry"]
    connection._test_serialized_contents = json.dumps(kept_rows)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def _private_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("private")


@pytest.fixture(autouse=True)
def _private_files_of_tests_alone(settings: Any, _private_folder: Path) -> None:
    """Files without a row are swept: a test must never sweep where someone works."""
    settings.PRIVATE_ROOT = _private_folder


@pytest.fixture(autouse=True)
def _static_files_without_a_manifest(settings: Any) -> None:
    """Tests serve static files from their folders: nobody has to collect them first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that empty the tables afterwards find before them what migrations wrote: notices, roles, periods."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        names = getattr(item, "fixturenames", [])
        empties = {"live_server", "transactional_db"} & set(names) or (marker and marker.kwargs.get("transaction"))
        if empties and "django_db_serialized_rollback" not in names:
            names.append("django_db_serialized_rollback")
