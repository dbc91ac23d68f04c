"""Looks through all that the portal keeps."""

import json
from pathlib import Path

from django.db import connection

from izbaku.sealing import SCHEME, unseal


def found_in_database(*words: str) -> list[str]:
    """Every place where one of these words stands in any column of any table: as text, as escaped JSON, or sealed."""
    words = (*words, *(json.dumps(word)[1:-1] for word in words))
    places = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = [c.name for c in connection.introspection.get_table_description(cursor, table)]
            wanted = ", ".join(f"CAST({connection.ops.quote_name(column)} AS text)" for column in columns)
            cursor.execute(f"SELECT {wanted} FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = str(value)
                    if text.startswith(SCHEME):
                        text = unseal(text.encode()).decode(errors="replace")
                    if any(word.lower() in text.lower() for word in words):
                        places.append(f"{table}.{column}")
    return sorted(set(places))


def found_in_files(folder: Path, *words: str) -> list[Path]:
    wanted = [word.encode() for word in words]
    return [path for path in folder.rglob("*") if path.is_file() and any(word in path.read_bytes() for word in wanted)]
