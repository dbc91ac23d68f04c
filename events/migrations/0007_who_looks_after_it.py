"""Who looks after an event; registrations are found by their folded name and address."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from izbaku.text import fold


def fold_those_there(apps, schema_editor):
    registrations = apps.get_model("events", "Registration").objects.filter(found_by="")
    for registration in registrations.only("name", "email").iterator(chunk_size=2000):
        found_by = fold(f"{registration.name} {registration.email}")[:400]
        registrations.filter(pk=registration.pk).update(found_by=found_by)


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0006_registration"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="event",
            options={
                "permissions": [("every_event", "Can work on the events of all organisers")],
                "verbose_name": "event",
                "verbose_name_plural": "events",
            },
        ),
        migrations.AlterModelOptions(
            name="registration",
            options={
                "permissions": [("export_registration", "Can export registrations")],
                "verbose_name": "registration",
                "verbose_name_plural": "registrations",
            },
        ),
        migrations.AddField(
            model_name="event",
            name="responsible",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="looks_after",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who looks after it",
            ),
        ),
        migrations.AddField(
            model_name="registration",
            name="found_by",
            field=models.CharField(blank=True, editable=False, max_length=400),
        ),
        migrations.RunPython(fold_those_there, migrations.RunPython.noop),
    ]
