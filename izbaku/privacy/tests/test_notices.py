"""What people are told: every part in every language, unchanging once published, and known to have been shown."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.urls import reverse
from django.utils import translation

from izbaku.privacy import notices
from izbaku.privacy.forms import WithNotice
from izbaku.privacy.models import LANGUAGES, DataRequest, Notice, NoticeShown
from izbaku.privacy.tests.make import NOW, person
from izbaku.privacy.unchanging import Unchanging

pytestmark = pytest.mark.django_db


class Form(WithNotice):
    notice_purpose = "account"


def draft(**more) -> Notice:
    texts = {
        f"{part}_{language}": f"{part} in {language}" for part in ("title", *Notice.PARTS) for language in LANGUAGES
    }
    return Notice.objects.create(purpose="account", **{"valid_from": NOW, **texts, **more})


def codes(form) -> list[str]:
    return [error.code for error in form.errors.as_data().get("__all__", [])]


@pytest.mark.parametrize("purpose", ["account", "data_request"])
def test_the_first_texts_have_every_part_in_every_language_and_wait_for_the_lawyer(purpose):
    first = notices.current(purpose, NOW)

    assert first is not None
    assert first.missing() == []
    assert first.confirmed_on is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_lacking_a_part_in_a_language_cannot_be_published(language):
    notice = draft(**{f"rights_{language}": " "})

    with pytest.raises(ValidationError) as refused:
        notices.publish(notice, now=NOW)

    assert refused.value.code == "missing"
    assert refused.value.params["missing"] == [("rights", language)]
    assert not Notice.objects.get(pk=notice.pk).is_published


def test_a_published_notice_stays_as_it_is_and_a_change_is_a_new_version():
    notice = draft()
    notices.publish(notice, now=NOW)
    notice.rights_tr = "none"

    for change in (
        notice.save,
        notice.delete,
        Notice.objects.filter(pk=notice.pk).delete,
        lambda: Notice.objects.filter(pk=notice.pk).update(rights_tr="none"),
    ):
        with pytest.raises(Unchanging):
            change()
    new = notices.next_version(Notice.objects.get(pk=notice.pk))

    assert (new.version, new.rights_tr, new.is_published) == (notice.version + 1, "rights in tr", False)
    assert notices.current("account", NOW) == notice


def test_a_version_that_begins_later_does_not_hold_yet():
    before = notices.current("account", NOW)
    coming = draft(valid_from=NOW + timedelta(days=2))
    notices.publish(coming, now=NOW)

    assert notices.current("account", NOW) == before
    assert notices.current("account", NOW + timedelta(days=2)) == coming


@pytest.mark.parametrize("language", LANGUAGES)
@time_machine.travel(NOW, tick=False)
def test_the_tag_shows_the_text_of_the_pages_language_and_its_token_says_so(language):
    with translation.override(language):
        html = Template('{% load privacy %}{% notice "account" %}').render(Context())

    token = re.search(r'name="notice" value="([^"]+)"', html)[1]
    form = Form({"notice": token})
    assert getattr(notices.current("account", NOW), f"summary_{language}") in html
    assert form.is_valid()
    assert (form.notice_shown.language, form.notice_shown.at) == (language, NOW)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "forged"),
        ("1:tr:0", "forged"),
        (signing.dumps([1, "tr", int(NOW.timestamp())], salt="another"), "forged"),
        (signing.dumps("text", salt=notices.SALT), "forged"),
        (signing.dumps(["x", "tr", "y"], salt=notices.SALT), "forged"),
        (signing.dumps([10**30, "tr", int(NOW.timestamp())], salt=notices.SALT), "changed"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_a_forged_token_is_refused(token, code):
    form = Form({"notice": token})

    assert not form.is_valid()
    assert codes(form) == [code]


@time_machine.travel(NOW, tick=False)
def test_one_changed_letter_makes_a_token_worthless():
    token = notices.token(notices.current("account", NOW), "tr", NOW)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert codes(Form({"notice": changed})) == ["forged"]


def test_a_page_left_open_for_days_has_to_be_read_again():
    token = notices.token(notices.current("account", NOW), "tr", NOW)

    with time_machine.travel(NOW + notices.TOKEN_LIVES - timedelta(seconds=1), tick=False):
        assert Form({"notice": token}).is_valid()
    with time_machine.travel(NOW + notices.TOKEN_LIVES, tick=False):
        assert codes(Form({"notice": token})) == ["expired"]


@time_machine.travel(NOW, tick=False)
def test_a_token_of_another_purpose_or_an_older_version_is_refused():
    other = notices.token(notices.current("data_request", NOW), "tr", NOW)
    old = notices.token(notices.current("account", NOW), "tr", NOW)
    assert codes(Form({"notice": other})) == ["changed"]

    notices.publish(draft(), now=NOW)

    assert codes(Form({"notice": old})) == ["changed"]


def test_a_refused_form_keeps_what_was_typed_and_shows_the_notice_anew(client):
    client.force_login(person())
    typed = {"kind": "object", "text": "I typed this for an hour.", "notice": "forged"}

    page = client.post(reverse("privacy:ask"), typed)

    html = page.content.decode()
    assert "I typed this for an hour." in html
    assert re.search(r'value="object"[^>]*checked', html)
    assert DataRequest.objects.count() == 0
    fresh = re.search(r'name="notice" value="([^"]+)"', html)[1]
    assert client.post(reverse("privacy:ask"), {**typed, "notice": fresh}).status_code == 302
    asked = DataRequest.objects.get()
    assert (asked.notice.purpose, asked.notice_shown_at is None) == ("data_request", False)


def test_an_account_remembers_what_it_was_shown():
    ada = person()
    notice = notices.current("account", NOW)

    notices.remember_for(ada, notices.Shown(notice, "az", NOW))

    assert list(NoticeShown.objects.values_list("user", "notice", "language", "shown_at")) == [
        (ada.pk, notice.pk, "az", NOW)
    ]
