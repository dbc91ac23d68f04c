"""Sealed text and bytes: tokens in the database and on disk, read in Python alone; keys that come and go."""

import os
import shutil
import stat
import subprocess
from io import StringIO

import pytest
from django.apps import apps
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.http import HttpResponse, HttpResponseServerError
from django.test.utils import isolate_apps
from django.urls import path

from izbaku import sealing
from izbaku.sealing import SealBroken, SealedTextField
from izbaku.tests.tables import tables_for

SECRET = "Oturma iznim bitti, nə edim?"
OLD, NEW, OTHER = sealing.new_key(), sealing.new_key(), sealing.new_key()

with isolate_apps("izbaku"):

    class Letter(models.Model):  # noqa: DJ008
        text = SealedTextField(null=True, blank=True)
        note = SealedTextField(blank=True)

        class Meta:
            app_label = "izbaku"


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _tables(django_db_setup, django_db_blocker):
    with tables_for(django_db_blocker, Letter):
        yield


@pytest.fixture(autouse=True)
def _old_key(settings):
    settings.SEALING_KEYS = [OLD]


def stored(column="text"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM izbaku_letter ORDER BY id")  # noqa: S608
        return [row[0] for row in cursor.fetchall()]


def rotate(*arguments):
    told, warned = StringIO(), StringIO()
    try:
        call_command("rotate_keys", *arguments, stdout=told, stderr=warned)
    except CommandError as error:
        return told.getvalue() + warned.getvalue() + str(error)
    return told.getvalue() + warned.getvalue()


def test_text_is_read_in_python_and_a_token_in_the_database():
    Letter.objects.create(text=SECRET)

    assert Letter.objects.get().text == SECRET
    assert Letter.objects.values_list("text", flat=True).get() == SECRET
    [token] = stored()
    assert token.startswith(sealing.newest_prefix())
    assert "Oturma" not in token


def test_the_same_text_never_gives_the_same_token():
    assert sealing.seal(b"evet") != sealing.seal(b"evet")


@pytest.mark.parametrize("empty", ["", None])
def test_what_is_empty_stays_empty(empty):
    Letter.objects.create(text=empty)

    assert stored() == [empty]
    assert Letter.objects.get().text == empty


def test_updates_and_bulk_writes_are_sealed_too():
    Letter.objects.bulk_create([Letter(text="bir"), Letter(text="iki")])
    letters = list(Letter.objects.order_by("pk"))
    letters[0].text = "üç"
    Letter.objects.bulk_update(letters[:1], ["text"])
    Letter.objects.update(note="dört")

    assert list(Letter.objects.order_by("pk").values_list("text", "note")) == [("üç", "dört"), ("iki", "dört")]
    assert all(token.startswith("sealed:1:") for token in stored() + stored("note"))


@pytest.mark.parametrize(
    "question", ["text", "text__contains", "text__icontains", "text__in", "text__gt", "text__length"]
)
def test_nothing_can_look_for_sealed_text(question):
    with pytest.raises(FieldError, match="text is sealed"):
        Letter.objects.filter(**{question: SECRET}).exists()


def test_whether_there_is_any_text_can_be_asked():
    Letter.objects.create(text=SECRET)
    Letter.objects.create(text=None)

    assert Letter.objects.filter(text__isnull=False).count() == 1


def test_a_dump_of_the_whole_database_holds_no_sealed_text():
    Letter.objects.create(text=SECRET, note="Bornova yurdu")
    if connection.vendor == "sqlite":
        dump = "\n".join(connection.connection.iterdump())
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(izbaku_letter::text, ' ') FROM izbaku_letter")
            dump = cursor.fetchone()[0]

    assert "sealed:1:" in dump
    assert "Oturma" not in dump
    assert "Bornova" not in dump


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not shutil.which("pg_dump"), reason="no pg_dump here")
def test_the_dump_that_backups_make_holds_no_sealed_text():
    if connection.vendor != "postgresql":
        pytest.skip("not on PostgreSQL")
    Letter.objects.create(text=SECRET)
    at = connection.settings_dict
    named = [f"--dbname={at['NAME']}", f"--host={at['HOST']}", f"--port={at['PORT']}", f"--username={at['USER']}"]

    dump = subprocess.run(
        ["pg_dump", *named],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PGPASSWORD": at["PASSWORD"]},
    ).stdout

    assert "sealed:1:" in dump
    assert "Oturma" not in dump


def test_dumpdata_writes_tokens():
    letter = Letter(pk=1, text=SECRET)

    assert "Oturma" not in serializers.serialize("json", [letter])


def test_a_token_that_someone_types_is_text_and_opens_nothing():
    token = sealing.seal(SECRET.encode()).decode()

    Letter.objects.create(text=token)

    assert Letter.objects.get().text == token


# Keys


def test_after_rotating_all_opens_and_the_old_key_can_go(settings):
    Letter.objects.bulk_create([Letter(text=f"{SECRET} {n}", note="" if n else "son") for n in range(7)])
    before = list(Letter.objects.order_by("pk").values_list("text", "note"))
    settings.SEALING_KEYS = [NEW, OLD]

    assert "8 sealed anew." in rotate()
    assert list(Letter.objects.order_by("pk").values_list("text", "note")) == before

    settings.SEALING_KEYS = [NEW]
    assert list(Letter.objects.order_by("pk").values_list("text", "note")) == before


