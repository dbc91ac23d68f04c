"""Stories of accounts that nobody uses any more: their owners are warned, and only then erased."""

from datetime import UTC, datetime, timedelta

import pytest

from izbaku import times
from izbaku.accounts.models import User
from izbaku.accounts.personal import NOTICE
from izbaku.mail import kinds
from izbaku.mail.models import Message
from izbaku.privacy import retention
from izbaku.privacy.models import Destroyed, RetentionRule

SINCE = datetime(2024, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def leyla():
    return User.objects.create_user("leyla@example.org", name="Leyla", language="az", joined_at=SINCE, last_login=SINCE)


def night(now):
    return {line.count for line in retention.destroy_due(now) if line.record_class == "dormant_account"}


@pytest.fixture
def end():
    return SINCE + RetentionRule.objects.get(record_class="dormant_account").period


def letters():
    return list(Message.objects.filter(kind="account_ends").order_by("pk"))


def test_the_owner_is_warned_once_a_month_before_and_erased_a_month_after(leyla, end):
    assert night(end - NOTICE) == {0}
    assert letters() == []
    warned = end - NOTICE + DAY
    assert night(warned) == night(warned + DAY) == {0}
    assert [letter.recipient for letter in letters()] == ["leyla@example.org"]

    assert night(warned + NOTICE - timedelta(seconds=1)) == {0}
    assert night(warned + NOTICE) == {1}
    assert not User.objects.exists()
    assert "leyla" not in str(list(Destroyed.objects.values())).lower()


def test_signing_in_once_keeps_the_account_and_the_letter_that_waits_is_not_sent(leyla, end):
    night(end)
    leyla.last_login = end + DAY
    leyla.save()
    assert night(end + NOTICE + DAY) == {0}
    assert User.objects.get() == leyla
    letter = letters()[0]
    assert not kinds.get(letter.kind).still_wanted(letter, end + 2 * DAY)


def test_nobody_goes_without_a_warning_however_long_the_portal_stood_still(leyla, end):
    assert night(end + 400 * DAY) == {0}
    assert len(letters()) == 1
    assert night(end + 400 * DAY + NOTICE) == {1}


def test_who_works_here_or_is_switched_off_is_left_to_people(end):
    User.objects.create_user("staff@example.org", is_staff=True, joined_at=SINCE)
    User.objects.create_user("gone@example.org", is_active=False, joined_at=SINCE)
    night(end)
    assert night(end + 2 * NOTICE) == {0}
    assert letters() == []


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_the_letter_names_the_day_and_the_way_to_keep_the_account(leyla, end, language):
    User.objects.update(language=language)
    night(end)
    letter = letters()[0]
    built = kinds.get(letter.kind).build(letter)
    assert times.day((end + NOTICE).date(), language, weekday=False) in built.text
    assert f"/{language}/" in built.text
    assert "Leyla" not in built.subject
