"""What calendar programs answer to an invitation, heard by the mailbox."""

from __future__ import annotations

from datetime import datetime

from events import invitations
from izbaku.mail.incoming import on_calendar_reply


@on_calendar_reply
def answered(uid: str, attendee: str, partstat: str, now: datetime) -> bool:
    """Whether it was one of ours, from the guest's own address. What came of it stands in the invitation."""
    return invitations.answer_by_calendar(uid, partstat, attendee=attendee, now=now) != "unknown"
