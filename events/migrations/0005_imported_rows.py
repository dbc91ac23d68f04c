from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_report_pictures")]

    operations = [
        migrations.AddField(
            model_name="imported",
            name="row",
            field=models.BigIntegerField(null=True),
        ),
    ]
