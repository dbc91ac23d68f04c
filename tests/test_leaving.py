"""A student who used every room of the portal leaves, and is nowhere any more."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import invitations
from events.attendance import Allotment, Registration, RegistrationPolicy
from events.guests import Guest
from events.registration import register
from events.tests.guests import invited, make_guest
from events.tests.make import make_event
from izbaku.accounts.models import User
from izbaku.mail import pump
from izbaku.privacy.models import Destroyed
from izbaku.privacy.tests.make import sign_in
from izbaku.privacy.tests.searching import found_in_database, found_in_files
from izbaku.tests.uploaded import picture
from izbaku.uploads import check
from proposals import following, inviting, submission
from proposals.models import Proposal
from proposals.tests import make as proposed
from students import asking, casework
from students.models import HANDLE, Case
from students.tests.make import make_case, make_worker

pytestmark = pytest.mark.django_db
ADDRESS, NAME, PHONE = "nigar.quliyeva@example.org", "Nigar Quliyeva", "+90 555 017 26 25"


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path / "inbox"
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def used_everything() -> User:
    """Registered, in line, invited and coming, author, co-author, partner, follower, helped, with a draft open."""
    now = timezone.now()
    nigar = User.objects.create_user(ADDRESS, name=NAME, language="az")
    EmailAddress.objects.create(user=nigar, email=ADDRESS, primary=True, verified=True)
    _registers(now)
    _is_invited(now)
    _proposes(nigar, now)
    _asks_for_help(nigar, now)
    pump.run(timezone.now)
    return nigar


def _registers(now):
    for slug, seats in (("festival", 9), ("full", 0)):
        event = make_event(slug, starts_at=now + timedelta(days=9))
        RegistrationPolicy.objects.create(event=event, mode="open")
        Allotment.objects.create(event=event, capacity=seats)
        answers = [{"question": "Adınız?", "answer": NAME}]
        register(event, name=NAME, email=ADDRESS.upper(), language="az", answers=answers, now=now)


def _is_invited(now):
    event = make_event("gala", starts_at=now + timedelta(days=9))
    guest = make_guest(NAME, email=ADDRESS, phone=PHONE, note=f"{NAME} speaks Azerbaijani")
    until = now + timedelta(days=3)
    invitation = invited(event, guest, companions=2, now=now, answer_until=until)
    invitations.answer(invitation, "coming", now=now, companions=1, food="vegetarian", remark=f"Regards, {NAME}")


def _proposes(nigar, now):
    own = proposed.draft(nigar, now, contact_name=NAME, contact_email=ADDRESS, contact_phone=PHONE)
    proposed.submitted(nigar, now, title_tr="Sent", contact_name=NAME, contact_email=ADDRESS)
    other = proposed.person("other")
    theirs = proposed.draft(other, now, title_tr="Another's")
    author = inviting.invite_author(theirs, email=ADDRESS, language="az", by=other, now=now)
    inviting.join(author, user=nigar, now=now, is_named=True)
    partner = inviting.add_partner(
        theirs, name="A choir", part="partner", city="baku", email=ADDRESS, language="az", by=other, now=now
    )
    inviting.confirm(partner, name=NAME, now=now)
    submission.submit(theirs, by=nigar, now=now)
    inviting.invite_author(own, email="guest@example.org", language="tr", by=nigar, now=now)
    followed = proposed.put(proposed.submitted(other, now, title_tr="Followed"), "accepted")
    following.confirm(following.ask(followed, email=ADDRESS, language="az", now=now), now=now)


def _asks_for_help(nigar, now):
    worker = make_worker(HANDLE)
    case = make_case(nigar, question=f"I am {NAME}. Call {PHONE}.", phone=PHONE, created_at=now)
    scan = check(SimpleUploadedFile(f"{NAME}.jpg", picture()))
    asking.attach(case, by=nigar, upload=scan, is_identity=True, now=now)
    casework.assign(case, to=worker, was=None, by=worker, now=now)
    casework.note(case, by=worker, text=f"{NAME} called from {PHONE}", now=now)
    casework.answer(case, by=worker, text=f"Dear {NAME}, send us the letter.", now=now)
    asking.reply(case, by=nigar, text=f"Here it is. {NAME}", now=now)
    asking.keep(None, topic=case.topic, typed={"question": f"Again {NAME}", "phone": PHONE}, by=nigar, now=now)


def test_the_search_finds_the_student_in_every_room(folders):
    used_everything()

    rooms = {place.split("_")[0] for place in found_in_database(ADDRESS, NAME, PHONE)}

    assert {"events", "proposals", "students", "accounts", "account", "mail"} <= rooms
    assert len([path for path in (folders / "private").rglob("*") if path.is_file()]) == 1


def test_whoever_leaves_is_in_no_room_any_more(folders, django_capture_on_commit_callbacks):
    nigar, client = used_everything(), Client()
    sign_in(client, nigar)

    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(reverse("privacy:erase"), {"sure": "on"})

    assert page.status_code == 200
    assert found_in_database(ADDRESS, NAME, PHONE) == []
    assert found_in_files(folders, ADDRESS, NAME, PHONE) == []
    assert [path for path in (folders / "private").rglob("*") if path.is_file()] == []
    assert not Registration.objects.exists()
    assert not Guest.objects.exists()
    assert set(Proposal.objects.values_list("title_tr", flat=True)) == {"Sent", "Another's", "Followed"}
    assert Case.objects.get().state == "erased"
    destroyed = set(Destroyed.objects.values_list("record_class", flat=True))
    assert {"registrations", "guests", "proposals", "student_requests"} <= destroyed


def test_the_seats_of_whoever_leaves_are_free_again():
    nigar, client = used_everything(), Client()
    sign_in(client, nigar)

    client.post(reverse("privacy:erase"), {"sure": "on"})

    assert set(Allotment.objects.values_list("taken", flat=True)) == {0}
