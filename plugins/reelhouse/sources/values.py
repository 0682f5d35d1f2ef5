"""Single values: trimmed, parsed without a locale, refused with a reason. Nothing is invented.

A parser takes the text, the column's name and a list of problems; a value it cannot accept becomes None and
adds a problem that says what was expected and what was found.
"""

from __future__ import annotations

import html
import json
import re
import sys
import unicodedata
from collections.abc import Iterable
from datetime import date

# Notes on a record whose letters were mended.
MANGLED = "read_as_windows_1252"
ESCAPED = "signs_as_in_html"

FIRST_YEAR, LAST_YEAR = 1850, 2150
SMALLINT = 32_767
INTEGER = 2_147_483_647
BIGINT = 9_223_372_036_854_775_807

# Whitespace (nbsp among it) and characters that show nothing: what spreadsheets leave at the ends of a value.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
_EDGES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace()) + _INVISIBLE
_DROP_INVISIBLE = dict.fromkeys(map(ord, _INVISIBLE))

# Characters that programs make of single bytes when they read them as Windows-1252, with its gaps filled or not.
_BYTE_OF = {chr(byte): byte for byte in range(256)}
_BYTE_OF |= {bytes([byte]).decode("cp1252", "replace"): byte for byte in range(256)}
_BYTE_OF.pop("\ufffd")

# Words that programs write when there is no value. A film may be called "Unknown" or "None", hence two sets.
_NO_TITLE = frozenset({"", "\\n", "nan", "<na>", "#n/a"})
_NO_VALUE = _NO_TITLE | {
    "none", "null", "unknown", "n/a", "not given", "not available", "no data", "missing", "undefined", "unavailable",
    "unspecified", "not specified", "not known", "not listed", "not found", "no cast", "no director", "no country",
    "unknown cast", "unknown director", "unknown country",
}  # fmt: skip
# R writes it so, in capitals; Na is a name.
_NO_VALUE_OF_R = "NA"

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBERS = {name[:size]: number for number, name in enumerate(_MONTHS, 1) for size in (3, len(name))}
_MONTH_NUMBERS["sept"] = 9
_WORDED = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:?00)?)?")
_DASHED = re.compile(r"([0-9]{1,2})-([A-Za-z]{3,4})-([0-9]{2}|[0-9]{4})")
_SPACED = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3,9})\.?,? ([0-9]{4})")
_WHOLE = re.compile(r"[0-9]{1,18}(?:\.0+)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,5}(?:\.0+)?")
# "JR" is an artist, so only the usual spellings are taken for the end of a name.
_NAME_END = re.compile(r"(?:Jr|Sr|jr|sr)\.?|JR\.|SR\.|II|III|IV")
# Lists are written with commas; now and then with other marks that no name has in it.
_BETWEEN_ITEMS = re.compile(r"[,;|]")
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,7}|#[0-9]{1,6}|#x[0-9A-Fa-f]{1,6});")
_NOBODY = frozenset({"-", "--", "–", "—", "?", "."})
_ITEM = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_LIST = re.compile(rf"\[(?:(?:{_ITEM})(?:, ?(?:{_ITEM}))*)?\]")
_ITEMS = re.compile(_ITEM)
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))")
_ESCAPED_SPACES = {"n": "\n", "r": "\r", "t": "\t"}
# A list in brackets with more letters than that is none.
LONGEST_LIST = 10_000


def shown(text: str) -> str:
    """A value as a message shows it: quoted, escaped, not longer than a line."""
    return repr(text if len(text) <= 80 else text[:77] + "...")


def refuse(problems: list[str], column: str, expected: str, found: str) -> None:
    problems.append(f"{column}: expected {expected}, found {shown(found)}")


def trimmed(text: str) -> str:
    """Without what shows nothing at its ends; the inside stays as it is.

    >>> trimmed("\\u200bConsequences\\xa0 ")
    'Consequences'
    """
    return text.strip(_EDGES)


