"""What a protocol officer is promised: from a file of guests to the list in the order of protocol."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from threading import Event, Thread
from typing import Any

import icalendar
import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from events.attendance import Allotment
from events.guests import Guest, GuestList, Invitation
from events.models import Event as Occasion
from events.tests.desk import proven
from events.tests.make import make_event
from izbaku.accounts.models import User
from izbaku.mail import mailbox, mailings, pump
from izbaku.mail.models import Message
from izbaku.mail.rounds import Mailing
from izbaku.mail.tests import imap, relay
from izbaku.mail.tests.relay import Post
from tests.browser.test_staff import complaints, inspected_page, small_page

__all__ = ["inspected_page", "small_page"]
BAD = [
    ";bos@example.org;;1;tr",
    "Adres Yanlış;böyle adres olmaz;;2;tr",
    "Sıra Yanlış;s@example.org;;ilk;tr",
    "Dil Yanlış;d@example.org;;3;klingonca",
    "=1+1;f@example.org;;4;tr",
    f"{'uzun' * 40};u@example.org;;5;tr",
    "Konuk 0;konuk0@example.org;Başkan;6;tr",
]


@pytest.fixture(autouse=True)
def _as_migrated(django_db_serialized_rollback, live_server) -> Iterator[None]:
    """With the notices that migrations wrote."""
    cache.clear()
    ContentType.objects.clear_cache()
    yield
    cache.clear()


def make_gala():
    starts = (timezone.now() + timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
    event = make_event("resepsiyon", title_tr="Resepsiyon", title_az="Ziyafət", title_en="Reception", starts_at=starts)
    Allotment.objects.create(event=event, capacity=300)
    return event


def the_file() -> bytes:
    """Two hundred lines, seven of them bad."""
    good = [f"Konuk {n};konuk{n}@example.org;Başkan;{200 - n};{('tr', 'az', 'tr+az')[n % 3]}" for n in range(193)]
    return "\n".join(["Ad Soyad;E-posta;Görev;Protokol Sırası;Dil", *good, *BAD]).encode("windows-1254")


class Gate:
    """Holds the mail server up after so many letters of the round, as a slow afternoon does, until it is opened."""

    def __init__(self, post: Post, after: int) -> None:
        self.post, self.after, self.take = post, after, post.handle_DATA
        self.opened, self.reached = Event(), Event()
        post.handle_DATA = self.wait  # type: ignore[method-assign]

    async def wait(self, server, session, envelope) -> str:
        while len(self.post.received) >= self.after and not self.opened.is_set():
            self.reached.set()
            await asyncio.sleep(0.05)
        return await self.take(server, session, envelope)


def member(browser: Browser, live_server, role: str, email: str) -> Page:
    """A colleague with one role, who has just signed in."""
    person = User.objects.create_user(email=email, name=email.partition("@")[0].title(), language="en", is_staff=True)
    person.groups.set(Group.objects.filter(name=role))
    context = browser.new_context(base_url=live_server.url, locale="tr-TR")
    session = proven(person).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    return context.new_page()


def work() -> None:
    """What worker and beat do."""
    try:
        mailings.advance(timezone.now())
        pump.run(timezone.now)
        mailings.advance(timezone.now())
    finally:
        connections.close_all()


def do(page: Page, mailing: Mailing, label: str, says: str) -> None:
    """An act: the button on the round's page leads to a page that asks, and its button does it."""
    page.goto(f"/admin/mail/mailing/{mailing.pk}/change/")
    page.locator(".round-acts").get_by_role("link", name=label).click()
    page.get_by_role("button", name=label).click()
    expect(page.locator(".messagelist")).to_contain_text(says)


def words_of(letter: EmailMessage) -> str:
    return letter.get_body(("plain",)).get_content().replace("\r\n", "\n")  # type: ignore[union-attr]


def letter_to(post: Post, name: str) -> EmailMessage:
    [place] = [at for at, reader in enumerate(post.readers) if reader == f"{name.lower().replace(' ', '')}@example.org"]
    return post.letters[place]


