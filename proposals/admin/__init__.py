"""Proposals in the admin site: the committee's queue, meetings, dossiers and projects."""

from proposals.admin.bodies import AreaAdmin, CriterionAdmin, ReviewBodyAdmin
from proposals.admin.dossiers import DossierAdmin
from proposals.admin.meetings import MeetingAdmin
from proposals.admin.projects import NewsAdmin, ProjectAdmin
from proposals.admin.queue import ProposalAdmin

__all__ = [
    "AreaAdmin",
    "CriterionAdmin",
    "DossierAdmin",
    "MeetingAdmin",
    "NewsAdmin",
    "ProjectAdmin",
    "ProposalAdmin",
    "ReviewBodyAdmin",
]
