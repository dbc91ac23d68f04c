"""The first notices and purposes of consent: drafts for the association's lawyer to confirm (`confirmed_on` is empty).

They are published, because no form may take data without a notice; a changed text becomes the next version.
"""

from datetime import UTC, datetime

from django.conf import settings
from django.db import migrations

SINCE = datetime(2026, 1, 1, tzinfo=UTC)

RIGHTS = {
    "tr": (
        "Kanunun 11. maddesine göre kişisel verilerinizin işlenip işlenmediğini öğrenme, işlenmişse buna ilişkin bilgi "
        "isteme, işlenme amacını ve verilerin amacına uygun kullanılıp kullanılmadığını öğrenme, yurt içinde veya yurt "
        "dışında aktarıldığı üçüncü kişileri bilme, eksik veya yanlış işlenmişse düzeltilmesini isteme, 7. maddedeki "
        "şartlarla silinmesini veya yok edilmesini isteme, düzeltme ve silmenin verilerin aktarıldığı üçüncü kişilere "
        "bildirilmesini isteme, yalnızca otomatik sistemlerle yapılan bir analiz sonucunda aleyhinize çıkan sonuca itiraz "
        "etme ve kanuna aykırı işleme nedeniyle zarara uğrarsanız zararınızın giderilmesini isteme hakkınız vardır.\n\n"
        "Başvurunuzu hesabınızdaki “Verilerim” sayfasından ya da yukarıdaki iletişim yollarıyla yapabilirsiniz. Başvurunuz "
        "en geç 30 gün içinde yanıtlanır. Yanıtı yetersiz bulursanız Kişisel Verileri Koruma Kuruluna şikâyette bulunabilirsiniz."
    ),
    "az": (
        "Qanunun 11-ci maddəsinə əsasən şəxsi məlumatlarınızın emal olunub-olunmadığını öyrənmək, emal olunubsa, bu barədə məlumat "
        "istəmək, emal məqsədini və məlumatların bu məqsədə uyğun istifadə edilib-edilmədiyini öyrənmək, ölkə daxilində və "
        "ya xaricdə kimlərə ötürüldüyünü bilmək, natamam və ya səhv emal olunubsa, düzəldilməsini istəmək, 7-ci maddədəki şərtlərlə "
        "silinməsini və ya məhv edilməsini istəmək, düzəliş və silinmənin məlumatların ötürüldüyü şəxslərə bildirilməsini "
        "istəmək, yalnız avtomatik sistemlərin təhlili ilə əleyhinizə çıxan nəticəyə etiraz etmək və qanuna zidd emal "
        "səbəbindən zərər çəkmisinizsə, onun ödənilməsini tələb etmək hüququnuz var.\n\n"
        "Müraciətinizi hesabınızdakı “Məlumatlarım” səhifəsindən və ya yuxarıdakı əlaqə vasitələri ilə edə bilərsiniz. "
        "Müraciətə ən geci 30 gün ərzində cavab verilir. Cavabla razı deyilsinizsə, Türkiyənin Şəxsi Məlumatların Qorunması "
        "Şurasına (Kişisel Verileri Koruma Kurulu) şikayət edə bilərsiniz."
    ),
    "en": (
        "Under Article 11 of the Law you may learn whether your personal data are processed, ask for information about it, "
        "learn the purpose and whether the data are used accordingly, know the third parties in Türkiye or abroad to whom "
        "they are passed on, ask for incomplete or wrong data to be corrected, ask for data to be erased or destroyed under "
        "the conditions of Article 7, ask that those to whom data were passed on be told of it, object to a result against "
        "you that comes from automated analysis alone, and claim compensation for damage caused by unlawful processing.\n\n"
        "You can ask on the page “My data” of your account or through the contact above. You get an answer within 30 days at "
        "the latest. If you do not agree with it, you may complain to the Turkish Personal Data Protection Board (Kişisel "
        "Verileri Koruma Kurulu)."
    ),
}
RECIPIENTS = {
    "tr": (
        "Verileriniz satılmaz ve tanıtım için kimseyle paylaşılmaz. Portalın bulunduğu sunucuyu ve e-postaların iletilmesini "
        "sağlayanlar, yalnızca bu hizmet için ve dernek adına verilere erişebilir; kim oldukları ve hangi ülkede bulundukları "
        "dernekten öğrenilebilir. Yetkili kamu kurumlarına yalnızca kanuni bir yükümlülük varsa bilgi verilir."
    ),
    "az": (
        "Məlumatlarınız satılmır və reklam üçün heç kimlə bölüşülmür. Portalın yerləşdiyi serveri və e-məktubların çatdırılmasını "
        "təmin edənlər məlumatlara yalnız bu xidmət üçün və assosiasiya adından çıxış əldə edə bilərlər; onların kim olduğunu və "
        "hansı ölkədə yerləşdiyini assosiasiyadan öyrənmək olar. Səlahiyyətli dövlət orqanlarına yalnız qanuni öhdəlik olduqda "
        "məlumat verilir."
    ),
    "en": (
        "Your data are neither sold nor shared for advertising. Those who provide the server of the portal and deliver its "
        "letters may reach the data for that service only and on behalf of the association; it tells you who they are and in "
        "which country. Public authorities get information only where the law obliges the association to give it."
    ),
}