def reply_to(letter: EmailMessage, partstat: str) -> bytes:
    """What the guest's calendar program sends back: made of our own REQUEST (RFC 5546)."""
    [request] = [part for part in letter.walk() if part.get_filename() == "invite.ics"]
    calendar: Any = icalendar.Calendar.from_ical(request.get_payload(decode=True))
    [event] = calendar.walk("VEVENT")
    calendar["METHOD"] = "REPLY"
    event["ATTENDEE"].params["PARTSTAT"] = partstat
    event["DTSTAMP"] = icalendar.vDDDTypes(timezone.now())
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = letter["To"], "portal@example.org", "Declined"
    mail.set_content(calendar.to_ical().decode(), subtype="calendar", params={"method": "REPLY"})
    return mail.as_bytes()


def test_from_a_file_of_two_hundred_guests_to_the_list_in_the_order_of_protocol(browser, live_server, settings):
    event, guest_list = make_gala(), GuestList.objects.create(name="Protokol")
    officer = member(browser, live_server, "protocol-officer", "aylin@example.org")
    approver = member(browser, live_server, "mailing-approver", "murad@example.org")
    said: list[str] = []
    for page in (officer, approver):
        page.on("console", lambda message: said.append(message.text))
    with relay.running() as post, imap.running() as box:
        settings.MAIL_URL = post.url
        import_the_file(officer, guest_list)
        invite_all(officer, event, guest_list)
        mailing = write_in_two_languages(officer, event)
        try_and_approve(officer, approver, mailing, post)
        pause_and_resume(officer, mailing, post)

        # The guests answer: on the page, by telephone, and from a calendar.
        answer_on_a_phone(browser, live_server, words_of(letter_to(post, "Konuk 192")))
        answer_by_telephone(officer, "Konuk 191")
        box.put(reply_to(letter_to(post, "Konuk 190"), "DECLINED"))
        mailbox.read(box.url, now=timezone.now())
        officer.goto(f"/admin/events/invitation/?event__id__exact={event.pk}&state__exact=declined")
        expect(officer.locator("#result_list tbody tr")).to_have_count(1)
        expect(officer.locator("#result_list")).to_contain_text("Konuk 190")
        expect(officer.locator("#result_list")).to_contain_text("from a calendar")

        follow_up_the_silent(officer, approver, mailing, post)
    print_the_protocol(officer, event)
    assert said == []
    officer.context.close()
    approver.context.close()


def import_the_file(officer: Page, guest_list: GuestList) -> None:
    """The file is read, and nothing is taken over before the officer has seen each line's fate."""
    officer.goto(f"/admin/events/guestlist/{guest_list.pk}/import/")
    officer.locator("#id_file").set_input_files({"name": "liste.csv", "mimeType": "text/csv", "buffer": the_file()})
    officer.get_by_role("button", name="Read the file").click()
    expect(officer.locator("#content-main")).to_contain_text("Refused: 6")
    expect(officer.locator("#content-main")).to_contain_text("Twice in the file: 1")
    assert not Guest.objects.exists()
    with officer.expect_download() as refused:
        officer.get_by_role("link", name="Fetch the lines").click()
    assert "böyle adres olmaz" in refused.value.path().read_text()
    officer.get_by_role("button", name="Import 193 new guests").click()
    expect(officer.locator(".messagelist")).to_contain_text("193 guests were added")


def invite_all(officer: Page, event: Occasion, guest_list: GuestList) -> None:
    """With a seat for each; nobody is written to."""
    officer.goto(f"/admin/events/invitation/invite/?event={event.pk}&list={guest_list.pk}")
    officer.locator("#id_companions").fill("0")
    officer.get_by_role("button", name="Invite").click()
    expect(officer.locator(".messagelist")).to_contain_text("193 guests were invited")
    assert Allotment.objects.get().taken == 193
    assert not Message.objects.exists()


