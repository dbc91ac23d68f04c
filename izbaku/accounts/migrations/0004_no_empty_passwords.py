from django.contrib.auth.hashers import make_password
from django.db import migrations


def close(apps, schema_editor):
    """An empty password counted as set, and was asked for: nobody could ever have typed it."""
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    for user in users.filter(password=""):
        user.password = make_password(None)
        user.save(update_fields=["password"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_hand_over_right")]

    operations = [migrations.RunPython(close, migrations.RunPython.noop)]
