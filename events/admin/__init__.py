"""The programme in the admin site: texts by language, times of the event's city, and acts that ask first."""

from events.admin.event import EventAdmin
from events.admin.guests import GuestAdmin, GuestListAdmin
from events.admin.hospitality import InvitationPolicyAdmin, QuotaAdmin
from events.admin.invitations import InvitationAdmin
from events.admin.places import ObservanceAdmin, VenueAdmin
from events.admin.registrations import RegistrationAdmin

__all__ = [
    "EventAdmin",
    "GuestAdmin",
    "GuestListAdmin",
    "InvitationAdmin",
    "InvitationPolicyAdmin",
    "ObservanceAdmin",
    "QuotaAdmin",
    "RegistrationAdmin",
    "VenueAdmin",
]