def write_in_two_languages(officer: Page, event: Occasion) -> Mailing:
    """From the list of the invited to a round in Turkish and Azerbaijani, read as a guest of both reads it."""
    officer.goto(f"/admin/events/invitation/?event__id__exact={event.pk}")
    officer.get_by_role("link", name="Write to the guests").click()
    officer.get_by_label("Name").fill("Davet")
    officer.get_by_role("button", name="Go on to the words").click()
    for language, more in (("tr", "Kıyafet: koyu renk takım elbise."), ("az", "Geyim: tünd kostyum.")):
        field = officer.locator(f"#id_body_{language}")
        field.fill(f"{field.input_value()}\n\n{more}")
    officer.locator("#id_subject_en").fill("")
    officer.locator("#id_body_en").fill("")
    officer.get_by_role("button", name="Save").click()
    expect(officer.locator(".messagelist")).to_contain_text("Saved.")
    expect(officer.locator("#content-main")).to_contain_text("193 readers get a letter")
    officer.get_by_role("link", name="As a reader sees it").click()
    while not officer.get_by_text("Türkçe + Azərbaycanca").count():
        officer.get_by_role("link", name="Next reader").click()
    expect(officer.locator("pre[lang=tr]")).to_contain_text("Azərbaycanca mətn aşağıdadır.")
    expect(officer.locator("pre[lang=az]")).to_contain_text("Geyim: tünd kostyum.")
    return Mailing.objects.get()


def try_and_approve(officer: Page, approver: Page, mailing: Mailing, post: Post) -> None:
    """A test letter in each language, and somebody else who lets it go."""
    do(officer, mailing, "Test letter to myself", "The test letters leave now")
    work()
    assert [letter["Subject"] for letter in post.letters] == ["[Test] Davet: Resepsiyon", "[Test] Dəvət: Ziyafət"]
    assert set(post.readers) == {"aylin@example.org"}
    post.received.clear()
    do(officer, mailing, "Ask for approval", "It waits for approval")
    work()
    expect(officer.locator(".round-acts")).not_to_contain_text("Approve")
    assert post.received == []
    approver.goto("/admin/")
    approver.get_by_role("link", name="rounds of letters wait for approval").click()
    approver.get_by_role("link", name="Davet").click()
    approver.get_by_role("link", name="Approve, and let it go").click()
    expect(approver.locator("#content-main")).to_contain_text("193 readers get a letter")
    approver.get_by_role("button", name="Approve, and let it go").click()
    expect(approver.locator(".messagelist")).to_contain_text("It is approved.")


def pause_and_resume(officer: Page, mailing: Mailing, post: Post) -> None:
    """The officer watches the bar, stops the round in the middle, and at most the letter in hand still leaves."""
    gate, worker = Gate(post, 50), Thread(target=work)
    officer.goto(f"/admin/mail/mailing/{mailing.pk}/change/")
    worker.start()
    assert gate.reached.wait(60)
    expect(officer.locator(".round-progress")).to_contain_text(
        "of 193 letters are settled", timeout=10_000
    )  # by itself
    do(officer, mailing, "Pause", "It is paused.")
    gate.opened.set()
    worker.join()
    work()
    assert 50 <= len(post.received) <= 51
    officer.reload()
    expect(officer.locator(".round-progress")).to_contain_text(f"{len(post.received)} of 193 letters are settled")
    do(officer, mailing, "Go on", "It goes on.")
    work()
    assert len(post.readers) == len(set(post.readers)) == 193
    officer.reload()
    expect(officer.locator(".round-progress")).to_contain_text("Finished 193 of 193 letters are settled (100")


def answer_on_a_phone(browser: Browser, live_server, letter: str) -> None:
    """Without an account, by the link of the letter."""
    [link] = set(re.findall(r"https?://[^/]+(/\w\w/\S+/)", letter))
    phone = browser.new_context(base_url=live_server.url, viewport={"width": 320, "height": 640}).new_page()
    phone.goto(link)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    phone.locator("input[name=answer][value=coming]").check()
    phone.locator("main form button[type=submit]").last.click()
    phone.wait_for_load_state()
    assert Invitation.objects.get(guest__name="Konuk 192").state == "coming"
    phone.context.close()


def answer_by_telephone(officer: Page, name: str) -> None:
    one = Invitation.objects.get(guest__name=name)
    officer.goto(f"/admin/events/invitation/{one.pk}/answer/")
    officer.get_by_label("Sends somebody").check()
    officer.locator("#id_proxy").fill("Vekil Bey")
    officer.locator("#id_spoke_with").fill("sekreteri")
    officer.get_by_role("button", name="Note the answer").click()
    expect(officer.locator(".messagelist")).to_contain_text("Noted: Sends somebody.")


