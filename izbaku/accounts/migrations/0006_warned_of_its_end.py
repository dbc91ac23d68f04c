"""A period for accounts that nobody uses any more, and when their owners were warned."""

from django.db import migrations, models


def write(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.update_or_create(
        record_class="dormant_account",
        defaults={
            "days": 730,
            "shortest": 365,
            "longest": 1095,
            "begins": "signing_in",
            "warn_days": 0,
            "reason": "Uzun süre giriş yapılmayan hesap gereksizdir; sahibine bir ay önceden yazılır.",
        },
    )


def erase(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.filter(record_class="dormant_account").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_guarded_roles"),
        ("privacy", "0006_accounts_that_nobody_uses"),
    ]
    operations = [
        migrations.AddField(
            model_name="user",
            name="warned_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(write, erase),
    ]
