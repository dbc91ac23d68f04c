"""Stories of visitors: what the register shows, what it never shows, and how it counts."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from izbaku import kept
from izbaku.freshness import bump
from izbaku.mail.models import Message
from proposals import following, register, reported, taking_in
from proposals.models import Proposal
from proposals.parties import Partner
from proposals.states import State
from proposals.tests.make import NOW, in_review, person, put, submitted

pytestmark = pytest.mark.django_db


def page(name: str, *args, language: str = "en") -> str:
    with translation.override(language):
        return reverse(f"proposals:{name}", args=args)


@pytest.fixture(autouse=True)
def _nothing_is_kept():
    kept.forget()
    yield
    kept.forget()


def test_the_eight_of_2026_stand_at_their_true_stage_and_nothing_is_added(client):
    assert reported.load(reported.read()) == 8
    assert reported.load(reported.read()) == 0  # again: nothing

    by_state = {state: set() for state in ("presented", "recorded")}
    for proposal in Proposal.objects.public():
        by_state[proposal.state].add(proposal.slug)
        assert not any([proposal.summary_tr, proposal.why_tr, proposal.what_tr, proposal.budget])
    assert by_state["presented"] == {"ticari-is-birligi", "kulturel-is-birligi", "kurumsal-is-birligi"}
    assert len(by_state["recorded"]) == 5
    text = client.get(page("proposal", "ticari-is-birligi")).content.decode()
    assert "Only the title and the stage were published" in text
    assert "January 2026" in text
    assert not Message.objects.exists()


def test_what_was_published_is_copied_letter_by_letter():
    data = reported.read()

    assert {row["published_stage"]["tr"] for row in data["proposals"]} >= {"Görüşüldü (Ocak 2026)", "Niyet (Mart 2026)"}
    assert all(row["sources"] for row in data["proposals"])


def outside(proposal: Proposal) -> dict[str, bytes]:
    """All that somebody outside can get hold of."""
    kept.forget()
    pages = {}
    names = [("register", []), ("board", []), ("figures", []), ("json", []), ("csv", []), ("proposal", [proposal.slug])]
    for language in ("tr", "az", "en"):
        for name, args in names:
            pages[f"{language} {name}"] = Client().get(page(name, *args, language=language)).content
        searched = page("register", language=language)
        for query in ("?q=koro", "?stage=in_review", "?stage=accepted", "?area=cultural", "?city=baku"):
            pages[f"{language} {query}"] = Client().get(searched + query).content
        pages[f"{language} home"] = Client().get(f"/{language}/").content
    pages["sitemap"] = Client().get(reverse("sitemap")).content
    pages["letters"] = repr(list(Message.objects.order_by("pk").values_list("kind", "recipient", "payload"))).encode()
    author = Client()
    author.force_login(proposal.authors.get().user)
    own = author.get(page("own", proposal.code)).content
    pages["own"] = own.partition(b'<main id="content"')[2].replace(_token(own), b"")
    return pages


def _token(body: bytes) -> bytes:
    return body.partition(b'csrfmiddlewaretoken" value="')[2].partition(b'"')[0] or b"no token"


def test_an_unannounced_decision_changes_not_one_byte_outside():
    author, office = person(), person("office", "secretariat")
    proposal = in_review(author, office)
    following.confirm(following.ask(proposal, email="reader@example.org", language="en", now=NOW), now=NOW)
    before = outside(proposal)

    put(proposal, State.DECIDED)
    proposal.steps.filter(move="put").update(move="decide", at=NOW + timedelta(days=3))
    bump()

    after = outside(proposal)
    assert {name for name in before if before[name] != after[name]} == set()
    # And the same comparison does see what is announced.
    put(proposal, State.ACCEPTED)
    assert {name for name, body in outside(proposal).items() if body != before[name]} >= {
        "en json",
        "en proposal",
        "own",
    }


def test_contact_and_draft_words_are_nowhere_public(client):
    proposal = put(in_review(person(), person("office", "secretariat")), State.ACCEPTED)

    said = b"".join(client.get(page(name, *args)).content for name, args in
                    (("register", []), ("json", []), ("csv", []), ("proposal", [proposal.slug])))  # fmt: skip

    for secret in (b"gizli", "Gizli Kişi".encode(), proposal.code.encode(), b"author@example.org"):
        assert secret not in said
    assert "Yılda iki konser".encode() in said  # the whole text is open once it is accepted


def test_the_whole_text_opens_only_when_the_association_stands_behind_it(client):
    proposal = in_review(person(), person("office", "secretariat"))

    assert "Yılda iki konser" not in client.get(page("proposal", proposal.slug)).content.decode()
    put(proposal, State.REJECTED)
    kept.forget()
    assert client.get(page("proposal", proposal.slug)).status_code == 404
    assert list(Proposal.objects.visible_to(proposal.authors.get().user)) == [proposal]


def many(count: int) -> None:
    office = person("office", "secretariat")
    first = in_review(person(), office)
    rows = [
        Proposal(slug=f"p{n}", code=f"c{n}", area=first.area, title_tr=f"Öneri {n}", place="izmir", state=State.IN_REVIEW,
                 listed_at=NOW, found_by=f" oneri {n}")
        for n in range(count - 1)
    ]  # fmt: skip
    made = Proposal.objects.bulk_create(rows)
    partners = [Partner(proposal=one, name="Kurum", key="kurum", code=f"k{one.pk}", confirmed_at=NOW) for one in made]
    Partner.objects.bulk_create(partners)
    Proposal.steps.rel.related_model.objects.bulk_create(
        Proposal.steps.rel.related_model(of=one, move="take_up", before="submitted", after="in_review", at=NOW)
        for one in made
    )


@pytest.mark.parametrize("count", [1, 500])
def test_the_register_asks_a_constant_number_of_questions(client, count, django_assert_max_num_queries):
    many(count)
    for name, most in (("register", 12), ("board", 4), ("figures", 6), ("json", 6), ("csv", 6)):
        with django_assert_max_num_queries(most):
            assert client.get(page(name)).status_code == 200


def test_filters_count_what_each_choice_would_find(client):
    office = person("office", "secretariat")
    one = in_review(person(), office)
    two = in_review(person("second"), office, area="commercial", place="izmir", title_tr="Liman", seeks_in="")
    partner = Partner(proposal=two, name="Oda", confirmed_at=NOW)
    partner.save()

    facets = {facet.name: facet for _label, facet in register.facets(register.Filters(area="commercial"))}

    assert {choice.value: choice.count for choice in facets["area"].choices} == {
        "commercial": 1, "cultural": 1, "institutional": 0, "educational": 0,
    }  # fmt: skip
    assert {choice.value: choice.count for choice in facets["city"].choices} == {"izmir": 1, "baku": 0, "both": 0}
    assert [(choice.value, choice.count) for choice in facets["organisation"].choices] == [("oda", 1)]
    assert list(register.Filters(organisation="oda").select(Proposal.objects.public())) == [two]
    assert list(register.Filters(city="baku").select(Proposal.objects.public())) == [one]
    assert list(Proposal.objects.public().seeking_a_partner()) == [one]


@pytest.mark.parametrize("query", ["?stage=decided", "?stage=draft", "?nonsense=1", "?area=none", "?page=0", "?city=x"])
def test_a_question_that_it_does_not_understand_is_answered_clearly(client, query):
    assert client.get(page("register") + query).status_code == 400


def test_figures_count_half_of_the_days_at_each_stage():
    proposal = in_review(person(), person("office", "secretariat"))
    proposal.steps.filter(move="take_up").update(at=NOW + timedelta(days=10))

    days = {bar.label: bar.value for bar in register.figures()["days"]}

    with translation.override("tr"):
        assert list(days.values()) == [10]


def test_json_keeps_its_schema_and_csv_runs_nothing(client, settings):
    put(in_review(person(), person("office", "secretariat"), title_tr="=HYPERLINK(1)"), State.ACCEPTED)
    schema = json.loads((settings.BASE_DIR / "static/open-data/proposals.schema.json").read_text())
    wanted = schema["properties"]["proposals"]["items"]

    rows = client.get(page("json")).json()["proposals"]

    assert [set(wanted["required"]) - row.keys() for row in rows] == [set()]
    assert all(row.keys() <= wanted["properties"].keys() for row in rows)
    assert rows[0]["stage"] in wanted["properties"]["stage"]["enum"]
    table = list(csv.DictReader(io.StringIO(client.get(page("csv")).content.decode("utf-8-sig"))))
    assert table[0]["title_tr"] == "'=HYPERLINK(1)"


def test_following_is_the_same_answer_for_everybody(client):
    proposal = in_review(person(), person("office", "secretariat"))
    following.ask(proposal, email="known@example.org", language="en", now=timezone.now())
    form = client.get(page("follow", proposal.slug)).content.decode()
    token = form.split('name="notice" value="')[1].split('"')[0]

    answers = [
        client.post(page("follow", proposal.slug), {"email": address, "notice": token}).content
        for address in ("known@example.org", "new@example.org")
    ]

    assert answers[0] == answers[1]


def test_a_slug_never_takes_the_portals_own_words():
    assert submitted(person(), title_tr="Figures").slug == "figures-2"


def test_nobody_handles_their_own():
    both = person("both", "secretariat", "committee-chair")
    proposal = submitted(both)

    with pytest.raises(PermissionDenied):
        taking_in.take_up(proposal, by=both, now=NOW)
    assert list(Proposal.objects.in_office(both)) == list(Proposal.objects.reviewable_by(both)) == []


def test_what_is_submitted_is_public_only_once_somebody_has_read_it():
    office = person("office", "secretariat")
    proposal = submitted(person())
    assert list(Proposal.objects.public()) == []

    taking_in.take_up(proposal, by=office, now=NOW)

    assert list(Proposal.objects.public()) == [proposal]