def test_rotating_goes_through_every_batch_and_a_second_run_finds_nothing(settings, monkeypatch):
    monkeypatch.setattr("izbaku.management.commands.rotate_keys.BATCH", 2)
    Letter.objects.bulk_create([Letter(text=str(n)) for n in range(5)])
    settings.SEALING_KEYS = [NEW, OLD]

    assert "5 sealed anew." in rotate()
    tokens = stored()
    assert "0 sealed anew." in rotate()
    assert stored() == tokens


def test_a_dry_run_counts_and_changes_nothing(settings):
    Letter.objects.create(text=SECRET)
    tokens = stored()
    settings.SEALING_KEYS = [NEW, OLD]

    told = rotate("--dry-run")

    assert "1 to seal anew." in told
    assert "can be taken out" not in told
    assert stored() == tokens


def test_a_text_changed_while_keys_rotate_is_kept(settings, monkeypatch):
    letter = Letter.objects.create(text="eski")
    settings.SEALING_KEYS = [NEW, OLD]
    unseal = sealing.unseal

    def slowly(token):
        opened = unseal(token)
        Letter.objects.filter(pk=letter.pk).update(text="yeni")
        return opened

    monkeypatch.setattr(sealing, "unseal", slowly)
    rotate()
    monkeypatch.undo()
    settings.SEALING_KEYS = [NEW]

    assert Letter.objects.get().text == "yeni"


def test_without_its_key_a_value_says_so_and_shows_nothing(settings):
    Letter.objects.create(text=SECRET)
    [token] = stored()
    settings.SEALING_KEYS = [OTHER]

    with pytest.raises(SealBroken) as broken:
        Letter.objects.get()

    assert "is not in SEALING_KEYS" in str(broken.value)
    assert token.split(":")[3] not in str(broken.value)


def page(request):
    return HttpResponse(Letter.objects.get().text)


def sorry(request):
    return HttpResponseServerError("sorry")


urlpatterns, handler500 = [path("", page)], sorry


@pytest.mark.urls(__name__)
def test_neither_the_page_nor_the_log_of_an_error_shows_what_is_sealed(settings, client, caplog):
    Letter.objects.create(text=SECRET)
    [token] = stored()
    settings.SEALING_KEYS = [OTHER]
    client.raise_request_exception = False

    response = client.get("/")

    assert (response.status_code, response.content) == (500, b"sorry")
    assert "SealBroken" in caplog.text
    assert token.split(":")[3][:20] not in caplog.text


@pytest.mark.urls(__name__)
def test_even_the_page_that_developers_see_shows_no_token(settings, client):
    Letter.objects.create(text=SECRET)
    [token] = stored()
    settings.SEALING_KEYS, settings.DEBUG = [OTHER], True
    client.raise_request_exception = False

    page = client.get("/").content.decode()

    assert "SealBroken" in page
    assert "Traceback" in page
    assert token.split(":")[3][:40] not in page


def test_rotating_without_the_old_key_leaves_it_alone_and_says_what_is_broken(settings):
    letter = Letter.objects.create(text=SECRET)
    tokens = stored()
    settings.SEALING_KEYS = [NEW]

    told = rotate()

    assert f"izbaku.Letter.text of {letter.pk}" in told
    assert "1 cannot be opened: keep the older keys" in told
    assert stored() == tokens


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-5],
        lambda token: token[:-9] + b"AAAAAAAA=",
        lambda token: b"plain words",
        lambda token: b"sealed:2:" + token[9:],
        lambda token: b"sealed:1:\xff\xff:" + token[18:],
        lambda token: b"",
    ],
    ids=["cut off", "changed", "never sealed", "another scheme", "no key", "nothing"],
)
def test_what_is_not_whole_is_never_opened(spoil):
    with pytest.raises(SealBroken):
        sealing.unseal(spoil(sealing.seal(SECRET.encode())))


def test_a_key_that_is_none_is_named_without_being_shown(settings):
    settings.SEALING_KEYS = ["far-too-short"]

    with pytest.raises(ImproperlyConfigured) as refusal:
        sealing.seal(b"")

    assert "far-too-short" not in str(refusal.value)
    assert [error.id for error in sealing.check_keys()] == ["sealing.E002"]


def test_a_machine_of_ones_own_makes_a_key_that_only_its_owner_reads(settings, tmp_path):
    settings.SEALING_KEYS, settings.IS_LOCAL = [""], True
    settings.SEALING_KEY_FILE = tmp_path / "var" / "sealing.key"

    token = sealing.seal(SECRET.encode())

    assert stat.S_IMODE(settings.SEALING_KEY_FILE.stat().st_mode) == 0o600
    assert [file.name for file in settings.SEALING_KEY_FILE.parent.iterdir()] == ["sealing.key"]
    assert sealing.unseal(token).decode() == SECRET


def test_production_makes_no_key_of_its_own(settings, tmp_path):
    settings.SEALING_KEYS, settings.IS_LOCAL = [""], False
    settings.SEALING_KEY_FILE = tmp_path / "sealing.key"

    with pytest.raises(ImproperlyConfigured):
        sealing.seal(b"")

    assert not settings.SEALING_KEY_FILE.exists()


def test_a_new_key_is_printed_and_fits(settings):
    settings.SEALING_KEYS = [rotate("--new").strip()]

    assert sealing.unseal(sealing.seal(b"evet")) == b"evet"


def test_a_sealed_column_is_never_unique():
    with isolate_apps("izbaku"):

        class Badge(models.Model):  # noqa: DJ008
            code = SealedTextField(unique=True)

            class Meta:
                app_label = "izbaku"

    assert "sealing.E001" in [error.id for error in Badge._meta.get_field("code").check()]


def test_the_test_table_is_known_while_this_module_runs():
    assert Letter in apps.get_models()
