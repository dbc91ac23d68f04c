"""Every address of the portal, and who may come in. Written by hand, beside the roles (`roles.py`).

The document docs/permissions.md is printed from these two tables; a test walks all addresses as everybody and
compares. An address that stands in no line here fails that test.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from django.utils.translation import gettext_lazy as _

from izbaku.desk.roles import ROLES


class Who(Enum):
    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    STAFF = "staff"
    NOBODY = "nobody"


Need = Who | str  # a string is a right: `app.codename`

# The first line that fits counts.
DOORS: list[tuple[str, Need, Any]] = [
    ("root|home|history|publications|publications_atom|about|accessibility|open_data", Who.ANYBODY, _("Public pages")),
    ("robots|sitemap|healthz|readyz|me|set_language", Who.ANYBODY, _("For machines, and the choice of language")),
    ("unsubscribe|metrics", Who.ANYBODY, _("Unsubscribing by a letter's token; figures, with a token or on loopback")),
    ("bounces", Who.ANYBODY, _("Reports on undeliverable letters, with a token")),
    ("events:preview", "events.view_event", _("Preview of a draft")),
    ("events:*", Who.ANYBODY, _("Programme, calendar and feeds")),
    (
        "proposals:mine|proposals:joining|proposals:own|proposals:write|proposals:people|proposals:files|proposals:file",
        Who.SIGNED_IN,
        _("One's own proposals; a draft that nobody has claimed opens by its secret address"),
    ),
    (
        "proposals:send|proposals:withdraw|proposals:discard|proposals:letter|proposals:versions|proposals:naming|proposals:leave",
        Who.SIGNED_IN,
        _("The same: sending, taking back, comparing"),
    ),
    (
        "proposals:*",
        Who.ANYBODY,
        _("Register of proposals, its data and figures, following; an organisation’s answer, by the letter’s address"),
    ),
    (
        "students:mine|students:request|students:reply|students:attach|students:withdraw|students:send",
        Who.SIGNED_IN,
        _("One's own requests for help"),
    ),
    ("students:file|students:delete_file|students:referral", Who.SIGNED_IN, _("Their files, and what is passed on")),
    ("students:*", Who.ANYBODY, _("Student support: topics, asking, whom to call; the question of the closing letter")),
    ("own_calendar", Who.ANYBODY, _("One's own calendar, by its secret address")),
    ("mail:*", Who.ANYBODY, _("Letters of a machine without a mail server (PORTAL_ENV=local only)")),
    ("privacy:page", Who.ANYBODY, _("How personal data is handled")),
    ("privacy:*", Who.SIGNED_IN, _("One's own data")),
    (
        "account_login|account_signup|account_*_login_code|account_*reset*|account_email_verification_sent|*_inactive",
        Who.ANYBODY,
        _("Signing up and in"),
    ),
    (
        "account_complete_*|account_logout|mfa_authenticate|mfa_login_webauthn|socialaccount_login_*|socialaccount_signup",
        Who.ANYBODY,
        _("Signing up, in and out"),
    ),
    ("account_*|mfa_*|usersessions_*|socialaccount_connections", Who.SIGNED_IN, _("One's own account")),
    ("admin:login|admin:logout|admin:index|admin:jsi18n|admin:password_change*", Who.STAFF, _("Today's work")),
    ("admin:app_list|admin:view_on_site", Who.STAFF, _("Helpers of the admin site")),
    ("admin:autocomplete", Who.NOBODY, _("Suggestions in forms: only for a field that one may change")),
    ("admin:events_event_act", "events.change_event", _("Publishing, moving, calling off")),
    (
        "admin:events_registration_act|admin:events_registration_offer",
        "events.change_registration",
        _("Approving, turning down, cancelling; offering free seats"),
    ),
    (
        "admin:events_registration_search|admin:events_registration_doorlist",
        "events.view_registration",
        _("Finding registrations; the list for the door"),
    ),
    ("admin:events_registration_export", "events.export_registration", _("Registrations as a file")),
    (
        "admin:events_guestlist_import|*_guestlist_preview|*_guestlist_refused|*_guestlist_ownfile",
        "events.add_guest",
        _("Importing guests"),
    ),
    ("admin:events_guest_search", "events.view_guest", _("Finding guests")),
    ("admin:events_invitation_invite", "events.add_invitation", _("Inviting guests")),
    (
        "admin:events_invitation_answer|admin:events_invitation_act",
        "events.change_invitation",
        _("Answers by telephone"),
    ),
    (
        "admin:events_invitation_search|*_invitation_calls|*_invitation_p*|*_invitation_card*|*_invitation_message",
        "events.view_invitation",
        _("Finding invitations; lists, cards and texts to copy"),
    ),
    ("admin:events_invitation_export", "events.export_invitation", _("Invitations as a workbook")),
    (
        "admin:proposals_proposal_declare|admin:proposals_proposal_review|*_proposal_file|*_proposal_versions",
        "proposals.view_proposal",
        _("Declaring interests, then reading and reviewing a proposal"),
    ),
    (
        "admin:proposals_proposal_act|admin:proposals_proposal_remark|admin:proposals_proposal_lift|*_proposal_take_on",
        "proposals.view_proposal",
        _("Moving a proposal on, discussing it, lifting a recusal; the table of moves says who may"),
    ),
    (
        "admin:proposals_meeting_decide|admin:proposals_meeting_minutes",
        "proposals.view_meeting",
        _("Deciding in a meeting, for who chairs it; its minutes"),
    ),
    (
        "admin:proposals_meeting_fill|admin:proposals_meeting_close",
        "proposals.change_meeting",
        _("Preparing and closing a meeting"),
    ),
    ("admin:proposals_dossier_paper", "proposals.view_dossier", _("The dossier as a file")),
    (
        "admin:proposals_dossier_fill|admin:proposals_dossier_freeze",
        "proposals.change_dossier",
        _("Filling and freezing a dossier"),
    ),
    (
        "admin:proposals_dossier_hand_over|admin:proposals_dossier_answer",
        "proposals.change_dossier",
        _("Its hand-over, and the answer"),
    ),
    ("admin:proposals_news_publish", "proposals.change_news", _("Publishing news of a project")),
    ("admin:mail_message_figures|admin:mail_message_html", "mail.view_message", _("Letters as they were sent")),
    ("admin:accounts_user_roles", "accounts.change_user", _("Confirming guarded roles")),
    (
        "admin:mail_mailing_preview|admin:mail_mailing_html|admin:mail_mailing_leftout|admin:mail_mailing_progress",
        "mail.view_mailing",
        _("Rounds of letters: as a reader sees them, who is left out, how far they are"),
    ),
    ("admin:mail_mailing_act", "mail.view_mailing", _("Testing, approving, pausing: each act asks for its own right")),
    (
        "admin:students_case_change|admin:students_case_do|admin:students_case_file|admin:students_case_referral",
        Who.STAFF,
        _("One request: for whoever may not open it, it does not exist"),
    ),
    ("admin:students_case_history|admin:students_case_delete", Who.NOBODY, _("A request keeps its own history")),
    ("admin:students_case_find|admin:students_case_figures", "students.view_case", _("The queue of requests")),
    ("admin:students_case_export", "students.export_case", _("The queue of requests as a file")),
    ("admin:students_*_confirm", "students.confirm_topic", _("Confirming guidance, rules for dates, numbers to call")),
    ("admin:accounts_user_let_go", "accounts.hand_over", _("Letting people go")),
]


def need(name: str) -> Need | None:
    """What it takes to come in at this address; None for one that no line names."""
    for names, needed, _about in DOORS:
        if any(fnmatchcase(name, pattern) for pattern in names.split("|")):
            return needed
    return _of_model(name)


def _of_model(name: str) -> Need | None:
    """Pages of a table in the admin site need the right that Django's own naming says."""
    site, _colon, rest = name.partition(":")
    parts = rest.split("_")
    acts = {"changelist": "view", "history": "view", "change": "view", "add": "add", "delete": "delete"}
    if site != "admin" or len(parts) != 3 or parts[2] not in acts:
        return None
    app, model, page = parts
    return f"{app}.{acts[page]}_{model}"


