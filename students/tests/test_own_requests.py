"""Stories of one's own request: reply, files, who opened it, withdrawing; and everybody else, for whom it does not exist."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image

from izbaku import scanning
from izbaku.accounts.models import Organisation, User
from izbaku.attachments import Attachment
from izbaku.holdings import Person
from izbaku.mail.models import Message
from izbaku.privacy import erasing, export, reads, retention
from izbaku.tests.test_attachments import clamd
from students import asking, casework, closing, keeping, referrals
from students.models import HANDLE, HANDLE_SENSITIVE, OVERSEE, Case, CaseDraft, CaseFile
from students.tests.make import NOW, make_case, make_student, make_topic, make_worker
from students.working import ReferralItem, Survey

pytestmark = pytest.mark.django_db
State = Case.State


@pytest.fixture(autouse=True)
def then(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path / "private"
    cache.clear()
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock
    cache.clear()


def at(name: str, *args: str, language: str = "en") -> str:
    with translation.override(language):
        return reverse(f"students:{name}", args=args)


def text_of(response) -> str:
    return response.content.decode()


def picture(name: str = "permit.png") -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    return SimpleUploadedFile(name, data.getvalue(), "image/png")


def attached(client, case: Case, **more) -> CaseFile:
    client.post(at("attach", case.reference), {"file": picture(), **more})
    return case.files.latest("pk")


def own(client, **fields) -> Case:
    case = make_case(**fields)
    client.force_login(case.student)
    return case


# --- Everybody else ---------------------------------------------------------------------------------------


def everybody_else(case: Case) -> list[User]:
    administrator = User.objects.create_superuser("root@example.org", "a long password of root")
    return [
        make_student(),
        make_worker(),
        make_worker(HANDLE),
        make_worker(HANDLE, HANDLE_SENSITIVE, OVERSEE),
        administrator,
    ]


@pytest.mark.parametrize("state", [State.NEW, State.WAITING_STUDENT, State.RESOLVED, State.CLOSED, State.DUPLICATE])
def test_for_everybody_else_every_address_of_a_request_is_none_before_and_after_closing(client, state):
    case = own(client)
    file = attached(client, case)
    case.referrals.create(body=Organisation.objects.create(name="Baro"), purpose="x", asked_at=NOW)
    referral = case.referrals.get()
    Case.objects.filter(pk=case.pk).update(state=state)
    pages = {
        "get": [
            at("request", case.reference), at("file", case.reference, file.code),
            at("delete_file", case.reference, file.code), at("reply", case.reference), at("attach", case.reference),
        ],
        "post": [
            at("reply", case.reference), at("attach", case.reference), at("withdraw", case.reference),
            at("delete_file", case.reference, file.code), at("referral", case.reference, referral.code),
        ],
    }  # fmt: skip
    for user in everybody_else(case):
        client = type(client)()
        client.force_login(user)
        for method, addresses in pages.items():
            for address in addresses:
                response = getattr(client, method)(address, {"text": "Hello there"} if method == "post" else {})
                invented = getattr(client, method)(address.replace(case.reference, "ZZZZ-ZZZZ-ZZ"), {})
                assert response.status_code == invented.status_code == 404, (user, address)
                # Word for word the same page, but for the address that was asked.
                assert text_of(response).replace(case.reference, "") == text_of(invented).replace("ZZZZ-ZZZZ-ZZ", "")
        assert case.reference not in text_of(client.get(at("mine")))
    case.refresh_from_db()
    assert case.state == state
    assert case.files.count() == 1
    assert not case.messages.exists()


def test_nobody_signed_in_is_led_to_sign_in_alike_for_real_and_for_invented_codes(client):
    case = own(client)
    file = attached(client, case)
    client.logout()
    for address, method in (
        (at("request", case.reference), "get"),
        (at("file", case.reference, file.code), "get"),
        (at("delete_file", case.reference, file.code), "post"),
        (at("reply", case.reference), "post"),
        (at("attach", case.reference), "post"),
        (at("withdraw", case.reference), "post"),
    ):
        invented = address.replace(case.reference, "ZZZZ-ZZZZ-ZZ").replace(file.code, "nothing")
        real, other = (getattr(client, method)(each) for each in (address, invented))
        assert real.status_code == other.status_code == 302
        assert real.headers["Location"].replace(address, "") == other.headers["Location"].replace(invented, "")


@pytest.mark.parametrize("code", ["0", "%00", "ZZZZ-ZZZZ-ZZ%0a", "%C4%B0", "a" * 300])
def test_codes_that_cannot_be_are_no_pages(client, code):
    client.force_login(make_student())

    assert client.get(f"/en/student-support/requests/{code}/").status_code == 404


def test_a_letters_link_opens_nothing_to_whoever_got_it_forwarded(client):
    case = own(client)
    client.force_login(make_student())

    assert client.get(at("request", case.reference)).status_code == 404


def test_one_students_file_is_not_reached_through_the_request_of_another(client):
    file = attached(client, own(client))
    case = own(client)

    assert client.get(at("file", case.reference, file.code)).status_code == 404


# --- The conversation -------------------------------------------------------------------------------------


def test_a_reply_stands_in_the_conversation_and_sets_the_request_going_again(client):
    worker = make_worker(HANDLE)
    case = own(client)
    casework.answer(case, by=worker, text="Which day did you enter?", now=NOW)
    assert case.state == State.WAITING_STUDENT

    page = client.post(at("reply", case.reference), {"text": "On Monday."}, follow=True)

    text = text_of(page)
    assert text.index("Which day") < text.index("On Monday.")
    case.refresh_from_db()
    assert case.state == State.IN_PROGRESS
    kinds_sent = list(Message.objects.values_list("kind", "recipient"))
    assert ("students.replied", worker.email) in kinds_sent


def test_internal_notes_stand_on_no_page_of_the_student(client):
    case = own(client)
    casework.note(case, by=make_worker(HANDLE), text="Secret among us", now=NOW)

    assert "Secret among us" not in text_of(client.get(at("request", case.reference)))


def test_a_reply_to_a_closed_request_is_refused_and_stays_to_be_read(client):
    case = own(client)
    Case.objects.filter(pk=case.pk).update(state=State.CLOSED)

    page = client.post(at("reply", case.reference), {"text": "One more thing, please."})

    assert "This request is closed, so nothing was sent" in text_of(page)
    assert "One more thing, please." in text_of(page)
    assert not case.messages.exists()


def test_writing_to_a_resolved_request_opens_it_again(client):
    case = own(client)
    closing.resolve(case, by=make_worker(HANDLE), text="Done.", now=NOW)

    client.post(at("reply", case.reference), {"text": "It is not."})

    case.refresh_from_db()
    assert case.state == State.IN_PROGRESS
    assert case.destroy_after is None


@pytest.mark.parametrize("said", ["", "🙂", "a" * 10_001])
def test_what_cannot_be_sent_is_told_and_stays(client, said):
    case = own(client)

    page = text_of(client.post(at("reply", case.reference), {"text": said}))

    assert 'href="#id_text"' in page
    assert said in page
    assert not case.messages.exists()


def test_a_hand_that_never_rests_is_told_to_wait(client):
    case = own(client)
    for _each in range(60):
        client.post(at("reply", case.reference), {"text": "word"})

    page = client.post(at("reply", case.reference), {"text": "the last word"})

    assert page.status_code == 429
    assert "the last word" in text_of(page)
    assert case.messages.count() == 60


# --- Files ------------------------------------------------------------------------------------------------


def test_a_file_is_sealed_on_disk_and_comes_back_as_it_was(client, settings):
    case = own(client)
    file = attached(client, case)

    assert file.sealed
    assert file.path.read_bytes().startswith(b"sealed:1:")
    response = client.get(at("file", case.reference, file.code))
    assert response.content.startswith(b"\x89PNG")
    assert "no-store" in response.headers["Cache-Control"]
    assert "permit.png" in response.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("upload", "told"),
    [
        (SimpleUploadedFile("photo.png", b"MZ\x90\x00 not a picture"), "Choose a PDF"),
        (SimpleUploadedFile("paper.pdf", b"<script>alert(1)</script>"), "Choose a PDF"),
        (SimpleUploadedFile("cut.png", b"\x89PNG\r\n\x1a\n1234"), ""),
        (SimpleUploadedFile("empty.pdf", b""), "empty"),
    ],
)
def test_a_disguised_file_is_refused_at_its_field(client, upload, told):
    case = own(client)

    page = client.post(at("attach", case.reference), {"file": upload})

    assert 'href="#id_file"' in text_of(page)
    assert told in text_of(page)
    assert not case.files.exists()


def test_an_infected_file_is_said_to_be_destroyed_and_never_handed_out(client):
    case = own(client)
    file = attached(client, case)
    CaseFile.objects.filter(pk=file.pk).update(scan=Attachment.Scan.INFECTED)

    assert "infected and is destroyed" in text_of(client.get(at("request", case.reference)))
    assert client.get(at("file", case.reference, file.code)).status_code == 404


def test_an_infected_file_goes_from_the_form_to_the_scanner_and_is_destroyed(
    client, settings, django_capture_on_commit_callbacks
):
    case = own(client)
    infected = SimpleUploadedFile("form.pdf", b"%PDF-1.4\nVIRUS-OF-THIS-TEST\n%%EOF\n")
    with clamd(settings):
        client.post(at("attach", case.reference), {"file": infected})
        clean = attached(client, case)
        file = case.files.exclude(pk=clean.pk).get()
        assert client.get(at("file", case.reference, file.code)).status_code == 404
        with django_capture_on_commit_callbacks(execute=True):
            scanning.scan_waiting(NOW)

        assert not file.path.exists()
        assert "infected and is destroyed" in text_of(client.get(at("request", case.reference)))
        assert client.get(at("file", case.reference, file.code)).status_code == 404
        assert client.get(at("file", case.reference, clean.code)).status_code == 200


def test_where_a_scanner_stands_nothing_unscanned_is_handed_out(client, settings):
    case = own(client)
    file = attached(client, case)
    settings.CLAMD_URL = "tcp://127.0.0.1:1"

    assert "still being checked" in text_of(client.get(at("request", case.reference)))
    assert client.get(at("file", case.reference, file.code)).status_code == 404


def test_for_each_file_stands_when_it_goes_and_it_goes_now_when_asked(client, django_capture_on_commit_callbacks):
    case = own(client)
    file = attached(client, case)
    scan = attached(client, case, is_identity="on")
    text = text_of(client.get(at("request", case.reference)))
    assert "Deleted 365 days after your request is closed." in text
    assert "Deleted 30 days after your request is closed." in text

    asking.withdraw(case, by=case.student, now=NOW)
    text = text_of(client.get(at("request", case.reference)))
    assert "Deleted on 2 March 2027." in text
    assert "Deleted on 1 April 2026." in text

    path = file.path
    assert "cannot be brought back" in text_of(client.get(at("delete_file", case.reference, file.code)))
    assert CaseFile.objects.count() == 2
    with django_capture_on_commit_callbacks(execute=True):
        client.post(at("delete_file", case.reference, file.code))
    assert list(case.files.all()) == [scan]
    assert not path.exists()


def test_the_staffs_file_is_read_and_not_deleted_by_the_student(client):
    case = own(client)
    file = attached(client, case)
    CaseFile.objects.filter(pk=file.pk).update(is_from_student=False)

    assert client.get(at("file", case.reference, file.code)).status_code == 200
    assert client.post(at("delete_file", case.reference, file.code)).status_code == 404


def test_there_is_an_end_to_files(client, monkeypatch):
    monkeypatch.setattr(asking, "MOST_FILES", 1)
    case = own(client)
    attached(client, case)

    assert "There are 1 files already" in text_of(client.post(at("attach", case.reference), {"file": picture()}))


# --- Who opened it ----------------------------------------------------------------------------------------


def test_the_student_sees_who_opened_the_request_and_its_files_and_when(client):
    case = own(client)
    file = attached(client, case)
    assert "Nobody of the association has opened it yet." in text_of(client.get(at("request", case.reference)))
    worker = make_worker(HANDLE, name="Mert Kaya")
    reads.note(case, by=worker, what="question", now=NOW + timedelta(minutes=5))
    assert reads.note(file, by=worker, what="name", now=NOW + timedelta(minutes=7)).whose == case.student
    reads.note(make_case(), by=make_worker(HANDLE, name="Somebody Else"), what="question", now=NOW)

    text = text_of(client.get(at("request", case.reference)))
    assert "2 March 2026, 12:05: Mert Kaya" in text
    assert "2 March 2026, 12:07: Mert Kaya (a file)" in text
    assert "Somebody Else" not in text


# --- The end ----------------------------------------------------------------------------------------------


def test_a_request_is_withdrawn_by_a_button_and_a_letter_confirms_it(client):
    case = own(client)
    assert client.get(at("withdraw", case.reference)).status_code == 405

    client.post(at("withdraw", case.reference))

    case.refresh_from_db()
    assert (case.state, case.due_at) == (State.CLOSED, None)
    assert case.destroy_after == NOW + timedelta(days=365)
    assert [message.kind for message in Message.objects.all()] == ["students.closed"]
    client.post(at("withdraw", case.reference))
    assert Message.objects.count() == 1


@pytest.mark.parametrize(("answer", "state"), [("yes", State.CLOSED), ("no", State.IN_PROGRESS)])
def test_the_one_question_is_answered_by_a_button_without_signing_in(client, answer, state):
    case = make_case()
    survey = closing.resolve(case, by=make_worker(HANDLE), text="Done.", now=NOW)
    address = at("solved", survey.token)

    page = client.get(address)
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert case.question not in text_of(page)
    assert case.topic.title not in text_of(page)
    case.refresh_from_db()
    assert case.state == State.RESOLVED
    client.post(address, {"answer": answer})
    case.refresh_from_db()
    assert case.state == state
    assert "has been answered" in text_of(client.post(address, {"answer": answer}))
    assert Survey.objects.get().is_solved is (answer == "yes")


def test_on_their_own_page_the_student_answers_the_question_without_the_letter(client):
    case = own(client)
    closing.resolve(case, by=make_worker(HANDLE), text="Done.", now=NOW)
    address = at("solved", Survey.objects.get().token)
    assert f'action="{address}"' in text_of(client.get(at("request", case.reference)))

    client.post(address, {"answer": "yes"})

    assert Case.objects.get().state == "closed"
    assert address not in text_of(client.get(at("request", case.reference)))


@pytest.mark.parametrize("token", ["x", "%00", "a" * 200])
def test_an_invented_question_is_no_page(client, token):
    assert client.get(f"/en/student-support/solved/{token}/").status_code == 404


def test_what_is_passed_on_is_the_students_word_item_by_item_and_can_be_taken_back(client):
    case, worker = own(client), make_worker(HANDLE)
    items = [ReferralItem.What.values[0], ReferralItem.What.values[1]]
    referral = referrals.ask(
        case, body=Organisation.objects.create(name="Baro"), purpose="Advice", items=items, by=worker, now=NOW
    )
    first = referral.items.first()
    page = text_of(client.get(at("request", case.reference)))
    assert "Baro" in page
    assert "checked" not in page.split('name="item"')[1].split(">")[0]

    client.post(at("referral", case.reference, referral.code), {"act": "decide", "item": [first.pk]})
    assert list(referral.items.filter(is_agreed=True)) == [first]
    client.post(at("referral", case.reference, referral.code), {"act": "revoke"})
    assert not referral.items.filter(is_agreed=True).exists()


# --- Keeping and erasing ----------------------------------------------------------------------------------


def test_what_had_left_before_it_was_taken_back_is_not_denied(client):
    worker, case = make_worker(HANDLE), own(client)
    body = Organisation.objects.create(name="Baku Bar")
    referral = referrals.ask(case, body=body, purpose="Law", items=["name"], by=worker, now=NOW)
    address = at("referral", case.reference, referral.code)
    client.post(address, {"act": "decide", "item": [referral.items.get().pk]})
    referrals.pass_on(referral, by=worker, now=NOW)

    client.post(address, {"act": "revoke"})

    text = text_of(client.get(at("request", case.reference)))
    assert "turn to this body for what it holds" in text
    assert "nothing of it is passed on." in text
    assert "You have taken it back: nothing" not in text


def test_identity_papers_drafts_and_requests_each_go_on_their_day(client, then):
    case = own(client)
    attached(client, case, is_identity="on")
    plain = attached(client, case)
    CaseDraft.objects.create(user=case.student, changed_at=NOW)
    asking.withdraw(case, by=case.student, now=NOW)

    retention.destroy_due(NOW + timedelta(days=31))
    assert list(case.files.all()) == [plain]
    then.move_to(NOW + timedelta(days=366))
    retention.destroy_due(timezone.now())

    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.student, case.question) == (State.ERASED, None, "")
    assert not CaseFile.objects.exists()
    assert not CaseDraft.objects.exists()
    assert not retention.destroy_due(timezone.now())[0].trouble
    assert case.erased_at == timezone.now()


def test_legal_matters_are_kept_for_two_years():
    case = make_case(topic=make_topic(is_sensitive=True))
    keeping.closed(case, now=NOW)

    assert case.destroy_after == NOW + timedelta(days=730)


def test_my_data_tells_of_requests_and_erasing_leaves_tombstones(client, django_capture_on_commit_callbacks):
    case = own(client, question="İkamət məsələsi")
    file = attached(client, case)
    case.notes.create(text="Among us")
    person = Person.of(User.objects.get(pk=case.student.pk))
    told = repr(list(export.overview(person)))
    assert "İkamət məsələsi" in told
    assert "Among us" not in told
    path = file.path

    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(person, now=NOW, rule="by the person")

    case = Case.objects.get(pk=case.pk)
    assert case.state == State.ERASED
    assert not path.exists()
    assert not User.objects.filter(pk=person.user.pk).exists()


@pytest.mark.parametrize("many", [1, 12])
def test_one_page_asks_as_much_for_many_messages_and_files_as_for_one(client, django_assert_max_num_queries, many):
    case = own(client)
    for number in range(many):
        case.messages.create(is_from_student=True, by=case.student, text=f"Word {number}")
        attached(client, case)
        make_case(student=case.student)

    with django_assert_max_num_queries(24):
        client.get(at("request", case.reference))
    with django_assert_max_num_queries(9):
        client.get(at("mine"))
