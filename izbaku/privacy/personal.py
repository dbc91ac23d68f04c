"""What this room holds of a person itself: notices shown, consents, requests, and who read their data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from izbaku.holdings import Person, RecordClass, Room, Told, keep, register, told
from izbaku.privacy import erasing, reads, retention
from izbaku.privacy.models import Consent, DataRequest, Destroyed, NoticeShown, Reading
from izbaku.privacy.unchanging import UnchangingQuerySet


def _consents(person: Person) -> UnchangingQuerySet:
    mine = Q(user=None, address_hash__in=person.hashes)
    if person.user is not None:
        mine |= Q(user=person.user)
    return Consent.objects.filter(mine)


def _requests(person: Person) -> QuerySet[DataRequest]:
    mine = Q(pk=None) if person.user is None else Q(user=person.user)
    for address in person.addresses:
        mine |= Q(email__iexact=address)
    return DataRequest.objects.filter(mine).order_by("pk")


def held(person: Person) -> Iterable[Told]:
    if person.user is not None:
        for shown in NoticeShown.objects.filter(user=person.user).select_related("notice").order_by("pk"):
            yield told(
                shown, "language", "shown_at", values={"notice": f"{shown.notice.title} ({shown.notice.version})"}
            )
    for act in _consents(person).select_related("purpose").order_by("at", "pk"):
        yield told(act, "purpose", "act", "at", "how")
    for request in _requests(person):
        names = ["kind", "text", "asked_at", "due_at", "state"]
        if request.state == DataRequest.State.ANSWERED:  # before that it is a draft
            names += ["answer", "answered_at"]
        yield told(request, *names)
    for reading in reads.of(person).order_by("at", "pk"):
        record, what = reads.in_words(reading)
        yield told(reading, "at", values={"record": record, "what": what})


def erase(person: Person, now: datetime) -> int:
    """Consents end before the person does; ledger, log and requests stay without anybody's name."""
    count = _consents(person).forget_people(user=None)
    last = {(act.purpose_id, act.address_hash): act for act in _consents(person).order_by("at", "pk")}
    for act in last.values():
        if act.act == Consent.Act.GIVEN:
            Consent.objects.create(
                purpose_id=act.purpose_id,
                act=Consent.Act.WITHDRAWN,
                address_hash=act.address_hash,
                at=now,
                how=Consent.How.ERASED,
            )
    count += reads.of(person).forget_people(whose=None)
    if person.user is not None:
        Reading.objects.filter(by=person.user).forget_people(by=None)
        count += NoticeShown.objects.filter(user=person.user).outlive()
    requests = list(_requests(person))
    for request in requests:
        request.user, request.email, request.text, request.answer = None, "", "", ""
        if request.state == DataRequest.State.OPEN:
            request.state, request.answered_at = DataRequest.State.WITHDRAWN, now
            retention.start(request, "data_request", now)
        request.save()
    return count + len(requests)


register(
    Room(
        "privacy",
        _("Notices, consents and requests"),
        (NoticeShown, Consent, DataRequest, Reading),
        held=held,
        erase=erase,
        obstacles=erasing.forbid_staff,
    )
)


# --- How long -----------------------------------------------------------------------------------------------


def _over(rows: UnchangingQuerySet) -> int:
    return rows.outlive()


def _old_consents(before: datetime) -> UnchangingQuerySet:
    """Acts that decide nothing any more: withdrawn, or overtaken by a later act, longer ago than `before`."""
    standing = [act.pk for act in _standing()]
    return Consent.objects.filter(at__lt=before).exclude(pk__in=standing)


def _standing() -> list[Consent]:
    last: dict[tuple[int, int | None, str], Consent] = {}
    for act in Consent.objects.order_by("at", "pk"):
        last[(act.purpose_id, act.user_id, "" if act.user_id else act.address_hash)] = act
    return [act for act in last.values() if act.act == Consent.Act.GIVEN]


def _ended_sessions(before: datetime) -> list[QuerySet[Any]]:
    """Sessions that are over, and what allauth remembers of them (address, browser), which nothing else takes away."""
    lasting = Session.objects.filter(expire_date__gte=before).values("session_key")
    traces = UserSession.objects.filter(last_seen_at__lt=before - JUST_BEGUN).exclude(session_key__in=lasting)
    return [traces, Session.objects.filter(expire_date__lt=before)]


JUST_BEGUN = timedelta(hours=1)  # a sign-in writes its trace and its session one after the other

keep(
    RecordClass(
        "session",
        _("Expired sign-in sessions"),
        due=lambda now, period: sum(rows.count() for rows in _ended_sessions(now - period)),
        destroy=lambda now, period: sum(rows.delete()[0] for rows in _ended_sessions(now - period)),
    )
)
keep(
    RecordClass(
        "reading",
        _("Read log"),
        due=lambda now, period: Reading.objects.filter(at__lte=now - period).count(),
        destroy=lambda now, period: _over(Reading.objects.filter(at__lte=now - period)),
    )
)
keep(
    RecordClass(
        "consent",
        _("Consents that no longer hold"),
        due=lambda now, period: _old_consents(now - period).count(),
        destroy=lambda now, period: _over(_old_consents(now - period)),
    )
)
keep(
    RecordClass(
        "destruction",
        _("Log of destructions"),
        due=lambda now, period: Destroyed.objects.filter(at__lte=now - period).count(),
        destroy=lambda now, period: _over(Destroyed.objects.filter(at__lte=now - period)),
    )
)
keep(retention.of_kept("data_request", _("Answered requests about personal data"), DataRequest))
