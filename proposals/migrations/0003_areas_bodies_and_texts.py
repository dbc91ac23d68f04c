"""The areas with the bodies that review them; periods of keeping; notices. Drafts for the association to confirm.

Published of the bodies are the Business Development Committee and the board: where no committee is known, the board
reviews.
"""

from datetime import UTC, datetime
from importlib import import_module

from django.conf import settings
from django.db import migrations

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
LANGUAGES = ("tr", "az", "en")
first = import_module("izbaku.privacy.migrations.0003_first_texts")

BODIES = {
    "is-gelistirme": ("İş Geliştirme Komitesi", "İş İnkişafı Komitəsi", "Business Development Committee"),
    "yonetim-kurulu": ("Yönetim Kurulu", "İdarə Heyəti", "Board"),
}
AREAS = {
    "commercial": ("is-gelistirme", ("Ticaret ve ekonomi", "Ticarət və iqtisadiyyat", "Trade and economy")),
    "cultural": ("yonetim-kurulu", ("Kültür", "Mədəniyyət", "Culture")),
    "institutional": ("yonetim-kurulu", ("Kurumsal iş birliği", "Qurumlararası əməkdaşlıq", "Institutions")),
    "educational": ("yonetim-kurulu", ("Eğitim", "Təhsil", "Education")),
}
# class, days, at least, at most, counted from, warning days before, reason
RULES = [
    ("rejected_proposal", 730, 180, 1825, "closing", 30, "Karara ilişkin sorular yanıtlanabilsin diye."),
    ("withdrawn_proposal", 365, 30, 1825, "closing", 30, "Öneri sahibi yeniden başvurabilir."),
    ("unconfirmed_follower", 7, 1, 30, "change", 0, "Onaylanmayan adres başkasının olabilir."),
]


