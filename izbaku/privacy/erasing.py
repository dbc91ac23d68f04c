"""Erasing a person: rows, files, letters, sessions, the words of the desk's log. Room by room, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from izbaku import holdings
from izbaku.holdings import ERASED, Person, standing_alone
from izbaku.privacy import retention


def obstacles(person: Person) -> list[str]:
    """Why this person cannot be erased at once, in whole sentences; empty when nothing forbids it."""
    return [str(why) for room in holdings.rooms() for why in room.obstacles(person)]


def erase(person: Person, *, now: datetime, rule: str) -> dict[str, int]:
    """Everything the portal holds of this person goes; returns how many records of each room.

    Raises ValidationError when something forbids it. Files go once the transaction is committed.
    """
    with transaction.atomic():
        if person.user is not None and not _lock(person.user):
            return {}  # somebody else's hand, or a second click, was quicker
        if why := obstacles(person):
            raise ValidationError([ValidationError(sentence, code="forbidden") for sentence in why])
        person = person.with_records()
        counts = {"sessions": _end_sessions(person), "desk_log": _rewrite_desk_log(person)}
        for room in holdings.rooms():
            counts[room.name] = room.erase(person, now)
        for name, count in counts.items():
            if count:
                retention.note(name, count, now=now, rule=rule)
        transaction.on_commit(retention.wipe)
    return counts


def _lock(user: Any) -> Any:
    """The account's row, held until everything is erased; None when it is gone."""
    return type(user)._default_manager.select_for_update().filter(pk=user.pk).first()


def _end_sessions(person: Person) -> int:
    """Signed-in sessions of the account, and those of nobody that carry one of its addresses."""
    key = str(person.user.pk) if person.user is not None else None
    alone = standing_alone(person.addresses)
    ended = []
    for session in Session.objects.iterator(chunk_size=1000):
        data = session.get_decoded()
        whose = data.get("_auth_user_id")
        if whose == key if whose else any(alone.search(text) for text in _texts(data)):
            ended.append(session.pk)
    return Session.objects.filter(pk__in=ended).delete()[0]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


def _rewrite_desk_log(person: Person) -> int:
    """Django's log keeps each object's words as they were; those of this person become a dash.

    All that was said of the person's own records goes. Elsewhere, lines that carry an address go, and of the page on
    which a record of the person was edited the record's words.
    """
    own = Q(pk=None)
    for model, key, _words in person.records:
        own |= Q(content_type=ContentType.objects.get_for_model(model), object_id=str(key))
    gone = set(LogEntry.objects.filter(own).values_list("pk", flat=True))
    alone = standing_alone(person.addresses)
    for local in {address.rpartition("@")[0] for address in person.addresses} - {""}:
        told = LogEntry.objects.filter(Q(object_repr__icontains=f"{local}@") | Q(change_message__icontains=f"{local}@"))
        for entry in told:
            if alone.search(entry.object_repr) or alone.search(_unescaped(entry.change_message)):
                gone.add(entry.pk)
    count = LogEntry.objects.filter(pk__in=gone).update(object_repr=ERASED, change_message="")
    return count + _rewrite_inlines(person)


def _rewrite_inlines(person: Person) -> int:
    """`[{"added": {"name": "person who speaks…", "object": "Leyla"}}]`: on the page of something else."""
    with override(None):  # Django writes its log in the language of the code
        own = {
            (str(model._meta.verbose_name), words)
            for model, _key, words in person.records
            if person.hidden_in(words) != words
        }
    count = 0
    for _kind, words in own:
        for entry in LogEntry.objects.filter(change_message__contains=json.dumps({"object": words})[1:-1]):
            told = json.loads(entry.change_message)
            for act in (act for each in told for act in each.values()):
                if (act.get("name"), act.get("object")) in own:
                    act["object"] = ERASED
            rewritten = json.dumps(told)
            if rewritten != entry.change_message:
                count += LogEntry.objects.filter(pk=entry.pk).update(change_message=rewritten)
    return count


def _unescaped(message: str) -> str:
    """As it was typed: Django stores Ay\\u015fe."""
    try:
        return "\n".join(_texts(json.loads(message)))
    except ValueError:
        return message


def forbid_staff(person: Person) -> list[Any]:
    """Who works here first hands over: an administrator takes the rights away."""
    if person.user is not None and (person.user.is_staff or person.user.is_superuser):
        return [_("You work in the admin site. An administrator has to hand over your work and take your rights back.")]
    return []
