"""Stories of asking: who reads it first, drafts that survive, emergencies that stop the form, bad input told clearly."""

import json
import threading
from datetime import date

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.db import connection, connections
from django.urls import reverse
from django.utils import translation

from izbaku.mail.models import Message
from students import asking, guidance, loading
from students.models import HANDLE, HANDLE_SENSITIVE, Case, CaseDraft
from students.tests.make import NOW, make_confirmed_topic, make_student, make_topic, make_worker
from students.tests.test_guidance import make_line, make_question, make_rule
from students.topics import OfficialLink, Topic

pytestmark = pytest.mark.django_db
SAID = {
    "asked_as": "student",
    "is_minor": "no",
    "citizenship": "az",
    "question": "İkamət icazəm bitir, nə edim?",
    "way": "portal",
}


@pytest.fixture(autouse=True)
def then():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


def make_signed_in(client, **fields):
    student = make_student(**fields)
    EmailAddress.objects.create(user=student, email=student.email, verified=True, primary=True)
    client.force_login(student)
    return student


def at(name: str, *args: str, language: str = "en") -> str:
    with translation.override(language):
        return reverse(f"students:{name}", args=args)


def text_of(response) -> str:
    return response.content.decode()


def sent(client, topic, **more):
    """Press send on the last page, with the notice that it shows."""
    page = client.get(at("send", topic.slug))
    token = text_of(page).split('name="notice" value="')[1].split('"')[0]
    return client.post(at("send", topic.slug), {"notice": token, **more})


# --- Before the form --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_above_everything_stands_who_reads_it_and_how_to_reach_a_person(client, settings, language):
    settings.CONTACT = {**settings.CONTACT, "phone": "+90 232 000 00 00"}
    make_topic("permit")

    for page in (at("support", language=language), at("ask", "permit", language=language)):
        text = text_of(client.get(page))
        who = text.index('id="who-reads"')
        assert text.index("<h1") < who < text.index("+90 232 000 00 00")
        assert who < text.index('id="topics"' if 'id="topics"' in text else "<form")


def test_guidance_is_shown_with_its_source_and_day_once_confirmed_until_then_the_links_alone(client):
    topic = make_topic(
        "permit", guidance_en="Secret lead.", leads="A lead of the press.", sources="https://press.example/"
    )
    OfficialLink.objects.create(topic=topic, url="https://e-ikamet.goc.gov.tr", is_seen=True)
    OfficialLink.objects.create(url="https://www.yok.gov.tr")

    text = text_of(client.get(at("topic", "permit")))
    assert "Secret lead" not in text
    assert "press" not in text
    assert "e-ikamet.goc.gov.tr" in text
    assert text.count("not checked by us yet") == 1

    made = make_confirmed_topic("fees", checklist_en="Passport\nPhotograph")
    text = text_of(client.get(at("topic", made.slug)))
    assert "Guidance in en." in text
    assert "https://official.example/page" in text
    assert "1 February 2026" in text
    assert "<li>Photograph</li>" in text


def test_no_lead_that_was_gathered_reaches_a_visitor_in_any_language(client):
    data = loading.read()
    loading.load(data)
    leads = [row["leads"] for row in data["topics"] if row["leads"]]

    for topic in Topic.objects.all():
        for language in ("tr", "az", "en"):
            text = text_of(client.get(at("topic", topic.slug, language=language), follow=True))
            assert not any(lead[:40] in text for lead in leads), topic


# --- The form ---------------------------------------------------------------------------------------------


def test_writing_needs_no_sign_in_and_the_draft_survives_it_sealed(client):
    topic = make_topic("permit")

    response = client.post(at("ask", "permit"), SAID)
    assert response.headers["Location"] == at("send", "permit")
    response = client.get(at("send", "permit"))
    assert response.headers["Location"].startswith(reverse("account_login"))
    draft = CaseDraft.objects.get()
    assert draft.user_id is None

    student = make_signed_in(client)
    assert "İkamət icazəm bitir" in text_of(client.get(at("send", "permit")))
    assert CaseDraft.objects.get().user == student
    response = sent(client, topic)

    case = Case.objects.get()
    assert response.headers["Location"] == at("request", case.reference)
    assert (case.student, case.question, case.language, case.citizenship) == (student, SAID["question"], "en", "az")
    assert case.notice is not None
    assert case.due_at is not None
    assert not CaseDraft.objects.exists()
    assert [message.kind for message in Message.objects.all()] == ["students.received"]


