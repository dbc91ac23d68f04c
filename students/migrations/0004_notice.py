"""The notice of asking for help: a draft for the association's lawyer to confirm (`confirmed_on` is empty)."""

from importlib import import_module

from django.conf import settings
from django.db import migrations

first = import_module("izbaku.privacy.migrations.0003_first_texts")


def texts(name):
    return {
        "title": {
            "tr": "Öğrenci desteği isteyenler için aydınlatma metni",
            "az": "Tələbə dəstəyi istəyənlər üçün məlumatlandırma mətni",
            "en": "Notice on personal data: student support",
        },
        "summary": {
            "tr": f"{name}, yazdıklarınızı yalnızca size yardım etmek için işler; şifreli saklar ve kimin açtığını size gösterir.",
            "az": f"{name} yazdıqlarınızı yalnız sizə kömək etmək üçün emal edir; şifrələnmiş saxlayır və kimin açdığını sizə göstərir.",
            "en": f"{name} processes what you write only to help you, keeps it encrypted, and shows you who has opened it.",
        },
        "controller": first.controller(name),
        "aims": {
            "tr": (
                "Başvurunuzu almak, doğru kişiye vermek, size yanıt vermek, süreleri hatırlamak ve sonucu sormak. Bunun için "
                "yazdıklarınız, konunun sorularına verdiğiniz yanıtlar, vatandaşlık, üniversite, 18 yaşından küçük olup "
                "olmadığınız, size nasıl ulaşılacağı ve gönderdiğiniz dosyalar işlenir. Kimlik, pasaport veya izin numarası, konu "
                "gerektirmedikçe istenmez; sağlığınızla ilgili ayrıntı yazmayınız. Göndermeden önceki taslağınız da saklanır."
            ),
            "az": (
                "Müraciətinizi qəbul etmək, uyğun şəxsə vermək, sizə cavab vermək, müddətləri yada salmaq və nəticəni soruşmaq. "
                "Bunun üçün yazdıqlarınız, mövzunun suallarına cavablarınız, vətəndaşlıq, universitet, 18 yaşından kiçik olub-"
                "olmamağınız, sizinlə necə əlaqə saxlanacağı və göndərdiyiniz fayllar emal olunur. Şəxsiyyət vəsiqəsinin, "
                "pasportun və ya icazənin nömrəsi mövzu tələb etmədikcə istənilmir; səhhətinizə dair təfərrüat yazmayın. "
                "Göndərilməmiş qaralamanız da saxlanılır."
            ),
            "en": (
                "To receive your request, give it to the right person, answer you, keep deadlines in mind and ask how it ended. For "
                "this what you write, your answers to the topic's questions, citizenship, university, whether you are under 18, how "
                "to reach you, and the files you send are processed. Numbers of identity cards, passports or permits are not asked "
                "unless the topic needs them; write no details of your health. Your draft is kept as well before you send it."
            ),
        },
        "recipients": {
            "tr": (
                "Başvurunuzu derneğin bu işle görevli kişileri okur; hassas olanları yalnızca kendisine verilen kişi. Başka bir "
                "kuruma ancak siz kalem kalem onaylarsanız bilgi verilir ve onayınızı her zaman geri alabilirsiniz. "
            )
            + first.RECIPIENTS["tr"],
            "az": (
                "Müraciətinizi assosiasiyanın bu işə təyin olunmuş əməkdaşları oxuyur; həssas olanları yalnız ona tapşırılmış şəxs. Başqa "
                "quruma yalnız siz hər məlumata ayrıca razılıq verdikdə məlumat ötürülür və razılığınızı istənilən vaxt geri götürə "
                "bilərsiniz. "
            )
            + first.RECIPIENTS["az"],
            "en": (
                "The people of the association who are charged with this read your request; a sensitive one only the person it is "
                "assigned to. Something is passed on to another body only if you agree to it item by item, and you can take that back "
                "at any time. "
            )
            + first.RECIPIENTS["en"],
        },
        "grounds": {
            "tr": (
                "Veriler elektronik ortamda, doldurduğunuz formdan ve başvurunuzun kendi sayfasından toplanır. Hukuki sebepler: "
                "istediğiniz desteğe ilişkin ilişkinin kurulması ve yürütülmesi için gerekli olması (KVKK m. 5/2-c), bir hakkın "
                "tesisi veya korunması (KVKK m. 5/2-e) ve temel hak ve özgürlüklerinize zarar vermemek kaydıyla meşru menfaat "
                "(KVKK m. 5/2-f). Başka kurumlara aktarma yalnızca açık rızanızla olur."
            ),
            "az": (
                "Məlumatlar elektron formada, doldurduğunuz formadan və müraciətinizin öz səhifəsindən toplanır. Hüquqi əsaslar: "
                "istədiyiniz dəstəklə bağlı münasibətin qurulması və icrası üçün zəruri olması (KVKK, maddə 5/2-c), hüququn "
                "yaradılması və ya qorunması (KVKK, maddə 5/2-e) və əsas hüquq və azadlıqlarınıza zərər verməmək şərtilə qanuni "
                "maraq (KVKK, maddə 5/2-f). Başqa qurumlara ötürmə yalnız açıq razılığınızla baş verir."
            ),
            "en": (
                "Data are collected electronically, from the form you fill in and from the request's own page. Legal grounds: "
                "necessary for establishing and performing the relationship of the support you ask for (KVKK Art. 5/2-c), for "
                "establishing or protecting a right (KVKK Art. 5/2-e), and the legitimate interest, provided your rights and freedoms "
                "are not harmed (KVKK Art. 5/2-f). Passing on to other bodies happens only with your explicit consent."
            ),
        },
        "keeping": {
            "tr": (
                "Başvuru kapandıktan sonra bir yıl, hukuki konularda ve acil durumlarda iki yıl; kimlik belgesi görüntüleri "
                "kapandıktan sonra 30 gün; gönderilmemiş taslaklar 90 gün. Sonra yalnızca konunun sınıfı ve tarihler kalır. "
                "Dosyalarınızı her an kendiniz silebilirsiniz."
            ),
            "az": (
                "Müraciət bağlandıqdan sonra bir il, hüquqi məsələlərdə və təcili vəziyyətlərdə iki il; şəxsiyyəti təsdiq edən "
                "sənədlərin təsvirləri bağlandıqdan sonra 30 gün; göndərilməmiş qaralamalar 90 gün. Sonra yalnız mövzunun sinfi və "
                "tarixlər qalır. Fayllarınızı istənilən an özünüz silə bilərsiniz."
            ),
            "en": (
                "One year after the request is closed, two years for legal matters and emergencies; pictures of identity papers 30 days "
                "after closing; drafts that were never sent 90 days. Then only the class of topic and dates remain. You can delete "
                "your files yourself at any moment."
            ),
        },
        "rights": first.RIGHTS,
    }


def write(apps, schema_editor):
    parts = texts(settings.CONTACT["name"])
    columns = {f"{part}_{language}": text for part, each in parts.items() for language, text in each.items()}
    columns |= {part: each["tr"] for part, each in parts.items()}
    apps.get_model("privacy", "Notice").objects.get_or_create(
        purpose="student_support",
        version=1,
        defaults={"valid_from": first.SINCE, "published_at": first.SINCE, **columns},
    )


def set_period(apps, schema_editor):
    apps.get_model("privacy", "RetentionRule").objects.get_or_create(
        record_class="abandoned_request",
        defaults={
            "days": 90,
            "shortest": 30,
            "longest": 365,
            "begins": "change",
            "warn_days": 0,
            "reason": "Üç ay boyunca dokunulmayan taslaktan vazgeçilmiş sayılır.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0010_casework"),
        ("privacy", "0006_accounts_that_nobody_uses"),
    ]
    operations = [
        migrations.RunPython(write, migrations.RunPython.noop),
        migrations.RunPython(set_period, migrations.RunPython.noop),
    ]
