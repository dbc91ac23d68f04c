"""A period for accounts that nobody confirmed; and the Azerbaijani word for processing in texts that no lawyer has seen."""

from django.db import migrations, models

WORDS = (
    ("işlənib-işlənmədiyini", "emal olunub-olunmadığını"),
    ("işlənibsə", "emal olunubsa"),
    ("işlənmə", "emal"),
    ("işlənir", "emal olunur"),
    ("işləyir", "emal edir"),
)
PARTS = ("title", "summary", "controller", "aims", "recipients", "grounds", "keeping", "rights")


def write(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.update_or_create(
        record_class="unverified_account",
        defaults={
            "days": 7,
            "shortest": 1,
            "longest": 30,
            "begins": "signing_up",
            "warn_days": 0,
            "reason": "Adresini doğrulamayan kişi hesabı kullanamaz; adres başkasının da olabilir.",
        },
    )
    for notice in apps.get_model("privacy", "Notice").objects.filter(version=1, confirmed_on=None):
        for part in PARTS:
            text = getattr(notice, f"{part}_az") or ""
            for old, new in WORDS:
                text = text.replace(old, new)
            setattr(notice, f"{part}_az", text)
        notice.save()


class Migration(migrations.Migration):
    dependencies = [("privacy", "0004_registration_notice")]
    operations = [
        migrations.AlterField(
            model_name="retentionrule",
            name="begins",
            field=models.CharField(
                choices=[
                    ("change", "the last change"),
                    ("closing", "closing"),
                    ("event", "the end of the event"),
                    ("sending", "sending"),
                    ("expiry", "expiring"),
                    ("reading", "reading"),
                    ("withdrawal", "withdrawal"),
                    ("answer", "the answer"),
                    ("destruction", "destruction"),
                    ("signing_up", "signing up"),
                ],
                editable=False,
                max_length=20,
                verbose_name="counted from",
            ),
        ),
        migrations.RunPython(write, migrations.RunPython.noop),
    ]
