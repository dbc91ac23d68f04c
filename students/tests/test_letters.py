"""Stories of letters: whatever a request is about, they hold its reference, its state and a link, and nothing more."""

from pathlib import Path

import pytest
from django.conf import settings as portal
from django.utils import translation

from izbaku.accounts.models import Organisation
from izbaku.mail import kinds
from izbaku.mail.models import Message
from students import closing, loading, referrals
from students.models import HANDLE, HANDLE_SENSITIVE, Case
from students.tests.make import NOW, make_case, make_student, make_worker
from students.topics import Topic

pytestmark = pytest.mark.django_db
KINDS = sorted(name for name in kinds.all_names() if name.startswith("students."))
TO_STAFF = {"students.assigned", "students.call", "students.replied", "students.due", "students.late"}
SECRETS = {
    "name": "Ələkbər Quliyev",
    "question": "Sirli sual",
    "message": "Sirli cavab",
    "note": "Daxili qeyd",
    "purpose": "Hüquqi yardım",
    "body": "Bakı Barosu",
    "phone": "+905551112233",
    "safe_hours": "gecə yarısı",
    "worker": "Elif Yılmaz",
}


def make_full_case(topic, language):
    """A request with something in every place from which a word could slip into a letter."""
    worker = make_worker(HANDLE, HANDLE_SENSITIVE, "view_case", name=SECRETS["worker"])
    given = {name: SECRETS[name] for name in ("question", "phone", "safe_hours")}
    case = make_case(make_student(SECRETS["name"]), topic, language=language, assigned_to=worker, **given)
    case.notes.create(by=worker, text=SECRETS["note"], at=NOW)
    body, _new = Organisation.objects.get_or_create(name=SECRETS["body"])
    referral = referrals.ask(case, body=body, purpose=SECRETS["purpose"], items=["name"], by=worker, now=NOW)
    survey = closing.resolve(case, by=worker, text=SECRETS["message"], now=NOW)
    case.refresh_from_db()
    return case, survey, referral


def written(kind, case, survey, referral, language):
    payload = {"case": case.pk}
    if kind in TO_STAFF:
        payload |= {"to": case.assigned_to.pk, "due": NOW.isoformat()}
    elif kind == "students.resolved":
        payload |= {"survey": survey.pk}
    elif kind == "students.referral":
        payload |= {"referral": referral.pk}
    return kinds.get(kind).build(Message(kind=kind, language=language, payload=payload))


def test_every_template_belongs_to_a_kind_of_letter():
    folder = Path(portal.BASE_DIR) / "templates/students/mail"
    assert {f"students.{path.stem}" for path in folder.iterdir()} == set(KINDS)


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_a_letter_is_the_same_for_every_topic_but_for_reference_state_and_link(language, settings):
    loading.load(loading.read())
    topics = list(Topic.objects.all())
    assert len(topics) > 10
    bare = {kind: set() for kind in KINDS}

    for topic in topics:
        case, survey, referral = make_full_case(topic, language)
        with translation.override(language):
            state = case.get_state_display()
        titles = [topic.title_tr, topic.title_az, topic.title_en]
        for kind in KINDS:
            letter = written(kind, case, survey, referral, language)
            words = f"{letter.subject}\n{letter.text}"
            assert [secret for secret in [*SECRETS.values(), *titles, case.student.email] if secret in words] == []
            assert case.reference in letter.subject
            assert (f"/{case.reference}/" in words, state in letter.text) == (True, True)
            assert (survey.token in words) == (kind == "students.resolved")
            assert words.count("://") == words.count(settings.SITE_ADDRESS) == 1 + (kind == "students.resolved")
            for told in (case.reference, survey.token, f": {state}"):
                words = words.replace(told, "…")
            bare[kind].add(words)

    assert {kind: len(texts) for kind, texts in bare.items()} == dict.fromkeys(KINDS, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_of_what_was_erased_is_not_wanted_any_more(kind):
    case, survey, referral = make_full_case(None, "az")
    Case.objects.filter(pk=case.pk).update(state=Case.State.ERASED)
    payload = {"case": case.pk, "survey": survey.pk, "referral": referral.pk, "due": NOW.isoformat()}
    payload |= {"to": case.assigned_to.pk} if kind in TO_STAFF else {}

    assert not kinds.get(kind).still_wanted(Message(kind=kind, language="az", payload=payload), NOW)
