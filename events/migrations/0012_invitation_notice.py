"""The notice of being invited: a draft for the association's lawyer to confirm (`confirmed_on` is empty)."""

from importlib import import_module

from django.conf import settings
from django.db import migrations

first = import_module("izbaku.privacy.migrations.0003_first_texts")


def texts(name):
    return {
        "title": {
            "tr": "Davetliler için aydınlatma metni",
            "az": "Dəvətlilər üçün məlumatlandırma mətni",
            "en": "Notice on personal data: guests who are invited",
        },
        "summary": {
            "tr": f"{name}, verilerinizi sizi bu etkinliğe davet etmek ve etkinlikte ağırlamak için işler.",
            "az": f"{name} məlumatlarınızı sizi bu tədbirə dəvət etmək və tədbirdə qarşılamaq üçün emal edir.",
            "en": f"{name} processes your data to invite you to this event and to receive you there.",
        },
        "controller": first.controller(name),
        "aims": {
            "tr": (
                "Sizi davet etmek, yanıtınızı almak, yerinizi ayırmak ve protokol sırasına göre oturma düzenini kurmak, "
                "ihtiyaçlarınızı karşılamak (çeviri, basamaksız giriş, yemek), değişiklikleri bildirmek ve girişte sizi "
                "karşılamak. Bunun için hitap, unvan, ad, görev, kurum, protokol sırası, e-posta adresi, telefon ve dil; "
                "yanıtınız, birlikte geleceğiniz kişi sayısı, yerinize geleceğini bildirdiğiniz kişi ve yazdıklarınız işlenir. "
                "Yemeğe ilişkin bir sebep sorulmaz; yazmak zorunda değilsiniz."
            ),
            "az": (
                "Sizi dəvət etmək, cavabınızı almaq, yerinizi ayırmaq və protokol sırasına uyğun oturuşu qurmaq, "
                "ehtiyaclarınızı təmin etmək (tərcümə, pilləsiz giriş, yemək), dəyişiklikləri bildirmək və girişdə sizi "
                "qarşılamaq. Bunun üçün müraciət forması, titul, ad, vəzifə, qurum, protokol sırası, e-poçt ünvanı, telefon və "
                "dil; cavabınız, sizinlə gələcək şəxslərin sayı, yerinizə gələcəyini bildirdiyiniz şəxs və yazdıqlarınız emal "
                "olunur. Yeməklə bağlı səbəb soruşulmur; yazmağa məcbur deyilsiniz."
            ),
            "en": (
                "To invite you, to take your answer, to keep your seat and to arrange the seating in the order of protocol, to "
                "meet your needs (interpreting, step-free access, food), to tell you of changes and to receive you at the "
                "entrance. For this your salutation, title, name, office, organisation, order of protocol, e-mail address, "
                "telephone and language, your answer, the number of those who come with you, whom you send in your place and "
                "what you write are processed. No reason concerning food is asked; you need not write anything there."
            ),
        },
        "recipients": first.RECIPIENTS,
        "grounds": {
            "tr": (
                "Ad, görev ve iletişim bilgileriniz kurumunuzun herkese açık kaynaklarından, kurumunuzdan ya da birlikte ev "
                "sahipliği yapan kuruluştan; yanıtınız elektronik ortamda bu sayfadan, takvim programınızdan ya da telefonla "
                "sizden alınır. Hukuki sebep: temel hak ve özgürlüklerinize zarar vermemek kaydıyla etkinliğe davet etme ve onu "
                "düzen içinde yürütme konusundaki meşru menfaat (KVKK m. 5/2-f)."
            ),
            "az": (
                "Ad, vəzifə və əlaqə məlumatlarınız qurumunuzun hamıya açıq mənbələrindən, qurumunuzdan və ya tədbirə birgə ev "
                "sahibliyi edən təşkilatdan; cavabınız elektron formada bu səhifədən, təqvim proqramınızdan və ya telefonla "
                "sizdən alınır. Hüquqi əsas: əsas hüquq və azadlıqlarınıza zərər verməmək şərtilə tədbirə dəvət etmək və onu "
                "qaydasında keçirməkdə qanuni maraq (KVKK, maddə 5/2-f)."
            ),
            "en": (
                "Your name, office and contact come from public sources of your institution, from your institution or from the "
                "organisation that hosts the event with us; your answer comes from you, electronically on this page or from your "
                "calendar program, or by telephone. Legal ground: the legitimate interest in inviting to the event and holding "
                "it in good order, provided your rights and freedoms are not harmed (KVKK Art. 5/2-f)."
            ),
        },
        "keeping": {
            "tr": (
                "Etkinliğin bitiminden sonra altı ay; bu süre içinde başka bir etkinliğe davet edilirseniz o etkinlikten sonra "
                "altı ay. Gönderilmiş mektupların adresi ve metni 90 gün saklanır."
            ),
            "az": (
                "Tədbir başa çatdıqdan sonra altı ay; bu müddətdə başqa tədbirə dəvət olunsanız, həmin tədbirdən sonra altı ay. "
                "Göndərilmiş məktubların ünvanı və mətni 90 gün saxlanılır."
            ),
            "en": (
                "Six months after the end of the event; if you are invited to another one within that time, six months after "
                "that one. Address and words of sent letters are kept for 90 days."
            ),
        },
        "rights": first.RIGHTS,
    }


def write(apps, schema_editor):
    parts = texts(settings.CONTACT["name"])
    columns = {f"{part}_{language}": text for part, each in parts.items() for language, text in each.items()}
    columns |= {part: each["tr"] for part, each in parts.items()}
    apps.get_model("privacy", "Notice").objects.get_or_create(
        purpose="invitation",
        version=1,
        defaults={"valid_from": first.SINCE, "published_at": first.SINCE, **columns},
    )


class Migration(migrations.Migration):
    dependencies = [("events", "0011_guest_lists"), ("privacy", "0005_accounts_and_wording")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
