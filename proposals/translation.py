from modeltranslation.translator import TranslationOptions, register

from proposals.delivery import Milestone, News, NewsPicture
from proposals.models import TEXTS, Area, Proposal, ReviewBody
from proposals.reviewing import Criterion


@register(ReviewBody)
class ReviewBodyTranslation(TranslationOptions):
    fields = ["name"]


@register(Area)
class AreaTranslation(TranslationOptions):
    fields = ["name"]


@register(Proposal)
class ProposalTranslation(TranslationOptions):
    fields = [*TEXTS, "published_stage"]


@register(Criterion)
class CriterionTranslation(TranslationOptions):
    fields = ["name", "explanation"]


@register(Milestone)
class MilestoneTranslation(TranslationOptions):
    fields = ["title"]


@register(News)
class NewsTranslation(TranslationOptions):
    fields = ["title", "text"]


@register(NewsPicture)
class NewsPictureTranslation(TranslationOptions):
    fields = ["alt"]
