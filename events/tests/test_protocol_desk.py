"""The protocol officer's desk: lists, imports, inviting, answers by telephone, papers; and what a partner finds."""

import html
import io
import re
from datetime import timedelta

import openpyxl
import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from events import guest_files, guest_imports, invitations
from events.admin import guest_papers
from events.guests import Guest, GuestImport, Invitation, Quota
from events.models import Event
from events.tests.desk import proven, staff
from events.tests.guests import invited, make_gala, make_guest, make_list, officer
from events.tests.test_registration import NOW
from izbaku.accounts.models import Organisation, Speaker, User
from izbaku.mail import expanding, mailings
from izbaku.mail.models import Suppression
from izbaku.mail.rounds import Mailing
from izbaku.privacy.models import Reading

pytestmark = pytest.mark.django_db
GUESTS, INVITATIONS, LISTS = (f"/admin/events/{name}/" for name in ("guest", "invitation", "guestlist"))
HEAD = "Ad Soyad;E-posta;Görev;Kurum;Protokol Sırası;Dil\n"


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk() -> Client:
    return staff()


def sent(desk: Client, data: bytes, name: str = "liste.csv", guest_list=None):
    guest_list = guest_list or make_list()
    upload = SimpleUploadedFile(name, data)
    return desk.post(f"{LISTS}{guest_list.pk}/import/", {"file": upload, "language": "tr"}, follow=True)


def fates() -> dict[str, int]:
    return dict(guest_imports.counts(GuestImport.objects.latest("pk").lines))


# --- Imports ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1254", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_list_is_read_in_whatever_encoding_it_comes(desk, encoding):
    text = HEAD + "Şükrü İğdır;sukru@example.org;Müdür;Çeşme Belediyesi;3;tr\n"

    page = sent(desk, text.encode(encoding))
    assert "Import 1 new guest" in page.content.decode()
    assert not Guest.objects.exists()
    desk.post(page.request["PATH_INFO"])

    guest = Guest.objects.get()
    assert (guest.name, guest.office, guest.rank) == ("Şükrü İğdır", "Müdür", 3)


def test_each_line_has_its_fate_and_what_is_refused_can_be_fetched(desk):
    make_guest("Ada Var", email="ada@example.org", office="Vali")
    make_guest("Ben Aynı", email="ben@example.org", language="tr")
    lines = [
        "Ada Var;ada@example.org;Bakan;;;",
        "Ben  AYNI;BEN@example.org;;;;",
        "Can Yeni;can@example.org;;;;az+tr",
        "CAN YENİ;can@example.org;;;;",
        "Deniz Ortak;can@example.org;;;;",
        ";adsiz@example.org;;;;",
        "Adres Yok;bu adres değil;;;;",
        "Sıra Yok;x@example.org;;;birinci;",
        "Dil Yok;y@example.org;;;;klingon",
        "=HYPERLINK(1);z@example.org;;;;",
        f"{'u' * 130};u@example.org;;;;",
        ";;;;;",
    ]
    page = sent(desk, (HEAD + "\n".join(lines)).encode())

    assert fates() == {"change": 1, "same": 1, "add": 2, "twice": 1, "refused": 6}
    file = desk.get(f"{page.request['PATH_INFO']}refused/").content.decode()
    assert file.startswith("\ufeff")
    assert file.count("\r\n") == 8
    for word in ("adsiz@example.org", "bu adres değil", "klingon", "birinci", "'=HYPERLINK(1)", "line 4"):
        assert word in file

    desk.post(page.request["PATH_INFO"], {"with_changes": "on"})

    assert Guest.objects.count() == 4
    assert Guest.objects.get(name="Ada Var").office == "Bakan"
    assert Guest.objects.get(name="Can Yeni").languages == ["az", "tr"]
    desk.post(page.request["PATH_INFO"])
    assert Guest.objects.count() == 4  # a second click imports nothing


