"""What calendar programs answer to an invitation, heard by the mailbox."""

from __future__ import annotations

from datetime import datetime

from events import invitations
from izbaku.mail.incoming import Reply, on_calendar_reply


@on_calendar_reply
def answered(reply: Reply, now: datetime) -> bool:
    """Whether it was one of ours, from the guest's own address. What came of it stands in the invitation."""
    outcome = invitations.answer_by_calendar(
        reply.uid, reply.partstat, attendee=reply.attendee, replied_at=reply.at, now=now
    )
    return outcome != "unknown"
