"""Stories of passing something on: item by item as far as the student agreed, noted, and taken back."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from izbaku.accounts.models import Organisation
from izbaku.mail.models import Message
from students import referrals
from students.models import HANDLE
from students.tests.make import NOW, make_case, make_student, make_worker
from students.working import CaseAct, ReferralItem

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def asked(case=None, worker=None, items=("name", "question"), **fields):
    body = Organisation.objects.get_or_create(name="İzmir Barosu")[0]
    return referrals.ask(
        case or make_case(**fields), body=body, purpose="Adli yardım", items=items,
        by=worker or make_worker(HANDLE), now=NOW,
    )  # fmt: skip


def keys(referral, *names):
    return list(referral.items.filter(what__in=names).values_list("pk", flat=True))


def test_asking_passes_nothing_on_and_tells_the_student():
    referral, worker = asked(), make_worker(HANDLE)

    assert [item.is_agreed for item in referral.items.all()] == [False, False]
    assert Message.objects.get().kind == "students.referral"
    with pytest.raises(ValidationError) as refused:
        referrals.pass_on(referral, by=worker, now=LATER)
    assert refused.value.code == "not_agreed"


def test_only_what_the_student_agreed_to_is_passed_on():
    referral, worker = asked(), make_worker(HANDLE)
    referrals.decide(referral, agreed=keys(referral, "question"), by=referral.case.student, now=LATER)

    passed = referrals.pass_on(referral, by=worker, now=LATER)

    assert [item.what for item in passed] == ["question"]
    assert list(CaseAct.objects.values_list("what", "by")) == [
        ("referral", referral.asked_by_id),
        ("referral", referral.case.student_id),
        ("referral", worker.pk),
    ]


def test_agreeing_to_nothing_is_an_answer_too():
    referral = asked()

    referrals.decide(referral, agreed=[], by=referral.case.student, now=LATER)

    referral.refresh_from_db()
    assert not referral.is_open
    assert not referrals.to_pass_on(referral.case).exists()


def test_an_item_of_another_referral_is_not_agreed_to_by_its_number():
    one, other = asked(), asked()

    referrals.decide(one, agreed=keys(other, "name", "question"), by=one.case.student, now=LATER)

    assert not ReferralItem.objects.filter(is_agreed=True).exists()


def test_what_is_taken_back_is_passed_on_no_more():
    referral, worker = asked(), make_worker(HANDLE)
    student = referral.case.student
    referrals.decide(referral, agreed=keys(referral, "name"), by=student, now=LATER)
    referrals.pass_on(referral, by=worker, now=LATER)

    referrals.revoke(referral, by=student, now=LATER)
    referrals.revoke(referral, by=student, now=LATER)

    with pytest.raises(ValidationError):
        referrals.pass_on(referral, by=worker, now=LATER)
    referral.refresh_from_db()
    assert (referral.passed_by, referral.revoked_at) == (worker, LATER)
    with pytest.raises(ValidationError):
        referrals.decide(referral, agreed=keys(referral, "name"), by=student, now=LATER)


def test_nobody_decides_for_the_student():
    referral = asked()

    for somebody in (make_student(), make_worker(HANDLE)):
        with pytest.raises(PermissionDenied):
            referrals.decide(referral, agreed=keys(referral, "name"), by=somebody, now=LATER)
        with pytest.raises(PermissionDenied):
            referrals.revoke(referral, by=somebody, now=LATER)


@pytest.mark.parametrize(
    ("fields", "items", "code"),
    [({"is_minor": True}, ["name"], "under_age"), ({}, [], "nothing"), ({"state": "closed"}, ["name"], "over")],
)
def test_what_cannot_be_asked_is_refused(fields, items, code):
    worker = make_worker(HANDLE)
    with pytest.raises(ValidationError) as refused:
        asked(make_case(assigned_to=worker, **fields), worker, items)

    assert refused.value.code == code


def test_a_colleague_without_the_request_passes_nothing_on():
    worker = make_worker(HANDLE)
    referral = asked(make_case(assigned_to=worker), worker)
    referrals.decide(referral, agreed=keys(referral, "name"), by=referral.case.student, now=LATER)

    with pytest.raises(PermissionDenied):
        referrals.pass_on(referral, by=make_worker(HANDLE), now=LATER)
