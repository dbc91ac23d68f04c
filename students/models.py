"""A student's request: what was asked, the conversation, what the staff note for themselves, the files.

Two sides work on these tables. The student's: `guidance.py` (answers before asking), `asking.py` (drafts, sending,
replying, withdrawing), `keeping.py` (how long, and what remains), views. The staff's: `casework.py` (moves by staff,
replies), `clock.py` (working hours), `referrals.py`, `closing.py` ("solved?"), `figures.py`, admin.
Migrations 0001, 0003–0009 and from 0020 on are the student's side's, 0002 and 0010–0019 the staff's.

Whatever is written by hand is sealed. Notes stand in a table of their own that no letter and no page of the student
reads; messages are what both sides see.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from izbaku.attachments import Attachment
from izbaku.history import Move, Moves, Step
from izbaku.privacy.models import Kept, Noticed
from izbaku.sealing import SealedTextField
from students import topics, working
from students.topics import Topic, University

__all__ = ["topics", "working"]  # Django finds its tables through this module
USER = settings.AUTH_USER_MODEL
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that could be taken for another one when read aloud
HANDLE, HANDLE_SENSITIVE, OVERSEE = "handle_case", "handle_sensitive_case", "oversee_cases"
EXPORT = "export_case"


def new_reference() -> str:
    """Random, so that it tells neither how many there are nor which came before: `7KQM-2XHD-W4`, 49 bits."""
    drawn = "".join(secrets.choice(LETTERS) for _each in range(10))
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


def new_code() -> str:
    return secrets.token_urlsafe(16)


def rights_of(user: Any) -> frozenset[str]:
    """What this person's roles allow here. An administrator's "everything" is no role: it opens no request."""
    if not (user.is_authenticated and user.is_active and user.is_staff) or user.lacks_second_factor:
        return frozenset()
    held = Permission.objects.filter(group__user=user, content_type__app_label="students")
    return frozenset(held.values_list("codename", flat=True))


def _watched(user: Any) -> Any:
    """Keys of what this person watches: asked apart, a request that three people watch is still one row."""
    return Case.watched_by.through.objects.filter(user_id=user.pk).values("case_id")


def _workable(user: Any, rights: frozenset[str]) -> Q:
    seen = Q(pk__in=[])
    if OVERSEE in rights:
        seen |= Q(is_sensitive=False)
    elif HANDLE in rights:
        seen |= Q(is_sensitive=False) & (Q(assigned_to=None) | Q(assigned_to=user) | Q(pk__in=_watched(user)))
    if HANDLE_SENSITIVE in rights:
        seen |= Q(is_sensitive=True, assigned_to=user)
    return seen


class CaseQuerySet(models.QuerySet["Case"]):
    def of(self, user: Any) -> Self:
        """Somebody's own ones: the student's side reads through this and nothing else."""
        return self.filter(student=user).exclude(state=Case.State.ERASED) if user.is_authenticated else self.none()

    def workable_by(self, user: Any) -> Self:
        """What this member of staff may open: the admin site reads through this and nothing else.

        Ordinary ones that nobody has yet, or that are theirs, or that they watch; with the right to oversee all
        ordinary ones. Sensitive ones only when they are assigned to somebody with the role. Never one's own, and never
        one from which the student has kept this person out.
        """
        return self.filter(_workable(user, rights_of(user))).not_kept_from(user)

    def listed_for(self, user: Any) -> Self:
        """What may stand in this person's queue: what they may open, and for those with the role also sensitive ones
        that nobody has yet; who oversees as well sees that line of every sensitive one, to give a late one to somebody
        else. Of these a line may say reference, state and when it is due; nothing else, before it is taken."""
        rights = rights_of(user)
        seen = _workable(user, rights)
        if HANDLE_SENSITIVE in rights:
            seen |= Q(is_sensitive=True) if OVERSEE in rights else Q(is_sensitive=True, assigned_to=None)
        return self.filter(seen).not_kept_from(user)

    def visible_to(self, user: Any) -> Self:
        """Own ones for students; for staff what they may work on."""
        if not user.is_authenticated:
            return self.none()
        own, work = Case.objects.of(user), Case.objects.workable_by(user)
        return self.filter(Q(pk__in=own.values("pk")) | Q(pk__in=work.values("pk")))

    def not_kept_from(self, user: Any) -> Self:
        kept_out = Case.kept_out.through.objects.filter(user_id=user.pk).values("case_id")
        rows = self.exclude(pk__in=kept_out).exclude(state=Case.State.ERASED)
        return rows.exclude(student_id=user.pk)

    def open(self) -> Self:
        return self.filter(state__in=Case.OPEN)


def _is_student(case: Case, by: Any) -> bool:
    return by is not None and case.student_id is not None and case.student_id == by.pk


def _is_worker(case: Case, by: Any) -> bool:
    return Case.objects.workable_by(by).filter(pk=case.pk).exists()


class Case(Kept, Noticed):
    """One request, from question to closing. Who reads it is decided by `CaseQuerySet` alone."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        TRIAGED = "triaged", _("Looked at")
        IN_PROGRESS = "in_progress", _("In progress")
        WAITING_STUDENT = "waiting_student", _("Waiting for the student")
        WAITING_OTHERS = "waiting_others", _("Waiting for others")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")
        DUPLICATE = "duplicate", _("Put together with another request")
        ERASED = "erased", _("Erased")

    OPEN = (State.NEW, State.TRIAGED, State.IN_PROGRESS, State.WAITING_STUDENT, State.WAITING_OTHERS)
    OVER = (State.CLOSED, State.DUPLICATE, State.ERASED)

    MOVES = Moves(
        Move("triage", (State.NEW,), State.TRIAGED, label=_("Looked at"), who=_is_worker),
        Move(
            "start",
            (State.NEW, State.TRIAGED, State.WAITING_STUDENT, State.WAITING_OTHERS),
            State.IN_PROGRESS,
            label=_("Work on it"),
            who=_is_worker,
        ),
        Move("answer", OPEN, State.WAITING_STUDENT, label=_("Answer and wait for the student"), who=_is_worker),
        Move(
            "wait_for_others",
            (State.NEW, State.TRIAGED, State.IN_PROGRESS, State.WAITING_STUDENT),
            State.WAITING_OTHERS,
            label=_("Wait for others"),
            who=_is_worker,
        ),
        Move("resolve", OPEN, State.RESOLVED, label=_("Resolved"), who=_is_worker),
        Move("merge", OPEN, State.DUPLICATE, label=_("Put together with another request"), who=_is_worker),
        Move("reply", (State.WAITING_STUDENT,), State.IN_PROGRESS, label=_("Reply"), who=_is_student),
        Move("withdraw", (*OPEN, State.RESOLVED), State.CLOSED, label=_("Withdraw the request"), who=_is_student),
        # By the student signed in, or by whoever holds the closing letter: that page knows no account.
        Move("solved", (State.RESOLVED,), State.CLOSED, label=_("Solved"), who=_is_student, by_itself=True),
        Move(
            "reopen",
            (State.RESOLVED, State.CLOSED),
            State.IN_PROGRESS,
            label=_("Not solved"),
            who=_is_student,
            by_itself=True,
        ),
        Move("lapse", (State.RESOLVED,), State.CLOSED, who=lambda case, by: False, by_itself=True),
        Move(
            "erase",
            tuple(state for state in State if state != "erased"),
            State.ERASED,
            who=lambda case, by: False,
            by_itself=True,
        ),
    )

    class Priority(models.IntegerChoices):
        URGENT = 1, _("Urgent")
        HIGH = 2, _("High")
        NORMAL = 3, _("Normal")

    class AskedAs(models.TextChoices):
        STUDENT = "student", _("I am the student")
        PARENT = "parent", _("I am the student’s mother, father or guardian")
        FRIEND = "friend", _("I ask for a friend")

    class Citizenship(models.TextChoices):
        AZERBAIJAN = "az", _("Azerbaijan")
        TURKIYE = "tr", _("Türkiye")
        BOTH = "both", _("Azerbaijan and Türkiye")
        OTHER = "other", _("Another one")
        UNSAID = "unsaid", _("I would rather not say")

    class Way(models.TextChoices):
        PORTAL = "portal", _("Here, in the portal (a letter tells me that there is news)")
        PHONE = "phone", _("Call me")

    reference = models.CharField(_("reference"), max_length=20, unique=True, default=new_reference, editable=False)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.NEW, editable=False)
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, related_name="cases", verbose_name=_("topic"))
    topic_class = models.CharField(_("class of topic"), max_length=10, choices=Topic.Class, editable=False)
    is_sensitive = models.BooleanField(_("sensitive"), default=False)
    student = models.ForeignKey(
        USER, models.PROTECT, null=True, related_name="cases", verbose_name=_("who asks"), editable=False
    )
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, blank=True)
    question = SealedTextField(_("request"), blank=True)
    answers = SealedTextField(_("answers"), blank=True, editable=False)  # JSON: [[key, value], …]
    asked_as = models.CharField(_("who is asking"), max_length=10, choices=AskedAs, default=AskedAs.STUDENT, blank=True)
    citizenship = models.CharField(_("citizenship"), max_length=10, choices=Citizenship, blank=True)
    is_minor = models.BooleanField(_("the student is under 18"), default=False)
    university = models.ForeignKey(
        University, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("university")
    )
    way = models.CharField(_("how to be reached"), max_length=10, choices=Way, default=Way.PORTAL, blank=True)
    phone = SealedTextField(_("telephone"), blank=True)
    safe_hours = SealedTextField(_("when it is safe to call"), blank=True)
    kept_out: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        USER, blank=True, related_name="+", verbose_name=_("people who shall not read it"), editable=False
    )
    assigned_to = models.ForeignKey(
        USER, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("assigned to"), editable=False
    )
    watched_by: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        USER, blank=True, related_name="+", verbose_name=_("watched by"), editable=False
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    deadline_on = models.DateField(_("the student’s next deadline"), null=True, blank=True, editable=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    erased_at = models.DateTimeField(_("erased at"), null=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Personal:
        fields = (
            "question", "answers", "asked_as", "citizenship", "is_minor", "university", "language",
            "way", "phone", "safe_hours", "deadline_on",
        )  # fmt: skip
        whose = "student"

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-created_at", "-pk"]
        permissions = [
            (HANDLE, "Can work on students' requests"),
            (HANDLE_SENSITIVE, "Can work on sensitive requests that are assigned to them"),
            (OVERSEE, "Can see all ordinary requests and assign them"),
            (EXPORT, "Can carry the queue of requests out as a file"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(state="erased", student=None, topic=None, assigned_to=None, university=None),
                name="a_tombstone_tells_nothing",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=False) | Q(student__isnull=False), name="a_request_is_somebodys"
            ),
        ]
        indexes = [
            models.Index(fields=["student", "created_at"], name="requests_of_student"),
            models.Index(fields=["state", "assigned_to", "due_at"], name="requests_in_queue"),
            models.Index(fields=["due_at"], name="requests_by_due"),
        ]

    def __str__(self) -> str:
        return self.reference  # the admin's log keeps this: it must tell nothing else

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def given(self) -> dict[str, str]:
        """Answers to the topic's own questions: key → value."""
        return dict(json.loads(self.answers)) if self.answers else {}

    @given.setter
    def given(self, answers: dict[str, str]) -> None:
        self.answers = json.dumps(list(answers.items()), ensure_ascii=False) if answers else ""


class CaseStep(Step):
    """A move that was made."""

    of = models.ForeignKey(Case, models.CASCADE, related_name="steps", verbose_name=_("request"))
    why = SealedTextField(_("why"), blank=True, editable=False)

    class Personal:
        fields = ("why",)

    class Meta(Step.Meta):
        verbose_name = _("step")
        verbose_name_plural = _("steps")


class CaseMessage(models.Model):
    """One message of the conversation, which both sides read. It is never changed and never put into a letter."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="messages", verbose_name=_("request"))
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), editable=False)
    is_from_student = models.BooleanField(_("from the student"), editable=False)
    text = SealedTextField(_("message"))
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)

    class Personal:
        fields = ("text",)
        whose = "student"

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def student(self) -> Any:
        return self.case.student


class CaseNote(models.Model):
    """What staff note for themselves. No letter and no page of the student reads this table."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="notes", verbose_name=_("request"))
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), editable=False)
    text = SealedTextField(_("internal note"))
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)

    class Personal:
        fields = ("text",)
        whose = "student"

    class Meta:
        verbose_name = _("internal note")
        verbose_name_plural = _("internal notes")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def student(self) -> Any:
        return self.case.student


