"""Folding Turkish and Azerbaijani letters, once, for what is stored and for what is asked."""

import re
import unicodedata

# Letters of their own, not marked ones: taking marks away does not reach them.
_LETTERS = str.maketrans({"ı": "i", "ə": "e", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe"})
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Lower case without marks: `İzmir`, `IZMIR` and `ızmir` become `izmir`, `Şənbə` becomes `senbe`."""
    # Twice, because taking letters apart uncovers capitals, and lowering capitals uncovers marks.
    for _again in range(2):
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()
    return text.translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of a text, each once, in order."""
    return list(dict.fromkeys(_WORD.findall(fold(text))))


def slug(text: str) -> str:
    """An ASCII name for an address: `Şəki günü` becomes `seki-gunu`; other alphabets are left out."""
    return "-".join(word for word in _WORD.findall(fold(text)) if word.isascii())


def upper(text: str, language: str) -> str:
    """Upper case as the language writes it: in Turkish and Azerbaijani i becomes İ."""
    if language in ("tr", "az"):
        text = text.replace("i", "İ").replace("ı", "I")
    return text.upper()