def controller(name):
    return {
        "tr": (
            f"6698 sayılı Kişisel Verilerin Korunması Kanununa (KVKK) göre veri sorumlusu, bu portalı yürüten dernektir: {name}."
        ),
        "az": (
            "Türkiyənin 6698 nömrəli Şəxsi Məlumatların Qorunması Qanununa (KVKK) əsasən məlumatlara cavabdeh olan təşkilat bu "
            f"portalı idarə edən {name} assosiasiyasıdır."
        ),
        "en": (
            f"The controller under the Turkish Personal Data Protection Law no. 6698 (KVKK) is {name}, the association that runs "
            "this portal."
        ),
    }


def notices(name):
    return {
        "account": {
            "title": {
                "tr": "Hesap açanlar için aydınlatma metni",
                "az": "Hesab açanlar üçün məlumatlandırma mətni",
                "en": "Notice on personal data: having an account",
            },
            "summary": {
                "tr": f"{name}, verilerinizi hesabınızı açmak ve güvenle kullanmanızı sağlamak için işler.",
                "az": f"{name} məlumatlarınızı hesabınızı açmaq və ondan təhlükəsiz istifadə etməyiniz üçün emal edir.",
                "en": f"{name} processes your data to open your account and to let you use it safely.",
            },
            "controller": controller(name),
            "aims": {
                "tr": (
                    "Hesabınızı açmak ve sizi tanımak, girişinizi güvenli kılmak, hesabınızla ilgili mektupları göndermek, "
                    "sayfaları dilinizde göstermek ve kötüye kullanımı önlemek. Bunun için e-posta adresiniz, adınız, seçtiğiniz "
                    "dil ve şehir ile oturumlarınızın zamanı, IP adresi ve tarayıcı bilgisi işlenir."
                ),
                "az": (
                    "Hesabınızı açmaq və sizi tanımaq, girişinizi təhlükəsiz etmək, hesabınızla bağlı məktubları göndərmək, "
                    "səhifələri öz dilinizdə göstərmək və sui-istifadənin qarşısını almaq. Bunun üçün e-poçt ünvanınız, adınız, "
                    "seçdiyiniz dil və şəhər, həmçinin girişlərinizin vaxtı, IP ünvanı və brauzer məlumatı emal olunur."
                ),
                "en": (
                    "To open your account and to know you by it, to keep signing in safe, to send letters about the account, to show "
                    "pages in your language and to prevent abuse. For this your e-mail address, your name, the language and city you "
                    "choose, and the time, IP address and browser of your sign-ins are processed."
                ),
            },
            "recipients": RECIPIENTS,
            "grounds": {
                "tr": (
                    "Veriler elektronik ortamda, doldurduğunuz formlardan ve portala girişiniz sırasında otomatik yolla toplanır. "
                    "Hukuki sebepler: hesap ilişkisinin kurulması ve yürütülmesi için gerekli olması (KVKK m. 5/2-c) ve temel hak ve "
                    "özgürlüklerinize zarar vermemek kaydıyla portalın güvenliğine ilişkin meşru menfaat (KVKK m. 5/2-f)."
                ),
                "az": (
                    "Məlumatlar elektron formada, doldurduğunuz formalardan və portala giriş zamanı avtomatik toplanır. Hüquqi əsaslar: "
                    "hesabla bağlı münasibətin qurulması və icrası üçün zəruri olması (KVKK, maddə 5/2-c) və əsas hüquq və "
                    "azadlıqlarınıza zərər verməmək şərtilə portalın təhlükəsizliyinə dair qanuni maraq (KVKK, maddə 5/2-f)."
                ),
                "en": (
                    "Data are collected electronically, from the forms you fill in and automatically when you sign in. Legal grounds: "
                    "necessary for establishing and performing the relationship of the account (KVKK Art. 5/2-c) and the legitimate "
                    "interest in the portal's security, provided your rights and freedoms are not harmed (KVKK Art. 5/2-f)."
                ),
            },
            "keeping": {
                "tr": (
                    "Hesabınız durdukça saklanır; hesabınızı sildiğinizde hesap verileriniz de silinir. Gönderilmiş mektupların adresi "
                    "ve metni 90 gün, verilerinizi kimin gördüğüne ilişkin kayıtlar iki yıl saklanır."
                ),
                "az": (
                    "Hesabınız qaldıqca saxlanılır; hesabınızı sildikdə hesab məlumatlarınız da silinir. Göndərilmiş məktubların ünvanı və "
                    "mətni 90 gün, məlumatlarınızı kimin gördüyünə dair qeydlər iki il saxlanılır."
                ),
                "en": (
                    "As long as you have the account; when you erase it, the data of the account go with it. Address and words of sent "
                    "letters are kept for 90 days, the record of who saw your data for two years."
                ),
            },
            "rights": RIGHTS,
        },
        "data_request": {
            "title": {
                "tr": "Kişisel veri başvuruları için aydınlatma metni",
                "az": "Şəxsi məlumatlarla bağlı müraciətlər üçün məlumatlandırma mətni",
                "en": "Notice on personal data: requests about your data",
            },
            "summary": {
                "tr": f"{name}, yazdıklarınızı yalnızca başvurunuzu yanıtlamak için işler.",
                "az": f"{name} yazdıqlarınızı yalnız müraciətinizə cavab vermək üçün emal edir.",
                "en": f"{name} processes what you write here only to answer your request.",
            },
            "controller": controller(name),
            "aims": {
                "tr": "Başvurunuzu incelemek, sonuçlandırmak, size yanıt vermek ve yanıt verildiğini gösterebilmek.",
                "az": "Müraciətinizi araşdırmaq, nəticələndirmək, sizə cavab vermək və cavab verildiyini göstərə bilmək.",
                "en": "To look into your request, to decide on it, to answer you, and to be able to show that it was answered.",
            },
            "recipients": RECIPIENTS,
            "grounds": {
                "tr": (
                    "Veriler elektronik ortamda bu formdan toplanır. Hukuki sebep: veri sorumlusunun hukuki yükümlülüğünü yerine "
                    "getirmesi (KVKK m. 5/2-ç ve m. 13)."
                ),
                "az": (
                    "Məlumatlar elektron formada bu formadan toplanır. Hüquqi əsas: məlumatlara cavabdeh olanın hüquqi öhdəliyini yerinə "
                    "yetirməsi (KVKK, maddə 5/2-ç və maddə 13)."
                ),
                "en": (
                    "Data are collected electronically from this form. Legal ground: the controller's legal obligation (KVKK Art. 5/2-ç "
                    "and Art. 13)."
                ),
            },
            "keeping": {
                "tr": "Yanıtlanmasından sonra üç yıl.",
                "az": "Cavab verildikdən sonra üç il.",
                "en": "Three years after the answer.",
            },
            "rights": RIGHTS,
        },
    }


