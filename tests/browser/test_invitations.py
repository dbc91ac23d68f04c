"""What a protocol officer is promised: from a file of guests to the list in the order of protocol."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from events.attendance import Allotment
from events.guests import Guest, GuestList, Invitation
from events.tests.make import make_event
from izbaku.mail.models import Message
from tests.browser.test_staff import complaints, inspected_page, small_page, staff_page

__all__ = ["inspected_page", "small_page", "staff_page"]
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


def test_from_a_file_of_two_hundred_guests_to_the_list_in_the_order_of_protocol(staff_page: Page, browser, live_server):
    said: list[str] = []
    staff_page.on("console", lambda message: said.append(f"{staff_page.url}: {message.text}"))
    event, guest_list = make_gala(), GuestList.objects.create(name="Protokol")

    # The file is read, and nothing is taken over before the officer has seen each line's fate.
    staff_page.goto(f"/admin/events/guestlist/{guest_list.pk}/import/")
    staff_page.locator("#id_file").set_input_files({"name": "liste.csv", "mimeType": "text/csv", "buffer": the_file()})
    staff_page.get_by_role("button", name="Read the file").click()
    expect(staff_page.locator("#content-main")).to_contain_text("Refused: 6")
    expect(staff_page.locator("#content-main")).to_contain_text("Twice in the file: 1")
    assert not Guest.objects.exists()
    with staff_page.expect_download() as refused:
        staff_page.get_by_role("link", name="Fetch the lines").click()
    assert "böyle adres olmaz" in refused.value.path().read_text()
    staff_page.get_by_role("button", name="Import 193 new guests").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("193 guests were added")

    # All are invited, with a seat for each; nobody is written to.
    staff_page.goto(f"/admin/events/invitation/invite/?event={event.pk}&list={guest_list.pk}")
    staff_page.locator("#id_companions").fill("0")
    staff_page.get_by_role("button", name="Invite").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("193 guests were invited")
    assert Allotment.objects.get().taken == 193
    assert not Message.objects.exists()

    # One guest answers on the page, without an account, on a phone; another on the telephone.
    first, second = Invitation.objects.filter(guest__name__in=["Konuk 192", "Konuk 191"]).order_by("-guest__name")
    phone = browser.new_context(base_url=live_server.url, viewport={"width": 320, "height": 640}).new_page()
    phone.goto(f"/en/invitations/{first.code}/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    phone.get_by_label("I am coming").check()
    phone.get_by_role("button", name="Send the answer").click()
    expect(phone.locator("main")).to_contain_text("You are coming.")
    phone.context.close()
    staff_page.goto(f"/admin/events/invitation/{second.pk}/answer/")
    staff_page.get_by_label("Sends somebody").check()
    staff_page.locator("#id_proxy").fill("Vekil Bey")
    staff_page.locator("#id_spoke_with").fill("sekreteri")
    staff_page.get_by_role("button", name="Note the answer").click()
    expect(staff_page.locator(".messagelist")).to_contain_text("Noted: Sends somebody.")

    # The list in the order of protocol has both, the lowest number first.
    staff_page.goto(f"/admin/events/invitation/protocol/?event={event.pk}")
    rows = staff_page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Konuk 192")
    expect(rows.nth(1)).to_contain_text("Vekil Bey")
    assert said == []


def main_pages() -> list[str]:
    event, guest_list = make_gala(), GuestList.objects.create(name="Protokol")
    guest = Guest.objects.create(guest_list=guest_list, name="Leyla Əliyeva", email="leyla@example.az", language="az")
    one = Invitation.objects.create(event=event, guest=guest)
    desk = "/admin/events"
    return [
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
