"""The dossier: three languages from one source, frozen with a number and a hash; handed over, answered, overdue."""

import subprocess
import time
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from izbaku import attachments, times
from izbaku.accounts.models import Organisation
from izbaku.tests import uploaded
from proposals import presentation, register, work
from proposals.delivery import Dossier, DossierItem, HandOver
from proposals.models import Proposal, ProposalFile
from proposals.states import State
from proposals.tests.committee import NOW, back, decided, make_board, make_office, make_proposal
from proposals.tests.test_review import refusal

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
TITLES = [
    ("Körfezden Hazara: liman kentlerinin genç denizcileri için ortak staj, dil ve güvenlik eğitimi programı ile iki "
    "kentin denizcilik müzeleri arasında kalıcı değişim sergisi"),
    "Şəhər bağları", "İpek Yolu mutfağı", "Ortak çeviri atölyesi", "Muğam ve zeybek", "Genç girişimci değişimi",
    "Açık veri", "#panic() $x$ <script>",
]  # fmt: skip


def make_dossier(*proposals: Proposal, **fields: Any) -> Dossier:
    dossier = Dossier.objects.create(title="İzmir Büyükşehir Belediyesine sunulan öneriler", **fields)
    for position, proposal in enumerate(proposals, 1):
        DossierItem.objects.create(dossier=dossier, proposal=proposal, position=position)
    return dossier


def make_full(n: int, title: str) -> Proposal:
    paragraphs = "\n\n".join(f"{part}. paragraf: İzmir ile Bakı arasında ğ ü ş ı İ ç ö ə Ə. " * 6 for part in range(4))
    texts = {
        f"{field}_{language}": paragraphs
        for field in ("why", "what", "benefits", "calendar") for language in ("tr", "az", "en")
    }  # fmt: skip
    return make_proposal(
        title, State.ACCEPTED, title_az=f"{title} (az)", title_en=f"{title} (en)", budget=1250000 + n, currency="TRY",
        place="both", starts_on=date(2027, 3, 1), ends_on=date(2027, 9, 1), is_sample=True, **texts,
    )  # fmt: skip


def text_of(pdf: bytes, tmp_path: Any) -> str:
    (tmp_path / "d.pdf").write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", "d.pdf", "-"], cwd=tmp_path, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


@pytest.fixture
def eight() -> Dossier:
    proposals = [make_full(n, title) for n, title in enumerate(TITLES, 1)]
    back(proposals[0], Organisation.objects.create(name="Ege Denizcilik Odası"), part="proposer")
    file = SimpleUploadedFile("bütçe cədvəli.pdf", uploaded.PDF)
    attachments.receive(file, ProposalFile, sealed=True, proposal=proposals[0])
    return make_dossier(*proposals)


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_eight_full_samples_are_a_dossier_in_under_a_second(eight, language):
    presentation.paper(eight, language, now=NOW)  # the compiler reads its fonts once a process

    begun = time.perf_counter()
    made = presentation.paper(eight, language, now=NOW)

    assert time.perf_counter() - begun < 1
    assert made.startswith(b"%PDF-")


def test_the_paper_names_every_proposal_the_annexes_and_that_they_are_samples(eight, tmp_path):
    said = text_of(presentation.paper(eight, "tr", now=NOW), tmp_path)

    assert all(words in said for words in ("Şəhər bağları", "İpek Yolu mutfağı", "#panic() $x$ <script>"))
    assert "bütçe cədvəli.pdf" in said
    assert "Ege Denizcilik Odası" in said
    assert "1.250.001 TRY" in said


def test_the_hash_is_of_the_stored_bytes_and_a_frozen_dossier_does_not_change(eight):
    presentation.freeze(eight, by=make_office(), now=NOW)

    files = {file.language: file for file in eight.files.all()}
    assert set(files) == {"tr", "az", "en"}
    assert all(sha256(file.path.read_bytes()).hexdigest() == file.sha256 for file in files.values())
    assert files["az"].read() == files["az"].path.read_bytes()  # what is handed out is what was hashed
    assert eight.number == "2026-01"
    assert refusal(presentation.freeze, eight, by=make_office("Tural"), now=NOW) == "frozen"
    assert refusal(presentation.fill, eight) == "frozen"


def test_only_what_is_approved_goes_before_the_municipality():
    dossier = make_dossier(make_proposal(state=State.IN_REVIEW))

    assert refusal(presentation.freeze, dossier, by=make_office(), now=NOW) == "state"
    assert refusal(presentation.freeze, make_dossier(), by=make_office("Tural"), now=NOW) == "empty"
    dossier.refresh_from_db()
    assert (dossier.number, dossier.files.count()) == ("", 0)


