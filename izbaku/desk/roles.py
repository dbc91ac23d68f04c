"""Who may do what: one table, written by hand.

The groups in the database, the document (docs/permissions.md) and the test that walks every address all derive from
it. A role holds what its work needs and nothing else; a person may hold several. `edits` covers looking, adding and
changing, `changes` no adding, `deletes` says so by name, `may` lists single rights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.utils.translation import gettext_lazy as _

PARTS = ("events.session", "events.reportpicture", "events.registrationpolicy", "events.allotment", "events.question")
PROGRAMME = ("events.event", *PARTS, "events.venue", "events.observance")
GUESTS = ("events.guestlist", "events.guest")
EVERY_EVENT = "events.every_event"  # without it, one sees those of the organisations for which one speaks
HALL = ("portal.milestone", "portal.publication")
SUPPORT = ("students.case", "students.cannedtext")
GUIDANCE = (
    "students.topic", "students.topicquestion", "students.officiallink", "students.deadlinerule", "students.helpline",
    "students.university",
)  # fmt: skip
PEOPLE = ("accounts.organisation", "accounts.speaker")
MEETINGS = ("proposals.meeting", "proposals.agendaitem")
DOSSIERS = ("proposals.dossier", "proposals.dossieritem")
PROJECTS = ("proposals.milestone", "proposals.linkedevent", "proposals.news", "proposals.newspicture")


@dataclass(frozen=True)
class Role:
    name: Any  # translated when shown
    work: Any
    views: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    is_guarded: bool = False  # opens what is told in confidence, or gives rights: two administrators give it

    def permissions(self) -> Iterator[str]:
        """`app.codename` of each right."""
        for model in (*self.views, *self.changes, *self.edits, *self.deletes):
            yield _right("view", model)
        for model in (*self.changes, *self.edits):
            yield _right("change", model)
        for model in self.edits:
            yield _right("add", model)
        for model in self.deletes:
            yield _right("delete", model)
        yield from self.may


def _right(act: str, model: str) -> str:
    app, _dot, name = model.partition(".")
    return f"{app}.{act}_{name}"


ROLES: dict[str, Role] = {
    "programme-editor": Role(
        _("Programme editor"),
        _("Writes the programme, publishes it, moves and calls off events, registrations; history, publications."),
        edits=(*PROGRAMME, *HALL, "events.registration", "accounts.organisation"),
        deletes=(*PROGRAMME, *HALL),
        may=(EVERY_EVENT, "events.export_registration"),
    ),
    "protocol-officer": Role(
        _("Protocol officer"),
        _("Invites guests and keeps their lists."),
        views=(*PROGRAMME, "events.registration", "accounts.organisation", "mail.message"),
        edits=("mail.mailing", *GUESTS, "events.invitation", "events.invitationpolicy", "events.quota"),
        deletes=(*GUESTS, "events.quota"),
        may=(EVERY_EVENT, "events.export_invitation"),
    ),
    "mailing-approver": Role(
        _("Mailing approver"),
        _("Lets mailings go, as the second person."),
        views=("events.event", "mail.message", "mail.mailing"),
        may=("mail.approve_mailing", EVERY_EVENT),
    ),
    "committee-member": Role(
        _("Committee member"),
        _("Reads and reviews proposals."),
        views=("proposals.proposal", *MEETINGS),
        may=("proposals.review_proposal",),
    ),
    "committee-chair": Role(
        _("Committee chair"),
        _("Closes the review of proposals and decides with the committee."),
        views=("proposals.proposal", *MEETINGS),
        edits=("proposals.criterion",),
        deletes=("proposals.criterion",),
        may=("proposals.review_proposal", "proposals.decide_proposal"),
    ),
    "secretariat": Role(
        _("Secretariat"),
        _("Receives proposals, prepares the committee's meetings, keeps organisations and who speaks for them."),
        edits=(*PEOPLE, "proposals.bodymember", *MEETINGS, *DOSSIERS, *PROJECTS),
        changes=("proposals.reviewbody", "proposals.area", "proposals.project"),
        deletes=("proposals.bodymember", *MEETINGS, *DOSSIERS, *PROJECTS),
        views=("events.event", "proposals.proposal", "proposals.criterion"),
        may=(EVERY_EVENT, "proposals.handle_proposal"),
    ),
    "case-worker": Role(
        _("Case worker"),
        _("Answers students' requests that nobody has yet or that are assigned to them."),
        views=SUPPORT,
        may=("students.handle_case",),
        is_guarded=True,
    ),
    "sensitive-case-worker": Role(
        _("Sensitive case worker"),
        _("Answers sensitive requests that are assigned to them."),
        views=SUPPORT,
        may=("students.handle_sensitive_case",),
        is_guarded=True,
    ),
    "support-coordinator": Role(
        _("Coordinator of the student support"),
        _("Sees all ordinary requests, assigns them, hears of late ones; keeps ready texts, topics and their sources."),
        views=("students.case",),
        edits=("students.cannedtext", "students.tag", *GUIDANCE),
        changes=("students.answertime",),
        deletes=("students.cannedtext", "students.tag", "students.topicquestion", "students.officiallink"),
        may=("students.handle_case", "students.oversee_cases", "students.export_case", "students.confirm_topic"),
        is_guarded=True,
    ),
    "door": Role(_("Door"), _("Checks people in, and nothing else.")),
    "co-host": Role(
        _("Co-host"),
        _("A partner: the events of the organisations it speaks for, their seats and registrations; its own guests."),
        views=("events.venue", "events.quota"),
        # Rounds to its own readers; only the association lets them go, whose name stands on the letters.
        edits=(*PARTS, "events.registration", *GUESTS, "events.invitation", "mail.mailing"),
        deletes=(*PARTS, *GUESTS),
        may=("events.view_event", "events.change_event", "events.export_registration"),
    ),
    "data-protection": Role(
        _("Data-protection contact"),
        _("Answers what people ask about their data, keeps notices, periods and the desk of breaches."),
        edits=(
            "privacy.notice",
            "privacy.consentpurpose",
            "privacy.datarequest",
            "privacy.breach",
        ),
        changes=("privacy.retentionrule",),
        views=("privacy.reading", "privacy.consent", "privacy.destroyed", "audit.entry"),
        may=("privacy.handle_requests", "privacy.publish_notice", "privacy.export_reading"),
        is_guarded=True,
    ),
    "administrator": Role(
        _("Administrator"),
        _("Settings and people; no content of proposals or requests."),
        edits=("accounts.user", *PEOPLE, "mail.mailingrule"),
        deletes=(*PEOPLE, "mail.suppression"),
        views=("events.event", "mail.message", "mail.mailing", "audit.entry", "privacy.retentionrule"),
        may=("mail.handle_letters", "mail.add_suppression", "accounts.hand_over", EVERY_EVENT),
        is_guarded=True,
    ),
}


def sync(**_signal: Any) -> None:
    """Make the groups say what the table says. Runs after every `migrate`, once permissions exist."""
    known = {f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")}
    for key, role in ROLES.items():
        group, _is_new = Group.objects.get_or_create(name=key)
        group.permissions.set([known[name] for name in sorted(set(role.permissions())) if name in known])
    Group.objects.exclude(name__in=ROLES).delete()
