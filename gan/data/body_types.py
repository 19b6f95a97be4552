"""Reads body types and splits out of names: synonyms, plurals, longer names."""

import re
import unicodedata
from typing import Literal

Split = Literal["", "train", "validation", "test"]  # "" where a name means no split

BODY_TYPES = ("convertible", "coupe", "hatchback", "pickup", "sedan", "suv", "van", "wagon")

# Synonyms. Case, accents, spaces, hyphens and a plural's s make no difference.
_SYNONYMS = {
    "convertible": "cabrio cabriolet roadster spyder spider drophead",
    "coupe": "",
    "hatchback": "hatch",
    "pickup": "pickup-truck truck",
    "sedan": "limousine saloon",
    "suv": "crossover sport-utility sport-utility-vehicle",
    "van": "minivan mpv",
    "wagon": "estate station-wagon",
}
# Kinds of cab that only pickups have: Stanford Cars and many dealers name pickups by them.
_CABS = "crew club double extended king mega quad regular single super"


def _compact(name: str) -> str:
    """Lower-case letters and digits alone, without accents: one form for all spellings."""
    plain = unicodedata.normalize("NFKD", name).lower()
    return "".join(character for character in plain if character.isalnum())


_NAMES = {
    _compact(name): body_type
    for body_type, others in _SYNONYMS.items()
    for name in (body_type, *others.split())
}
# In a longer name these two may mean something else: a fire truck, a stretch limousine.
_PARTS = {name: t for name, t in _NAMES.items() if name not in ("truck", "limousine")}
_PARTS |= {f"{cab}cab": "pickup" for cab in _CABS.split()}
_DENIALS = frozenset({"no", "non", "not", "without"})

_SPLIT_WORDS: dict[str, Split] = {
    "training": "train", "trainval": "train", "train": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "evaluation": "test", "eval": "test", "testing": "test", "test": "test",
    "heldout": "test", "holdout": "test",
}  # fmt: skip
_BESIDE_SPLITS = (
    "(annos?|annotations?|batch|cars?|classes|data|datasets?|files?|fold|images?|imgs?|index"
    "|labels?|list|metadata|meta|parts?|photos?|pics?|pictures?|raw|samples?|sets?|splits?"
    "|vehicles?|with|x|y)*"
)
_SPLIT = re.compile(f"{_BESIDE_SPLITS}({'|'.join(_SPLIT_WORDS)}){_BESIDE_SPLITS}")


def body_type_of(name: str) -> str:
    """The body type that `name` is a name of, in singular or plural; "" for any other name."""
    compact = _compact(name)
    return next((_NAMES[n] for n in _singulars(compact) if n in _NAMES), "")


def class_name(name: str) -> str:
    """The name of a class in this program: one of BODY_TYPES, or `name` in tidy lower case."""
    if body_type := body_type_of(name):
        return body_type
    text = unicodedata.normalize("NFC", name).strip().lower()
    text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(re.split(r"[\s_-]+", text)).strip()


def types_in(name: str) -> list[str]:
    """The body types that a longer name contains, in order: ["pickup"] for "Ram Crew Cab".

    A name with a negation, such as "non-SUV", contains none.
    """
    return [] if _DENIALS & set(_words(name)) else _parts(name)[0]


def split_of(name: str) -> Split:
    """The split that the name of a folder or file, or a cell, means: "test" for "test_set".

    Body types in it don't matter ("sedan-testing"); with any other word ("test drive") it means
    no split.
    """
    match = _SPLIT.fullmatch("".join(word for word in _parts(name)[1] if not word.isdecimal()))
    return _SPLIT_WORDS[match[2]] if match else ""


def mentions_split(name: str) -> bool:
    """Whether `name` contains a word for a split, even if the whole name means something else."""
    return any(word in _SPLIT_WORDS for word in _words(name))


def _parts(name: str) -> tuple[list[str], list[str]]:
    """The body types in a name, and the words around them."""
    words, types, others = _words(name), [], []
    place = 0
    while place < len(words):
        for length in (3, 2, 1):
            part = words[place : place + length]
            matches = [_PARTS[n] for n in _singulars("".join(part)) if n in _PARTS]
            if matches and len(part) == length:
                types.append(matches[0])
                place += length
                break
        else:
            others.append(words[place])
            place += 1
    return types, others


def _words(name: str) -> list[str]:
    """The words and numbers of a name, in lower case; a capital within a word begins a new one."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    return re.findall(r"[^\W\d_]+|\d+", apart.lower())


def _singulars(word: str) -> tuple[str, ...]:
    return word, word.removesuffix("s"), word.removesuffix("es")
