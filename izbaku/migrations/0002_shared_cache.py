from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.core.management import call_command
from django.db import migrations


def make_table(apps, schema_editor):
    """Rate limits need a cache that all workers share; without Redis it is a table."""
    if isinstance(caches["default"], BaseDatabaseCache):
        call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("izbaku", "0001_first")]

    operations = [migrations.RunPython(make_table, migrations.RunPython.noop)]
