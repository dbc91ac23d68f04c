"""Other people's programmes come in as drafts. Every event here is made up for the test."""

import json
from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command

from events.importing import Report
from events.models import Event, Imported
from events.reading import Unreadable, from_culture_feed, from_ics
from events.tests.make import make_event

pytestmark = pytest.mark.django_db
NOON = datetime(2030, 5, 7, 9, tzinfo=UTC)


def ics(*events: str) -> bytes:
    parts = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:made-up\n{parts}END:VCALENDAR\n".encode()


def vevent(
    uid: str = "made-up-1", title: str = "Uydurma Şölen", when: str = "DTSTART:20300507T120000", more: str = ""
) -> str:
    return "\n".join(filter(None, [f"UID:{uid}", f"SUMMARY:{title}", when, more]))


def row(**changes):
    return {
        "Tur": "KONSER",
        "Id": 1,
        "Adi": "Uydurma Konser",
        "EtkinlikBaslamaTarihi": "2030-05-07T12:00:00",
        "EtkinlikBitisTarihi": "2030-05-07T14:00:00",
        "EtkinlikMerkezi": "Uydurma Salon",
        "KisaAciklama": "<p>Örnek&nbsp;metin</p><b>ikinci</b> satır",
        "UcretsizMi": False,
        "BiletSatisLinki": "https://bilet.example/1",
        "EtkinlikUrl": "uydurma-konser",
    } | changes


def feed(*rows) -> bytes:
    return json.dumps(rows, ensure_ascii=False).encode()


def read(data: bytes, how=from_ics) -> Report:
    report = Report()
    how(data, report)
    return report


def read_feed(*rows) -> Report:
    return read(feed(*rows), from_culture_feed)


def test_a_calendar_event_comes_in_as_a_draft_in_istanbul_time():
    assert read(ics(vevent(more="DURATION:PT2H\nLOCATION:Örnek Salon\nURL:https://ornek.example/1"))).added == 1
    event = Event.objects.get()
    assert event.state == Event.State.DRAFT
    assert event.publish_at is None
    assert (event.starts_at, event.ends_at) == (NOON, datetime(2030, 5, 7, 11, tzinfo=UTC))
    assert (event.title_tr, event.place_tr, event.sources) == (
        "Uydurma Şölen",
        "Örnek Salon",
        "https://ornek.example/1",
    )
    assert event.slug.startswith("uydurma-solen-")


@pytest.mark.parametrize("when", ["DTSTART:20300507T090000Z", "DTSTART;TZID=Asia/Baku:20300507T130000"])
def test_a_named_zone_is_kept_to(when):
    read(ics(vevent(when=when)))
    assert Event.objects.get().starts_at == NOON


def test_an_unknown_zone_is_not_guessed():
    report = read(ics(vevent(when="DTSTART;TZID=Nowhere/Bad:20300507T130000")))
    assert report.skipped == ["ics:made-up-1: its time zone Nowhere/Bad is not known"]


def test_a_zone_that_the_file_itself_explains_is_understood():
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Made Up\nBEGIN:STANDARD\nDTSTART:20000101T000000\n"
        "TZOFFSETFROM:+0500\nTZOFFSETTO:+0500\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT"
    )
    event = ics(vevent(when="DTSTART;TZID=Made Up:20300507T140000"))

    read(event.replace(b"BEGIN:VEVENT", zone.encode()))

    assert Event.objects.get().starts_at == NOON


def test_whole_days_have_no_time_and_end_on_their_last_day():
    read(ics(vevent(when="DTSTART;VALUE=DATE:20300507\nDTEND;VALUE=DATE:20300510")))
    event = Event.objects.get()
    assert (event.precision, event.starts_at) == ("day", None)
    assert (event.starts_on, event.ends_on) == (date(2030, 5, 7), date(2030, 5, 9))


