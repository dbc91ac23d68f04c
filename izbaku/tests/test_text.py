import pytest
from hypothesis import given
from hypothesis import strategies as st

from izbaku import text
from izbaku.text import fold, slug, upper, words


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("İzmir", "izmir"),
        ("IZMIR", "izmir"),
        ("ızmir", "izmir"),
        ("I\u0307zmir", "izmir"),
        ("Əməkdaşlıq", "emekdasliq"),
        ("ŞĞÇÖÜ şğçöü", "sgcou sgcou"),
        ("Xarıbülbül", "xaribulbul"),
        ("s\u0327eki", "seki"),
    ],
)
def test_letters_fold_however_they_are_typed(written, folded):
    assert fold(written) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


def test_words_come_once_and_in_order():
    assert words("Bakı, bakı və İZMİR: 40-cı il!") == ["baki", "ve", "izmir", "40", "ci", "il"]


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("Şəki günü", "seki-gunu"),
        ("Üzeyir Hacıbəyli'nin “Arşın mal alan”ı", "uzeyir-hacibeyli-nin-arsin-mal-alan-i"),
        ("Москва 2026", "2026"),
        ("—", ""),
    ],
)
def test_an_address_is_plain_ascii(title, address):
    assert slug(title) == address


@given(st.text())
def test_any_title_gives_an_ascii_address(text):
    assert slug(text).isascii()


def test_capitals_follow_the_language():
    assert upper("izmir ılıca", "tr") == "İZMİR ILICA"
    assert upper("şəki bakı", "az") == "ŞƏKİ BAKI"
    assert upper("izmir", "en") == "IZMIR"


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u061c", "\u200b", "\u2062", "\u2069", "\ufeff", "\U000e0041", "\u00ad", "\x07"]
)
def test_a_name_holds_nothing_that_nobody_sees(hidden):
    assert text.name(f" {hidden}Leyla \n {hidden} M.{hidden}") == "Leyla M."


def test_a_name_in_another_script_stays_as_it_is():
    assert text.name("Şəfəq Öz\u200dgür علی") == "Şəfəq Öz\u200dgür علی"
