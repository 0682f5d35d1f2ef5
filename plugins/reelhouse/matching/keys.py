"""Keys by which titles and people are found again, however a source spells them.

Everything here is pure and of one text. `folded` texts are for reading and comparing; `key` texts have
no spaces and are for joining: equal keys make a candidate, never a match.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# Scripts whose marks are accents, which people and files leave out. In other scripts a mark is part of the
# letter: a dakuten makes another sound, a Devanagari vowel sign another syllable.
_ACCENTED_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
# Letters that Unicode does not take apart although people do.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "ħ": "h"}
)
_DROPPED = "'’‘ʼ`´ʻ′™®©"


def _fold_character(character: str) -> str:
    if character in _DROPPED:
        return ""
    if character == "&":
        return " and "
    category = unicodedata.category(character)
    if category == "Cf" or "\u0300" <= character <= "\u036f":
        return ""
    if category[0] not in "LNM":
        return " "
    folded = character.casefold()
    if unicodedata.name(character, "").startswith(_ACCENTED_SCRIPTS):
        parts = unicodedata.normalize("NFKD", folded)
        folded = "".join(part for part in parts if not unicodedata.combining(part)).translate(_PLAIN_LETTERS)
    return folded


class _FoldTable(dict[int, str]):
    """What each character folds to, worked out when it is first met: `str.translate` asks `__missing__`."""

    def __missing__(self, code_point: int) -> str:
        self[code_point] = _fold_character(chr(code_point))
        return self[code_point]


_FOLD = _FoldTable()
_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_AND_SIGN = re.compile(r"(?<=\s)\+(?=\s)")


def fold_title(text: str) -> str:
    """Fold case, width, accents, punctuation and invisible characters away; keep every script's letters.

    A title that is nothing but punctuation folds to itself, so that no title is without a fold.

    >>> fold_title("The Marvelous Mrs. Maisel")
    'the marvelous mrs maisel'
    >>> fold_title("Arès"), fold_title("Amélie\\u200b"), fold_title("Consequences\\u00a0")
    ('ares', 'amelie', 'consequences')
    >>> fold_title("Zipi & Zape y la Isla del Capitán")
    'zipi and zape y la isla del capitan'
    >>> fold_title("반드시 잡는다"), fold_title("يوم الدين"), fold_title("忍者ハットリくん")
    ('반드시 잡는다', 'يوم الدين', '忍者ハットリくん')
    >>> fold_title("20,000 Leagues"), fold_title("Romeo + Juliet"), fold_title("???")
    ('20000 leagues', 'romeo and juliet', '???')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "," in text or "." in text:
        text = _THOUSANDS.sub("", text)
    if "+" in text:
        text = _AND_SIGN.sub(" and ", text)
    return " ".join(text.translate(_FOLD).split()) or " ".join(text.split())


# Which of several people of one name is meant, as IMDb numbers them.
_NAMESAKE = re.compile(r"\s+\([IVXL]+\)$")
# Whom somebody plays, as Amazon tells it. Behind a single word it is more of the name: Prince (Official).
_PLAYED = re.compile(r"^(\S+\s+[^\s(].*?)\s*\([^()]*\)$")
_INITIALS = re.compile(r"(?<!\w)([a-z])(?: (?=[a-z](?: |$)))")


def fold_name(text: str) -> str:
    """Fold the name of a person as a title is folded, with initials that stand together joined.

    >>> fold_name("Eiza González"), fold_name("J. J. Abrams"), fold_name("J.J. Abrams")
    ('eiza gonzalez', 'jj abrams', 'jj abrams')
    >>> fold_name("Samuel L. Jackson"), fold_name("Louis Ferrigno, Jr."), fold_name("Park So-dam")
    ('samuel l jackson', 'louis ferrigno jr', 'park so dam')
    >>> fold_name("Tom Holland (II)"), fold_name("Renée Zellweger"), fold_name("Judi Dench (M)")
    ('tom holland', 'renee zellweger', 'judi dench')
    """
    if text.endswith(")"):
        text = _PLAYED.sub(r"\1", _NAMESAKE.sub("", text))
    return _INITIALS.sub(r"\1", fold_title(text))


