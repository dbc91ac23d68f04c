"""The first periods of keeping: proposals, for the association's lawyer to confirm."""

from django.db import migrations

# class, days, at least, at most, counted from, warning days before, reason
RULES = [
    ("abandoned_draft", 90, 30, 365, "change", 14, "Üç ay boyunca dokunulmayan taslaktan vazgeçilmiş sayılır."),
    ("identity_scan", 30, 0, 90, "closing", 7, "Bir kez görülmesi yeterlidir; dosya kapandıktan sonra gerekmez."),
    ("ordinary_request", 365, 90, 730, "closing", 14, "Öğrenci aynı öğretim yılı içinde konuya dönebilir."),
    (
        "sensitive_request",
        730,
        365,
        1825,
        "closing",
        30,
        "Hukuki konular ve acil durumlar: ardından bir süreç yürüyebilir.",
    ),
    ("registration", 183, 30, 365, "event", 14, "Etkinlik sonrası sorular ve katılım belgeleri için."),
    ("guest_list", 183, 30, 365, "event", 14, "Etkinlik sonrası teşekkür ve rapor için."),
    (
        "letter",
        90,
        30,
        365,
        "sending",
        0,
        "Neyin gönderildiği sorulursa yanıtlamak için; sonra kayıtta ne adres ne metin kalır.",
    ),
    ("session", 0, 0, 30, "expiry", 0, "Süresi dolmuş oturum bir işe yaramaz."),
    ("reading", 730, 730, 1825, "reading", 0, "Geç fark edilen bir ihlalde kimin neyi gördüğü bilinmelidir."),
    ("consent", 1095, 365, 3650, "withdrawal", 0, "Rıza geçerliyken yapılanın izne dayandığını gösterir."),
    ("data_request", 1095, 365, 3650, "answer", 30, "Yanıt verildiğini ve tarihini gösterir."),
    (
        "destruction",
        1825,
        1095,
        3650,
        "destruction",
        0,
        "Silme, yok etme ve anonim hâle getirme yönetmeliği en az üç yıl ister.",
    ),
]


def write(apps, schema_editor):
    rule = apps.get_model("privacy", "RetentionRule")
    for name, days, shortest, longest, begins, warn_days, reason in RULES:
        rule.objects.update_or_create(
            record_class=name,
            defaults={
                "days": days,
                "shortest": shortest,
                "longest": longest,
                "begins": begins,
                "warn_days": warn_days,
                "reason": reason,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_first")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
