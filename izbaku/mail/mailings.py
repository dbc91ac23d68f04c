"""Rounds of letters: written, tested, held until approved, let go, paused, called back, finished.

    mailing = mailings.draft("guest", about=event.pk, name=…, by=officer, now=now)
    mailings.write(mailing, {"tr": (subject, body)}, by=officer, now=now)
    mailings.test(mailing, by=officer, now=now)         a letter to oneself in each language
    mailings.hold(mailing, by=officer, now=now)
    mailings.approve(mailing, by=chair, now=now)        it starts at its time
    mailings.pause / resume / cancel / follow_up

Pausing and calling back act through the claim query: at most the letter that each process has in hand still leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Count, F, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from izbaku import history
from izbaku.mail import audiences, composing, expanding, kinds, outbox
from izbaku.mail.audiences import Audience
from izbaku.mail.models import Message
from izbaku.mail.rounds import LeftOut, Mailing, MailingRule, MailingText

State = Mailing.State
TEST = "mailing_test"
UNFINISHED = (
    Message.State.HELD,
    Message.State.PENDING,
    Message.State.CLAIMED,
    Message.State.SENDING,
    Message.State.DEFERRED,
)


def register_audience(audience: Audience) -> Audience:
    """Make a room's readers known, and their kind of letter, which is called as the audience is."""
    audiences.register(audience)
    kinds.register(
        kinds.Kind(
            audience.name,
            composing.build,
            composing.still_wanted,
            lives=expanding.LIVES,
            is_optional=audience.is_optional,
            rank=kinds.Rank.MAILING,
            label=audience.letter,
            prepare=composing.prepare,
            came_back=composing.came_back,
        )
    )
    return audience


# --- Writing -------------------------------------------------------------------------------------------------


@transaction.atomic
def draft(
    audience: str,
    *,
    about: int | None = None,
    choice: dict[str, Any] | None = None,
    name: str,
    by: Any,
    now: datetime,
    follows: Mailing | None = None,
) -> Mailing:
    """Begin a round, with the words that its audience suggests. Raises LookupError for an unknown audience."""
    known = audiences.get(audience)
    mailing = Mailing.objects.create(
        audience=audience,
        about=about,
        choice=choice or {},
        name=name,
        composer=by,
        created_at=now,
        follows=follows,
        wave=follows.wave + 1 if follows else 1,
    )
    for language in kinds.BELOW:
        subject, body = known.template(mailing, language)
        if subject or body:
            MailingText.objects.create(mailing=mailing, language=language, subject=subject, body=body)
    return mailing


@transaction.atomic
def write(
    mailing: Mailing,
    texts: Mapping[str, tuple[str, str]],
    *,
    by: Any,
    now: datetime,
    name: str | None = None,
    starts_at: datetime | None = None,
    version: int | None = None,
) -> None:
    """Change the words of a draft, by language; two empty ones take a language out. It must be tested anew then.

    Whose round it is does not change by it: a partner's reaches the partner's guests, whoever corrects its words.
    `version` is that of the words which the writer had before them. Raises ValidationError, by `subject_tr` and the
    like, for places that do not exist, `changed` when somebody else has written meanwhile, and `moved` for a round that
    waits for approval or is further.
    """
    mailing = _locked(mailing)
    if not mailing.is_writable:
        raise ValidationError(_("It is no draft any more. Take it back before you change it."), code="moved")
    if version is not None and mailing.version != version:
        raise ValidationError(_("The words have been changed meanwhile. Read them again."), code="changed")
    _check_texts(mailing, texts)
    for language, (subject, body) in texts.items():
        if subject.strip() or body.strip():
            MailingText.objects.update_or_create(
                mailing=mailing, language=language, defaults={"subject": subject.strip(), "body": body.strip()}
            )
        else:
            MailingText.objects.filter(mailing=mailing, language=language).delete()
    mailing.name, mailing.starts_at = name or mailing.name, starts_at
    mailing.composer, mailing.version = mailing.composer or by, mailing.version + 1
    mailing.save(update_fields=["name", "starts_at", "composer", "version"])
    history.move(mailing, "change", by=by, now=now)


def _check_texts(mailing: Mailing, texts: Mapping[str, tuple[str, str]]) -> None:
    audience, errors = audiences.get(mailing.audience), {}
    for language, words in texts.items():
        for part, text in zip(("subject", "body"), words, strict=True):
            try:
                composing.check(text, audience)
            except ValidationError as error:
                errors[f"{part}_{language}"] = error
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


