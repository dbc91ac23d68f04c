"""The notice of registering for an event: a draft for the association's lawyer to confirm (`confirmed_on` is empty)."""

from importlib import import_module

from django.conf import settings
from django.db import migrations

first = import_module("izbaku.privacy.migrations.0003_first_texts")


def texts(name):
    return {
        "title": {
            "tr": "Etkinliğe kaydolanlar için aydınlatma metni",
            "az": "Tədbir üçün qeydiyyatdan keçənlər üçün məlumatlandırma mətni",
            "en": "Notice on personal data: registering for an event",
        },
        "summary": {
            "tr": f"{name}, verilerinizi bu etkinliğe katılabilmeniz ve etkinlikle ilgili size yazabilmek için işler.",
            "az": f"{name} məlumatlarınızı bu tədbirdə iştirak edə bilməyiniz və tədbirlə bağlı sizə yazmaq üçün emal edir.",
            "en": f"{name} processes your data so that you can come to this event and can be written to about it.",
        },
        "controller": first.controller(name),
        "aims": {
            "tr": (
                "Kaydınızı almak, yer ayırmak, bekleme listesini yürütmek, biletinizi hazırlamak, etkinlikten önce hatırlatmak, "
                "değişiklikleri bildirmek, girişte sizi karşılamak ve kötüye kullanımı önlemek. Bunun için adınız, e-posta "
                "adresiniz, seçtiğiniz dil, istediğiniz yer sayısı, sorulmuşsa geldiğiniz şehir ve etkinliğin sorularına "
                "verdiğiniz yanıtlar işlenir. Birlikte geleceğiniz kişilerin adı sorulmaz."
            ),
            "az": (
                "Qeydiyyatınızı qəbul etmək, yer ayırmaq, gözləmə siyahısını aparmaq, biletinizi hazırlamaq, tədbirdən əvvəl "
                "xatırlatmaq, dəyişiklikləri bildirmək, girişdə sizi qarşılamaq və sui-istifadənin qarşısını almaq. Bunun üçün "
                "adınız, e-poçt ünvanınız, seçdiyiniz dil, istədiyiniz yer sayı, soruşulubsa, gəldiyiniz şəhər və tədbirin "
                "suallarına cavablarınız emal olunur. Sizinlə gələcək şəxslərin adı soruşulmur."
            ),
            "en": (
                "To take your registration, to keep a seat for you, to run the waiting list, to make your ticket, to remind you "
                "before the event, to tell you of changes, to receive you at the entrance and to prevent abuse. For this your "
                "name, your e-mail address, the language you choose, the number of seats, the city you come from where it is "
                "asked, and your answers to the event's questions are processed. The names of those who come with you are not asked."
            ),
        },
        "recipients": first.RECIPIENTS,
        "grounds": {
            "tr": (
                "Veriler elektronik ortamda, doldurduğunuz kayıt formundan ve kaydınızın kendi sayfasından toplanır. Hukuki "
                "sebepler: etkinliğe katılımınıza ilişkin ilişkinin kurulması ve yürütülmesi için gerekli olması (KVKK m. 5/2-c) "
                "ve temel hak ve özgürlüklerinize zarar vermemek kaydıyla etkinliğin düzenine ve güvenliğine ilişkin meşru "
                "menfaat (KVKK m. 5/2-f)."
            ),
            "az": (
                "Məlumatlar elektron formada, doldurduğunuz qeydiyyat formasından və qeydiyyatınızın öz səhifəsindən toplanır. "
                "Hüquqi əsaslar: tədbirdə iştirakınızla bağlı münasibətin qurulması və icrası üçün zəruri olması (KVKK, maddə "
                "5/2-c) və əsas hüquq və azadlıqlarınıza zərər verməmək şərtilə tədbirin qaydasına və təhlükəsizliyinə dair "
                "qanuni maraq (KVKK, maddə 5/2-f)."
            ),
            "en": (
                "Data are collected electronically, from the registration form and from the registration's own page. Legal "
                "grounds: necessary for establishing and performing the relationship of your taking part (KVKK Art. 5/2-c) and "
                "the legitimate interest in the order and safety of the event, provided your rights and freedoms are not harmed "
                "(KVKK Art. 5/2-f)."
            ),
        },
        "keeping": {
            "tr": (
                "Etkinliğin bitiminden sonra altı ay; etkinlik ertelenirse süre yeni günden başlar. Gönderilmiş mektupların "
                "adresi ve metni 90 gün saklanır."
            ),
            "az": (
                "Tədbir başa çatdıqdan sonra altı ay; tədbir başqa günə keçirilərsə, müddət yeni gündən başlayır. Göndərilmiş "
                "məktubların ünvanı və mətni 90 gün saxlanılır."
            ),
            "en": (
                "Six months after the end of the event; where it moves, they are counted from the new day. Address and words of "
                "sent letters are kept for 90 days."
            ),
        },
        "rights": first.RIGHTS,
    }


def write(apps, schema_editor):
    parts = texts(settings.CONTACT["name"])
    columns = {f"{part}_{language}": text for part, each in parts.items() for language, text in each.items()}
    columns |= {part: each["tr"] for part, each in parts.items()}
    apps.get_model("privacy", "Notice").objects.get_or_create(
        purpose="registration",
        version=1,
        defaults={"valid_from": first.SINCE, "published_at": first.SINCE, **columns},
    )


class Migration(migrations.Migration):
    dependencies = [("privacy", "0003_first_texts")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