def unmangled(text: str) -> str | None:
    """Text in UTF-8 that was read as Windows-1252 and saved again, once or more often, as it was before; None for any
    other text.

    >>> unmangled("JosÃ© â€“ 1"), unmangled("JosÃƒÂ©"), unmangled("José"), unmangled("Jose")
    ('José – 1', 'José', None, None)
    """
    mended = None
    while not text.isascii():
        try:
            text = mended = bytes(map(_BYTE_OF.__getitem__, text)).decode()
        except (KeyError, UnicodeDecodeError):
            break
    return mended


def unescaped(text: str) -> str | None:
    """Text with signs written as HTML does, once or more often, as it was before; None for any other text.

    >>> unescaped("Tom &amp; Ann&#39;s"), unescaped("Tom &amp;amp; Ann"), unescaped("AT&T; you & I;")
    ("Tom & Ann's", 'Tom & Ann', None)
    """
    mended = None
    while "&" in text and (plain := _ENTITY.sub(lambda found: html.unescape(found[0]), text)) != text:
        text = mended = plain
    return mended


def mended_texts(fields: list[str]) -> tuple[list[str], list[str]]:
    """The fields of a record without what programs made of their letters, and the notes on what was mended.

    >>> mended_texts(["CafÃ© &amp; Bar", "José"]), mended_texts(["A & B"])
    ((['Café & Bar', 'José'], ['read_as_windows_1252', 'signs_as_in_html']), (['A & B'], []))
    """
    whole = "".join(fields)
    notes = []
    for is_met, mend, note in (
        (not whole.isascii(), unmangled, MANGLED),
        ("&" in whole, unescaped, ESCAPED),
    ):  # fmt: skip
        texts = [mend(field) for field in fields] if is_met else []
        if any(text is not None for text in texts):
            fields = [field if text is None else text for field, text in zip(fields, texts, strict=True)]
            notes.append(note)
    return fields, notes


def title_or_none(text: str) -> str | None:
    """A title, or None. "Unknown" and "None" are titles of films."""
    text = trimmed(text)
    return None if text.lower() in _NO_TITLE else text


def text_or_none(text: str) -> str | None:
    """Text, or None for the words that stand for no value.

    >>> text_or_none(" <NA> "), text_or_none("TV-MA")
    (None, 'TV-MA')
    """
    text = trimmed(text)
    return None if text == _NO_VALUE_OF_R or text.lower() in _NO_VALUE else text


def year_or_none(text: str, column: str, problems: list[str]) -> int | None:
    """A year from 1850 to 2150 (`2019` or `2019.0`), or None for no value."""
    value = text_or_none(text)
    if value is None:
        return None
    year = int(value.split(".")[0]) if _WHOLE.fullmatch(value) else 0
    if FIRST_YEAR <= year <= LAST_YEAR:
        return year
    refuse(problems, column, f"a year {FIRST_YEAR}–{LAST_YEAR} or nothing", text)
    return None


def count_or_none(text: str, column: str, problems: list[str], most: int = INTEGER) -> int | None:
    """A whole number from 0 to `most` (`83`, `83.0` or `1,234`), or None for no value."""
    value = text_or_none(text)
    if value is None:
        return None
    if _GROUPED.fullmatch(value):
        value = value.replace(",", "")
    if _WHOLE.fullmatch(value) and (number := int(value.split(".")[0])) <= most:
        return number
    refuse(problems, column, f"a whole number 0–{most} or nothing", text)
    return None


def date_or_none(text: str, column: str, problems: list[str], *, may_be_short: bool = True) -> date | None:
    """A day, written `September 9, 2019`, `9 September 2019`, `2019-09-09` or `9-Sep-19`, or None for no value.

    Which part of `9/10/2019` is the month nobody knows.

    Takes   may_be_short  whether two digits are enough for the year; of an old film nobody knows the century

    >>> date_or_none(" August 4, 2017", "date_added", []).isoformat()
    '2017-08-04'
    >>> date_or_none("30-Mar-21", "date_added", []).isoformat()
    '2021-03-30'
    >>> problems = []
    >>> date_or_none("February 30, 2021", "date_added", problems), problems
    (None, ["date_added: expected a day such as 'September 9, 2019' or '2019-09-09', or nothing, found \
'February 30, 2021'"])
    """
    value = text_or_none(text)
    if value is None:
        return None
    try:
        return _date(" ".join(value.split()), may_be_short)
    except ValueError:
        whole = "" if may_be_short else " with all digits of its year"
        refuse(problems, column, f"a day{whole} such as 'September 9, 2019' or '2019-09-09', or nothing", text)
        return None