def person_key(folded_name: str) -> str:
    """Join key of a folded name: its words in alphabetical order, because sources differ on which name comes first.

    >>> person_key(fold_name("Park So-dam")) == person_key(fold_name("So-dam Park"))
    True
    """
    return "".join(sorted(folded_name.split()))


def plain_name(name: str) -> tuple[str, str] | None:
    """Fold and key of a name of whole words of letters; None when there may be more to it, as initials.

    >>> plain_name("Eiza González"), plain_name("Samuel L Jackson"), plain_name("Park So-dam")
    (('eiza gonzalez', 'eizagonzalez'), None, None)
    """
    if not name.replace(" ", "").isalpha():
        return None
    folded = " ".join(name.lower().split()) if name.isascii() else fold_title(name)
    words = sorted(folded.split())
    return None if min(map(len, words), default=1) == 1 else (folded, "".join(words))


_PART_WORDS = frozenset({"part", "pt", "vol", "volume", "chapter", "episode", "season", "book"})
_SPELLED = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
# Only numerals of two letters or more: I, V, X, C, D, L, M are words and initials (I, Robot; Malcolm X).
_ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12",
    "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19", "xx": "20",
}  # fmt: skip
_SINGLE_ROMAN = {"i": "1", "v": "5", "x": "10"}
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")
_ARTICLES = ("the", "a", "an")


# Words by which a title may be more than its words put together: numbers, and what announces them or a version.
_TELLING_WORDS = (
    _PART_WORDS | _SPELLED.keys() | _ROMAN.keys() | _SINGLE_ROMAN.keys() | {"cut", "version", "edition", "aka"}
)
_DIGIT = re.compile(r"\d")


def number_words(folded: str) -> list[str]:
    """Words of a folded title with its numbers in digits and the words that only announce them left out.

    A roman numeral counts where it can be nothing else: not as first word, single letters only after
    "part" and the like, or V at the very end.

    >>> number_words("rocky ii"), number_words("rocky v"), number_words("kill bill vol 2")
    (['rocky', '2'], ['rocky', '5'], ['kill', 'bill', '2'])
    >>> number_words("part two"), number_words("iii smoking barrels"), number_words("malcolm x")
    (['2'], ['iii', 'smoking', 'barrels'], ['malcolm', 'x'])
    >>> number_words("five years from the brink"), number_words("no one killed jessica")
    (['5', 'years', 'from', 'the', 'brink'], ['no', 'one', 'killed', 'jessica'])
    >>> number_words("i robot"), number_words("v for vendetta"), number_words("07 19")
    (['i', 'robot'], ['v', 'for', 'vendetta'], ['7', '19'])
    """
    return [word for word, _ in _numbered(folded)]


def _numbered(folded: str) -> list[tuple[str, bool]]:
    """Words with numbers in digits, and whether a word tells this part from other parts."""
    words = folded.split()
    numbered: list[tuple[str, bool]] = []
    for position, word in enumerate(words):
        after_part = position > 0 and words[position - 1] in _PART_WORDS
        is_last = position == len(words) - 1
        number = _number(word, after_part, position > 0, is_last)
        if number is not None and after_part:
            numbered.pop()
        is_hard = number is not None and (word not in _SPELLED or after_part or is_last)
        numbered.append((word if number is None else number, is_hard))
    return numbered


def _number(word: str, after_part: bool, is_inside: bool, is_last: bool) -> str | None:
    if word.isdecimal():
        return str(int(word))
    if word[0].isdecimal():
        ordinal = _ORDINAL.fullmatch(word)
        return str(int(ordinal[1])) if ordinal else None
    if is_inside and word in _ROMAN:
        return _ROMAN[word]
    if after_part and word in _SINGLE_ROMAN:
        return _SINGLE_ROMAN[word]
    # "One" is a pronoun as often as a number.
    if word in _SPELLED and (after_part or word != "one"):
        return _SPELLED[word]
    return "5" if word == "v" and is_last and is_inside else None


