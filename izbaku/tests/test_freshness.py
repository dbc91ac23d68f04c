"""The programme's version, and the pages kept for it."""

import gzip
import threading
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from modeltranslation.manager import MultilingualManager

from events.models import Observance
from izbaku import freshness, kept
from izbaku.freshness import FreshForAuthor, Known, ProgrammeVersion, next_midnight
from izbaku.kept import KeptPages, NotPure, Store, keep, kept_application

NOON = datetime(2026, 3, 20, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    kept.forget()
    yield
    kept.forget()


def make_observance(**values) -> Observance:
    return Observance.objects.create(**{"month": 3, "day": 20, "title": "Novruz", "country": "AZ"} | values)


def committed() -> int:
    return ProgrammeVersion.objects.filter(pk=1).values_list("number", flat=True).first() or 0


class Site:
    """One worker: its own store and known version, a view that counts, and both layers in front of it."""

    def __init__(self, monkeypatch, view=None, until=None):
        self.patch, self.store, self.known = monkeypatch, Store(), Known()
        self.rendered = 0
        self.view = view or (lambda request: HttpResponse(self.text()))
        self.until = until or datetime.now(UTC) + timedelta(hours=1)
        self.pages = KeptPages(self._render)
        self.layer = kept_application(self._django)

    def text(self) -> str:
        return " ".join(Observance.objects.values_list("title", flat=True)) + " nevruz" * 200

    def _render(self, request):
        self.rendered += 1
        return keep(self.view(request), until=self.until)

    def _django(self, environ, start_response):
        raise AssertionError("Django was asked")

    def _enter(self):
        self.patch.setattr(kept, "store", self.store)
        self.patch.setattr(freshness, "known", self.known)

    def get(self, path="/tr/", **meta):
        self._enter()
        return self.pages(RequestFactory().get(path, **meta))

    def head(self, path="/tr/"):
        self._enter()
        return self.pages(RequestFactory().head(path))

    def get_before_django(self, path="/tr/", **meta):
        self._enter()
        answer = {}
        environ = RequestFactory().get(path, **meta).environ
        body = self.layer(environ, lambda status, headers: answer.update(status=status, headers=dict(headers)))
        return answer["status"], answer["headers"], b"".join(body)


@pytest.fixture
def site(monkeypatch):
    return Site(monkeypatch)


# --- The version -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.save(),
        lambda row: row.delete(),
        lambda row: make_observance(day=21),
        lambda row: Observance.objects.update(title="Nevruz"),
        lambda row: Observance.objects.filter(pk=row.pk).delete(),
        lambda row: Observance.objects.bulk_create([Observance(month=5, day=28, title="28 May", country="AZ")]),
        lambda row: Observance.objects.bulk_update([row], ["title"]),
        lambda row: Observance.objects.update_or_create(month=3, day=20, defaults={"country": "TR"}),
    ],
)
def test_every_way_to_change_a_public_row_raises_the_version(change):
    row = make_observance()
    before = committed()

    change(row)

    assert committed() > before


def test_translated_models_have_both_managers_in_one():
    assert isinstance(Observance.objects, MultilingualManager)
    assert isinstance(Observance.objects.filter(title="x"), freshness.PublicQuerySet)
    assert not hasattr(Observance.objects, "delete")


def test_a_change_that_is_rolled_back_leaves_the_version_as_it_was():
    make_observance()
    before = committed()

    with transaction.atomic():
        make_observance(day=21)
        transaction.set_rollback(True)

    assert committed() == before


@pytest.mark.django_db(transaction=True)
def test_changes_made_at_the_same_time_are_all_counted_and_none_waits_for_ever():
    rows = [make_observance(day=day) for day in (1, 2)]
    before = committed()

    def change_all(rows):
        try:
            for _turn in range(5):
                with transaction.atomic():
                    for row in rows:
                        row.save()
        finally:
            connection.close()

    threads = [threading.Thread(target=change_all, args=[order]) for order in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert committed() == before + 20


def test_the_version_is_read_once_a_second_or_when_somebody_knows_of_a_newer_one(django_assert_num_queries):
    with django_assert_num_queries(1):
        number = freshness.current()
        assert [freshness.current() for _ in range(5)] == [number] * 5
    freshness.bump()
    with django_assert_num_queries(1):
        assert freshness.current() == number
        assert freshness.current(at_least=number + 1) == number + 1
    freshness.known.read_at -= 1.0
    with django_assert_num_queries(1):
        freshness.current()


# --- Kept pages ------------------------------------------------------------------------------------------


def test_a_kept_page_is_rendered_once_and_asks_no_question(site, django_assert_num_queries):
    first = site.get()

    with django_assert_num_queries(0):
        second = site.get()
        status, headers, body = site.get_before_django()

    assert site.rendered == 1
    assert (status, body) == ("200 OK", first.content)
    assert second.content == first.content
    assert headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("accepted", "coding", "decode"),
    [
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
        ("br;q=0.000, gzip; q=0", None, bytes),
        ("", None, bytes),
    ],
)
def test_each_coding_holds_the_same_bytes_under_a_name_of_its_own(site, accepted, coding, decode):
    plain = site.get()
    coded = site.get(HTTP_ACCEPT_ENCODING=accepted)

    assert coded.get("Content-Encoding") == coding
    assert decode(coded.content) == plain.content
    assert (coded["ETag"] == plain["ETag"]) == (coding is None)