def handed_over(office: Any, *proposals: Proposal, expected_on: date | None = None) -> Dossier:
    dossier = make_dossier(*proposals)
    presentation.freeze(dossier, by=office, now=NOW)
    presentation.hand_over(
        dossier, on=TODAY - timedelta(days=9), office="Yazı İşleri", registry_number="E-7", expected_on=expected_on,
        by=office, now=NOW,
    )  # fmt: skip
    return dossier


def test_the_hand_over_presents_each_of_them_and_an_answer_moves_one_on():
    office, one, two = make_office(), make_proposal(state=State.ACCEPTED), make_proposal("İki", State.ACCEPTED)
    dossier = handed_over(office, one, two)
    assert set(Proposal.objects.values_list("state", flat=True)) == {State.PRESENTED}

    item = dossier.items.get(proposal=one)
    presentation.answer(item, answer="positive", on=TODAY, number="U-3", by=office, now=NOW)

    assert set(Proposal.objects.values_list("state", flat=True)) == {State.POSITIVE, State.PRESENTED}
    assert refusal(presentation.answer, item, answer="negative", on=TODAY, by=office, now=NOW) == "twice"


def test_what_is_recorded_late_stands_on_the_line_at_the_day_it_happened():
    office, one = make_office(), make_proposal(state=State.ACCEPTED)
    dossier = make_dossier(one)
    presentation.freeze(dossier, by=office, now=NOW)
    presentation.hand_over(dossier, on=TODAY - timedelta(days=9), office="B", by=office, now=NOW)
    presentation.answer(dossier.items.get(), answer="positive", on=TODAY - timedelta(days=2), by=office, now=NOW)
    one.refresh_from_db()

    presented, answered = register.line_of(one, "en")[-2:]

    assert (presented.when, presented.days) == (times.day(TODAY - timedelta(days=9), "en", weekday=False), 7)
    assert answered.when == times.day(TODAY - timedelta(days=2), "en", weekday=False)
    history = register.data_of(one, "https://example.org")["history"]
    assert [step["since"] for step in history[-2:]] == ["2026-11-16", "2026-11-23"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"on": TODAY + timedelta(days=1)}, "future"),
        ({"on": TODAY, "expected_on": TODAY - timedelta(days=1)}, "expected"),
    ],
)
def test_days_that_cannot_be_are_refused(fields, code):
    office = make_office()
    dossier = make_dossier(make_proposal(state=State.ACCEPTED))
    assert refusal(presentation.hand_over, dossier, on=TODAY, office="B", by=office, now=NOW) == "unfrozen"
    presentation.freeze(dossier, by=office, now=NOW)

    assert refusal(presentation.hand_over, dossier, office="B", by=office, now=NOW, **fields) == code
    assert not HandOver.objects.exists()


def test_an_answer_that_is_overdue_stands_in_todays_work_until_it_is_there():
    office, proposal = make_office(), make_proposal(state=State.ACCEPTED)
    dossier = handed_over(office, proposal, expected_on=TODAY - timedelta(days=1))
    assert work.counts(office, NOW)["unanswered"] == 1
    assert work.counts(office, NOW - timedelta(days=2))["unanswered"] == 0

    presentation.answer(dossier.items.get(), answer="negative", on=TODAY, by=office, now=NOW)

    assert work.counts(office, NOW)["unanswered"] == 0
    assert list(presentation.presentable()) == [proposal]  # once more, after a no


def test_the_paper_names_the_decision(tmp_path):
    proposal = make_proposal()
    decision = decided(proposal, make_board())
    decision.announced_at = NOW
    decision.save()

    assert decision.number in text_of(presentation.paper(make_dossier(proposal), "en", now=NOW), tmp_path)


def test_an_annex_is_listed_with_the_hash_of_the_file_that_its_reader_has(settings, tmp_path):
    settings.PRIVATE_ROOT = tmp_path / "private"
    proposal, drawing = make_proposal(state=State.ACCEPTED), uploaded.picture()
    file = SimpleUploadedFile("Kroki.jpg", drawing)
    annex = attachments.receive(file, ProposalFile, sealed=True, proposal=proposal)
    dossier = make_dossier(proposal)

    said = presentation.words(dossier, "tr", now=NOW)

    assert [one["sha256"] for one in said["annexes"]] == [sha256(annex.read()).hexdigest()]
    assert said["annexes"][0]["sha256"] != annex.sha256  # that one is of the sealed bytes
    assert said["unchanged"] == ""  # a draft does not say that it is frozen
    presentation.freeze(dossier, by=make_office(), now=NOW)
    assert presentation.words(dossier, "tr", now=NOW)["unchanged"]
    annex.path.unlink()
    assert presentation.words(dossier, "tr", now=NOW)["annexes"][0]["sha256"] == "–"
