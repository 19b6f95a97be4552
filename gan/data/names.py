"""Guesses the encoding of file names in old archives.

Zips without the Unicode flag, old RARs and tars store names in the encoding of the machine that
packed them. All names of an archive are decoded with each candidate, and the encoding whose text
looks most like a real language is taken.
"""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

JUDGED = 1000  # names that are looked at; more don't change the result

_CYRILLIC = re.compile("[\u0410-\u044f\u0401\u0451]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc々]")
# The most frequent characters, which decide between encodings that both give plausible text.
_FREQUENT = {
    "gbk": "的一是不了在人有我他这中大来上个国和地到年车轿跑越野旅行货客图片新小两厢型汽",
    "big5": "的一是不了在人有我他這中大來上個國和地到年車轎跑旅行貨客圖片新小型汽休",
    "euc_kr": "이다는에의가고을를한하지은로사어기리도대시자스인세단왜건쿠페밴트럭차백진",
}


def encoding_of(names: Iterable[bytes]) -> str:
    """The most likely encoding of `names`; "" if none gives plausible text."""
    chosen = list(itertools.islice((name for name in names if not name.isascii()), JUDGED))
    best, highest = "", 0.6  # the least score to be accepted
    for encoding, score in _CANDIDATES.items():
        try:
            texts = [name.decode(encoding) for name in chosen]
        except ValueError:
            continue
        if encoding == "utf-8":  # other encodings are hardly ever valid UTF-8
            return encoding
        scores = [score(text) for text in texts]
        if scores and (mean := sum(scores) / len(scores)) > highest:
            best, highest = encoding, mean
    return best


def _asian(encoding: str, lead: range) -> Callable[[str], float]:
    """A score by common characters: in these encodings their first byte is in `lead`."""

    @cache
    def everyday() -> frozenset[str]:
        pairs = (bytes((first, second)) for first in lead for second in range(0x40, 0xFF))
        plain = "gb2312" if encoding == "gbk" else encoding
        return frozenset(pair.decode(plain, "ignore")[:1] for pair in pairs) - {""}

    def score(text: str) -> float:
        characters = [c for c in text if not c.isascii()]
        common = sum(c in everyday() or bool(_KANA.match(c)) for c in characters)
        usual = common / len(characters)
        # A single character within a Latin word is rather a misread letter with an accent.
        if re.search(r"[a-z][^\x00-\x7f](?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\x00-\x7f][a-z]", text):
            usual *= 0.5
        frequent = sum(c in _FREQUENT.get(encoding, "") for c in characters) / len(characters)
        return usual + 0.5 * frequent

    return score


def _words(text: str, good: Callable[[str], bool]) -> float:
    """The share of non-ASCII letters that are in plausible words, which `good` recognises."""
    total = sum(not c.isascii() for c in text)
    right = 0
    for word in re.findall(r"[^\W\d_]+", text):
        special = sum(not c.isascii() for c in word)
        # A plausible word has no capitals after its first letter, unless all are capitals.
        usual_case = word.isupper() or not any(letter.isupper() for letter in word[1:])
        if special and good(word) and usual_case:
            right += special
    return right / total


def _cyrillic(text: str) -> float:
    return _words(text, lambda word: all(_CYRILLIC.match(c) for c in word))


def _latin(text: str) -> float:
    def good(word: str) -> bool:
        plain = sum(c.isascii() for c in word)
        return plain > 0 and all(c.isascii() or _accented(c) for c in word)

    return _words(text, good)


def _accented(character: str) -> bool:
    return character in "ßæøåœłđÆØÅŒŁ" or (
        unicodedata.normalize("NFD", character)[0].isascii() and character.isalpha()
    )


# Each encoding with its score of a text; of equal scores the first encoding counts.
_CANDIDATES: dict[str, Callable[[str], float]] = {
    "utf-8": lambda text: 1.0,
    "cp932": _asian("cp932", range(0x88, 0x98)),
    "gbk": _asian("gbk", range(0xB0, 0xD8)),
    "big5": _asian("big5", range(0xA4, 0xC7)),
    "euc_kr": _asian("euc_kr", range(0xB0, 0xC9)),
    "cp866": _cyrillic,
    "cp1251": _cyrillic,
    "cp437": _latin,
    "cp850": _latin,
    "cp1252": _latin,
    "cp852": _latin,
    "cp1250": _latin,
}
