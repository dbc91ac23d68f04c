import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.db import connection, transaction
from django.db.models import QuerySet

from izbaku import kept

TRAIL = '"audit_entry"'


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
    connection.creation.deserialize_db_from_string = _put_back
    if connection.vendor == "postgresql":
        connection.ops.sql_flush = _emptying


def _put_back(contents: str) -> None:
    """What migrations wrote, in a statement for each table. Django saves six hundred rows one by one, before each test
    with a server of its own; the first such test still finds them."""
    rows = list(serializers.deserialize("json", contents))
    bulk_create: Any = getattr(QuerySet.bulk_create, "__wrapped__")  # noqa: B009  (without a trail)
    with transaction.atomic():
        for model, found in groupby(rows, key=lambda row: type(row.object)):
            same = list(found)
            bulk_create(QuerySet(model), [row.object for row in same], ignore_conflicts=True)
            for name in {name for row in same for name in row.m2m_data or {}}:
                field: Any = model._meta.get_field(name)
                one, other = field.m2m_column_name(), field.m2m_reverse_name()
                through = field.remote_field.through
                pairs = [(row.object.pk, key) for row in same for key in row.m2m_data[name]]
                bulk_create(
                    QuerySet(through), [through(**{one: pk, other: key}) for pk, key in pairs], ignore_conflicts=True
                )


def _emptying(style: Any, tables: list[str], **options: Any) -> list[str]:
    """Django would truncate every table after each test with a server of its own: a second, against some milliseconds
    for the few that hold rows. Only the trail refuses DELETE."""
    quoted = [connection.ops.quote_name(table) for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in quoted))  # noqa: S608
        full = [table for (table,) in cursor.fetchall()]
    full.sort(key=lambda table: table != TRAIL)  # nothing can be truncated once rows have gone in this transaction
    return [f"TRUNCATE {table}" if table == TRAIL else f"DELETE FROM {table}" for table in full]  # noqa: S608


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
