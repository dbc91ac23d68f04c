"""The eight of 2026 go on: the staff open them, have them written, and record what the municipality answers."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from izbaku import history, kept
from izbaku.accounts.models import User
from izbaku.mail.models import Message
from proposals import inviting, presentation, reported, submission, taking_in
from proposals.models import Proposal
from proposals.parties import Author
from proposals.states import State
from proposals.tests.committee import BOARD, client_of, judge, make_member, make_office, make_person, make_proposal
from proposals.tests.make import CONTENT, NOW

pytestmark = pytest.mark.django_db
SUMMARY = CONTENT["summary_tr"]


@pytest.fixture(autouse=True)
def _eight():
    with translation.override("en"):
        reported.load(reported.read())
        yield


def the(slug: str) -> Proposal:
    return Proposal.objects.get(slug=slug)


def public_words(proposal: Proposal) -> str:
    kept.forget()
    names = [("proposal", [proposal.slug]), ("register", []), ("json", [])]
    return "".join(Client().get(reverse(f"proposals:{name}", args=args)).content.decode() for name, args in names)


def test_the_staff_open_each_of_them():
    office = client_of(make_office())

    pages = [reverse("admin:proposals_proposal_change", args=[one.pk]) for one in Proposal.objects.all()]
    answers = [office.get(page) for page in pages]

    assert [answer.status_code for answer in answers] == [200] * 8
    # Of the day no more is said than was published: a month, and nobody's hour.
    words = re.sub(r"\s+", " ", "".join(answer.content.decode().partition('id="steps"')[2] for answer in answers))
    assert "January 2026" in words
    assert "15:00" not in words


def asked(slug: str, office: User) -> tuple[Proposal, User]:
    proposal, sevil = the(slug), make_person("Sevil")
    author = inviting.take_on(proposal, email=sevil.email, language="tr", by=office, now=NOW)
    inviting.join(author, user=sevil, now=NOW)
    return proposal, sevil


def test_what_was_reported_is_written_sent_and_reviewed_and_public_only_once_it_was_read():
    office, member = make_office(), make_member("Bahar", BOARD)
    before = public_words(the("ogrenci-destegi"))
    proposal, sevil = asked("ogrenci-destegi", office)
    assert Message.objects.get(kind="proposal_author").recipient == "sevil@example.org"
    content = submission.shown_content(proposal)
    assert content["title_tr"] == the("ogrenci-destegi").title_tr
    submission.save(proposal, CONTENT | {"title_tr": content["title_tr"], "area": "educational"}, now=NOW)
    assert public_words(proposal) == before  # nothing of it before it is sent

    submission.submit(proposal, by=sevil, now=NOW + timedelta(hours=1))
    assert proposal.state == State.SUBMITTED
    assert SUMMARY not in public_words(proposal)  # nor before somebody has read it
    assert list(Proposal.objects.containing("korosu")) == []

    taking_in.take_up(proposal, by=office, now=NOW + timedelta(hours=2))
    assert SUMMARY in public_words(proposal)
    assert list(Proposal.objects.containing("korosu")) == [proposal]
    assert judge(the("ogrenci-destegi"), member).version.number == 1


def test_only_the_secretariat_has_it_written_and_only_while_it_was_only_reported():
    office, presented = make_office(), the("ticari-is-birligi")

    with pytest.raises(PermissionDenied):
        inviting.take_on(the("saat-kulesi-maketi"), email="a@example.org", language="tr", by=make_member("B"), now=NOW)
    with pytest.raises(ValidationError) as refused:
        inviting.take_on(presented, email="a@example.org", language="tr", by=office, now=NOW)
    assert refused.value.code == "moved"
    assert not Author.objects.exists()


def test_it_is_asked_for_on_the_proposals_page():
    office, proposal = client_of(make_office()), the("saat-kulesi-maketi")
    page = reverse("admin:proposals_proposal_take_on", args=[proposal.pk])

    assert office.get(page).status_code == 200
    assert office.post(page, {"email": "nobody", "language": "tr"}).status_code == 200
    assert office.post(page, {"email": "yazar@example.org", "language": "tr"}).status_code == 302
    assert (
        "yazar@example.org"
        in office.get(reverse("admin:proposals_proposal_change", args=[proposal.pk])).content.decode()
    )
    assert client_of(make_member("Bahar")).get(page).status_code == 404


@pytest.mark.parametrize(("answer", "state"), [("positive", State.POSITIVE), ("negative", State.NEGATIVE)])
def test_the_answer_to_what_was_presented_before_the_portal_is_recorded_with_its_number(answer, state):
    office, proposal = make_office(), the("ticari-is-birligi")
    page = client_of(office).get(reverse("admin:proposals_proposal_change", args=[proposal.pk])).content.decode()
    assert f"act-answer_{answer}" in page

    with pytest.raises(ValidationError) as refused:
        presentation.answer_reported(proposal, answer=answer, told=" ", by=office, now=NOW)
    assert refused.value.code == "reason"
    presentation.answer_reported(proposal, answer=answer, told="U-3, 20.11.2026", by=office, now=NOW)

    assert the("ticari-is-birligi").state == state
    assert "U-3" not in public_words(proposal)


def test_of_what_has_a_dossier_the_answer_is_recorded_there_alone():
    office, proposal = make_office(), make_proposal(state=State.PRESENTED)
    page = client_of(office).get(reverse("admin:proposals_proposal_change", args=[proposal.pk])).content.decode()

    assert "act-answer_positive" not in page
    with pytest.raises(ValidationError) as refused:
        history.move(proposal, "answer_positive", by=office, why="U-3", now=NOW)
    assert refused.value.code == "unanswered"
