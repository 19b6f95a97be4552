"""In which encoding an archive wrote names that it doesn't name one for.

Zips without the Unicode flag, old RARs and tars hold bytes in the encoding of the machine that
packed them. All names of an archive are judged together: the first encoding that fits best is
taken, where "fits" means that what comes out looks as people write.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

JUDGED = 1000  # names: more don't change the answer

_CYRILLIC = re.compile("[\u0410-\u044f\u0401\u0451]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc々]")
# The commonest characters: where two encodings give everyday ones, these decide.
_FREQUENT = {
    "gbk": "的一是不了在人有我他这中大来上个国和地到年车轿跑越野旅行货客图片新小两厢型汽",
    "big5": "的一是不了在人有我他這中大來上個國和地到年車轎跑旅行貨客圖片新小型汽休",
    "euc_kr": "이다는에의가고을를한하지은로사어기리도대시자스인세단왜건쿠페밴트럭차백진",
}


def encoding_of(names: Iterable[bytes]) -> str:
    """The encoding that `names` are most likely in; empty where none makes them look right."""
    some = [name for _, name in zip(range(JUDGED), filter(_beyond_ascii, names), strict=False)]
    best, most = "", 0.6  # of what stands there must look right
    for encoding, likeness in _CANDIDATES.items():
        try:
            texts = [name.decode(encoding) for name in some]
        except ValueError:
            continue
        if encoding == "utf-8":  # hardly ever valid by chance
            return encoding
        shares = [likeness(text) for text in texts]
        if shares and (share := sum(shares) / len(shares)) > most:
            best, most = encoding, share
    return best


def _beyond_ascii(name: bytes) -> bool:
    return not name.isascii()


def _asian(encoding: str, lead: range) -> Callable[[str], float]:
    """Judges by the characters that everyday text has: those whose first byte is in `lead`."""

    @cache
    def everyday() -> frozenset[str]:
        pairs = (bytes((first, second)) for first in lead for second in range(0x40, 0xFF))
        plain = "gb2312" if encoding == "gbk" else encoding
        return frozenset(pair.decode(plain, "ignore")[:1] for pair in pairs) - {""}

    def likeness(text: str) -> float:
        found = [c for c in text if not c.isascii()]
        usual = sum(c in everyday() or bool(_KANA.match(c)) for c in found) / len(found)
        # A single character within a Latin word is a letter with an accent, misread.
        if re.search(r"[a-z][^\x00-\x7f](?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\x00-\x7f][a-z]", text):
            usual *= 0.5
        frequent = sum(c in _FREQUENT.get(encoding, "") for c in found) / len(found)
        return usual + 0.5 * frequent

    return likeness


def _words(text: str, good: Callable[[str], bool]) -> float:
    """The share of the letters beyond ASCII that stand in words that look right."""
    found = sum(not c.isascii() for c in text)
    right = 0
    for word in re.findall(r"[^\W\d_]+", text):
        own = [c for c in word if not c.isascii()]
        # No capital within a word, unless all are.
        if own and good(word) and (word.isupper() or not re.search(r".[^\W\d_a-z]", _shape(word))):
            right += len(own)
    return right / found


def _shape(word: str) -> str:
    return "".join("A" if c.isupper() else "a" for c in word)


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


# In order of preference where two look equally right.
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