def test_a_workbook_with_merged_cells_a_title_and_formulas(desk):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["PROTOKOL LİSTESİ"])
    sheet.merge_cells("A1:F1")
    sheet.append([])
    sheet.append(["Ad", "Soyad", "Kurum", "E-posta", "Telefon", "Renk"])
    sheet.append(["Leyla", "Əliyeva", "ADA Universiteti", "leyla@example.az", 994500000000.0, "mavi"])
    sheet.append(["Orxan", "Qasımov", None, "orxan@example.az", None, None])
    sheet.merge_cells("C4:C5")
    sheet.append(["=UPPER(A4)", "Formül", None, "f@example.az", None, None])
    file = io.BytesIO()
    book.save(file)

    page = sent(desk, file.getvalue(), "liste.xlsx")
    assert "Renk" in page.content.decode()
    desk.post(page.request["PATH_INFO"])

    assert fates() == {"add": 2, "refused": 1}
    assert sorted(Guest.objects.values_list("name", "organisation", "phone")) == [
        ("Leyla Əliyeva", "ADA Universiteti", "994500000000"),
        ("Orxan Qasımov", "ADA Universiteti", ""),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"   \n", "empty"),
        (b"a;b\n1;2\n", "No column is called"),
        (HEAD.encode(), "no lines below"),
        (b"\xd0\xcf\x11\xe0old", "old Excel file"),
        (b"PK\x03\x04broken", "damaged"),
        (HEAD.encode() + b"Ad;a@example.org;;;;\n" * 50_001, "more than 50000 lines"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(desk, data, said):
    page = sent(desk, data)
    assert said in page.content.decode()
    assert not GuestImport.objects.exists()


def test_the_empty_file_with_the_headings_is_understood(desk):
    head = desk.get(f"{LISTS}own-file/").content.decode().strip()
    row = ["Ada" if "name" in heading else "" for heading in head.split(",")]
    sent(desk, f"{head}\n{','.join(row)}\n".encode())
    assert fates() == {"add": 1}


@pytest.mark.parametrize("language", ["tr", "az", "en"])
def test_our_own_file_is_read_whole_in_each_language(language):
    with translation.override(language):
        table = guest_files.read(io.BytesIO((guest_imports.own_file(";") + "x;Dr.;Ada" + ";" * 7).encode()))

    assert table.unknown == []
    assert set(table.fields) == set(guest_files.LABELS) - {"surname"}
    assert table.lines[0].values["title"] == "Dr."
    assert table.fields["title"] == {"tr": "unvan", "az": "titul", "en": "title"}[language]


def test_a_file_is_gone_after_two_days(desk):
    sent(desk, (HEAD + "Ada;ada@example.org;;;;\n").encode())
    assert guest_imports.sweep(NOW + timedelta(hours=47)) == 0
    assert guest_imports.sweep(NOW + timedelta(hours=49)) == 1


# --- Pages ------------------------------------------------------------------------------------------------


def test_every_page_of_an_event_answers_and_what_is_read_is_noted(desk):
    event = make_gala()
    guest = make_guest("Leyla Məmmədova", phone="+994 50", rank=1, office="Nazir müavini", second_language="az")
    one = invited(event, guest, companions=1)
    invitations.answer(one, "coming", now=NOW, needs=["step_free"], food="no nuts", companions=1)
    acts = "".join(
        f"{INVITATIONS}acts/{name}/?invitation={one.pk} " for name in ("withdraw", "hand_over", "terms")
    ).split()
    pages = [
        "/admin/", GUESTS, LISTS, INVITATIONS, f"{INVITATIONS}?event__id__exact={event.pk}",
        f"{INVITATIONS}?waits=silent", f"{GUESTS}{guest.pk}/change/", f"{LISTS}{guest.guest_list_id}/change/",
        f"{INVITATIONS}{one.pk}/change/", f"{INVITATIONS}{one.pk}/history/", f"{INVITATIONS}{one.pk}/answer/",
        f"{INVITATIONS}{one.pk}/message/", f"{INVITATIONS}{one.pk}/card.pdf", f"{INVITATIONS}{one.pk}/card.png",
        f"{INVITATIONS}invite/", f"{INVITATIONS}invite/?event={event.pk}&list={guest.guest_list_id}",
        f"{INVITATIONS}invite/?event={event.pk}&guest={guest.pk}",
        *(f"{INVITATIONS}{name}/?event={event.pk}" for name in ("calls", "protocol", "places", "export")),
        f"{INVITATIONS}cards.pdf?event={event.pk}", *acts, f"/admin/events/event/{event.pk}/change/",
        f"{LISTS}{guest.guest_list_id}/import/", "/admin/events/invitationpolicy/add/", "/admin/events/quota/add/",
    ]  # fmt: skip
    before = Invitation.objects.values().get()

    assert [page for page in pages if desk.get(page).status_code != 200] == []

    assert Invitation.objects.values().get() == before
    assert "Məmmədova" in desk.get(f"{INVITATIONS}protocol/?event={event.pk}").content.decode()
    assert one.code in desk.get(f"{INVITATIONS}{one.pk}/message/").content.decode()
    assert Reading.objects.filter(record=f"events.invitation {one.pk}").exists()
    assert Reading.objects.filter(record=f"events.guest {guest.pk}").exists()


def test_the_workbook_holds_everything_and_no_formula(desk):
    event = make_gala()
    one = invited(event, make_guest(office="=1+1"))
    invitations.answer(one, "proxy", proxy="Vəzir", now=NOW)

    answer = desk.get(f"{INVITATIONS}export/?event={event.pk}")

    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert rows[1][2:4] == ("Leyla Məmmədova", "'=1+1")
    assert "Vəzir" in rows[1]


@pytest.mark.parametrize("guests", [1, 20])
@pytest.mark.parametrize("address", [GUESTS, INVITATIONS])
def test_the_lists_ask_a_constant_number_of_questions(desk, address, guests, django_assert_max_num_queries):
    event = make_gala(seats=None)
    invited(event, *(make_guest(f"Guest {n}", email=f"g{n}@example.org") for n in range(guests)))
    desk.get(address)
    with django_assert_max_num_queries(17):
        assert desk.get(address).status_code == 200


def test_an_address_that_came_back_is_said_in_the_row(desk):
    make_guest(email="gone@example.org")
    Suppression.objects.create(address_hash=Suppression.hash_of("gone@example.org"), reason="no_such_address")
    assert "ask for another address" in desk.get(GUESTS).content.decode()


# --- Acts -------------------------------------------------------------------------------------------------


def test_a_list_is_invited_and_nobody_is_written_to(desk):
    event, leyla = make_gala(), make_guest()
    typed = {"event": event.pk, "lists": [leyla.guest_list_id], "companions": "1", "answer_until_0": "2026-03-10"}
    typed |= {"answer_until_1": "18:00", "allotment": event.allotments.get().pk}

    page = desk.post(f"{INVITATIONS}invite/", typed, follow=True).content.decode()

    one = Invitation.objects.get()
    assert "1 guests were invited" in page
    assert (one.held, one.answer_until.isoformat()) == (2, "2026-03-10T15:00:00+00:00")


def test_too_many_for_the_seats_are_refused_with_the_number(desk):
    event, leyla = make_gala(seats=1), make_guest()
    typed = {
        "event": event.pk,
        "lists": [leyla.guest_list_id],
        "companions": "1",
        "allotment": event.allotments.get().pk,
    }
    page = desk.post(f"{INVITATIONS}invite/", typed).content.decode()
    assert "needs 2 seats, and 1 are free" in page
    assert not Invitation.objects.exists()


def test_an_answer_by_telephone_says_who_and_when(desk):
    one = invited(make_gala())
    typed = {"answer": "proxy", "proxy": "Vəzir müavini", "how": "phone", "spoke_with": "katibə"}

    desk.post(f"{INVITATIONS}{one.pk}/answer/", typed)

    one = Invitation.objects.get()
    assert (one.state, one.proxy, one.spoke_with) == ("proxy", "Vəzir müavini", "katibə")
    assert (one.answered_by.email, one.answered_at) == ("aylin@example.org", NOW)


def test_taking_back_and_another_deadline_ask_first(desk):
    one = invited(make_gala())
    typed = {"invitation": one.pk, "answer_until_0": "2026-03-15", "answer_until_1": "12:00", "companions": ""}
    desk.post(f"{INVITATIONS}acts/terms/", typed)
    assert Invitation.objects.get().answer_until.isoformat() == "2026-03-15T09:00:00+00:00"

    desk.get(f"{INVITATIONS}acts/withdraw/?invitation={one.pk}")
    assert Invitation.objects.get().state == "silent"
    desk.post(f"{INVITATIONS}acts/withdraw/", {"invitation": one.pk})
    assert (Invitation.objects.get().state, Invitation.objects.get().held) == ("withdrawn", 0)


def test_deleting_a_guest_gives_the_seats_back(desk):
    event = make_gala()
    one = invited(event, companions=1)
    desk.post(f"{GUESTS}{one.guest_id}/delete/", {"post": "yes"})
    assert not Guest.objects.exists()
    assert event.allotments.get().taken == 0


# --- Partners ---------------------------------------------------------------------------------------------


def test_a_partner_works_on_its_own_guests_and_the_others_do_not_exist():
    event, partner = make_gala(), Organisation.objects.create(name="Bakı Şəhər İcra Hakimiyyəti")
    user = User.objects.create_user("partner@example.az", is_staff=True, language="en")
    user.groups.add(Group.objects.get(name="co-host"))
    Speaker.objects.create(user=user, organisation=partner, confirmed_at=NOW - timedelta(days=1))
    desk = proven(user)
    ours, theirs = (
        make_guest("Ada Bizim"),
        make_guest("Orxan Onların", guest_list=make_list("Bakı", organisation=partner)),
    )
    one = invited(event, ours)
    Quota.objects.create(event=event, organisation=partner, seats=1)

    page = desk.get(GUESTS).content.decode()
    assert "Orxan" in page
    assert "Ada" not in page
    for address in (
        f"{GUESTS}{ours.pk}/change/", f"{INVITATIONS}{one.pk}/change/", f"{INVITATIONS}{one.pk}/answer/",
        f"{INVITATIONS}{one.pk}/message/", f"{INVITATIONS}{one.pk}/card.pdf", f"{LISTS}{ours.guest_list_id}/import/",
    ):  # fmt: skip
        assert desk.get(address).status_code in (302, 404), address
    typed = {"event": event.pk, "lists": [theirs.guest_list_id, ours.guest_list_id], "companions": "0"}
    assert desk.post(f"{INVITATIONS}invite/", typed).status_code == 200  # a list that is not theirs is no choice
    typed["lists"] = [theirs.guest_list_id]
    desk.post(f"{INVITATIONS}invite/", typed)
    assert Invitation.objects.filter(guest=theirs).exists()
    assert officer().email not in desk.get(INVITATIONS).content.decode()


def partner_of(organisation: Organisation, email: str) -> Client:
    user = User.objects.create_user(email, is_staff=True, language="en")
    user.groups.add(Group.objects.get(name="co-host"))
    Speaker.objects.create(user=user, organisation=organisation, confirmed_at=NOW - timedelta(days=1))
    return proven(user)


def test_a_partner_writes_to_its_own_guests_and_the_association_lets_the_round_go(desk):
    """Also when an officer of ours, who sees everybody, corrects a word in it."""
    event, partner = make_gala(), Organisation.objects.create(name="Bakı Şəhər İcra Hakimiyyəti")
    theirs = make_guest("Orxan Onların", guest_list=make_list("Bakı", organisation=partner))
    invited(event, make_guest("Ada Bizim"), theirs)
    colleague, stranger = partner_of(partner, "eve@example.az"), partner_of(_another(), "x@example.az")
    of_both = User.objects.get(email="eve@example.az")

    colleague.post("/admin/mail/mailing/add/", {"target": f"invitation:{event.pk}", "name": "Bakı"})
    mailing = Mailing.objects.get()
    address = f"/admin/mail/mailing/{mailing.pk}"
    words = {f"{part}_{text.language}": getattr(text, part) for text in mailing.texts.all() for part in TEXT_PARTS}
    desk.post(f"{address}/change/", {"name": "Bakı", "starts_at_0": "", "starts_at_1": "", **words})
    colleague.post(f"{address}/act/test/", {})
    colleague.post(f"{address}/act/hold/", {})

    mailing.refresh_from_db()
    assert (mailing.state, expanding.census(mailing, NOW).number) == ("held", 1)
    page = colleague.get(f"{address}/change/").content.decode()
    assert "1 reader gets a letter" in page
    assert "act/approve/" not in page
    colleague.post(f"{address}/act/approve/", {"version": mailing.version, "readers": 1})
    mailing.refresh_from_db()
    assert mailing.state == "held"
    assert "act/approve/" in desk.get(f"{address}/change/").content.decode()
    assert stranger.get(f"{address}/change/").status_code == 404
    Speaker.objects.create(user=of_both, organisation=_another(), confirmed_at=NOW - timedelta(days=1))
    assert colleague.get(f"{address}/change/").status_code == 200
    assert stranger.get(f"{address}/change/").status_code == 404  # it reaches guests that this one may not see


TEXT_PARTS = ("subject", "body")


def _another() -> Organisation:
    return Organisation.objects.get_or_create(name="İzmir Ticaret Odası")[0]


def test_the_preview_shows_what_each_reader_gets_also_in_two_languages(desk):
    event = make_gala()
    people = [make_guest(f"Konuk{n}", language="tr") for n in range(12)]
    invited(event, *people, make_guest("Leyla", language="az", second_language="tr"))
    mailing = mailings.draft("invitation", about=event.pk, name="Davet", by=officer(), now=NOW)
    one = Invitation.objects.get(guest__name="Leyla")
    address = f"/admin/mail/mailing/{mailing.pk}/preview/"

    found = expanding.census(mailing, NOW)
    assert found.readers[one.pk] == ("az", "tr")  # among the sample, however many read Turkish
    page = desk.get(f"{address}?reader={one.pk}").content.decode()
    assert '<pre class="letter-text" lang="az">Türkçesi aşağıdadır.' in page
    assert '<pre class="letter-text" lang="tr">Sayın Leyla' in page
    assert "<strong>Azərbaycanca + Türkçe</strong>" in page
    assert one.code not in page
    alone = desk.get(f"{address}?reader={one.pk}&language=tr").content.decode()
    assert '<pre class="letter-text" lang="tr">Sayın Leyla' in alone
    assert "Türkçesi aşağıdadır." not in alone
    html = desk.get(f"{address}html/?reader={one.pk}&language=az%2Btr").content.decode()
    assert '<p lang="tr"' in html


def test_a_letter_that_names_no_day_to_answer_by_is_not_let_go(desk):
    event = make_gala()
    invited(event, answer_until=None)
    Event.objects.filter(pk=event.pk).update(precision="month", starts_at=None)
    mailing = mailings.draft("invitation", about=event.pk, name="Davet", by=officer(), now=NOW)
    said = "{{ deadline }} would stay empty"
    assert said in desk.get(f"/admin/mail/mailing/{mailing.pk}/change/").content.decode()

    Invitation.objects.update(answer_until=NOW + timedelta(days=3))
    assert said not in desk.get(f"/admin/mail/mailing/{mailing.pk}/change/").content.decode()


def test_the_list_of_an_event_leads_to_a_round_to_its_guests(desk):
    event = make_gala()
    invited(event)
    page = desk.get(f"{INVITATIONS}?event__id__exact={event.pk}").content.decode()
    address = f"/admin/mail/mailing/add/?audience=invitation&amp;about={event.pk}"
    assert address in page
    begun = desk.get(address.replace("&amp;", "&")).content.decode()
    assert f'<option value="invitation:{event.pk}" selected>' in begun


def test_no_card_is_missing_however_many_guests_there_are(desk, monkeypatch):
    monkeypatch.setattr(guest_papers, "MOST_CARDS", 2)
    event = make_gala()
    invited(event, *(make_guest(f"Konuk{n}") for n in range(5)))
    page = desk.get(f"{INVITATIONS}?event__id__exact={event.pk}").content.decode()
    parts = re.findall(r'href="([^"]+cards\.pdf[^"]+)">([^<]+)<', page)
    assert [words.split()[-1] for _address, words in parts] == ["1–2", "3–4", "5–5"]
    files = [desk.get(html.unescape(address)) for address, _words in parts]
    pages = [len(re.findall(rb"/Type\s*/Page\b", file.content)) for file in files]
    assert pages == [2, 2, 1]
    for odd in ("0", "-1", "x", "9"):
        assert desk.get(f"{INVITATIONS}cards.pdf?event={event.pk}&part={odd}").status_code in (200, 302)
