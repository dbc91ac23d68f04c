"""A request worked in a browser: asked in Azerbaijani on a phone, answered in Turkish at the desk, closed at last."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from events.tests.desk import proven
from izbaku.accounts.models import User
from izbaku.mail import kinds, pump
from izbaku.mail.models import Message
from students import casework, loading
from students.models import HANDLE, Case
from students.tests.make import make_case, make_student, make_worker
from students.topics import Topic
from students.working import CannedText
from tests.browser.test_staff import complaints
from tests.browser.test_students import ASKED, at, fill_in, fits, press, shot

QUEUE = "/admin/students/case/"
ANSWER = "Merhaba Aytən, pasaportunuzla gelin."


@pytest.fixture(autouse=True)
def _as_migrated(django_db_serialized_rollback, live_server, settings, tmp_path: Path) -> Iterator[None]:
    settings.MAIL_FOLDER = tmp_path / "inbox"
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.MAIL_URL = ""
    settings.SITE_ADDRESS = live_server.url
    cache.clear()
    ContentType.objects.clear_cache()
    loading.load(loading.read())
    yield
    cache.clear()


@pytest.fixture
def device(browser: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """A browser of somebody who is signed in; signing in itself is told elsewhere."""
    contexts = []

    def of(client: Client | None, **options) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        if client:
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return context.new_page()

    yield of
    for context in contexts:
        context.close()


def student_client() -> Client:
    student = User.objects.create_user("ayten@example.org", name="Aytən", language="az")
    EmailAddress.objects.create(user=student, email=student.email, verified=True, primary=True)
    client = Client()
    client.force_login(student)
    return client


def letters_of(kind: str) -> list[str]:
    """Those that have left by now, built anew from their rows."""
    pump.run(timezone.now)
    rows = Message.objects.filter(kind=kind, state=Message.State.SENT).order_by("pk")
    return [kinds.get(kind).build(row).text for row in rows]


def act(desk: Page, case: Case, name: str) -> None:
    desk.goto(f"{QUEUE}{case.reference}/change/")
    desk.locator(f'.case-acts a[href$="/do/{name}/"]').click()


def write(desk: Page, case: Case, name: str, text: str) -> None:
    """Typed, seen as the student will read it, sent."""
    act(desk, case, name)
    desk.fill("[name=text]", text)
    desk.locator("[name=go]").click()
    expect(desk.locator(".case-talk")).to_contain_text(text)
    desk.locator(".submit-row .default").click()
    desk.wait_for_url(f"**{QUEUE}{case.reference}/change/")
    expect(desk.locator(".messagelist .success")).to_be_visible()


def test_a_request_is_asked_answered_resolved_opened_again_and_closed(device):
    phone = device(student_client(), locale="az-AZ", viewport={"width": 320, "height": 640})
    desk = device(proven(make_worker(HANDLE, "view_case", name="Elif Yılmaz", language="tr")), locale="tr-TR")
    letterbox = device(None, locale="az-AZ", viewport={"width": 320, "height": 640})  # nobody is signed in

    # Aytən asks in Azerbaijani.
    phone.goto(at("ask", "ikamet"))
    fill_in(phone)
    phone.check("[name=q_applied][value=no]")
    press(phone)
    phone.wait_for_url(f"**{at('send', 'ikamet')}")
    press(phone)
    case = Case.objects.get()
    phone.wait_for_url(f"**{at('request', case.reference)}")

    # Elif finds it in her queue, which tells neither a name nor a word of it, and answers in Turkish.
    desk.goto(QUEUE)
    expect(desk.locator("html")).to_have_attribute("lang", "tr")
    expect(desk.locator("#result_list")).not_to_contain_text("Aytən")
    desk.get_by_role("link", name=case.reference).click()
    expect(desk.locator(".case-talk .is-student")).to_contain_text(ASKED)
    write(desk, case, "answer", ANSWER)
    expect(desk.locator(".case-talk .is-staff")).to_contain_text(ANSWER)
    [told] = letters_of("students.answered")
    assert case.reference in told
    assert "pasaport" not in told.lower()

    # Aytən reads who answered, and who opened it, and replies.
    phone.reload()
    expect(phone.locator(".conversation .theirs")).to_contain_text(ANSWER)
    expect(phone.locator(".opened")).to_contain_text("Elif")
    phone.fill("[name=text]", "Sağ olun, sabah gəlirəm.")
    phone.locator(f'form[action^="{at("reply", case.reference)}"] button').click()
    expect(phone.locator(".conversation")).to_contain_text("sabah gəlirəm")
    case.refresh_from_db()
    assert (case.state, case.assigned_to.name) == ("in_progress", "Elif Yılmaz")

    # Resolved; the letter asks one question, which is answered where nobody is signed in: not solved.
    write(desk, case, "resolve", "Kartınız hazır.")
    [resolved] = letters_of("students.resolved")
    letterbox.goto(resolved.split()[-1])
    expect(letterbox.locator("main")).to_contain_text(case.reference)
    expect(letterbox.locator("main")).not_to_contain_text(ASKED)
    fits(letterbox)
    shot(letterbox, "solved")
    letterbox.locator("[name=answer][value=no]").click()
    expect(letterbox.locator("[name=answer]")).to_have_count(0)
    case.refresh_from_db()
    assert case.state == "in_progress"

    # Opened again and resolved again, with a question of its own; now it is solved.
    write(desk, case, "resolve", "Kartınız elinizde.")
    first, second = letters_of("students.resolved")
    assert first.split()[-1] != second.split()[-1]
    letterbox.goto(second.split()[-1])
    letterbox.locator("[name=answer][value=yes]").click()
    expect(letterbox.locator("[name=answer]")).to_have_count(0)
    case.refresh_from_db()
    assert case.state == "closed"

    # Over for both: nothing can be answered, nothing can be replied.
    desk.goto(f"{QUEUE}{case.reference}/change/")
    expect(desk.locator('.case-acts a[href$="/do/answer/"]')).to_have_count(0)
    phone.reload()
    expect(phone.locator(".conversation")).to_contain_text("Kartınız elinizde.")
    expect(phone.locator("main [name=text]")).to_have_count(0)
    fits(phone)
    shot(phone, "closed")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_the_desks_pages_of_requests_break_no_rule_and_never_scroll_sideways(device, scheme, width):
    worker = make_worker(HANDLE, "view_case", name="Elif Yılmaz", language="tr")
    topic = Topic.objects.exclude(is_sensitive=True).first()
    case = make_case(make_student("Aytən Məmmədova"), topic, assigned_to=worker, phone="+90 555", safe_hours="18:00")
    casework.answer(case, by=worker, text=f"{ANSWER} https://official.example/{'x' * 90}", now=timezone.now())
    casework.note(case, by=worker, text="Annesi aradı.", now=timezone.now())
    make_case(topic=topic, due_at=timezone.now())  # late
    CannedText.objects.create(name="Selamlama ve randevu için hazır bir metin", text_tr="Merhaba {name}")
    page = device(
        proven(worker),
        locale="tr-TR",
        viewport={"width": width, "height": 900},
        bypass_csp=True,  # lets axe in: our content policy would refuse its script, as it should
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    own = f"{QUEUE}{case.reference}"
    found = []
    for name, address in (
        ("queue", QUEUE),
        ("case", f"{own}/change/"),
        ("file", f"{own}/do/file/"),
        ("answer", f"{own}/do/answer/"),
    ):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        found += complaints(page)
        fits(page)
        shot(page, f"desk-{name}-{width}-{scheme}")
    page.fill("[name=text]", ANSWER)
    page.locator("[name=go]").click()
    expect(page.locator(".case-talk")).to_contain_text(ANSWER)
    found += complaints(page)
    fits(page)
    shot(page, f"desk-preview-{width}-{scheme}")
    page.goto(QUEUE)
    page.locator(".action-select").first.check()
    page.select_option("[name=action]", "give_several")
    page.locator(".actions button").click()
    expect(page.locator("[name=to]")).to_be_visible()
    found += complaints(page)
    fits(page)
    shot(page, f"desk-several-{width}-{scheme}")

    assert found == []