@transaction.atomic
def test(mailing: Mailing, *, by: Any, now: datetime) -> int:
    """Send the writer a letter in each language, with an example in place of a reader; returns how many."""
    mailing = _locked(mailing)
    texts = composing.texts_of(mailing)
    composing.check_whole(mailing, texts.values())
    history.move(mailing, "test", by=by, now=now)
    minute = int(now.timestamp() // 60)  # pressed twice, it is sent once
    written = 0
    for language in texts:
        key = f"mtest:{mailing.pk}:{mailing.version}:{language}:{by.pk}:{minute}"
        payload = {"mailing": mailing.pk}
        written += outbox.put(TEST, key=key, to=by.email, language=language, payload=payload, now=now) is not None
    return written


# --- Letting go ----------------------------------------------------------------------------------------------


@transaction.atomic
def hold(mailing: Mailing, *, by: Any, now: datetime) -> None:
    """Ask for approval. Raises ValidationError while it would reach nobody, or somebody in no language."""
    mailing = _locked(mailing)
    _check_may_go(mailing, now)
    _check_readers(expanding.census(mailing, now))
    history.move(mailing, "hold", by=by, now=now)


def _check_readers(found: expanding.Census) -> None:
    if n := found.left_out["no_text"]:
        text = ngettext(
            "%(n)d reader reads a language in which there is no text (%(languages)s).",
            "%(n)d readers read a language in which there is no text (%(languages)s).",
            n,
        )
        languages = ", ".join(sorted(found.without_text))
        raise ValidationError(text % {"n": n, "languages": languages}, code="no_text")
    if not found.number:
        raise ValidationError(_("It would reach nobody."), code="nobody")


def _check_may_go(mailing: Mailing, now: datetime) -> None:
    if refusal := audiences.get(mailing.audience).refusal(mailing, now):
        raise ValidationError(refusal, code="refused")


def take_back(mailing: Mailing, *, by: Any, now: datetime, why: str = "") -> None:
    """Back to draft: somebody wants to change it, or it was not approved."""
    history.move(mailing, "take_back", by=by, now=now, why=why)


def first_persons(mailing: Mailing) -> set[int]:
    """Who has written or tested it, or asked for its approval: whoever approves may have to be somebody else."""
    steps = mailing.steps.filter(move__in=("change", "test", "hold"))
    return {key for key in [mailing.composer_id, *steps.values_list("by", flat=True)] if key}


def may_approve(mailing: Mailing, by: Any) -> bool:
    """Whether this person is one who can let it go, as the association has set it."""
    if not Mailing.MOVES["approve"].is_open_to(mailing, by):
        return False
    return not MailingRule.needs_a_second() or by.pk not in first_persons(mailing)


@transaction.atomic
def approve(mailing: Mailing, *, by: Any, now: datetime, version: int, readers: int) -> None:
    """Let it go at its time, to as many readers as were shown, in the words that were shown.

    Raises ValidationError when either has changed meanwhile (`changed`, `number`), or when its audience refuses;
    PermissionDenied where a second person is needed and this is the first. Whoever approves alone is noted.
    """
    mailing = _locked(mailing)
    if mailing.state == State.HELD and not may_approve(mailing, by):
        raise PermissionDenied
    if mailing.version != version:
        raise ValidationError(_("The words have been changed meanwhile. Read them again."), code="changed")
    _check_may_go(mailing, now)
    found = expanding.census(mailing, now)
    _check_readers(found)
    if found.number != readers:
        text = _("It reaches %(now)d readers now, not %(shown)d. Look at it again.")
        raise ValidationError(text % {"now": found.number, "shown": readers}, code="number")
    alone = by.pk in first_persons(mailing)
    history.move(mailing, "approve", by=by, now=now, why=_("Approved alone.") if alone else "")
    start_if_due(mailing, now)


def start_if_due(mailing: Mailing, now: datetime) -> bool:
    """Let an approved round run when its time has come; stop it where its audience refuses by now."""
    if mailing.starts_at and mailing.starts_at > now:
        return False
    if refusal := audiences.get(mailing.audience).refusal(mailing, now):
        history.move(mailing, "stop", by=None, why=refusal, now=now)
        return False
    history.move(mailing, "start", by=None, now=now)
    transaction.on_commit(partial(outbox.ring, "mail.advance"))
    outbox.ring_on_commit()
    return True


@transaction.atomic
def pause(mailing: Mailing, *, by: Any, now: datetime, why: str = "") -> None:
    """From here on nothing of it is begun; what a process has in hand at this moment still leaves."""
    history.move(mailing, "pause", by=by, why=why, now=now)
    _out_of_hands(mailing)


def _out_of_hands(mailing: Mailing) -> None:
    claimed = mailing.letters.filter(state=Message.State.CLAIMED)
    claimed.update(state=Message.State.PENDING, claim=None, leased_until=None)


@transaction.atomic
def resume(mailing: Mailing, *, by: Any, now: datetime) -> None:
    """Go on where it stopped. Raises ValidationError where its audience refuses by now."""
    _check_may_go(mailing, now)
    history.move(mailing, "resume", by=by, now=now)
    start_if_due(mailing, now)


@transaction.atomic
def cancel(mailing: Mailing, *, by: Any, now: datetime, why: str = "") -> int:
    """Call it back for good; returns how many letters were taken back. Their readers can be written to by another
    round: a letter that nobody has tried to send gives its key free."""
    history.move(mailing, "cancel", by=by, why=why, now=now)
    count = outbox.cancel(mailing.letters.all(), now=now)
    untried = mailing.letters.filter(state=Message.State.CANCELLED, attempts=0)
    untried.update(dedupe_key=Concat(F("dedupe_key"), Value("#"), Cast("pk", models.CharField())))
    return count


@transaction.atomic
def follow_up(mailing: Mailing, *, by: Any, now: datetime) -> Mailing:
    """Begin a round to those who have not answered this one."""
    if not audiences.get(mailing.audience).can_be_followed or mailing.state not in Mailing.LETTING_GO:
        raise ValidationError(_("Only a round that has run and can be answered is followed up."), code="moved")
    name = _("%(name)s: follow-up") % {"name": mailing.name}
    return draft(
        mailing.audience, about=mailing.about, choice=mailing.choice, name=name[:150], by=by, now=now, follows=mailing
    )


def _locked(mailing: Mailing) -> Mailing:
    """The row as it is now, held until the transaction ends; the caller's own is brought up to date."""
    Mailing._base_manager.select_for_update().get(pk=mailing.pk)
    mailing.refresh_from_db()
    return mailing


# --- By itself -----------------------------------------------------------------------------------------------


def advance(now: datetime, *, pieces: int = 1_000_000) -> int:
    """Start what is due, write to the next readers of what runs, finish what is done; returns how many pieces were
    written. All of it follows from the tables: whoever is killed here, the next one goes on."""
    for mailing in Mailing.objects.filter(state=State.SCHEDULED).order_by("pk"):
        _by_itself(partial(start_if_due, mailing, now))
    written = 0
    for mailing in Mailing.objects.filter(state=State.RUNNING).order_by("pk"):
        if refusal := audiences.get(mailing.audience).refusal(mailing, now):
            _by_itself(partial(_stop, mailing, refusal, now))
            continue
        while written < pieces and expanding.expand_piece(mailing, now=now):
            written += 1
        _by_itself(partial(_finish, mailing, now))
    return written


def _by_itself(act: Any) -> None:
    """Somebody else may have been quicker: then there is nothing to do."""
    try:
        with transaction.atomic():
            act()
    except ValidationError as error:
        if error.code != "moved":
            raise


def _stop(mailing: Mailing, why: str, now: datetime) -> None:
    history.move(mailing, "stop", by=None, why=why, now=now)
    _out_of_hands(mailing)


def _finish(mailing: Mailing, now: datetime) -> None:
    mailing = _locked(mailing)
    if mailing.state != State.RUNNING or mailing.expanded_at is None:
        return
    if not mailing.letters.filter(state__in=UNFINISHED).exists():
        history.move(mailing, "finish", by=None, now=now)


# --- Telling how far it is -----------------------------------------------------------------------------------


@dataclass
class Progress:
    """Counted from the rows, by one question for the letters and one for those who were left out."""

    states: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)  # of those that have left
    left_out: Counter[str] = field(default_factory=Counter)
    is_expanded: bool = False

    @property
    def letters(self) -> int:
        return self.states.total()

    @property
    def waiting(self) -> int:
        return sum(self.states[state] for state in UNFINISHED)

    @property
    def done(self) -> int:
        return self.letters - self.waiting

    @property
    def sent(self) -> int:
        return self.states[Message.State.SENT]

    @property
    def uncertain(self) -> int:
        return self.states[Message.State.UNCERTAIN]

    @property
    def percent(self) -> int:
        """Whole only when it is done."""
        if not self.letters:
            return 100 if self.is_expanded else 0
        whole = self.is_expanded and not self.waiting
        return 100 if whole else min(99, self.done * 100 // self.letters)


def progress(mailing: Mailing) -> Progress:
    found = Progress(is_expanded=mailing.expanded_at is not None)
    for state, language, n in mailing.letters.order_by().values_list("state", "language").annotate(n=Count("pk")):
        found.states[state] += n
        if state == Message.State.SENT:
            found.languages[language] += n
    reasons = LeftOut.objects.filter(mailing=mailing).values_list("reason").annotate(n=Count("pk"))
    found.left_out.update(dict(reasons))
    return found