def may(role: str, needed: Need) -> bool:
    """Whether somebody with this role alone may come in."""
    if isinstance(needed, str):
        return needed in set(ROLES[role].permissions())
    return needed is not Who.NOBODY


def document() -> Iterator[str]:
    """The tables as Markdown, in the language that is active."""
    yield "# Who may do what"
    yield ""
    yield "Printed by `manage.py permissions --write` from `izbaku/desk/roles.py` and `izbaku/desk/doors.py`;"
    yield "a test walks every address as everybody."
    yield ""
    yield "| Role | Work | May look at | May change | May delete | Besides |"
    yield "|---|---|---|---|---|---|"
    for role in ROLES.values():
        cells = [
            role.name,
            role.work,
            *map(", ".join, (role.views, (*role.changes, *role.edits), role.deletes, role.may)),
        ]
        yield "| " + " | ".join(str(cell) or "–" for cell in cells) + " |"
    yield ""
    yield "| Addresses | What they are | Who |"
    yield "|---|---|---|"
    for names, needed, about in DOORS:
        who = needed.value if isinstance(needed, Who) else f"`{needed}`"
        yield f"| {', '.join(f'`{name}`' for name in names.split('|'))} | {about} | {who} |"
    yield ""
    yield "Pages of a table in the admin site (`admin:<app>_<table>_changelist`, `_history`, `_change`, `_add`,"
    yield "`_delete`) need the right of that name. Staff without a second factor have no rights where one is required."
