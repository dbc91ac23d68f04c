from modeltranslation.translator import TranslationOptions, register

from events.attendance import Question
from events.models import Event, Observance, ReportPicture, Session


@register(Event)
class EventTranslation(TranslationOptions):
    fields = ["title", "summary", "description", "place", "picture_alt", "report"]


@register(Session)
class SessionTranslation(TranslationOptions):
    fields = ["title", "summary", "place"]


@register(Observance)
class ObservanceTranslation(TranslationOptions):
    fields = ["title"]


@register(ReportPicture)
class ReportPictureTranslation(TranslationOptions):
    fields = ["alt"]


@register(Question)
class QuestionTranslation(TranslationOptions):
    fields = ["text", "choices"]
