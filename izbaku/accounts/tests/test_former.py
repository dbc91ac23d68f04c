"""Stories of people who changed their address: what stands under the old one is still theirs to see and to erase."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from izbaku.accounts.models import FormerAddress, User
from izbaku.accounts.tests.test_signing_in import code_in, make_person, post  # noqa: F401
from izbaku.holdings import Person
from izbaku.mail.models import Message
from izbaku.privacy import erasing, retention
from izbaku.privacy.models import RetentionRule
from izbaku.privacy.tests.make import sign_in
from izbaku.privacy.tests.searching import found_in_database, found_in_files

OLD, NEW = "old.leyla@example.org", "new.leyla@example.org"
pytestmark = pytest.mark.django_db


@pytest.fixture
def leyla(client, post):  # noqa: F811
    """Somebody who has just changed her address, and got letters at both."""
    user = make_person(OLD)
    sign_in(client, user)
    client.post("/en/account/email/", {"email": NEW, "action_add": ""})
    client.post("/en/account/confirm-email/", {"code": code_in(post)})
    user.refresh_from_db()
    assert user.email == NEW
    assert set(Message.objects.values_list("recipient", flat=True)) == {OLD, NEW}
    return user


def test_who_changed_the_address_and_erases_leaves_neither_behind(leyla, client):
    assert OLD in client.get("/en/account/my-data/").content.decode()

    erasing.erase(Person.of(leyla), now=timezone.now(), rule="by the person")

    assert found_in_database("old.leyla", "new.leyla") == []
    assert found_in_files(settings.MAIL_FOLDER, "old.leyla", "new.leyla") == []


def test_an_old_address_with_which_somebody_else_has_an_account_now_is_theirs(leyla):
    make_person(OLD.upper())
    assert OLD not in Person.of(leyla).addresses


def test_an_address_that_was_never_proven_is_nobodys_old_one(client, post):  # noqa: F811
    user = User.objects.create_user(OLD)
    EmailAddress.objects.create(user=user, email=OLD, primary=True, verified=False)
    sign_in(client, user)
    client.post("/en/account/email/", {"email": NEW, "action_add": ""})
    client.post("/en/account/confirm-email/", {"code": code_in(post)})
    assert EmailAddress.objects.filter(email=NEW, verified=True).exists()
    assert not FormerAddress.objects.exists()


def test_old_addresses_are_forgotten_when_their_letters_are(leyla):
    period = RetentionRule.objects.get(record_class="former_address").period
    retention.destroy_due(timezone.now() + period - timedelta(minutes=1))
    assert FormerAddress.objects.get().email == OLD
    retention.destroy_due(timezone.now() + period + timedelta(minutes=1))
    assert not FormerAddress.objects.exists()