def test_titles_in_other_alphabets_have_an_address_of_their_own():
    read(ics(vevent("a", "Вымысел"), vevent("b", "虚構")))
    slugs = set(Event.objects.values_list("slug", flat=True))
    assert len(slugs) == 2
    assert all(slug.startswith("etkinlik-") for slug in slugs)


def test_each_bad_calendar_event_is_a_line_and_the_good_ones_come_in():
    report = read(
        ics(
            vevent("good"),
            "SUMMARY:UID yok\nDTSTART:20300507T120000",
            vevent("untitled", ""),
            vevent("dateless", when=""),
            vevent("odd", when="DTSTART:2030"),
            vevent("none", when="DTSTART:00010101T000000"),
            vevent("backwards", more="DTEND:20300507T110000"),
            vevent("back-days", when="DTSTART;VALUE=DATE:20300507\nDTEND;VALUE=DATE:20300501"),
            vevent("mixed", more="DTEND;VALUE=DATE:20300508"),
            vevent("weekly", more="RRULE:FREQ=WEEKLY"),
            vevent("twice", when="DTSTART:20300507T120000\nDTSTART:20300508T120000"),
        )
    )
    assert Event.objects.count() == report.added == 1
    assert len(report.skipped) == 10


def test_called_off_at_the_source_is_called_off_here_once_public():
    cancelled = ics(vevent(more="STATUS:CANCELLED"))
    assert read(cancelled).skipped == ["ics:made-up-1: it was called off before it was published here"]
    assert not Event.objects.exists()
    read(ics(vevent()))
    read(cancelled)
    event = Event.objects.get()
    assert event.state == Event.State.DRAFT
    event.state, event.publish_at = Event.State.PUBLIC, NOON
    event.save()
    assert read(cancelled).changed == 1
    assert Event.objects.get().state == Event.State.CALLED_OFF


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"made up",
        b"\xff\xfe\x00",
        b"\x81\xff",
        ics(vevent())[:-20],
        b"BEGIN:VEVENT\nUID:1\nEND:VEVENT\n",
        feed(row()),
    ],
)
def test_a_file_that_is_no_calendar_is_refused_whole(data):
    with pytest.raises(Unreadable) as refused:
        read(data)
    assert "\n" not in str(refused.value)
    assert not Event.objects.exists()


@pytest.mark.parametrize("data", [b"", b"made up", b'{"Id": 1}', b"null", feed(row())[:-5], b"\x81\xff", ics(vevent())])
def test_a_file_that_is_no_list_of_events_is_refused_whole(data):
    with pytest.raises(Unreadable) as refused:
        read(data, from_culture_feed)
    assert "\n" not in str(refused.value)
    assert not Event.objects.exists()


def test_an_empty_list_is_no_mistake():
    assert read(ics()) == read_feed() == Report()


def test_files_of_turkish_windows_are_read():
    read(ics(vevent(title="Işık Şöleni")).decode().encode("cp1254"))
    read(feed(row(Adi="Uydurma İğde Şenliği")).decode().encode("cp1254"), from_culture_feed)
    assert set(Event.objects.values_list("title_tr", flat=True)) == {"Işık Şöleni", "Uydurma İğde Şenliği"}


def test_an_event_of_the_culture_feed_comes_in_as_a_draft():
    assert read_feed(row()).added == 1
    event = Event.objects.get()
    assert (event.state, event.kind, event.city, event.scope) == ("draft", "concert", "izmir", "izmir")
    assert (event.starts_at, event.place_tr) == (NOON, "Uydurma Salon")
    assert event.summary_tr == "Örnek metin\nikinci satır"
    assert (event.admission, event.ticket_url) == ("ticketed", "https://bilet.example/1")
    assert event.sources == "https://kultursanat.izmir.bel.tr/Etkinlikler/uydurma-konser"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("SERGİ", "exhibition"),
        ("PANEL", "conference"),
        ("SÖYLEŞİ", "conference"),
        ("ÇOCUK", "youth"),
        ("OPERA", "other"),
        (None, "other"),
    ],
)
def test_the_feed_s_kinds_are_ours(word, kind):
    read_feed(row(Tur=word))
    assert Event.objects.get().kind == kind