def test_a_coding_is_made_once_and_only_when_somebody_asks_for_it(site, monkeypatch):
    made = []
    monkeypatch.setitem(kept.COMPRESS, "br", lambda body: made.append("br") or brotli.compress(body, quality=1))
    monkeypatch.setitem(kept.COMPRESS, "gzip", lambda body: made.append("gzip") or gzip.compress(body))
    site.get()
    assert made == []

    bodies = {site.get_before_django(HTTP_ACCEPT_ENCODING="gzip, br")[2] for _turn in range(3)}

    assert made == ["br"]
    assert site.rendered == 1
    assert len(bodies) == 1


def test_what_does_not_shrink_is_sent_as_it_is(monkeypatch):
    picture = Site(monkeypatch, view=lambda request: HttpResponse(b"png" * 500, content_type="image/png"))
    short = Site(monkeypatch, view=lambda request: HttpResponse("short"))
    for site in (picture, short):
        answer = site.get(HTTP_ACCEPT_ENCODING="br, gzip")
        assert "Content-Encoding" not in answer
        assert answer["ETag"] == site.get()["ETag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_visitor_who_has_the_page_gets_304_without_rendering(site, form):
    tag = form.format(site.get()["ETag"])

    status, headers, body = site.get_before_django(HTTP_IF_NONE_MATCH=tag)

    assert (status, body) == ("304 Not Modified", b"")
    assert sorted(headers) == ["Cache-Control", "ETag", "Server-Timing", "Vary"]
    assert site.get(HTTP_IF_NONE_MATCH=tag).status_code == 304
    assert site.rendered == 1


def test_head_tells_the_length_and_sends_nothing(site):
    length = site.get()["Content-Length"]
    head = site.head()
    assert (head.status_code, head["Content-Length"], head.content) == (200, length, b"")


def test_an_author_sees_the_change_at_once_and_everybody_within_a_second(monkeypatch):
    here, elsewhere = Site(monkeypatch), Site(monkeypatch)
    make_observance()
    here.get(), elsewhere.get()
    response = FreshForAuthor(lambda request: HttpResponse(make_observance(day=21, title="Bahar")))(None)
    cookie = response.cookies["fresh"]

    assert "Bahar" in elsewhere.get(HTTP_COOKIE=f"a=b; fresh={cookie.value}").content.decode()
    assert "Bahar" not in here.get().content.decode()  # a stranger, in the same second
    here.known.read_at -= 1.0
    assert "Bahar" in here.get().content.decode()
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 10


def test_a_request_that_changed_nothing_gets_no_cookie():
    assert not FreshForAuthor(lambda request: HttpResponse())(None).cookies


def test_a_page_rendered_before_a_change_is_not_served_after_it(monkeypatch):
    def slow(request):
        text = site.text()
        if site.rendered == 1:  # while the page is under way, the programme changes and a neighbour notices
            make_observance(title="Bahar")
            site.known.read_at -= 1.0
            site.get("/tr/neighbour")
        return HttpResponse(text)

    site = Site(monkeypatch, view=slow)
    assert "Bahar" not in site.get().content.decode()
    assert "Bahar" in site.get().content.decode()


def test_a_page_is_kept_until_its_moment(monkeypatch):
    with time_machine.travel(NOON, tick=False) as clock:
        site = Site(monkeypatch, until=NOON + timedelta(minutes=10))
        site.get()
        clock.shift(timedelta(minutes=9))
        site.get()
        assert site.rendered == 1
        clock.shift(timedelta(minutes=1))
        site.get()
        assert site.rendered == 2


def test_the_store_stays_within_its_bytes_and_keeps_what_is_used(site, settings):
    site.get("/tr/0")
    settings.KEPT_BYTES = site.store.size * 3
    for number in range(1, 20):
        site.get(f"/tr/{number}")
        site.get("/tr/0")

    assert site.rendered == 20
    assert len(site.store) == 3
    assert site.store.size <= settings.KEPT_BYTES


def test_a_page_larger_than_the_whole_store_is_answered_but_not_kept(site, settings):
    settings.KEPT_BYTES = 10
    assert site.get().status_code == 200
    assert len(site.store) == 0


def test_one_question_asked_in_two_orders_is_one_page_but_the_order_of_equal_names_counts(site):
    for query in ("a=1&b=2", "b=2&a=1"):
        site.get(f"/tr/?{query}")
    assert site.rendered == 1
    for query in ("a=1&a=2", "a=2&a=1", "a=1", "a=", "a=1&%61=2"):
        site.get(f"/tr/?{query}")
    assert site.rendered == 5


@pytest.mark.parametrize("host", ["evil.example", "", "testserver@evil.example", "a b"])
def test_a_host_that_django_would_refuse_is_answered_by_django(site, host):
    site.get()
    with pytest.raises(AssertionError, match="Django was asked"):
        site.get_before_django(HTTP_HOST=host, SERVER_NAME=host)


def test_a_host_is_judged_by_the_settings_of_the_moment(site, settings):
    site.get()
    settings.ALLOWED_HOSTS = ["elsewhere.example"]
    with pytest.raises(AssertionError, match="Django was asked"):
        site.get_before_django()


def test_behind_a_proxy_its_header_alone_says_whether_the_way_is_secure(site, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    site.get(HTTP_X_FORWARDED_PROTO="https")
    site.get(HTTP_X_FORWARDED_PROTO="https, http")
    assert site.rendered == 1
    site.get(**{"wsgi.url_scheme": "https"})
    site.get(HTTP_X_FORWARDED_PROTO="http, https")
    assert site.rendered == 2


@pytest.mark.parametrize(
    "cookie",
    [
        "fresh",
        "fresh=",
        "fresh=x",
        "fresh=-1",
        "refresh=7",
        "a=fresh",
        f"fresh={'9' * 16}",
        "fresh=999999",
        "fresh=999999.forged",
    ],
)
def test_a_worthless_marker_does_not_make_anybody_wait_for_the_database(site, cookie, django_assert_num_queries):
    site.get()
    with django_assert_num_queries(0):
        status, _headers, _body = site.get_before_django(HTTP_COOKIE=cookie)
    assert status == "200 OK"


def test_a_long_question_is_answered_and_not_kept(site):
    site.get("/tr/?a=" + "x" * 600)
    assert (site.rendered, len(site.store)) == (1, 0)


def test_another_release_or_scheme_is_another_page(site, settings):
    site.get()
    settings.RELEASE = "next"
    site.get()
    site.get(**{"wsgi.url_scheme": "https"})
    assert site.rendered == 3


def _with_cookie(request):
    response = HttpResponse("x")
    response.set_cookie("a", "b")
    return response


def _with_session(request):
    request.session = type("Session", (), {"accessed": True})()
    return HttpResponse("x")


@pytest.mark.parametrize("view", [_with_cookie, _with_session])
def test_a_page_of_one_visitor_is_never_kept(monkeypatch, settings, view):
    site = Site(monkeypatch, view=view)
    settings.IS_LOCAL = True
    with pytest.raises(NotPure):
        site.get()
    settings.IS_LOCAL = False
    assert site.get()["Cache-Control"] == "private, no-store"
    assert len(site.store) == 0


def test_errors_posts_and_unmarked_answers_are_not_kept(site, monkeypatch):
    Site(monkeypatch, view=lambda request: HttpResponse("x", status=404)).get()
    KeptPages(lambda request: HttpResponse("x"))(RequestFactory().get("/tr/"))
    site.pages(RequestFactory().post("/tr/"))
    assert len(kept.store) == 0


def test_keeping_can_be_switched_off(site, settings):
    settings.KEPT_PAGES = False
    site.get(), site.get()
    assert site.rendered == 2


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (datetime(2026, 3, 20, 12, tzinfo=UTC), datetime(2026, 3, 20, 20, tzinfo=UTC)),  # Baku's comes first
        (datetime(2026, 3, 20, 20, tzinfo=UTC), datetime(2026, 3, 20, 21, tzinfo=UTC)),  # then İzmir's
        (datetime(2026, 3, 20, 21, tzinfo=UTC), datetime(2026, 3, 21, 20, tzinfo=UTC)),
    ],
)
def test_the_next_midnight_is_the_earlier_of_two(now, midnight):
    assert next_midnight(now) == midnight