def test_a_draft_is_there_on_another_device_after_signing_in_and_for_nobody_else(client):
    make_topic("permit")
    student = make_signed_in(client)
    client.post(at("ask", "permit"), SAID)

    elsewhere = type(client)()
    assert "İkamət" not in text_of(elsewhere.get(at("ask", "permit")))
    make_signed_in(elsewhere)
    assert "İkamət" not in text_of(elsewhere.get(at("ask", "permit")))
    elsewhere.force_login(student)
    assert "İkamət" in text_of(elsewhere.get(at("ask", "permit")))


def test_whoever_signs_in_at_the_same_browser_later_does_not_get_the_draft_of_the_one_before(client):
    make_topic("permit")
    make_signed_in(client)
    client.post(at("ask", "permit"), SAID)
    session = dict(client.session)
    make_signed_in(client)
    changed = client.session
    changed["asking"] = session["asking"]
    changed.save()

    assert "İkamət" not in text_of(client.get(at("ask", "permit")))


def test_whoever_has_not_proven_their_address_sends_nothing_and_loses_nothing(client):
    topic = make_topic("permit")
    client.force_login(make_student())
    client.post(at("ask", "permit"), SAID)

    response = sent(client, topic)

    assert "Prove your e-mail address" in text_of(response)
    assert not Case.objects.exists()
    assert CaseDraft.objects.get().typed["question"] == SAID["question"]


def test_a_second_click_sends_nothing_twice(client):
    topic = make_topic("permit")
    make_signed_in(client)
    client.post(at("ask", "permit"), SAID)
    page = text_of(client.get(at("send", "permit")))
    token = page.split('name="notice" value="')[1].split('"')[0]

    for _each in range(2):
        client.post(at("send", topic.slug), {"notice": token})

    assert Case.objects.count() == 1


def test_several_requests_can_be_open_and_each_has_a_reference_of_its_own(client):
    topics = [make_topic("permit"), make_topic("fees"), make_topic("rent")]
    student = make_signed_in(client)
    for topic in topics:
        client.post(at("ask", topic.slug), SAID)
    for topic in topics:
        sent(client, topic)

    assert len({case.reference for case in Case.objects.of(student).open()}) == 3
    text = text_of(client.get(at("mine")))
    assert all(case.reference in text for case in Case.objects.all())


def test_a_hidden_question_is_neither_required_nor_stored(client):
    topic = make_topic("permit")
    permit = make_question(topic, "permit", is_required=True)
    make_question(topic, "expiry", "date", is_required=True, only_if=permit, only_if_answer="yes", position=1)
    make_signed_in(client)

    response = client.post(at("ask", "permit"), {**SAID, "q_permit": "yes"})
    assert response.status_code == 200
    assert "expiry?" in text_of(response).split("error-summary")[1].split("</div>")[0]
    client.post(at("ask", "permit"), {**SAID, "q_permit": "no", "q_expiry": "no date at all"})
    sent(client, topic)

    assert Case.objects.get().given == {"permit": "no"}


def test_dates_that_follow_stand_with_their_sentence_and_set_when_it_is_due(client):
    topic = make_topic("permit")
    make_question(topic, "entry", "date", meaning="entry")
    make_rule(topic, 30, title_en="Last day")
    make_signed_in(client)
    client.post(at("ask", "permit"), {**SAID, "q_entry": "2026-02-10"})

    text = text_of(client.get(at("send", "permit")))
    assert "Thursday 12 March 2026" in text
    assert str(guidance.BESIDE_EVERY_DATE) in text
    sent(client, topic)
    case = Case.objects.get()
    assert case.deadline_on == date(2026, 3, 12)
    assert case.priority == Case.Priority.HIGH
    assert str(guidance.BESIDE_EVERY_DATE) in text_of(client.get(at("request", case.reference)))


def test_a_parent_asks_for_a_student_under_eighteen(client):
    topic = make_topic("permit")
    make_signed_in(client)
    client.post(at("ask", "permit"), {**SAID, "asked_as": "parent", "is_minor": "yes", "citizenship": "both"})
    sent(client, topic)

    case = Case.objects.get()
    assert (case.asked_as, case.is_minor, case.citizenship) == ("parent", True, "both")


def test_a_student_keeps_a_case_worker_out_and_reads_of_names_only_once_signed_in(client):
    topic = make_topic("permit")
    worker, other = make_worker(HANDLE, name="Aynur Həsənli"), make_worker(HANDLE, name="Mert Kaya")
    client.post(at("ask", "permit"), SAID)
    assert "Aynur" not in text_of(client.get(at("ask", "permit")))
    make_signed_in(client)

    assert "Aynur" in text_of(client.get(at("send", "permit")))
    sent(client, topic, kept_out=[worker.pk])

    case = Case.objects.get()
    assert not Case.objects.listed_for(worker).exists()
    assert list(Case.objects.workable_by(other)) == [case]