def test_midnight_in_the_feed_is_a_day_without_a_time():
    read_feed(row(EtkinlikBaslamaTarihi="2030-05-07T00:00:00", EtkinlikBitisTarihi="2030-05-09T00:00:00"))
    event = Event.objects.get()
    assert (event.precision, event.starts_on, event.ends_on) == ("day", date(2030, 5, 7), date(2030, 5, 9))


def test_each_bad_row_is_a_line_and_the_good_ones_come_in():
    report = read_feed(
        row(),
        "made up",
        row(Id=None),
        row(Id=2, Adi=None),
        row(Id=3, EtkinlikBaslamaTarihi=None),
        row(Id=4, EtkinlikBaslamaTarihi="yarın"),
        row(Id=5, EtkinlikBitisTarihi="2030-05-07T11:00:00"),
        row(Id=6, EtkinlikBitisTarihi="0001-01-01T00:00:00"),
    )
    assert Event.objects.count() == report.added == 1
    assert len(report.skipped) == 7


def test_a_wrong_ticket_address_does_not_keep_the_event_out():
    report = read_feed(row(BiletSatisLinki="javascript:alert(1)"))
    assert (report.added, len(report.skipped)) == (1, 1)
    assert Event.objects.get().ticket_url == ""


@pytest.mark.parametrize(("how", "data"), [(from_ics, ics(vevent())), (from_culture_feed, feed(row()))])
def test_a_repeated_import_changes_nothing(how, data):
    read(data, how)
    assert read(data, how) == Report(unchanged=1)


def test_what_staff_have_edited_is_kept_and_a_new_title_keeps_the_address():
    read_feed(row())
    event = Event.objects.get()
    Event.objects.filter(pk=event.pk).update(summary_tr="Bizim sözümüz")
    report = read_feed(row(Adi="Yeni Ad", KisaAciklama="Yeni metin"))
    assert (report.changed, report.skipped) == (1, ["izmir-culture:1: summary_tr was edited here"])
    again = Event.objects.get()
    assert (again.title_tr, again.summary_tr, again.slug) == ("Yeni Ad", "Bizim sözümüz", event.slug)


@pytest.mark.parametrize(("how", "data"), [(from_ics, ics(vevent())), (from_culture_feed, feed(row()))])
def test_a_new_address_given_by_staff_is_kept_and_the_event_still_known(how, data):
    read(data, how)
    event = Event.objects.get()
    event.slug = "bizim-adresimiz"
    event.save()

    assert read(data, how) == Report(unchanged=1)
    assert Event.objects.get().slug == "bizim-adresimiz"


@pytest.mark.parametrize(("how", "data"), [(from_ics, ics(vevent())), (from_culture_feed, feed(row()))])
def test_what_staff_have_deleted_stays_deleted_and_is_said_each_time(how, data):
    read(data, how)
    Event.objects.get().delete()

    for _turn in range(2):
        report = read(data, how)
        assert (report.added, len(report.skipped)) == (0, 1)
        assert report.skipped[0].endswith(": deleted here by staff")
    assert not Event.objects.exists()


def test_a_deleted_event_does_not_come_back_over_another_one_at_its_address():
    read_feed(row())
    gone = Event.objects.get()
    gone.delete()
    ours = make_event(gone.slug, title_tr="Bizim")

    assert read_feed(row()).skipped == ["izmir-culture:1: deleted here by staff"]
    assert list(Event.objects.values_list("pk", "title_tr")) == [(ours.pk, "Bizim")]


def test_one_id_twice_in_a_feed_is_read_once_and_said():
    report = read_feed(row(), row(Adi="Başka Konser"))

    assert report.skipped == ["izmir-culture:1: its Id stands in the feed twice; the first one was read"]
    assert Event.objects.get().title_tr == "Uydurma Konser"


