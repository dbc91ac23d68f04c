"""The committee's and the secretariat's pages, as they click through them; and what somebody recused finds: nothing."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from izbaku import attachments, history, kept
from izbaku.mail.models import Message
from izbaku.privacy.models import Reading
from izbaku.tests import uploaded
from proposals import meetings, milestones, review, submission, taking_in
from proposals.delivery import Dossier, Milestone, News
from proposals.models import Proposal, ProposalFile, ReviewBody
from proposals.reviewing import AgendaItem, Decision, Meeting, Review
from proposals.states import State
from proposals.tests.committee import (
    BOARD,
    NOW,
    client_of,
    decided,
    judge,
    make_board,
    make_member,
    make_office,
    make_proposal,
    meet,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/proposals/proposal/"


def page_of(proposal: Proposal) -> str:
    return f"{LIST}{proposal.pk}/change/"


def read(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_a_member_sees_title_and_organisations_first_and_the_text_once_declared():
    proposal, client = make_proposal(what_tr="Gizli ayrıntı"), client_of(make_member("Bahar"))

    closed = read(client.get(page_of(proposal)))
    assert "Liman okulu" in closed
    assert "Gizli ayrıntı" not in closed
    assert client.get(f"{LIST}{proposal.pk}/review/").status_code == 404
    assert client.get(f"{LIST}{proposal.pk}/history/").status_code == 404

    client.post(f"{LIST}{proposal.pk}/declare/", {"has_conflict": "no"})
    assert "Gizli ayrıntı" in read(client.get(page_of(proposal)))


def test_who_is_recused_finds_nothing_anywhere():
    member, office = make_member("Bahar"), make_office()
    proposal = make_proposal("Sakıncalı liman")
    file = attachments.receive(uploaded.upload("ek.pdf", uploaded.PDF), ProposalFile, sealed=True, proposal=proposal)
    declaration = review.declare(proposal, by=member, has_conflict=True, now=NOW)
    client = client_of(member)
    addresses = [
        page_of(proposal),
        f"{LIST}{proposal.pk}/history/",
        f"{LIST}{proposal.pk}/review/",
        f"{LIST}{proposal.pk}/versions/",
        f"{LIST}{proposal.pk}/declare/",
        f"{LIST}{proposal.pk}/remark/",
        f"{LIST}{proposal.pk}/lift/{declaration.pk}/",
        f"{LIST}{proposal.pk}/files/{file.pk}/",
        f"{LIST}acts/ask_changes/?proposal={proposal.pk}",
    ]

    found = {address: client.get(address).status_code for address in addresses}
    found |= {f"POST {address}": client.post(address).status_code for address in addresses if "acts" not in address}

    assert set(found.values()) == {404}, found
    for address in (LIST, f"{LIST}?q=sakincali", f"{LIST}?waits=owed", "/admin/"):
        assert "Sakıncalı" not in read(client.get(address))
    assert "Sakıncalı" in read(client_of(office).get(f"{LIST}?q=sakincali"))


def test_an_agenda_and_its_minutes_leave_the_item_out_for_who_is_recused():
    board, proposal, other = make_board(), make_proposal("Sakıncalı liman"), make_proposal("Açık konu")
    meeting = meet(proposal, board)
    AgendaItem.objects.create(meeting=meeting, proposal=other, position=2)
    review.declare(proposal, by=board[1], has_conflict=True, now=NOW)

    page = read(client_of(board[1]).get(f"/admin/proposals/meeting/{meeting.pk}/change/"))
    assert "Sakıncalı" not in page
    assert "You keep away from this item." in page
    stored, _extract = meetings.minutes_for(meeting, board[1], "tr", now=NOW)
    assert stored is None
    meetings.close(meeting, by=make_office(), now=NOW)
    assert meetings.minutes_for(meeting, board[1], "tr", now=NOW)[0] is None
    kept, _none = meetings.minutes_for(meeting, board[0], "tr", now=NOW)
    assert kept is not None
    assert kept.read().startswith(b"%PDF-")


def test_my_pending_ones_stand_first():
    done, owed, client_owner = make_proposal("Bitti"), make_proposal("Bekliyor"), make_member("Bahar")
    judge(done, client_owner)

    page = read(client_of(client_owner).get(LIST))

    assert page.index("Bekliyor") < page.index("Bitti")
    assert page.count("Mine, pending") == 1
    assert owed.title in page


def test_a_review_is_kept_as_a_draft_and_handed_in():
    proposal, member = make_proposal(), make_member("Bahar")
    review.declare(proposal, by=member, has_conflict=False, now=NOW)
    client, address = client_of(member), f"{LIST}{proposal.pk}/review/"
    marks = {f"c{criterion.pk}": "4" for criterion in review.criteria_of(proposal)}
    sent = {"version": 1, "to_committee": "İyi", "to_author": "Bütçe?"}

    client.post(address, sent | {"_keep": "1"})
    assert Review.objects.get().handed_in_at is None
    incomplete = read(client.post(address, sent | {"_hand_in": "1"}))
    assert "Still without an answer" in incomplete
    assert "Bütçe?" in incomplete
    client.post(address, sent | marks | {"_hand_in": "1"})

    assert Review.objects.get().handed_in_at is not None


def test_a_review_of_an_old_version_keeps_its_text_and_can_be_sent_again():
    proposal, member = make_proposal(), make_member("Bahar")
    review.declare(proposal, by=member, has_conflict=False, now=NOW)
    client, address = client_of(member), f"{LIST}{proposal.pk}/review/"
    proposal.versions.create(number=2, content={}, submitted_at=NOW)
    Proposal.objects.filter(pk=proposal.pk).update(version=2)
    marks = {f"c{criterion.pk}": "2" for criterion in review.criteria_of(proposal)}

    page = read(client.post(address, marks | {"version": 1, "to_committee": "Uzun söz", "_hand_in": "1"}))

    assert "submitted version 2 meanwhile" in page
    assert "Uzun söz" in page
    assert re.search(r'name="version"[^>]*value="2"', page)
    assert not Review.objects.exists()


def test_others_are_hidden_on_the_page_until_ones_own_is_in_and_reading_them_is_noted():
    proposal, one, two = make_proposal(), make_member("Bahar"), make_member("Cavid")
    judge(proposal, one, 5, to_committee="Mutlaka")
    review.declare(proposal, by=two, has_conflict=False, now=NOW)
    client = client_of(two)
    assert "Mutlaka" not in read(client.get(page_of(proposal)))

    judge(proposal, two, 1)

    assert "Mutlaka" in read(client.get(page_of(proposal)))
    assert Reading.objects.filter(by=two, whose=one).exists()


def test_the_board_decides_and_the_secretariat_announces_with_a_preview_that_sends_nothing():
    board, office, proposal = make_board(), make_office(), make_proposal()
    judge(proposal, make_member("Bahar"), to_author="Takvimi kısaltın.")
    meeting = meet(proposal, board)
    address = f"/admin/proposals/meeting/{meeting.pk}/decide/{proposal.pk}/"
    chair = client_of(board[0])
    form = read(chair.get(address))
    assert "Takvimi kısaltın." in form  # the reviewers' words are the draft of the reasons
    sent = {
        "verdict": "defer",
        "in_favour": 3,
        "against": 0,
        "abstained": 0,
        "to_author": "Takvim uzun.",
        "to_minutes": "",
    }
    wrong = read(chair.post(address, sent | {"in_favour": 9}))
    assert "The votes do not add up" in wrong
    assert "Takvim uzun." in wrong
    assert chair.post(address, sent).status_code == 302
    assert client_of(office).get(address).status_code == 403

    ask = f"{LIST}acts/announce/?proposal={proposal.pk}"
    desk = client_of(office)
    preview = read(desk.get(ask))
    assert "Takvim uzun." in preview
    assert Message.objects.count() == 0
    assert Proposal.objects.get().state == State.DECIDED
    desk.post(f"{LIST}acts/announce/", {"proposal": proposal.pk})

    assert Proposal.objects.get().state == State.DEFERRED
    assert Message.objects.count() == 1


@pytest.mark.parametrize("verdict", ["changes", "defer", "reject"])
def test_announced_reasons_are_read_by_the_authors_and_by_nobody_else(client, verdict):
    board, office, proposal = make_board(), make_office(), make_proposal()
    decided(proposal, board, verdict, to_author="Gerekçemiz budur.")
    author, later = client_of(proposal.authors.get().user), NOW + timedelta(days=3)
    own = reverse("proposals:own", args=[proposal.code])
    assert "Gerekçemiz" not in read(author.get(own))

    review.announce(proposal, by=office, now=later)
    kept.forget()

    assert Proposal.objects.get().stage_at == later  # the day of the new stage
    assert read(author.get(own)).count("Gerekçemiz") >= 1
    public = [reverse(f"proposals:{name}") for name in ("register", "json", "csv", "board", "figures")]
    if verdict != "reject":
        public.append(reverse("proposals:proposal", args=[proposal.slug]))
    for address in public:
        assert "Gerekçemiz" not in read(client.get(address)), address
    kept.forget()


def test_a_member_sees_what_the_authors_have_changed_since():
    member, office, proposal = make_member("Bahar"), make_office(), make_proposal()
    judge(proposal, member)
    author = proposal.authors.get().user
    content = {"area": "commercial", "place": "izmir", "budget": "0", "currency": "TRY"}
    content |= {"contact_name": "Gizli Kişi", "contact_email": "gizli@example.org", "what_tr": "İki okul."}
    history.move(proposal, "ask_changes", by=office, why="Açın.", now=NOW)
    submission.save(proposal, content, now=NOW)
    where, client = f"{LIST}{proposal.pk}/versions/", client_of(member)
    assert "İki okul" not in read(client.get(where))  # what is still being written is the authors' own

    submission.submit(proposal, by=author, now=NOW)
    taking_in.take_up(proposal, by=office, now=NOW)

    assert f'href="{where}"' in read(client.get(f"{LIST}{proposal.pk}/review/"))
    page = read(client.get(where))
    assert "<del>Bir</del><ins>İki</ins> okul." in page
    assert "Gizli" not in page


def test_many_are_announced_at_once_or_none():
    board, office = make_board(), make_office()
    one, two = make_proposal("Bir"), make_proposal("İki")
    decided(one, board)
    client = client_of(office)
    both = {"proposal": [one.pk, two.pk]}

    refused = read(client.post(f"{LIST}acts/announce/", both))
    assert "Nothing was done" in refused
    assert Decision.objects.unannounced().count() == 1
    decided(two, board)
    client.post(f"{LIST}acts/announce/", both)

    assert set(Proposal.objects.values_list("state", flat=True)) == {State.ACCEPTED}


def test_a_page_that_somebody_else_was_faster_on_says_so():
    board, proposal = make_board(), make_proposal()
    meeting = meet(proposal, board)
    review.decide(proposal, meeting=meeting, verdict="accept", votes=review.Votes(3), by=board[0], now=NOW)

    late = client_of(board[0]).post(
        f"/admin/proposals/meeting/{meeting.pk}/decide/{proposal.pk}/",
        {"verdict": "defer", "in_favour": 3, "against": 0, "abstained": 0, "to_author": "Sözüm", "to_minutes": ""},
    )

    assert "This cannot be done any more" in read(late)
    assert "Sözüm" in read(late)


def test_a_dossier_goes_from_filling_to_the_answer():
    office, proposal = make_office(), make_proposal(state=State.ACCEPTED)
    client = client_of(office)
    client.post(
        "/admin/proposals/dossier/add/",
        {"title": "Dosya", "items-TOTAL_FORMS": 0, "items-INITIAL_FORMS": 0, "_continue": "1"},
    )
    dossier = Dossier.objects.get()
    where = f"/admin/proposals/dossier/{dossier.pk}/"
    client.post(f"{where}fill/")
    assert client.get(f"{where}paper/az.pdf").content.startswith(b"%PDF-")
    client.post(f"{where}freeze/")
    dossier.refresh_from_db()
    file = dossier.files.get(language="az")
    assert client.get(f"{where}paper/az.pdf").content == file.path.read_bytes()
    assert file.sha256 in read(client.get(f"{where}change/"))
    assert "This day is still to come." in read(client.post(f"{where}hand-over/", {"on": "2999-01-01", "office": "B"}))
    client.post(f"{where}hand-over/", {"on": "2026-11-20", "office": "Yazı İşleri"})
    item = dossier.items.get()
    client.post(f"{where}answer/{item.pk}/", {"answer": "positive", "on": str(date(2026, 11, 21))})

    assert Proposal.objects.get(pk=proposal.pk).state == State.POSITIVE


def test_a_project_has_milestones_progress_and_news_that_reach_people():
    office, proposal = make_office(), make_proposal(state=State.RUNNING)
    Milestone.objects.create(proposal=proposal, title_tr="Açılış", state="reached", reached_on=date(2026, 11, 1))
    Milestone.objects.create(proposal=proposal, title_tr="Sergi", due_on=date(2026, 12, 1))
    Milestone.objects.create(proposal=proposal, title_tr="Gezi", state="dropped")
    news = News.objects.create(proposal=proposal, title_tr="Okul açıldı", text_tr="Bugün.")
    client = client_of(office)
    assert "Okul açıldı" in read(client.get(f"/admin/proposals/news/{news.pk}/publish/"))
    assert milestones.project_of(proposal, "tr", NOW).news == []

    client.post(f"/admin/proposals/news/{news.pk}/publish/")

    project = milestones.project_of(proposal, "tr", NOW)
    assert (project.reached, project.counted, project.percent, project.news) == (1, 2, 50, [news])
    assert Message.objects.filter(kind="project_news").count() == 1
    assert "Açılış" in read(client.get(f"/admin/proposals/project/{proposal.pk}/change/"))


@pytest.mark.parametrize("role", ["member", "office"])
def test_the_queue_asks_as_many_questions_for_500_as_for_one(role):
    member, office = make_member("Bahar"), make_office()
    client = client_of(member if role == "member" else office)
    area = make_proposal().area
    numbers = []
    for many in (1, 500):
        while Proposal.objects.count() < many:
            n = Proposal.objects.count() + 1
            made = Proposal.objects.bulk_create(
                [
                    Proposal(
                        slug=f"q{i}", code=f"q{i}", state=State.IN_REVIEW, version=1, area=area, title_tr=f"Öneri {i}",
                        listed_at=NOW, submitted_at=NOW,
                    )
                    for i in range(n, many + 1)
                ]
            )  # fmt: skip
            assert made
        client.get(LIST)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(LIST).status_code == 200
        numbers.append(sum("proposals_" in one["sql"] for one in found))  # others look at clocks

    assert numbers[0] == numbers[1]


def test_todays_work_counts_what_the_list_shows():
    office, board = make_office(), make_board()
    decided(make_proposal("Bir"), board)
    make_proposal("İki", State.SUBMITTED)

    page = read(client_of(office).get("/admin/"))

    assert "?waits=unannounced" in page
    listed = read(client_of(office).get(f"{LIST}?waits=unannounced"))
    assert "Bir" in listed
    assert "İki" not in listed


def test_a_meeting_is_filled_from_the_queue_and_closed_for_good():
    office, proposal = make_office(), make_proposal()
    meeting = Meeting.objects.create(body=ReviewBody.objects.get(slug=BOARD), at=NOW)
    client, where = client_of(office), f"/admin/proposals/meeting/{meeting.pk}/"
    client.post(f"{where}fill/")
    assert list(meeting.items.values_list("proposal", flat=True)) == [proposal.pk]
    client.post(f"{where}close/")
    meeting.refresh_from_db()
    assert not meeting.is_closed  # nobody was present
    meeting.present.set(make_board())
    client.post(f"{where}close/")

    meeting.refresh_from_db()
    assert meeting.is_closed
    assert client.get(f"{where}minutes.pdf").status_code == 200
    assert client.get(reverse("admin:proposals_meeting_delete", args=[meeting.pk])).status_code == 403
