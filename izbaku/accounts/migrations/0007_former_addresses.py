"""Addresses that accounts have changed, and for how long they count as theirs: as long as sent letters are kept."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def write(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.update_or_create(
        record_class="former_address",
        defaults={
            "days": 90,
            "shortest": 30,
            "longest": 365,
            "begins": "change",
            "warn_days": 0,
            "reason": "Eski adrese giden iletiler bu süre saklanır; sahibi onları da görebilmeli ve silebilmelidir.",
        },
    )


def erase(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.filter(record_class="former_address").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_warned_of_its_end"),
        ("privacy", "0006_accounts_that_nobody_uses"),
    ]
    operations = [
        migrations.CreateModel(
            name="FormerAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                ("given_up_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed at")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_addresses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "former address", "verbose_name_plural": "former addresses"},
        ),
        migrations.RunPython(write, erase),
    ]