def test_one_uid_twice_in_a_file_is_read_once_and_said():
    report = read(ics(vevent(), vevent(title="Başka")))

    assert report.skipped == ["ics:made-up-1: its UID stands in the file twice; the first one was read"]
    assert Event.objects.get().title_tr == "Uydurma Şölen"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-9", "cp1254"])
def test_files_are_read_in_the_encodings_that_programs_write(encoding):
    read(ics(vevent(title="Işık Şöleni: İğde")).decode().encode(encoding))
    read(feed(row(Adi="Uydurma İğde Şenliği")).decode().encode(encoding), from_culture_feed)

    assert set(Event.objects.values_list("title_tr", flat=True)) == {"Işık Şöleni: İğde", "Uydurma İğde Şenliği"}


@pytest.mark.parametrize("page", ["<!DOCTYPE html><html><body>Takvim", "\n <html lang=tr>", "<HTML><head>"])
@pytest.mark.parametrize("how", [from_ics, from_culture_feed])
def test_a_web_page_in_place_of_a_file_is_named_so(page, how):
    with pytest.raises(Unreadable, match="This is a web page"):
        read(page.encode(), how)


def test_a_row_of_nothing_but_nulls_is_one_line():
    report = read_feed(dict.fromkeys(row()), dict.fromkeys(row()) | {"Id": 7})

    assert report.skipped == ["event 1: it has no Id", "izmir-culture:7: it has no start"]
    assert not Event.objects.exists()


@pytest.mark.parametrize("value", [[], {}, 5, True, ["2030-05-07T12:00:00"], "x" * 100_000, "\0\ud800"])
@pytest.mark.parametrize("name", sorted(row()))
def test_a_field_of_a_wrong_shape_costs_at_most_its_own_row(name, value):
    report = read(json.dumps([row(**{name: value}), row(Id=99, Adi="Sağlam")]).encode(), from_culture_feed)

    assert Event.objects.filter(title_tr="Sağlam").count() == 1
    assert Event.objects.count() == report.added
    assert all(line.isprintable() for line in report.skipped)


def test_ten_thousand_events_of_a_file_are_told_of_as_they_come_in():
    moves = []
    report = Report()

    from_culture_feed(feed(*(row(Id=number, Adi=None) for number in range(10_000))), report, lambda *n: moves.append(n))

    assert moves == [(number, 10_000) for number in range(1, 10_001)]
    assert len(report.skipped) == 10_000


def test_when_an_import_breaks_off_nothing_of_it_stays():
    def pull_the_plug(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        from_culture_feed(feed(row(), row(Id=2)), Report(), pull_the_plug)

    assert not Event.objects.exists()
    assert not Imported.objects.exists()


def test_the_commands_read_a_file_and_say_what_they_did(tmp_path, capsys):
    (tmp_path / "a.ics").write_bytes(ics(vevent()))
    (tmp_path / "a.json").write_bytes(feed(row()))
    call_command("import_ics", str(tmp_path / "a.ics"))
    call_command("import_culture", str(tmp_path / "a.json"))
    assert capsys.readouterr().out.count("1 added") == 2


def test_the_commands_fail_clearly(tmp_path):
    (tmp_path / "a").write_bytes(b"made up")
    (tmp_path / "large").write_bytes(b" " * 10_000_001)
    for source, reason in [
        (str(tmp_path / "a"), "not a calendar"),
        (str(tmp_path / "large"), "larger than 10 MB"),
        (str(tmp_path / "missing"), "cannot be read"),
        ("ftp://ornek.example/a", "Only http and https"),
        ("file:///etc/passwd", "Only http and https"),
        ("http://127.0.0.1:1/a", "cannot be fetched: 127.0.0.1 is not an address of the public web"),
    ]:
        with pytest.raises(CommandError, match=reason):
            call_command("import_ics", source)
