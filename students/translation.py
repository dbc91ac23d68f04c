from modeltranslation.translator import TranslationOptions, register

from students.topics import DeadlineRule, Helpline, Topic, TopicQuestion, University
from students.working import CannedText


@register(Topic)
class TopicTranslation(TranslationOptions):
    fields = ["title", "guidance", "checklist"]


@register(TopicQuestion)
class TopicQuestionTranslation(TranslationOptions):
    fields = ["text", "choices"]


@register(DeadlineRule)
class DeadlineRuleTranslation(TranslationOptions):
    fields = ["title"]


@register(Helpline)
class HelplineTranslation(TranslationOptions):
    fields = ["name", "about"]


@register(University)
class UniversityTranslation(TranslationOptions):
    fields = ["name"]


@register(CannedText)
class CannedTextTranslation(TranslationOptions):
    fields = ["text"]
