"""Those behind a proposal: asked in their language, leaving again, their annexes and what is held of them."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from izbaku.holdings import Person
from izbaku.mail.models import Message
from izbaku.tests.uploaded import picture
from proposals import inviting, personal, submission
from proposals.models import Proposal
from proposals.parties import Author
from proposals.states import State
from proposals.tests.committee import COMMITTEE, client_of, make_member, make_office
from proposals.tests.make import CONTENT, NOW, draft, in_review, person, put, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path / "private"
    with translation.override("en"):
        yield


def page(name: str, *args) -> str:
    return reverse(f"proposals:{name}", args=args)


# --- Asked by letter ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("city", "chosen", "written"),
    [("baku", "", "az"), ("izmir", "", "tr"), ("baku", "en", "en"), ("izmir", "az", "az")],
)
def test_an_organisation_is_asked_in_its_own_language(client, city, chosen, written):
    user = person()
    proposal = draft(user)
    client.force_login(user)
    typed = {"name": "Bir kurum", "part": "partner", "city": city, "email": "kurum@example.org", "language": chosen}

    client.post(page("people", proposal.code), {"act": "partner"} | {f"partner-{k}": v for k, v in typed.items()})

    assert Message.objects.get(kind="proposal_partner").language == written


def test_an_invitation_to_a_wrong_address_is_taken_back_and_its_link_ends(client):
    user, stranger = person(), person("stranger")
    proposal = draft(user)
    wrong = inviting.invite_author(proposal, email="wrong@example.org", language="az", by=user, now=NOW)
    client.force_login(user)

    client.post(page("people", proposal.code), {"act": "uninvite", "key": wrong.pk})

    assert not proposal.authors.of("wrong@example.org").exists()
    assert client_of(stranger).get(page("joining", wrong.code)).status_code == 404
    assert "wrong@example.org" not in client.get(page("people", proposal.code)).content.decode()


def test_nobody_takes_back_an_invitation_that_was_answered_or_is_anothers(client):
    user, colleague = person(), person("colleague")
    proposal, theirs = draft(user), draft(colleague)
    joined = inviting.invite_author(proposal, email=colleague.email, language="az", by=user, now=NOW)
    inviting.join(joined, user=colleague, now=NOW)
    asked = inviting.invite_author(theirs, email="guest@example.org", language="az", by=colleague, now=NOW)
    client.force_login(user)

    answer = client.post(page("people", proposal.code), {"act": "uninvite", "key": joined.pk})

    assert "answered meanwhile" in answer.content.decode()
    assert client.post(page("people", proposal.code), {"act": "uninvite", "key": asked.pk}).status_code == 404
    assert {joined, asked} <= set(Author.objects.all())


def test_a_co_author_is_asked_in_the_language_that_was_chosen_for_them(client):
    user = person()
    proposal = draft(user)
    client.force_login(user)

    client.post(
        page("people", proposal.code), {"act": "author", "author-email": "b@example.org", "author-language": "az"}
    )

    assert (
        Message.objects.get(kind="proposal_author").language
        == Author.objects.get(email="b@example.org").language
        == "az"
    )


@pytest.mark.parametrize("key", ["", "x", "-1", "9" * 40, "²"])
def test_a_key_that_a_hand_has_typed_is_no_error_of_ours(client, key):
    user = person()
    proposal = draft(user)
    client.force_login(user)

    assert client.post(page("people", proposal.code), {"act": "remove", "key": key}).status_code == 404
    assert client.post(page("files", proposal.code), {"remove": key}).status_code == 404


def test_an_author_reads_again_what_was_sent(client):
    user = person()
    proposal = draft(user)
    client.force_login(user)
    assert "What you have sent" not in client.get(page("own", proposal.code)).content.decode()

    submission.submit(proposal, by=user, now=NOW)

    own = client.get(page("own", proposal.code)).content.decode()
    assert [text for text in ("What you have sent", CONTENT["why_tr"], CONTENT["what_tr"]) if text not in own] == []


# --- Leaving ------------------------------------------------------------------------------------------------


def written_together() -> tuple[Proposal, Author]:
    user, other = person(), person("other")
    proposal = draft(user)
    author = inviting.invite_author(proposal, email=other.email, language="az", by=user, now=NOW)
    inviting.join(author, user=other, now=NOW, is_named=True)
    return proposal, Author.objects.get(pk=author.pk)


def test_a_co_author_leaves_and_the_proposal_closes_for_them(client):
    proposal, author = written_together()
    client.force_login(author.user)
    assert page("leave", proposal.code) in client.get(page("own", proposal.code)).content.decode()
    assert client.get(page("leave", proposal.code)).status_code == 200
    assert proposal.is_author(author.user)  # looking changes nothing

    assert client.post(page("leave", proposal.code)).status_code == 302

    assert client.get(page("own", proposal.code)).status_code == 404
    assert not Author.objects.named().exists()
    submission.submit(proposal, by=person_of(proposal), now=NOW)
    assert list(Message.objects.filter(kind="proposal_step").values_list("recipient", flat=True)) == [
        "author@example.org"
    ]


def person_of(proposal: Proposal):
    return proposal.authors.get(is_first=True).user


def test_who_has_left_and_is_asked_again_decides_again():
    proposal, author = written_together()
    inviting.leave(author, now=NOW)

    inviting.invite_author(
        proposal, email=author.email, language="az", by=person_of(proposal), now=NOW + timedelta(hours=2)
    )

    assert not proposal.is_author(author.user)
    inviting.join(author, user=author.user, now=NOW + timedelta(hours=3))
    assert proposal.is_author(author.user)


def test_who_began_it_cannot_leave_it(client):
    proposal, _author = written_together()
    client.force_login(person_of(proposal))

    assert page("leave", proposal.code) not in client.get(page("own", proposal.code)).content.decode()
    assert client.post(page("leave", proposal.code)).status_code == 404


# --- Annexes ------------------------------------------------------------------------------------------------


def test_an_annex_is_served_to_its_authors_and_to_those_who_review_it_and_to_nobody_else(client):
    proposal, author = written_together()
    first = Client()
    first.force_login(person_of(proposal))
    first.post(page("files", proposal.code), {"file": SimpleUploadedFile("Görünüş.jpg", picture())})
    annex = proposal.files.get()
    office, member = make_office(), make_member("Bahar", COMMITTEE)
    own = page("file", proposal.code, annex.pk)
    inside = reverse("admin:proposals_proposal_file", args=[proposal.pk, annex.pk])

    answer = first.get(own)
    assert (answer.status_code, b"".join(answer.streaming_content) if answer.streaming else answer.content) == (
        200, annex.read(),
    )  # fmt: skip
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    readers = {"co-author": author.user, "stranger": person("stranger"), "office": office, "nobody": None}
    seen = {}
    for name, user in readers.items():
        reader = Client()
        if user:
            reader = client_of(user)
        seen[name] = (reader.get(own).status_code, reader.get(inside).status_code)
    # A draft is its authors' alone; the address of another proposal opens nothing of this one.
    assert seen == {"co-author": (200, 302), "stranger": (404, 302), "office": (404, 404), "nobody": (302, 302)}
    other = draft(person("third"))
    assert first.get(page("file", other.code, annex.pk)).status_code == 404

    submission.save(proposal, {"area": "commercial"}, now=NOW)
    submission.submit(proposal, by=person_of(proposal), now=NOW)
    assert client_of(office).get(inside).status_code == 200
    assert client_of(member).get(inside).status_code == 404  # not before declaring
    proposal.declarations.create(user=member, has_conflict=False)
    assert client_of(member).get(inside).status_code == 200
    assert client_of(make_member("Lale", "yonetim-kurulu")).get(inside).status_code == 404
    put(proposal, State.ACCEPTED)
    assert annex.name not in client.get(page("proposal", proposal.slug)).content.decode()


# --- What is held of them -----------------------------------------------------------------------------------


def everything_of(user) -> str:
    said = []
    for one in personal.held(Person(user, (user.email,))):
        said += [str(one), *(name for name, _read in one.files)]
    return "\n".join(said)


def test_an_author_is_given_all_that_is_held_of_them_and_nothing_of_the_committee():
    user, office = person(), make_office()
    proposal = in_review(user, office, contact_email=user.email)
    member = make_member("Bahar", "yonetim-kurulu")
    proposal.remarks.create(by=member, text="Zayıf bir öneri")
    proposal.declarations.create(user=member, has_conflict=False)

    told = everything_of(user)

    assert [word for word in (CONTENT["what_tr"], "Gizli Kişi", user.email) if word not in told] == []
    assert "Zayıf" not in told


def test_an_erased_author_leaves_the_text_that_was_decided_upon_and_takes_the_rest_along():
    user, office = person(), make_office()
    accepted = put(in_review(user, office, contact_email=user.email), State.ACCEPTED)
    withdrawn = put(submitted(user, title_tr="Geri", contact_email=user.email), State.WITHDRAWN)
    begun = draft(user, title_tr="Yarım", contact_email=user.email)

    personal.erase(Person(user, (user.email,)), NOW)

    assert list(Proposal.objects.all()) == [accepted]
    accepted.refresh_from_db()
    assert (accepted.contact_name, accepted.contact_email, accepted.what_tr) == ("", "", CONTENT["what_tr"])
    assert not Author.objects.exists()
    assert everything_of(user) == ""
    assert not Proposal.objects.filter(pk__in=[withdrawn.pk, begun.pk]).exists()


# --- Two at once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("guard", ["on", "off"])
def test_of_two_who_send_at_once_one_sends_and_the_other_is_told(guard, monkeypatch):
    """Two windows of one author. Without the lock it is sent twice, or breaks on the database's promise."""
    user = person()
    proposal = draft(user)
    if guard == "off":
        monkeypatch.setattr(submission, "_lock", lambda proposal: None)
    ready, said = Barrier(2), []

    def send():
        mine = Proposal.objects.get(pk=proposal.pk)
        ready.wait(timeout=20)
        try:
            submission.submit(mine, by=user, now=NOW)
            said.append("sent")
        except ValidationError as error:
            said.append(error.code)
        except IntegrityError:
            said.append("broken")
        finally:
            connection.close()

    threads = [Thread(target=send) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    if guard == "on":
        assert sorted(said) == ["moved", "sent"]
        assert (proposal.versions.count(), proposal.steps.count()) == (1, 1)
        assert Message.objects.filter(kind="proposal_step").count() == 1
    else:
        assert sorted(said) in (["sent", "sent"], ["broken", "sent"])