def test_somebody_is_always_left_to_read_a_request(client):
    topic = make_topic("permit")
    one, other = make_worker(HANDLE, name="Elif Yılmaz"), make_worker(HANDLE, name="Mert Kaya")
    make_signed_in(client)
    client.post(at("ask", "permit"), SAID)

    assert "Nobody would be left to read it." in text_of(sent(client, topic, kept_out=[one.pk, other.pk]))
    assert not Case.objects.exists()
    sent(client, topic, kept_out=[one.pk])

    assert list(Case.objects.get().kept_out.all()) == [one]


def test_a_phone_number_is_asked_only_from_whom_is_to_be_called(client):
    topic = make_topic("permit")
    make_signed_in(client)
    assert client.post(at("ask", "permit"), {**SAID, "way": "phone"}).status_code == 200
    client.post(at("ask", "permit"), {**SAID, "way": "phone", "phone": "+90 555 111 22 33", "safe_hours": "evenings"})
    client.post(at("ask", "permit"), {**SAID, "way": "portal", "phone": "+90 555 111 22 33"})
    sent(client, topic)

    assert Case.objects.get().phone == ""


# --- Emergencies ------------------------------------------------------------------------------------------


def test_an_emergency_topic_shows_whom_to_call_instead_of_a_form(client):
    make_topic("danger", is_emergency=True)
    make_line("112", is_first=True, phone="112", name_en="Emergency", confirmed=False)
    make_line("duty", phone="", name_en="Duty line", confirmed=False)

    for page in ("topic", "ask", "call_now"):
        text = text_of(client.get(at(page, "danger"), follow=True))
        assert 'href="tel:112"' in text
        assert "Telephone: not known yet." in text
        assert 'name="question"' not in text
        assert 'name="phone"' in text


def test_an_emergency_answer_stops_the_form_and_still_offers_a_call(client):
    topic = make_topic("rent")
    make_question(topic, "tonight", emergency_answer="no", is_required=True)
    make_line("112", is_first=True, phone="112")
    make_signed_in(client)

    response = client.post(at("ask", "rent"), {**SAID, "q_tonight": "no"})
    assert response.headers["Location"] == at("call_now", "rent")
    assert client.get(at("send", "rent")).headers["Location"] == at("call_now", "rent")
    assert client.post(at("call_now", "rent"), {"phone": "help"}).status_code == 200
    response = client.post(at("call_now", "rent"), {"phone": "0555 111 22 33", "safe_hours": "now"})
    assert response.headers["Location"] == at("send", "rent")
    sent(client, topic)

    case = Case.objects.get()
    assert (case.way, case.phone, case.safe_hours) == ("phone", "0555 111 22 33", "now")
    assert (case.priority, case.question) == (Case.Priority.URGENT, SAID["question"])


def test_whoever_could_take_it_hears_at_once_that_somebody_asks_to_be_called(client):
    topic = make_topic("danger", is_emergency=True)
    worker, kept_out, other = make_worker(HANDLE), make_worker(HANDLE, name="Mert Kaya"), make_worker(HANDLE_SENSITIVE)
    make_signed_in(client)

    client.post(at("call_now", "danger"), {"phone": "0555 111 22 33"})
    sent(client, topic, kept_out=[kept_out.pk])

    heard = Message.objects.filter(kind="students.call").values_list("recipient", flat=True)
    assert list(heard) == [worker.email]
    assert other.email not in heard


def test_what_is_no_emergency_calls_nobody(client):
    topic = make_topic("permit")
    make_worker(HANDLE)
    make_signed_in(client)

    client.post(at("ask", "permit"), {**SAID, "way": "phone", "phone": "+90 555 111 22 33"})
    sent(client, topic)

    assert not Message.objects.filter(kind="students.call").exists()


def test_whoever_changes_the_answer_goes_on_with_the_form(client):
    topic = make_topic("rent")
    make_question(topic, "tonight", emergency_answer="no", is_required=True)
    make_signed_in(client)
    client.post(at("ask", "rent"), {**SAID, "q_tonight": "no"})
    client.post(at("ask", "rent"), {**SAID, "q_tonight": "yes"})
    sent(client, topic)

    assert Case.objects.get().priority == Case.Priority.NORMAL


# --- Bad input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["a" * 100_000, "🙂🙂🙂", "   ", "\u202e\u202e"])
def test_what_cannot_be_taken_is_told_at_its_field_and_nothing_typed_is_lost(client, said):
    make_topic("permit")

    response = client.post(at("ask", "permit"), {**SAID, "question": said})

    assert response.status_code == 200
    assert 'href="#id_question"' in text_of(response)
    assert said.strip() in text_of(response)
    assert CaseDraft.objects.get().typed["question"] == said


