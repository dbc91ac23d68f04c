from modeltranslation.translator import TranslationOptions, register

from events.models import Event, Observance, Session


@register(Event)
class EventTranslation(TranslationOptions):
    fields = ["title", "summary", "description", "place", "picture_alt", "report"]


@register(Session)
class SessionTranslation(TranslationOptions):
    fields = ["title", "summary", "place"]


@register(Observance)
class ObservanceTranslation(TranslationOptions):
    fields = ["title"]