def title_key(folded: str) -> str:
    """Join key of a folded title: no leading article, numbers in digits, no spaces.

    >>> title_key("the lord of the rings"), title_key("rocky ii"), title_key("a i")
    ('lordoftherings', 'rocky2', 'ai')
    >>> title_key("spider man") == title_key("spiderman"), title_key("s w a t") == title_key("swat")
    (True, True)
    """
    if " " not in folded and folded.isalpha():
        return _SPELLED.get(folded, folded) if folded != "one" else folded
    words = folded.split()
    if not _TELLING_WORDS.isdisjoint(words) or _DIGIT.search(folded):
        words = number_words(folded)
    # "A.I." and "The A" keep their A: what is left must be more than one letter.
    if len(words) > 1 and words[0] in _ARTICLES and len("".join(words[1:])) > 1:
        words = words[1:]
    return "".join(words)


def plain_title(title: str) -> tuple[str, str] | None:
    """Fold and key of a title of nothing but letters and spaces, which most are; None when there may be more to it.

    For these, what `title_forms` and `title_key` give, without taking the title apart.

    >>> plain_title("The Marvelous Mrs Maisel"), plain_title("Arès"), plain_title("Rocky II")
    (('the marvelous mrs maisel', 'marvelousmrsmaisel'), ('ares', 'ares'), None)
    """
    if not title.replace(" ", "").isalpha():
        return None
    words = (title.lower() if title.isascii() else fold_title(title)).split()
    if not words or not _TELLING_WORDS.isdisjoint(words):
        return None
    folded = " ".join(words)
    if words[0] in _ARTICLES and len("".join(words[1:])) > 1:
        del words[0]
    return folded, "".join(words)


def hard_numbers(folded: str) -> tuple[str, ...]:
    """The numbers of a folded title that tell one part of a series from another, in order.

    A number that is spelled out inside a title is a word like any other.

    >>> hard_numbers("kissing booth 2"), hard_numbers("mockingjay part 1"), hard_numbers("jaws")
    (('2',), ('1',), ())
    >>> hard_numbers("fast five"), hard_numbers("live mostly one down five to go"), hard_numbers("part two the end")
    (('5',), (), ('2',))
    """
    return tuple(word for word, is_number in _numbered(folded) if is_number)


def later_numbers(numbers: Sequence[str]) -> tuple[str, ...]:
    """Without those of first parts, which rarely bear theirs; but one that does is not the second.

    >>> later_numbers(hard_numbers("mockingjay part 1")), later_numbers(hard_numbers("jaws 2"))
    ((), ('2',))
    """
    return tuple(number for number in numbers if number != "1")


_LANGUAGES = (
    "arabic|bengali|bangla|cantonese|chinese|dutch|english|filipino|french|german|gujarati|hindi|indonesian|italian|"
    "japanese|kannada|korean|malay|malayalam|mandarin|marathi|nepali|persian|polish|portuguese|punjabi|russian|"
    "spanish|swedish|tagalog|tamil|telugu|thai|turkish|urdu|vietnamese"
)
_EDITIONS = (
    r"extended|final|director[’']?s|directors|uncut|unrated|uncensored|theatrical|special|collector[’']?s|remastered|"
    r"ultimate|international|anniversary|widescreen"
)
_VERSION_WORDS = (
    rf"(?:(?:the\s+)?(?:{_LANGUAGES})(?:\s+(?:version|dub|dubbed|sub|subbed|subtitled|subtitles))?"
    rf"|dubbed|subbed|subtitled|(?:the\s+)?(?:{_EDITIONS})(?:\s+(?:{_EDITIONS}))*\s+(?:cut|version|edition)"
    r"|uncut|unrated|remastered|(?:4k|hd|uhd|4k\s+u?hd|3d|imax)(?:\s+(?:version|edition))?)"
)
_VERSION = re.compile(
    rf"\s*[(\[]\s*{_VERSION_WORDS}\s*[)\]]\s*$"
    rf"|\s*[:\-–—]\s+(?:the\s+)?(?:{_EDITIONS})(?:\s+(?:{_EDITIONS}))*\s+(?:cut|version|edition)\s*$"
    rf"|(?<=\w\w\w\w)\s+(?:extended|director[’']?s)\s+(?:cut|version|edition)\s*$"
    rf"|\s*[:\-–—]\s+(?:{_LANGUAGES})\s+version\s*$",
    re.IGNORECASE,
)
# Only what stands apart is a season's number: "Open Season 2" is a film.
_SEASON = re.compile(
    r"(?:\s*[:,\-–—]\s+|\s*[(\[]\s*)(?:the\s+)?(?:season|series|saison|staffel|temporada|stagione)"
    r"\s+(?:\d{1,2}|[ivx]+|one|two|three|four|five|six|seven|eight|nine|ten)\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_MONTHS = {
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "may": "May", "jun": "June", "jul": "July",
    "aug": "August", "sep": "September", "oct": "October", "nov": "November", "dec": "December",
}  # fmt: skip
_MANGLED = re.compile(r"(\d{1,2})-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)")
_TRAILING_ARTICLE = re.compile(r"^(.*), (the|a|an|le|la|les|l'|el|los|las|il|lo|i|der|die|das)$", re.IGNORECASE)
_BRACKETED_YEAR = re.compile(r"\s*[(\[]((?:18|19|20)\d\d)[)\]]\s*$")
_GLUED_YEAR = re.compile(r"(?<=[^\W\d_])((?:19|20)\d\d)$")
_LAST_YEAR = re.compile(r" ((?:18|19|20)\d\d)$")
_YEAR_ENDS = frozenset(")]0123456789")
# The last word of a title behind which a version, season or year stands.
_DRESSING = re.compile(
    r".*[)\]0-9]|cut|version|edition|[ivx]+|one|two|three|four|five|six|seven|eight|nine|ten", re.IGNORECASE | re.ASCII
)
_BRACKETED = re.compile(r"\s*[(\[]([^()\[\]]+)[)\]]\s*$")
_ALIAS = re.compile(r"\s+(?:[Aa][Kk][Aa]|a\.k\.a\.)\s+")
_SEPARATOR = re.compile(r"\s*[:：]\s+|\s+[:/|]\s+|\s+[-–—]\s+|\s*[–—]\s*|\s*;\s*")
_HAS_PARTS = re.compile(r"[(\[:：/|;–—]|\s-\s|\s(?:[Aa][Kk][Aa]|a\.k\.a\.)\s")