def notices(name):
    return {
        "proposal": {
            "title": {
                "tr": "Kişisel verilere ilişkin aydınlatma metni: iş birliği önerileri",
                "az": "Şəxsi məlumatlarla bağlı məlumatlandırma mətni: əməkdaşlıq təklifləri",
                "en": "Notice on personal data: cooperation proposals",
            },
            "summary": {
                "tr": f"{name}, adınızı ve iletişim bilgilerinizi önerinizi değerlendirmek ve size haber vermek için işler.",
                "az": f"{name} adınızı və əlaqə məlumatlarınızı təklifinizi qiymətləndirmək və sizə xəbər vermək üçün emal edir.",
                "en": f"{name} processes your name and contact details to review your proposal and to keep you informed.",
            },
            "controller": first.controller(name),
            "aims": {
                "tr": (
                    "Öneriyi almak, değerlendirmek, karara bağlamak, belediyeye sunmak, sonucu bildirmek ve öneri üzerinde "
                    "birlikte çalışanlarla ortakların onayını almak. Adınız yalnızca açık rızanızla yayımlanır."
                ),
                "az": (
                    "Təklifi qəbul etmək, qiymətləndirmək, qərara almaq, bələdiyyəyə təqdim etmək, nəticəni bildirmək, birgə "
                    "müəlliflərin və tərəfdaşların təsdiqini almaq. Adınız yalnız açıq razılığınızla dərc olunur."
                ),
                "en": (
                    "To receive, review and decide the proposal, to present it to the municipality, to tell you the outcome, and "
                    "to ask co-authors and partners for their confirmation. Your name is published only with your consent."
                ),
            },
            "recipients": {
                "tr": (
                    "Öneriyi sekreterya ve ilgili inceleme kurulu okur. Kabul edilen önerinin dosyası İzmir Büyükşehir Belediyesine "
                    "sunulur; dosyada iletişim kişisinin adı yer alabilir. " + first.RECIPIENTS["tr"]
                ),
                "az": (
                    "Təklifi katiblik və müvafiq baxış qurumu oxuyur. Bəyənilmiş təklifin qovluğu İzmir Böyükşəhər Bələdiyyəsinə "
                    "təqdim olunur; qovluqda əlaqədar şəxsin adı göstərilə bilər. " + first.RECIPIENTS["az"]
                ),
                "en": (
                    "The secretariat and the review body of its area read the proposal. The dossier of an approved one is "
                    "presented to the İzmir Metropolitan Municipality and may name the contact person. "
                    + first.RECIPIENTS["en"]
                ),
            },
            "grounds": {
                "tr": (
                    "Veriler elektronik ortamda bu formdan toplanır. Hukuki sebep: önerinizin işleme alınması için gerekli olması "
                    "(KVKK m. 5/2-c) ve temel hak ve özgürlüklerinize zarar vermemek kaydıyla meşru menfaat (KVKK m. 5/2-f); adınızın "
                    "yayımlanması için açık rıza (KVKK m. 5/1)."
                ),
                "az": (
                    "Məlumatlar elektron qaydada bu formadan toplanır. Hüquqi əsas: təklifinizə baxılması üçün zəruri olması (KVKK, "
                    "maddə 5/2-c) və hüquq və azadlıqlarınıza xələl gətirməmək şərtilə qanuni maraq (KVKK, maddə 5/2-f); adınızın dərc "
                    "olunması üçün açıq razılıq (KVKK, maddə 5/1)."
                ),
                "en": (
                    "Data are collected electronically from this form. Legal grounds: necessary for dealing with your proposal (KVKK "
                    "Art. 5/2-c) and legitimate interest, provided your rights and freedoms are not harmed (KVKK Art. 5/2-f); your "
                    "explicit consent for publishing your name (KVKK Art. 5/1)."
                ),
            },
            "keeping": {
                "tr": (
                    "Gönderilmeyen taslak 90 gün; kabul edilmeyen öneri iki yıl, geri çekilen öneri bir yıl. Yayımlanan önerinin "
                    "metni portalda kalır; iletişim bilgileri öneri sonuçlanana kadar saklanır."
                ),
                "az": (
                    "Göndərilməmiş qaralama 90 gün; qəbul edilməyən təklif iki il, geri götürülən təklif bir il. Dərc olunmuş təklifin "
                    "mətni portalda qalır; əlaqə məlumatları təklif yekunlaşana qədər saxlanılır."
                ),
                "en": (
                    "A draft that is never sent 90 days; a proposal that is not accepted two years, one that is withdrawn one year. "
                    "The text of a published proposal stays on the portal; contact details are kept until it is concluded."
                ),
            },
            "rights": first.RIGHTS,
        },
        "following": {
            "title": {
                "tr": "Kişisel verilere ilişkin aydınlatma metni: öneri takibi",
                "az": "Şəxsi məlumatlarla bağlı məlumatlandırma mətni: təklifin izlənməsi",
                "en": "Notice on personal data: following a proposal",
            },
            "summary": {
                "tr": f"{name}, e-posta adresinizi yalnızca bu önerideki değişiklikleri bildirmek için işler.",
                "az": f"{name} e-poçt ünvanınızı yalnız bu təklifdəki dəyişiklikləri bildirmək üçün emal edir.",
                "en": f"{name} processes your e-mail address only to tell you of changes of this proposal.",
            },
            "controller": first.controller(name),
            "aims": {
                "tr": "Takip ettiğiniz önerinin herkese açık aşaması değiştiğinde size e-posta göndermek.",
                "az": "İzlədiyiniz təklifin hamıya açıq mərhələsi dəyişdikdə sizə e-məktub göndərmək.",
                "en": "To write to you when the public stage of the proposal that you follow changes.",
            },
            "recipients": first.RECIPIENTS,
            "grounds": {
                "tr": (
                    "Adresiniz elektronik ortamda bu formdan alınır ve gönderdiğimiz e-postadaki bağlantıyla onayladığınızda kullanılır. "
                    "Hukuki sebep: istediğiniz hizmetin verilmesi için gerekli olması (KVKK m. 5/2-c)."
                ),
                "az": (
                    "Ünvanınız elektron qaydada bu formadan alınır və göndərdiyimiz məktubdakı keçidlə təsdiq etdikdən sonra istifadə "
                    "olunur. Hüquqi əsas: istədiyiniz xidmətin göstərilməsi üçün zəruri olması (KVKK, maddə 5/2-c)."
                ),
                "en": (
                    "Your address is collected electronically from this form and used once you confirm it by the link in our letter. "
                    "Legal ground: necessary for the service you ask for (KVKK Art. 5/2-c)."
                ),
            },
            "keeping": {
                "tr": "Takibi bırakana kadar; onaylanmayan adres 7 gün.",
                "az": "İzləməni dayandırana qədər; təsdiqlənməmiş ünvan 7 gün.",
                "en": "Until you stop following; an address that is not confirmed, 7 days.",
            },
            "rights": first.RIGHTS,
        },
    }


def in_languages(field, texts):
    return {field: texts[0]} | {f"{field}_{language}": text for language, text in zip(LANGUAGES, texts, strict=True)}


def write(apps, schema_editor):
    bodies = {}
    for slug, names in BODIES.items():
        body = apps.get_model("proposals", "ReviewBody").objects
        bodies[slug], _is_new = body.get_or_create(slug=slug, defaults=in_languages("name", names))
    for slug, (body, names) in AREAS.items():
        area = apps.get_model("proposals", "Area").objects
        area.get_or_create(slug=slug, defaults={"body": bodies[body], **in_languages("name", names)})
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
    notice = apps.get_model("privacy", "Notice")
    for purpose, parts in notices(settings.CONTACT["name"]).items():
        texts = {f"{part}_{language}": text for part, each in parts.items() for language, text in each.items()}
        texts |= {part: each["tr"] for part, each in parts.items()}
        notice.objects.get_or_create(
            purpose=purpose, version=1, defaults={"valid_from": SINCE, "published_at": SINCE, **texts}
        )


class Migration(migrations.Migration):
    dependencies = [("proposals", "0001_proposals"), ("privacy", "0005_accounts_and_wording")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
