"""Decided is not announced: a real decision, and everything that anybody outside can get hold of, byte for byte."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from izbaku import kept
from izbaku.holdings import Person
from izbaku.mail import pump
from izbaku.mail.models import Message
from proposals import following, inviting, personal, review, reviewers
from proposals.models import Proposal
from proposals.states import State
from proposals.tests.committee import (
    NOW,
    client_of,
    decided,
    judge,
    make_board,
    make_member,
    make_office,
    make_person,
    make_proposal,
)

pytestmark = pytest.mark.django_db
EVERYBODYS = ("register", "board", "figures", "json", "csv")
QUERIES = (
    "?q=liman", "?q=uygun", "?stage=in_review", "?stage=accepted", "?stage=rejected", "?area=commercial", "?city=baku",
    "?stage=in_review&area=commercial",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _inbox(settings, tmp_path):
    settings.MAIL_FOLDER, settings.MAIL_URL = tmp_path / "inbox", ""
    yield
    kept.forget()


# New with each answer: what o'clock it is, and the tokens of forms.
CLOCKS = ("Server-Timing", "Expires")
TOKENS = re.compile(rb'name="(csrfmiddlewaretoken|notice)" value="[^"]*"')


def answer(client: Client, address: str) -> tuple[Any, ...]:
    """All that arrives: status, headers, body."""
    got = client.get(address)
    headers = {name: value for name, value in got.headers.items() if name not in (*CLOCKS, "Content-Security-Policy")}
    return got.status_code, headers, TOKENS.sub(b"", got.content)


def addresses(proposal: Proposal) -> list[str]:
    found = [reverse("sitemap")]
    for language in ("tr", "az", "en"):
        with translation.override(language):
            found += [reverse(f"proposals:{name}") for name in EVERYBODYS]
            found += [reverse("proposals:register") + query for query in QUERIES]
            found += [reverse("proposals:proposal", args=[proposal.slug])]
            found += [reverse("proposals:follow", args=[proposal.slug])]
            found += [reverse(name) for name in ("home", "open_data", "events:list", "events:atom", "events:json")]
    return found


def outside(proposal: Proposal, readers: dict[str, Client], settings: Any) -> dict[str, Any]:
    """By whom and where. Asked twice: the second answer is the one that the portal has kept."""
    kept.forget()
    pump.run(lambda: NOW + timedelta(days=1))
    nobody = Client()
    found: dict[str, Any] = {}
    for address in addresses(proposal):
        found[f"nobody {address}"] = answer(nobody, address)
        found[f"kept {address}"] = answer(nobody, address)
    author, follower, partner = (getattr(proposal, name).get() for name in ("authors", "followers", "partners"))
    with translation.override("en"):
        for name in ("own", "people", "files", "versions", "withdraw", "send"):
            found[f"author {name}"] = answer(readers["author"], reverse(f"proposals:{name}", args=[proposal.code]))
        found["author mine"] = answer(readers["author"], reverse("proposals:mine"))
        found["follower"] = answer(nobody, reverse("proposals:following", args=[follower.code]))
        found["partner"] = answer(nobody, reverse("proposals:confirming", args=[partner.code]))
        for who in ("editor", "recused"):
            for page in (
                reverse("admin:index"),
                "/admin/proposals/proposal/",
                f"/admin/proposals/proposal/{proposal.pk}/change/",
            ):
                found[f"{who} {page}"] = answer(readers[who], page)[::2]
    me = Person(author.user, frozenset({author.email}))
    found["my data"] = [str(one) for room in (personal, reviewers) for one in room.held(me)]
    found["rows of letters"] = list(Message.objects.order_by("pk").values_list("kind", "recipient", "state", "payload"))
    found["letters"] = {path.name: path.read_bytes() for path in settings.MAIL_FOLDER.glob("*.eml")}
    return found


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_a_decision_that_is_not_announced_changes_nothing_for_anybody_outside(verdict, settings):
    office, board, member = make_office(), make_board(), make_member("Bahar")
    proposal = make_proposal(seeks_in="baku", seeks="Bir liman")
    proposal.steps.create(move="take_up", before="submitted", after="in_review", at=NOW)
    writer = proposal.authors.get().user
    following.confirm(following.ask(proposal, email="reader@example.org", language="en", now=NOW), now=NOW)
    Proposal.objects.filter(pk=proposal.pk).update(state=State.CHANGES_ASKED)
    proposal.refresh_from_db()
    partner = inviting.add_partner(
        proposal,
        name="Bakı Limanı",
        part="partner",
        city="baku",
        email="p@example.org",
        language="az",
        by=writer,
        now=NOW,
    )
    inviting.confirm(partner, name="Nigar", now=NOW)
    Proposal.objects.filter(pk=proposal.pk).update(state=State.IN_REVIEW)
    proposal.refresh_from_db()
    judge(proposal, member, to_author="Takvimi kısaltın.")
    readers = {"author": client_of(writer), "editor": client_of(make_person("Elif", "programme-editor"))}
    eda = make_office("Eda")
    readers["recused"] = client_of(eda)
    proposal.declarations.create(user=eda, has_conflict=True)  # kept away: also for them nothing happens
    before = outside(proposal, readers, settings)

    decided(proposal, board, verdict, to_author="Gizli sebep.", to_minutes="Gizli tutanak.")

    assert Proposal.objects.get().state == State.DECIDED
    after = outside(proposal, readers, settings)
    assert {name for name in before if before[name] != after[name]} == set()
    assert before.keys() == after.keys()

    # And the same comparison sees what is announced: page, register, data, letters, the author's own page.
    proposal.refresh_from_db()
    review.announce(proposal, by=office, now=NOW + timedelta(hours=1))
    announced = outside(proposal, readers, settings)
    changed = {name for name in before if before[name] != announced[name]}
    address = reverse("proposals:proposal", args=[proposal.slug])
    assert changed >= {f"nobody {address}", "author own", "letters", "rows of letters"}
    assert any(name.endswith((".json", ".csv")) for name in changed)