def unmangled(title: str) -> str:
    """Give back what a spreadsheet took for a date: a day and a month.

    >>> unmangled("22-Jul"), unmangled("9-1-1"), unmangled("22 July")
    ('22 July', '9-1-1', '22 July')
    """
    mangled = _MANGLED.fullmatch(title)
    return f"{mangled[1]} {_MONTHS[mangled[2].lower()]}" if mangled else title


def base_text(title: str) -> str:
    """A title without what only names a version of the work, its year, or a moved article.

    >>> base_text("Game Over (Tamil Version)"), base_text("Boomika (Hindi)"), base_text("Kid, The")
    ('Game Over', 'Boomika', 'The Kid')
    >>> base_text("Blade Runner: The Final Cut"), base_text("Ghost (1990)"), base_text("The Final Cut")
    ('Blade Runner', 'Ghost', 'The Final Cut')
    >>> base_text("Endless Love1981"), base_text("Pinocchio (2020) [English Subtitled]"), base_text("Master [4K UHD]")
    ('Endless Love', 'Pinocchio', 'Master')
    >>> base_text("The Crown: Season 2"), base_text("Open Season 2"), base_text("Blade Runner 2049")
    ('The Crown', 'Open Season 2', 'Blade Runner 2049')
    """
    title = unmangled(title.strip())
    undressed = ""
    while title != undressed and title and _DRESSING.fullmatch(title.rsplit(None, 1)[-1]):
        undressed = title
        for pattern in (_BRACKETED_YEAR, _GLUED_YEAR, _VERSION, _SEASON):
            title = pattern.sub("", title) or title
    moved = _TRAILING_ARTICLE.match(title) if ", " in title else None
    return f"{moved[2]} {moved[1]}" if moved else title


def stated_year(title: str) -> int | None:
    """The year that a title states in brackets or glued to its end, which tells remakes apart.

    >>> stated_year("Aladdin (1992)"), stated_year("Endless Love1981"), stated_year("Blade Runner 2049")
    (1992, 1981, None)
    """
    if title[-1:] not in _YEAR_ENDS:
        return None
    year = _BRACKETED_YEAR.search(title) or _GLUED_YEAR.search(title)
    return int(year[1]) if year else None


