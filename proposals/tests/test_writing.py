"""Stories of authors: kept from the first field on, checked when sent, never read by anybody else."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from izbaku import history, kept
from izbaku.accounts.models import User
from izbaku.mail.models import Message
from izbaku.privacy import consents
from proposals import differing, following, forms, inviting, samples, submission, taking_in
from proposals.bodies import Area, BodyMember
from proposals.delivery import Dossier
from proposals.models import Proposal
from proposals.parties import Author, Follower, Partner
from proposals.reviewing import Meeting
from proposals.states import State
from proposals.tests.make import CONTENT, NOW, chair, draft, in_review, person, put, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def page(name: str, *args) -> str:
    return reverse(f"proposals:{name}", args=args)


def test_a_stranger_writes_signs_in_and_sends(client):
    answer = client.post(page("begin"))
    proposal = Proposal.objects.get()
    client.post(answer.headers["Location"], {"title": "Choir", "language": "en", "revision": "0"})
    assert proposal.versions.get().content["title_en"] == "Choir"
    submission.save(proposal, CONTENT, now=NOW)
    user = person()
    client.force_login(user)
    shown = client.get(page("send", proposal.code))
    token = shown.content.decode().split('name="notice" value="')[1].split('"')[0]

    sent = client.post(page("send", proposal.code), {"notice": token})

    assert sent.headers["Location"] == page("own", proposal.code)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.version, proposal.slug) == (State.SUBMITTED, 1, "ortak-koro")
    assert str(proposal.budget) == "1250000.50"
    assert list(Message.objects.values_list("kind", "recipient")) == [("proposal_step", "author@example.org")]
    assert not Author.objects.named().exists()  # an empty box is an answer


def test_nothing_is_needed_to_save_and_everything_to_send():
    user = person()
    proposal = submission.begin(by=user, language="tr", now=NOW)

    with pytest.raises(ValidationError) as refused:
        submission.submit(proposal, by=user, now=NOW)

    assert refused.value.code == "incomplete"
    missing = {name for step in forms.check({"language": "tr"}) for name in step.errors}
    assert missing == {"area", "title", "summary", "why", "what", "benefits", "place", "budget", "currency",
                       "contact_name", "contact_email"}  # fmt: skip
    proposal.refresh_from_db()
    assert (proposal.state, proposal.version) == (State.DRAFT, 0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("1" + "0" * 30, "more than any budget"), ("-1", "never below zero"), ("1e30", "in digits"), ("NaN", "in digits"),
     ("lots", "in digits")],
)  # fmt: skip
def test_a_budget_that_is_none_is_refused_clearly_and_kept(client, typed, said):
    user = person()
    proposal = draft(user)
    client.force_login(user)

    answer = client.post(page("write", proposal.code, "plan"), {"budget": typed, "place": "both", "currency": "TRY"})

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert proposal.versions.get().content["budget"] == typed
    with pytest.raises(ValidationError):
        submission.submit(proposal, by=user, now=NOW)


@pytest.mark.parametrize("typed", ["1250000.5", "1.250.000,50", "1,250,000.50", "1 250 000,5"])
def test_an_amount_is_read_as_people_write_it(typed):
    assert str(forms.AmountField().clean(typed)) in ("1250000.5", "1250000.50")


def test_sending_twice_sends_once(client):
    user = person()
    proposal = submitted(user)

    with pytest.raises(ValidationError) as refused:
        submission.submit(proposal, by=user, now=NOW)

    assert refused.value.code == "moved"
    assert proposal.steps.count() == proposal.versions.count() == 1
    client.force_login(user)
    assert client.post(page("send", proposal.code)).status_code == 302


def test_a_deadline_that_passes_while_typing_keeps_the_text():
    user = person()
    proposal = draft(user)
    area = Area.objects.get(slug="cultural")
    area.closes_at = NOW + timedelta(hours=1)
    area.save()

    with pytest.raises(ValidationError) as refused:
        submission.submit(proposal, by=user, now=NOW + timedelta(hours=2))

    assert refused.value.code == "closed"
    assert submission.shown_content(proposal)["title_tr"] == "Ortak koro"
    assert submission.submit(proposal, by=user, now=NOW).after == State.SUBMITTED


def test_nobody_reads_anothers_draft_by_its_address(client):
    proposal = draft(person())
    client.force_login(person("other"))

    for name, args in (("own", []), ("write", ["idea"]), ("people", []), ("files", []), ("send", []), ("versions", []),
                       ("withdraw", []), ("discard", []), ("letter", [])):  # fmt: skip
        assert client.get(page(name, proposal.code, *args)).status_code == 404
        assert client.post(page(name, proposal.code, *args)).status_code in (404, 405)
    client.logout()
    assert "login" in client.get(page("own", proposal.code)).headers["Location"]


def test_a_state_posted_by_hand_changes_nothing(client):
    user = person()
    proposal = draft(user)
    client.force_login(user)

    client.post(
        page("write", proposal.code, "idea"), {"state": "accepted", "slug": "mine", "title": "T", "language": "tr"}
    )
    client.post(page("own", proposal.code), {"state": "accepted"})

    proposal.refresh_from_db()
    assert proposal.state == State.DRAFT
    assert "state" not in proposal.versions.get().content


def test_two_windows_lose_nothing():
    proposal = draft(person())
    seen = proposal.versions.get().revision
    submission.save(proposal, {"why_tr": "Theirs"}, seen=seen, now=NOW)

    with pytest.raises(ValidationError) as refused:
        submission.save(proposal, {"why_tr": "Mine"}, seen=seen, now=NOW)

    assert refused.value.params["theirs"] == {"why_tr": "Theirs"}
    submission.save(proposal, {"why_tr": "Mine"}, seen=refused.value.params["revision"], now=NOW)
    assert proposal.versions.get().content["why_tr"] == "Mine"


def test_what_is_revised_is_unread_until_it_is_sent_again(client):
    user, office = person(), person("office", "secretariat")
    proposal = in_review(user, office)
    history.move(proposal, "ask_changes", by=office, why="Say more.", now=NOW)
    submission.save(proposal, {"summary_tr": "Half a thou"}, now=NOW)
    kept.forget()

    public = client.get(page("proposal", proposal.slug)).content.decode()
    assert "Half a thou" not in public

    submission.save(proposal, {"summary_tr": "İki kıyının korosu."}, now=NOW)
    submission.submit(proposal, by=user, now=NOW)
    first, second = proposal.versions.all()
    assert differing.fields(first.content, second.content) == [
        ("summary_tr", [("same", "İki "), ("out", "şehrin"), ("in", "kıyının"), ("same", " korosu.")])
    ]
    client.force_login(user)
    assert "<ins>kıyının</ins>" in client.get(page("versions", proposal.code)).content.decode()


def test_an_author_withdraws_with_a_reason_and_only_an_author():
    user, office = person(), person("office", "secretariat")
    proposal = in_review(user, office)

    with pytest.raises(ValidationError):
        submission.withdraw(proposal, by=user, why=" ", now=NOW)
    with pytest.raises(PermissionDenied):
        submission.withdraw(proposal, by=office, why="So", now=NOW)
    submission.withdraw(proposal, by=user, why="No time", now=NOW)

    proposal.refresh_from_db()
    assert (proposal.state, proposal.kept_as) == (State.WITHDRAWN, "withdrawn_proposal")


def test_a_co_author_joins_by_letter_and_is_named_only_with_consent():
    user, other = person(), person("other")
    proposal = draft(user)
    author = inviting.invite_author(proposal, email="other@example.org", language="az", by=user, now=NOW)
    assert not proposal.is_author(other)

    inviting.join(author, user=other, now=NOW, is_named=True)

    assert proposal.is_author(other)
    assert [one.name for one in Author.objects.named()] == ["Other"]
    consents.withdraw(other, "publish_name", how="own_page", now=NOW + timedelta(days=1))
    assert not Author.objects.named().exists()
    with pytest.raises(PermissionDenied):
        inviting.join(author, user=person("thief"), now=NOW)


def test_an_organisation_is_named_once_it_has_confirmed(client):
    user, office = person(), person("office", "secretariat")
    proposal = draft(user)
    partner = inviting.add_partner(proposal, name="Bakı Musiqi Məktəbi", part="partner", city="baku",
                                   email="school@example.org", language="az", by=user, now=NOW)  # fmt: skip
    assert Message.objects.get(kind="proposal_partner").recipient == "school@example.org"
    submission.submit(proposal, by=user, now=NOW)
    taking_in.take_up(proposal, by=office, now=NOW)
    assert "Musiqi" not in client.get(page("proposal", proposal.slug)).content.decode()

    inviting.confirm(partner, name="Nigar", now=NOW)
    kept.forget()  # a process believes the version that it has read for a second

    assert "Musiqi" in client.get(page("proposal", proposal.slug)).content.decode()
    assert "Nigar" not in client.get(page("proposal", proposal.slug)).content.decode()
    assert list(Proposal.objects.containing("baki mektebi")) == [proposal]
    assert not Partner.objects.standing().filter(pk=inviting.decline(partner, now=NOW).pk).exists()


def test_a_follower_hears_only_after_confirming_and_stops_by_one_click(client):
    user, office = person(), person("office", "secretariat")
    proposal = in_review(user, office)
    follower = following.ask(proposal, email="reader@example.org", language="en", now=NOW)
    history.move(proposal, "ask_changes", by=office, why="More", now=NOW)
    assert not Message.objects.filter(kind="proposal_news").exists()

    assert client.get(page("following", follower.code)).status_code == 200
    assert Follower.objects.get().confirmed_at is None  # opening a link changes nothing
    client.post(page("following", follower.code), {"confirm": "1"})
    submission.submit(proposal, by=user, now=NOW)
    assert Message.objects.get(kind="proposal_news").recipient == "reader@example.org"
    client.post(page("following", follower.code), {"stop": "1"})
    assert not Follower.objects.exists()


def test_a_file_is_taken_by_what_it_is_and_given_to_its_authors_alone(client):
    user = person()
    proposal = draft(user)
    client.force_login(user)
    lie = SimpleUploadedFile("plan.pdf", b"MZ not a pdf")

    assert client.post(page("files", proposal.code), {"file": lie}).status_code == 200
    assert proposal.files.count() == 0


def test_a_draft_left_alone_goes_and_one_that_is_written_stays():
    old, fresh = draft(person()), draft(person("other"), NOW - timedelta(days=100))
    Proposal.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=100))
    old.versions.update(saved_at=NOW - timedelta(days=95))
    submission.save(fresh, {"why_tr": "Still here"}, now=NOW)

    assert list(Proposal.objects.left_alone(NOW - timedelta(days=90))) == [old]


def test_a_draft_is_thrown_away_only_while_it_is_one():
    user = person()
    proposal = draft(user)
    sent = put(submitted(person("other")), State.IN_REVIEW)
    submission.discard(proposal, by=user)

    with pytest.raises(ValidationError):
        submission.discard(sent, by=user)
    assert list(Proposal.objects.all()) == [sent]


def test_samples_are_written_by_the_same_acts_labelled_and_taken_away_again(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.PRIVATE_ROOT = tmp_path / "private"
    assert samples.load(NOW) == 8
    assert samples.load(NOW) == 0  # again: nothing

    assert set(Proposal.objects.values_list("is_sample", flat=True)) == {True}
    assert sorted(Proposal.objects.values_list("state", flat=True)) == sorted(
        [State.SUBMITTED] * 3 + [State.IN_REVIEW, State.CHANGES_ASKED, State.DEFERRED, State.ACCEPTED, State.RUNNING]
    )
    assert Proposal.objects.public().count() == 5  # of the others nobody has read a word yet
    assert not Message.objects.exists()
    assert not User.objects.filter(email__in=samples.CAST, is_active=True).exists()  # whoever judged them has left
    assert not BodyMember.objects.standing().exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert samples.remove() == 8
    assert not Proposal.objects.exists()
    assert not Author.objects.exists()
    assert not User.objects.exists()
    assert not Meeting.objects.exists()
    assert not Dossier.objects.exists()
    assert [path for path in (tmp_path / "private").rglob("*") if path.is_file()] == []


def test_samples_take_no_part_where_real_people_sit(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path / "private"
    chair()

    assert samples.load(NOW) == 3
    assert samples.load(NOW) == 0
    assert set(Proposal.objects.values_list("state", flat=True)) == {State.SUBMITTED}
