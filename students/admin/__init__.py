"""Requests of students in the admin site: the queue, a request as a conversation, acts that ask, texts and topics."""

from students.admin.guidance import DeadlineRuleAdmin, HelplineAdmin, TopicAdmin, UniversityAdmin
from students.admin.queue import CaseAdmin
from students.admin.texts import AnswerTimeAdmin, CannedTextAdmin, TagAdmin

__all__ = [
    "AnswerTimeAdmin",
    "CannedTextAdmin",
    "CaseAdmin",
    "DeadlineRuleAdmin",
    "HelplineAdmin",
    "TagAdmin",
    "TopicAdmin",
    "UniversityAdmin",
]
