"""Tables that only a test has: made outside of any transaction, known to the portal while the test's module runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, models


@contextmanager
def tables_for(blocker: Any, *kinds: type[models.Model]) -> Iterator[None]:
    """Give these models (made under `isolate_apps`) a table, and list them among the portal's own."""
    known = apps.all_models["izbaku"]
    with blocker.unblock():
        with connection.schema_editor() as editor:
            for kind in kinds:
                editor.create_model(kind)
        known.update({kind._meta.model_name: kind for kind in kinds})
        apps.clear_cache()
    yield
    for kind in kinds:
        del known[kind._meta.model_name]
    apps.clear_cache()
    with blocker.unblock(), connection.schema_editor() as editor:
        for kind in reversed(kinds):
            editor.delete_model(kind)