class CaseFile(Attachment):
    """A file of a request, sealed. Its address holds a code, not a number that counts."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="files", verbose_name=_("request"))
    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), editable=False)
    is_from_student = models.BooleanField(_("from the student"), default=True, editable=False)
    message = models.ForeignKey(
        CaseMessage, models.SET_NULL, null=True, related_name="files", verbose_name=_("message"), editable=False
    )
    is_identity = models.BooleanField(
        _("picture of an identity paper"), default=False, help_text=_("It is destroyed soon after closing.")
    )

    class Personal:
        fields = ("name",)
        whose = "student"

    class Meta:
        verbose_name = _("file of a request")
        verbose_name_plural = _("files of requests")
        ordering = ["added_at", "pk"]

    @property
    def student(self) -> Any:
        return self.case.student


class CaseDraft(models.Model):
    """What somebody has begun to ask: kept on the server, sealed, through sign-in, until it is sent or abandoned."""

    code = models.CharField(max_length=40, unique=True, default=new_code, editable=False)
    user = models.ForeignKey(
        USER, models.CASCADE, null=True, related_name="case_drafts", verbose_name=_("person"), editable=False
    )
    content = SealedTextField(_("draft"), blank=True)  # JSON: field → what was typed
    created_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False, db_index=True)

    class Personal:
        fields = ("content",)
        whose = "user"

    class Meta:
        verbose_name = _("draft of a request")
        verbose_name_plural = _("drafts of requests")
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def typed(self) -> dict[str, Any]:
        return json.loads(self.content) if self.content else {}

    @typed.setter
    def typed(self, values: dict[str, Any]) -> None:
        self.content = json.dumps(values, ensure_ascii=False)
