"""How long the trail is kept: a proposal, for the association's lawyer to confirm."""

from django.db import migrations


def write(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.update_or_create(
        record_class="trail",
        defaults={
            "days": 1095,
            "shortest": 365,
            "longest": 3650,
            "begins": "change",
            "warn_days": 0,
            "reason": "Kimin neyi değiştirdiği, bir hata ya da ihlal sonradan fark edildiğinde bilinmelidir.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only"), ("privacy", "0002_first_rules")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
