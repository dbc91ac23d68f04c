from modeltranslation.translator import TranslationOptions, register

from izbaku.privacy.models import ConsentPurpose, Notice


@register(Notice)
class NoticeTexts(TranslationOptions):
    fields = ("title", "summary", "controller", "aims", "recipients", "grounds", "keeping", "rights")
    required_languages = ()


@register(ConsentPurpose)
class ConsentPurposeTexts(TranslationOptions):
    fields = ("question", "explanation")
