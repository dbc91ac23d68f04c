from modeltranslation.translator import TranslationOptions, register

from izbaku.portal.models import Milestone


@register(Milestone)
class MilestoneTranslation(TranslationOptions):
    fields = ["text"]
    required_languages = ["tr"]