def test_signs_that_turn_the_text_around_are_taken_out_and_both_directions_stay(client):
    topic = make_topic("permit")
    make_signed_in(client)
    client.post(at("ask", "permit"), {**SAID, "question": "Salam \u202eevil\u202c مرحبا 🙂\r\n\r\n\r\n\r\nson"})
    sent(client, topic)

    case = Case.objects.get()
    assert case.question == "Salam evil مرحبا 🙂\n\nson"
    assert 'class="words" dir="auto"' in text_of(client.get(at("request", case.reference)))


def test_typed_markup_stays_text(client):
    topic = make_topic("permit")
    make_signed_in(client)
    client.post(at("ask", "permit"), {**SAID, "question": "Hello <script>alert(1)</script> there"})
    sent(client, topic)

    assert "<script>alert" not in text_of(client.get(at("request", Case.objects.get().reference)))


def test_three_hundred_requests_within_the_hour_end_after_ten_and_the_draft_stays(client, monkeypatch):
    monkeypatch.setattr("students.views.KEPT_A_MINUTE", 1000)
    topic = make_topic("permit")
    make_signed_in(client)
    statuses = []
    for _each in range(12):
        client.post(at("ask", "permit"), SAID)
        statuses.append(sent(client, topic).status_code)

    assert statuses == [302] * 10 + [429] * 2
    assert Case.objects.count() == 10
    assert CaseDraft.objects.get().typed["question"] == SAID["question"]


def test_too_many_drafts_from_one_network_are_refused_with_what_was_typed(client):
    make_topic("permit")
    for _each in range(20):
        client.post(at("ask", "permit"), SAID)
    response = client.post(at("ask", "permit"), {**SAID, "question": "The twenty-first"})

    assert response.status_code == 429
    assert "The twenty-first" in text_of(response)


def test_a_topic_that_is_not_offered_does_not_exist(client):
    make_topic("old", is_offered=False)

    for page in ("topic", "ask", "call_now"):
        assert client.get(at(page, "old")).status_code == 404


# --- Letters ----------------------------------------------------------------------------------------------


def test_the_outbox_keeps_no_word_of_a_request(client):
    topic = make_topic("permit")
    make_signed_in(client)
    client.post(at("ask", "permit"), SAID)
    sent(client, topic)

    row = Message.objects.values().get()
    assert "İkam" not in json.dumps(row, default=str, ensure_ascii=False)
    assert set(row["payload"]) == {"case"}


def test_sensitive_requests_go_to_nobody_without_the_role(client):
    topic = make_topic("law", is_sensitive=True, topic_class="safety")
    make_signed_in(client)
    client.post(at("ask", "law"), SAID)
    sent(client, topic)

    case = Case.objects.get()
    assert case.is_sensitive
    assert not Case.objects.listed_for(make_worker(HANDLE)).exists()
    assert list(Case.objects.listed_for(make_worker(HANDLE_SENSITIVE))) == [case]


# --- At the same moment -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True, serialized_rollback=True)  # roles are found again afterwards
@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_draft_sent_twice_at_once_becomes_one_request_and_one_letter(is_guarded, monkeypatch):
    """With the guard off there are two of each: so the story can fail."""
    topic, student = make_topic("permit"), make_student()
    EmailAddress.objects.create(user=student, email=student.email, verified=True, primary=True)
    draft = asking.keep(None, topic=topic, typed={"question": "Salam"}, by=student, now=NOW)
    ready, results = threading.Barrier(2), []

    def only_looked_at(draft):
        """Without a lock both find it; where only one writes at a time, looking alone is the guard."""
        if connection.vendor != "postgresql":
            return True
        found = CaseDraft.objects.filter(pk=draft.pk).exists()
        ready.wait(10)
        return found

    if not is_guarded:
        monkeypatch.setattr(asking, "is_still_there", only_looked_at)

    def press():
        given = {"language": "az", "values": {"question": "Salam"}, "given": {}, "shown": None, "now": NOW}
        try:
            if is_guarded or connection.vendor != "postgresql":
                ready.wait(10)
            results.append(asking.send(draft, topic=topic, by=student, **given))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _click in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sent_ones = 1 if is_guarded else 2
    assert len([case for case in results if case]) == Case.objects.count() == sent_ones
    assert len(results) == 2
    assert Message.objects.filter(kind="students.received").count() == sent_ones
    assert not CaseDraft.objects.exists()
