"""Folding Turkish and Azerbaijani letters once, for what is stored and what is asked; names without hidden signs."""

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


_CONTROL = {
    code: None for code in (*range(32), 127, 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)) if chr(code) not in "\t\n\r"
}


def sendable(text: str) -> str:
    """Without the control characters that word processors leave behind: neither XML nor iCalendar may hold them."""
    return text.translate(_CONTROL)


# Signs that nobody sees: some turn around what stands beside them, others make two names look like one.
_HIDDEN = (0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF)
_TURNS_JOINS_AND_TAGS = (*range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xE0000, 0xE0080))
_UNSEEN = dict.fromkeys((*_HIDDEN, *_TURNS_JOINS_AND_TAGS))


def name(text: str) -> str:
    """A name in one line, as it will be seen: nothing in it is hidden, and nothing turns the words around it."""
    return " ".join(sendable(text).translate(_UNSEEN).split())


def paragraphs(text: str) -> str:
    """A text of several lines as it will be seen: nothing in it is hidden, and nothing turns the words around it."""
    seen = sendable(text.replace("\r\n", "\n").replace("\r", "\n")).translate(_UNSEEN)
    lines = "\n".join(line.rstrip() for line in seen.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