def follow_up_the_silent(officer: Page, approver: Page, mailing: Mailing, post: Post) -> None:
    """Those three are left out; the other 190 are asked once more."""
    work()
    post.received.clear()
    do(officer, mailing, "Follow-up to those who have not answered", "The follow-up is a draft now.")
    expect(officer.locator("#content-main")).to_contain_text("190 readers get a letter")
    second = Mailing.objects.get(follows=mailing)
    do(officer, second, "Test letter to myself", "The test letters leave now")
    do(officer, second, "Ask for approval", "It waits for approval")
    do(approver, second, "Approve, and let it go", "It is approved.")
    work()
    asked = [to for to in post.readers if to != "aylin@example.org"]
    assert len(asked) == len(set(asked)) == 190
    assert not {f"konuk{n}@example.org" for n in (190, 191, 192)} & set(asked)


def print_the_protocol(officer: Page, event: Occasion) -> None:
    """The lowest number first; on paper without the way back."""
    officer.goto(f"/admin/events/invitation/?event__id__exact={event.pk}")
    officer.get_by_role("link", name="Order of protocol").click()
    rows = officer.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Konuk 192")
    expect(rows.nth(1)).to_contain_text("Vekil Bey (for Konuk 191)")
    officer.emulate_media(media="print")
    expect(officer.locator(".way-back")).to_be_hidden()
    assert officer.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


def make_round(event: Occasion) -> Mailing:
    """One that waits for approval, reaches a guest and leaves out another who has a long name and no address."""
    names = ("Dr. Konstantinopolitanischerdudelsackpfeifenmachergeselle", "Ülkər Əliyeva")
    for name, email in zip(names, ("", "ulker@example.az"), strict=True):
        guest = Guest.objects.create(guest_list=GuestList.objects.get(), name=name, email=email, office="Başkan " * 20)
        Invitation.objects.create(event=event, guest=guest)
    by = User.objects.create_superuser(email="writer@example.org")
    now = timezone.now()
    mailing = mailings.draft("invitation", about=event.pk, name="Davet", by=by, now=now)
    mailings.test(mailing, by=by, now=now)
    mailings.hold(mailing, by=by, now=now)
    return mailing


def main_pages() -> list[str]:
    event, guest_list = make_gala(), GuestList.objects.create(name="Protokol")
    guest = Guest.objects.create(guest_list=guest_list, name="Leyla Əliyeva", email="leyla@example.az", language="az")
    one = Invitation.objects.create(event=event, guest=guest)
    desk, rounds = "/admin/events", f"/admin/mail/mailing/{make_round(event).pk}"
    return [
        "/admin/mail/mailing/",
        f"/admin/mail/mailing/add/?audience=invitation&about={event.pk}",
        f"{rounds}/change/",
        f"{rounds}/preview/",
        f"{rounds}/left-out/",
        f"{rounds}/act/approve/",
        f"{rounds}/act/take_back/",
        f"{desk}/guestlist/",
        f"{desk}/guestlist/{guest_list.pk}/import/",
        f"{desk}/guest/",
        f"{desk}/guest/{guest.pk}/change/",
        f"{desk}/invitation/",
        f"{desk}/invitation/{one.pk}/change/",
        f"{desk}/invitation/{one.pk}/answer/",
        f"{desk}/invitation/{one.pk}/message/",
        f"{desk}/invitation/acts/withdraw/?invitation={one.pk}",
        f"{desk}/invitation/invite/?event={event.pk}",
        f"{desk}/invitation/calls/?event={event.pk}",
        f"{desk}/invitation/places/?event={event.pk}",
        f"/en/invitations/{one.code}/",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["tr"])
def test_axe_finds_no_barrier_where_guests_are_kept(inspected_page: Page, language: str, scheme: str):
    found = []
    for address in main_pages():
        answer = inspected_page.goto(address)
        assert answer is not None
        assert answer.status == 200
        found += complaints(inspected_page)

    assert found == []


def test_no_page_of_guests_scrolls_sideways_on_the_smallest_screen(small_page: Page):
    too_wide = []
    for address in main_pages():
        small_page.goto(address)
        width = small_page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            too_wide.append((address, width))

    assert too_wide == []