PURPOSES = [
    (
        "publish_name",
        ("Adım portalda yayımlanabilir.", "Adım portalda dərc oluna bilər.", "My name may be published on the portal."),
    ),
    (
        "photographs",
        (
            "Etkinliklerde çekilen, göründüğüm fotoğraflar yayımlanabilir.",
            "Tədbirlərdə çəkilmiş, göründüyüm fotolar dərc oluna bilər.",
            "Photographs of events that show me may be published.",
        ),
    ),
    (
        "newsletter",
        (
            "Bana duyurular e-postayla gönderilebilir.",
            "Mənə e-poçtla elanlar göndərilə bilər.",
            "Announcements may be sent to me by e-mail.",
        ),
    ),
    (
        "pass_on",
        (
            "Seçtiğim bilgiler, adı belirtilen kuruma iletilebilir.",
            "Seçdiyim məlumatlar adı göstərilən quruma ötürülə bilər.",
            "The items I choose may be passed on to the body that is named.",
        ),
    ),
]
LATER = (
    "Bunu “Verilerim” sayfasından her zaman geri alabilirsiniz.",
    "Bunu “Məlumatlarım” səhifəsindən istənilən vaxt geri götürə bilərsiniz.",
    "You can withdraw this at any time on the page “My data”.",
)


def write(apps, schema_editor):
    notice = apps.get_model("privacy", "Notice")
    for purpose, parts in notices(settings.CONTACT["name"]).items():
        texts = {f"{part}_{language}": text for part, each in parts.items() for language, text in each.items()}
        texts |= {part: each["tr"] for part, each in parts.items()}
        notice.objects.get_or_create(
            purpose=purpose, version=1, defaults={"valid_from": SINCE, "published_at": SINCE, **texts}
        )
    asked = apps.get_model("privacy", "ConsentPurpose")
    for slug, questions in PURPOSES:
        texts = {"question": questions[0], "explanation": LATER[0]}
        for language, question, explanation in zip(("tr", "az", "en"), questions, LATER, strict=True):
            texts |= {f"question_{language}": question, f"explanation_{language}": explanation}
        asked.objects.get_or_create(slug=slug, defaults=texts)


class Migration(migrations.Migration):
    dependencies = [("privacy", "0002_first_rules")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