def _date(value: str, may_be_short: bool) -> date:
    if match := _WORDED.fullmatch(value):
        month, day, year = match.groups()
    elif match := _ISO.fullmatch(value):
        year, _, month, day = match.groups()
    elif match := _DASHED.fullmatch(value) or _SPACED.fullmatch(value):
        day, month, year = match.groups()
    else:
        raise ValueError(value)
    if len(year) == 2 and not may_be_short:
        raise ValueError(value)
    number = int(month) if month.isdigit() else _MONTH_NUMBERS.get(month.lower(), 0)
    # Two digits: 70 to 99 are the 1900s, as everywhere else.
    whole_year = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= 70 else 2000)
    if not FIRST_YEAR <= whole_year <= LAST_YEAR:
        raise ValueError(value)
    return date(whole_year, number, int(day))


def compared(text: str) -> str:
    """A list item as it is compared with others: without invisible characters, one space for any space."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_DROP_INVISIBLE).split())


def is_same_name(first: str, second: str) -> bool:
    """Whether two texts are one name, however its letters and spaces are written."""
    return compared(first).casefold() == compared(second).casefold()


def split_list(text: str) -> list[str]:
    """Items of a list, trimmed, without empty ones and repeats, in file order.

    Between them are commas, now and then semicolons or bars; or it is a list as Python or JSON writes it. A comma
    before "Jr." belongs to the name.

    >>> split_list(", Louis Ferrigno, Jr., Ana,nan, Ana,"), split_list("Ana | Ben; Cy"), split_list("['Ana', 'Ben']")
    (['Louis Ferrigno, Jr.', 'Ana'], ['Ana', 'Ben', 'Cy'], ['Ana', 'Ben'])
    """
    items: list[str] = []
    for part in _parts(text):
        item = text_or_none(part)
        if item is None or item in _NOBODY:
            continue
        if items and _NAME_END.fullmatch(item):
            items[-1] = f"{items[-1]}, {item}"
        else:
            items.append(item)
    return united([], items)


def _parts(text: str) -> list[str]:
    if "[" in text and (quoted := quoted_items(trimmed(text))) is not None:
        return quoted
    # The semicolon that ends "&amp;" is no mark between items.
    return _BETWEEN_ITEMS.split(_ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text)


def quoted_items(text: str) -> list[str] | None:
    """Items of a list as Python or JSON writes it, read and never evaluated; None when it is no such list.

    >>> quoted_items("['drama', 'crime']"), quoted_items('["Gonz\\\\u00e1lez"]'), quoted_items("[a]")
    (['drama', 'crime'], ['González'], None)
    >>> quoted_items("['Kim\\\\u200b', 'Ana\\\\xa0Diaz', 'O\\\\'Brien']")
    ['Kim\\u200b', 'Ana\\xa0Diaz', "O'Brien"]
    """
    if len(text) > LONGEST_LIST or not _LIST.fullmatch(text):
        return None
    try:
        items = json.loads(text)
        if "\0" not in "".join(items) and "".join(items).encode():
            return items
    except ValueError:
        pass
    return [_ESCAPED.sub(_spelled_out, item[1:-1]) for item in _ITEMS.findall(text)]


def _spelled_out(escape: re.Match[str]) -> str:
    """The character that an escape in a text of Python stands for; one that no text may have stands for itself."""
    digits = escape[1] or escape[2] or escape[3]
    if digits is None:
        return _ESCAPED_SPACES.get(escape[4], escape[4])
    number = int(digits, 16)
    is_text = 0 < number <= sys.maxunicode and not 0xD800 <= number <= 0xDFFF
    return chr(number) if is_text else escape[0]


def united(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """Both lists as one, each item once, in order of appearance."""
    seen: dict[str, str] = {}
    for item in (*first, *second):
        seen.setdefault(compared(item), item)
    return list(seen.values())
