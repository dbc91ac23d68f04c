"""The board decides; first criteria for every body, a draft that its chair changes."""

from django.db import migrations

BOARD = "yonetim-kurulu"
LANGUAGES = ("tr", "az", "en")
# weight, (name in three languages), (what 1 and 5 mean in three languages)
CRITERIA = [
    (
        30,
        ("İki şehre yararı", "Hər iki şəhərə faydası", "Benefit to both cities"),
        (
            "1: yalnız bir tarafa yararlı. 5: İzmir’de ve Bakü’de pek çok kişi yararlanır.",
            "1: yalnız bir tərəfə faydalıdır. 5: İzmirdə və Bakıda çoxları faydalanır.",
            "1: of use to one side only. 5: many people in İzmir and in Baku benefit.",
        ),
    ),
    (
        25,
        ("Uygulanabilirlik", "Həyata keçirilə bilmə", "Feasibility"),
        (
            "1: nasıl yapılacağı belli değil. 5: adımlar, sorumlular ve takvim açık.",
            "1: necə ediləcəyi aydın deyil. 5: addımlar, məsul şəxslər və təqvim aydındır.",
            "1: it is not clear how. 5: steps, people in charge and calendar are clear.",
        ),
    ),
    (
        20,
        ("Kalıcılık", "Davamlılıq", "Lasting effect"),
        (
            "1: bir kez yapılıp biter. 5: yıllarca sürecek bir bağ kurar.",
            "1: bir dəfə edilir və bitir. 5: illərlə davam edəcək əlaqə qurur.",
            "1: done once and over. 5: builds a tie that lasts for years.",
        ),
    ),
    (
        15,
        ("Ortaklar", "Tərəfdaşlar", "Partners"),
        (
            "1: karşı şehirde ortak yok. 5: iki şehirde güçlü ve istekli ortaklar var.",
            "1: o biri şəhərdə tərəfdaş yoxdur. 5: hər iki şəhərdə güclü və həvəsli tərəfdaşlar var.",
            "1: no partner in the other city. 5: strong and willing partners in both.",
        ),
    ),
    (
        10,
        ("Bütçenin yerindeliği", "Büdcənin əsaslılığı", "A budget that fits"),
        (
            "1: tutarlar dayanaksız. 5: tutarlar yapılacak işe uygun. Bütçe istenmiyorsa: uygulanamaz.",
            "1: məbləğlər əsassızdır. 5: məbləğlər görüləcək işə uyğundur. Büdcə istənilmirsə: tətbiq olunmur.",
            "1: the amounts have no ground. 5: they fit what is to be done. Not applicable where no budget is asked.",
        ),
    ),
]


def write(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.get_or_create(
        record_class="proposal_review",
        defaults={
            "days": 1095,
            "shortest": 365,
            "longest": 3650,
            "begins": "closing",
            "warn_days": 30,
            "reason": "Kararın nasıl verildiği sorulabilir; sonra puanlar adsız kalır.",
        },
    )
    bodies = apps.get_model("proposals", "ReviewBody").objects
    bodies.filter(slug=BOARD).update(decides=True)
    criteria = apps.get_model("proposals", "Criterion").objects
    for body in bodies.all():
        for position, (weight, names, texts) in enumerate(CRITERIA, 1):
            said = {f"name_{language}": name for language, name in zip(LANGUAGES, names, strict=True)}
            said |= {f"explanation_{language}": text for language, text in zip(LANGUAGES, texts, strict=True)}
            criteria.create(body=body, weight=weight, position=position, name=names[0], explanation=texts[0], **said)


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0010_reviewing_and_delivery"),
        ("privacy", "0005_accounts_and_wording"),
    ]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
