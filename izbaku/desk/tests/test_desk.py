"""The first page: what waits is counted once, in the person's language, and only for those who may see it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import work
from events.tests.desk import staff
from events.tests.make import make_event
from izbaku import freshness
from izbaku.mail.rounds import MailingRule

pytestmark = pytest.mark.django_db


def counted(client) -> dict[str, int]:
    return {item.name: item.count for item in client.get("/admin/").context["waiting"]}


def test_the_desk_counts_what_the_list_shows():
    make_event("draft", state="draft", publish_at=None)
    make_event("past")
    client = staff()

    counts = counted(client)

    assert counts["drafts"] == counts["unconfirmed"] == 1
    for item in client.get("/admin/").context["waiting"]:
        assert client.get(item.address).context["cl"].result_count == item.count


def test_what_is_past_and_announced_is_one_click_from_being_confirmed():
    event = make_event()

    page = staff().get("/admin/").content.decode()

    assert f"/admin/events/event/acts/confirm/?event={event.pk}" in page


def test_the_desk_asks_a_constant_number_of_questions(django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(freshness, "BELIEVED_FOR", 3600.0)  # a slow machine must not count what is read anew
    client = staff()
    client.get("/admin/")  # what a process remembers from its first page on
    asked = []
    for numbers in (range(1), range(1, 30)):
        for number in numbers:
            make_event(f"past-{number}")
            make_event(f"coming-{number}", starts_at=timezone.now() + timedelta(days=number + 1))
        client.get("/admin/")  # what is remembered is asked for here, in both rounds
        with django_assert_max_num_queries(21) as questions:
            client.get("/admin/")
        asked.append(len(questions))
    assert asked[0] == asked[1]


def test_who_may_see_no_events_is_told_nothing_of_them():
    make_event("past", title_tr="Gizli")

    page = staff("view_venue").get("/admin/")

    assert "waiting" not in page.context
    assert "Gizli" not in page.content.decode()


def test_who_may_only_look_is_not_asked_to_confirm():
    make_event()

    assert "acts/confirm" not in staff("view_event").get("/admin/").content.decode()


@pytest.mark.parametrize(("language", "word"), [("tr", "Etkinlikler"), ("az", "Tədbirlər"), ("en", "Events")])
def test_the_desk_speaks_the_persons_language(language, word):
    page = staff(language=language).get("/admin/", HTTP_ACCEPT_LANGUAGE="de").content.decode()

    assert f'<html lang="{language}"' in page
    assert word in page


def test_another_language_is_one_button_away():
    client = staff(language="tr")

    response = client.post("/i18n/setlang/", {"language": "az", "next": "/admin/"}, follow=True)

    assert '<html lang="az"' in response.content.decode()


def test_every_name_of_what_waits_has_its_question():
    assert set(work.counts(timezone.now())) == set(work.NAMES)


def test_there_is_one_rule_for_rounds_and_adding_it_again_changes_it():
    client, address = staff(), "/admin/mail/mailingrule/add/"
    assert client.get(address).status_code == 200
    rule = MailingRule.objects.create(second_person=True)
    assert client.get(address).url == f"/admin/mail/mailingrule/{rule.pk}/change/"