def undated(folded: str, year: int | None) -> str:
    """A folded title without the year at its end, when that is the year of the work: no part of its name.

    >>> undated("seven souls in the skull castle 2011", 2011), undated("blade runner 2049", 2017), undated("1984", 1984)
    ('seven souls in the skull castle', 'blade runner 2049', '1984')
    """
    stated = _LAST_YEAR.search(folded) if year is not None else None
    return folded[: stated.start()] if stated and abs(int(stated[1]) - year) <= 1 else folded


@dataclass(frozen=True, slots=True)
class TitleForms:
    """One title in the forms it may be found by.

    folded      fold of the whole title
    base        fold of the title without version suffix: equal bases may be one work
    part_folds  folds of its parts: before and after a colon or dash, inside and outside of brackets
    """

    folded: str
    base: str
    part_folds: tuple[str, ...]


@lru_cache(maxsize=4096)
def title_forms(title: str) -> TitleForms:
    """Take a title apart.

    >>> title_forms("Doob: No Bed of Roses").part_folds
    ('doob', 'no bed of roses')
    >>> title_forms("The Figurine (Araromire)").part_folds
    ('the figurine', 'araromire')
    >>> title_forms("Oh! Baby (Tamil)")
    TitleForms(folded='oh baby tamil', base='oh baby', part_folds=())
    """
    base = base_text(title)
    # What a spreadsheet made of a title is no name of anything.
    title = unmangled(title)
    folded = fold_title(title)
    base_fold = folded if base == title else fold_title(base)
    if not _HAS_PARTS.search(base):
        return TitleForms(folded, base_fold, ())
    return TitleForms(folded, base_fold, _parts(base, base_fold))


def _parts(base: str, base_fold: str) -> tuple[str, ...]:
    texts: list[str] = []
    bracketed = _BRACKETED.search(base)
    if bracketed:
        texts += [base[: bracketed.start()], bracketed[1]]
    for pattern in (_ALIAS, _SEPARATOR):
        pieces = pattern.split(base, maxsplit=1)
        if len(pieces) == 2:
            texts += pieces
            break
    folds = dict.fromkeys(fold_title(text) for text in texts if text.strip())
    # A part of under four letters, or nothing but a number, would bring every title of that number.
    return tuple(fold for fold in folds if fold != base_fold and len(fold) >= 4 and not fold.isdecimal())


def imdb_id(number: int) -> str:
    """A title's number as IMDb writes it; matching.imdb_id says the same in SQL.

    >>> imdb_id(133093), imdb_id(21_000_000)
    ('tt0133093', 'tt21000000')
    """
    return f"tt{number:07d}"


_LINK_NUMBER = re.compile(r"^\d{5,}-?_?")
_LINK_YEAR = re.compile(r"[-_]?((?:19|20)\d\d)$")
# The id of a film whose file has no links: title, year and directors, which spell no other title.
_NO_LINK = re.compile(r"[^|]*\|((?:18|19|20)\d\d|)(?:\|.*)?")


def link_title(source_id: str) -> str:
    """The title a Rotten Tomatoes link spells, folded: often the English one where the file has the original.

    >>> link_title("1143939-tale_of_two_sisters"), link_title("shiri2002"), link_title("regeneration_1998")
    ('tale of two sisters', 'shiri', 'regeneration')
    >>> link_title("1000055-1984"), link_title("10002635"), link_title("2012")
    ('1984', '', '2012')
    >>> link_title("toy story|1995"), link_title("toy story|1995|john lasseter")
    ('', '')
    """
    if _NO_LINK.fullmatch(source_id):
        return ""
    words = _LINK_NUMBER.sub("", source_id.removeprefix("m/"))
    words = _LINK_YEAR.sub("", words) or words
    return " ".join(words.replace("_", " ").replace("-", " ").split())


def link_year(source_id: str) -> int | None:
    """The year glued to a Rotten Tomatoes link, which tells remakes apart.

    >>> link_year("shiri2002"), link_year("1000055-1984"), link_year("toy_story")
    (2002, None, None)
    >>> link_year("toy story|1995"), link_year("toy story|1995|john lasseter"), link_year("toy story|")
    (1995, 1995, None)
    """
    unlinked = _NO_LINK.fullmatch(source_id)
    if unlinked:
        return int(unlinked[1]) if unlinked[1] else None
    words = _LINK_NUMBER.sub("", source_id.removeprefix("m/"))
    year = _LINK_YEAR.search(words)
    return int(year[1]) if year and year.start() > 0 else None
