"""Clearly labelled sample proposals, so that the committee's side can be tried. Never in production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction

from izbaku import history, times
from izbaku.accounts.models import User
from izbaku.mail.models import Message
from proposals import inviting, meetings, milestones, presentation, review, submission, taking_in
from proposals.bodies import BodyMember, ReviewBody
from proposals.delivery import Dossier, DossierItem, HandOver, Milestone, News
from proposals.models import Proposal
from proposals.reviewing import AgendaItem, Decision, Meeting, Minutes
from proposals.states import State

# Nobody: this address leads nowhere (RFC 2606), and no letter is left for it.
ADDRESS = "sample-author@example.org"
NAME = "Örnek Yazar"
# area, language, title, summary, why, what, who benefits, where, budget, currency
PROPOSALS = [
    ("commercial", "tr", "Örnek: Liman okulu", "Örnek: bu gerçek bir öneri değildir. İki liman için ortak bir kurs.",
     "İki şehrin limanlarında aynı işi öğrenenler birbirini tanımıyor.", "Yılda iki kez, bir ay süren bir kurs açılır.",
     "İzmir'de ve Bakü'de liman işi öğrenen gençler.", "both", "1250000", "TRY"),
    ("cultural", "az", "Nümunə: Ortaq xor", "Nümunə: bu, real təklif deyil. İki şəhərin bir xoru.",
     "İki şəhərin mahnıları birlikdə oxunmur.", "İldə iki konsert verilir.", "İki şəhərin gəncləri.",
     "both", "18000", "AZN"),
    ("educational", "en", "Sample: A week of two libraries", "Sample: this is no real proposal. Two libraries.",
     "The libraries of the two cities have never met.", "For one week each library shows the other's books.",
     "Readers in İzmir and in Baku.", "both", "0", "EUR"),
]  # fmt: skip
# How far, area, where, budget, currency, then by language: title, summary, why, what, who benefits, calendar
FURTHER = [
    (State.IN_REVIEW, "institutional", "both", "90000", "TRY", {
        "tr": ("Örnek: İki belediyenin staj değişimi", "Örnek: bu gerçek bir öneri değildir. Uzmanlar yer değiştirir.",
               "Aynı işi yapan daireler birbirini tanımıyor.", "Her yıl dört uzman bir ay öbür belediyede çalışır.",
               "İki belediyenin çalışanları.", "Mart: seçim. Mayıs: değişim."),
        "en": ("Sample: Exchange of two city halls", "Sample: this is no real proposal. Experts change places.",
               "Offices that do the same work do not know each other.",
               "Every year four experts work in the other city hall for a month.", "Those who work in the two halls.",
               "March: choosing. May: the exchange."),
    }),
    (State.CHANGES_ASKED, "cultural", "baku", "4500", "EUR", {
        "az": ("Nümunə: Dəniz fotoları", "Nümunə: bu, real təklif deyil. İki dənizin fotoları bir sərgidə.",
               "Sahillər bir-birini görmür.", "Otuz foto iki şəhərdə göstərilir.", "Sərgiyə gələnlər.",
               "Sentyabrda açılış."),
    }),
    (State.DEFERRED, "commercial", "izmir", "320000", "TRY", {
        "tr": ("Örnek: Küçük üreticiler için ortak raf", "Örnek: bu gerçek bir öneri değildir. Bir rafta iki şehir.",
               "Küçük üreticiler öbür kıyıda tanınmıyor.", "Bir çarşıda iki şehrin ürünleri yan yana satılır.",
               "Küçük üreticiler.", "Bir yıl denenir."),
    }),
    (State.ACCEPTED, "educational", "both", "0", "EUR", {
        "tr": ("Örnek: Kardeş sınıflar", "Örnek: bu gerçek bir öneri değildir. İki okul birlikte ders yapar.",
               "Öğrenciler öbür şehri yalnız kitaptan biliyor.", "Ayda bir ders iki sınıfta birlikte yapılır.",
               "İki okulun öğrencileri ve öğretmenleri.", "Ekimden hazirana."),
        "az": ("Nümunə: Qardaş siniflər", "Nümunə: bu, real təklif deyil. İki məktəb birgə dərs keçir.",
               "Şagirdlər o biri şəhəri yalnız kitabdan tanıyır.", "Ayda bir dərs iki sinifdə birgə keçirilir.",
               "İki məktəbin şagirdləri və müəllimləri.", "Oktyabrdan iyuna qədər."),
        "en": ("Sample: Sister classes", "Sample: this is no real proposal. Two schools teach together.",
               "Pupils know the other city from books alone.", "Once a month two classes have one lesson together.",
               "Pupils and teachers of the two schools.", "From October to June."),
    }),
    (State.RUNNING, "cultural", "both", "1250000", "TRY", {
        "tr": ("Örnek: İki kıyının yemek defteri", "Örnek: bu gerçek bir öneri değildir. Tarifler iki dilde toplanır.",
               "Ortak tarifler yazılmadan unutuluyor.", "Yüz tarif toplanır, denenir ve iki dilde basılır.",
               "Aşçılar, öğrenciler, okurlar.", "Altı ay toplama, altı ay basım."),
        "az": ("Nümunə: İki sahilin yemək dəftəri", "Nümunə: bu, real təklif deyil. Reseptlər iki dildə toplanır.",
               "Ortaq reseptlər yazılmadan unudulur.", "Yüz resept toplanır, yoxlanır və iki dildə çap olunur.",
               "Aşpazlar, tələbələr, oxucular.", "Altı ay toplama, altı ay çap."),
        "en": ("Sample: The cookbook of two shores", "Sample: this is no real proposal. Recipes in two languages.",
               "Recipes that both share are forgotten unwritten.",
               "A hundred recipes are collected, tried and printed in two languages.", "Cooks, students, readers.",
               "Six months of collecting, six of printing."),
    }),
]  # fmt: skip
TEXTS = ("title", "summary", "why", "what", "benefits", "calendar")
PLACE = "Örnek toplantı yeri"  # by this the samples' meeting is known again
# Who moves them on: no staff, so that nobody can sign in to the desk as them; they leave when the samples stand.
CAST = {
    "sample-office@example.org": ("Örnek Sekreterya", "secretariat"),
    "sample-chair@example.org": ("Örnek Başkan", "committee-chair"),
    "sample-member@example.org": ("Örnek Üye", "committee-member"),
}


@dataclass(frozen=True)
class Cast:
    office: User
    chair: User
    member: User


@transaction.atomic
def load(now: datetime) -> int:
    """Write and send what is not there yet, by the same acts as the form; returns how many are new.

    Some go on from there as far as a project, judged by sample people. Where somebody sits in the deciding body
    already, none do: samples take no part in the books of real people.
    """
    author = User.objects.filter(email=ADDRESS).first() or User.objects.create_user(ADDRESS, name=NAME)
    EmailAddress.objects.get_or_create(user=author, email=ADDRESS, defaults={"verified": True, "primary": True})
    titles = {proposal.said("title", proposal.language) for proposal in _ours()}
    added = 0
    for area, language, title, summary, why, what, benefits, place, budget, currency in PROPOSALS:
        if title not in titles:
            said = {language: (title, summary, why, what, benefits, "")}
            proposal = _begin(author, area, place, budget, currency, said, now)
            submission.submit(proposal, by=author, now=now)
            added += 1
    further = [row for row in FURTHER if next(iter(row[-1].values()))[0] not in titles]
    if further and not BodyMember.objects.standing().filter(body__decides=True).exists():
        _go_on(author, further, now)
        added += len(further)
    Message.objects.filter(recipient=ADDRESS).delete()
    return added


def _begin(
    author: User, area: str, place: str, budget: str, currency: str, said: Mapping[str, tuple[str, ...]], now: datetime
) -> Proposal:
    language = next(iter(said))
    content = {f"{name}_{code}": text for code, texts in said.items() for name, text in zip(TEXTS, texts, strict=True)}
    content |= {"language": language, "area": area, "place": place, "budget": budget, "currency": currency}
    content |= {"contact_name": NAME, "contact_email": ADDRESS}
    proposal = submission.begin(by=author, language=language, now=now)
    Proposal.objects.filter(pk=proposal.pk).update(is_sample=True)
    submission.save(proposal, content, now=now)
    return proposal


def _go_on(author: User, rows: list[tuple[Any, ...]], now: datetime) -> None:
    """Begun some months ago, each as far as its row says."""
    began = now - timedelta(days=150)
    cast = _cast(began)
    found: dict[State, Proposal] = {}
    for day, (stage, area, place, budget, currency, said) in enumerate(rows):
        at = began + timedelta(days=3 * day)
        proposal = _begin(author, area, place, budget, currency, said, at)
        for name, city in (("Örnek İzmir Derneği", "izmir"), ("Nümunə Bakı Birliyi", "baku")):
            partner = inviting.add_partner(
                proposal, name=name, part="partner", city=city, email=ADDRESS, language="tr", by=author, now=at
            )
            inviting.confirm(partner, name=NAME, now=at)
        submission.submit(proposal, by=author, now=at + timedelta(days=2))
        taking_in.take_up(proposal, by=cast.office, now=at + timedelta(days=6))
        found[stage] = proposal
    if asked := found.get(State.CHANGES_ASKED):
        why = "Örnek: bütçeyi ayrıntılı yazın."
        history.move(asked, "ask_changes", by=cast.office, why=why, now=began + timedelta(days=30))
    _meet(found, cast, began + timedelta(days=40))
    if running := found.get(State.RUNNING):
        _deliver(running, cast, began + timedelta(days=60))
    for person in (cast.office, cast.chair, cast.member):
        BodyMember.objects.filter(user=person).update(until=now)
        person.groups.clear()
        person.is_active = False
        person.save()


def _cast(now: datetime) -> Cast:
    people = []
    for email, (name, role) in CAST.items():
        person = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
        person.is_active = True
        person.save()
        person.groups.set(Group.objects.filter(name=role))
        people.append(person)
    board = ReviewBody.objects.get(decides=True)
    for person in people[1:]:
        BodyMember.objects.update_or_create(
            body=board, user=person, defaults={"is_chair": person == people[1], "since": now, "until": None}
        )
    return Cast(*people)


def _meet(found: dict[State, Proposal], cast: Cast, at: datetime) -> None:
    """Both read and score; then the meeting decides, and what it decided is announced."""
    verdicts = {State.DEFERRED: "defer", State.ACCEPTED: "accept", State.RUNNING: "accept"}
    meeting = Meeting.objects.create(body=ReviewBody.objects.get(decides=True), at=at, place=PLACE)
    meeting.present.set([cast.chair, cast.member])
    for number, (stage, verdict) in enumerate(verdicts.items(), 1):
        if (proposal := found.get(stage)) is None:
            continue
        for person, score in ((cast.chair, 4), (cast.member, 3)):
            review.declare(proposal, by=person, has_conflict=False, now=at)
            if review.sits_for(proposal, person) and (asked := review.criteria_of(proposal)):
                review.save(
                    proposal, by=person, version=proposal.version, scores={one.pk: score for one in asked},
                    to_committee="Örnek: iki kıyı için de anlamlı.", to_author="Örnek: takvimi kısaltın.",
                    hand_in=True, now=at,
                )  # fmt: skip
        AgendaItem.objects.create(meeting=meeting, proposal=proposal, position=number)
        review.decide(
            proposal, meeting=meeting, verdict=verdict, votes=review.Votes(2), to_author="Örnek: takvimi kısaltın.",
            by=cast.chair, now=at,
        )  # fmt: skip
        review.announce(proposal, by=cast.office, now=at + timedelta(days=4))
    meetings.close(meeting, by=cast.office, now=at + timedelta(days=1))


def _deliver(proposal: Proposal, cast: Cast, at: datetime) -> None:
    """Before the municipality, its yes, and a project with milestones and news."""
    dossier = Dossier.objects.create(title="Örnek dosya: gerçek değildir", made_at=at)
    DossierItem.objects.create(dossier=dossier, proposal=proposal, position=1)
    presentation.freeze(dossier, by=cast.office, now=at)
    presentation.hand_over(
        dossier, on=times.today(at), office="Örnek daire", registry_number="ÖRNEK-1",
        expected_on=times.today(at + timedelta(days=30)), by=cast.office, now=at,
    )  # fmt: skip
    answered = at + timedelta(days=21)
    item = DossierItem.objects.get(dossier=dossier)
    presentation.answer(item, answer="positive", on=times.today(answered), by=cast.office, now=answered)
    steps = [
        ({"tr": "Elli tarif toplandı", "az": "Əlli resept toplandı", "en": "Fifty recipes collected"}, 30, True),
        ({"tr": "Yüz tarif toplandı", "az": "Yüz resept toplandı", "en": "A hundred recipes collected"}, 75, False),
        ({"tr": "Defter basıldı", "az": "Dəftər çap olundu", "en": "The book is printed"}, 240, False),
    ]  # fmt: skip
    for title, days, is_reached in steps:
        due = times.today(answered + timedelta(days=days))
        state = Milestone.State.REACHED if is_reached else Milestone.State.PLANNED
        Milestone.objects.create(
            proposal=proposal, due_on=due, state=state, reached_on=due if is_reached else None,
            **{f"title_{code}": text for code, text in title.items()},
        )  # fmt: skip
    started = answered + timedelta(days=10)
    proposal.refresh_from_db()
    history.move(proposal, "start", by=cast.office, now=started)
    news = News.objects.create(
        proposal=proposal, by=cast.office, begun_at=started,
        title_tr="Örnek: İlk elli tarif", title_az="Nümunə: İlk əlli resept", title_en="Sample: Fifty recipes",
        text_tr="Örnek haber.", text_az="Nümunə xəbər.", text_en="Sample news.",
    )  # fmt: skip
    milestones.publish(news, by=cast.office, now=started + timedelta(days=25))


def _ours() -> list[Proposal]:
    return list(Proposal.objects.filter(is_sample=True, authors__email=ADDRESS))


@transaction.atomic
def remove() -> int:
    """Take them away with their author; returns how many there were. What was tried with them goes along, but not
    one that stands in a decision or a dossier of real people: those are books."""
    _remove_books()
    removed = 0
    for proposal in _ours():
        if proposal.decisions.exists() or proposal.dossiers.exists():
            continue
        proposal.delete()
        removed += 1
    Message.objects.filter(recipient=ADDRESS).delete()
    if not _ours():
        User.objects.filter(email__in=[ADDRESS, *CAST]).delete()
    return removed


def _remove_books() -> None:
    """The samples' own meeting and dossier."""
    cast = User.objects.filter(email__in=CAST)
    for dossier in Dossier.objects.filter(frozen_by__in=cast):
        HandOver.objects.filter(dossier=dossier).delete()
        for file in dossier.files.all():
            file.delete()
        dossier.delete()
    for meeting in Meeting.objects.filter(place=PLACE, closed_by__in=cast):
        Minutes.objects.get(meeting=meeting).delete()
        Decision.objects.filter(meeting=meeting).delete()
        meeting.delete()
