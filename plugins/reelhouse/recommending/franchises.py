"""Which titles belong together by name: sequels, spin-offs, seasons sold as films, one comedian's specials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from reelhouse.matching.keys import fold_title

# Blanks are tried from their first one only: a title of many would take hours.
_SUBTITLE = re.compile(r"(?<!\s)\s*(?::|\s[-–—]\s|\().*$", re.DOTALL)
_POSSESSIVE = re.compile(r"['’‘]s\b", re.IGNORECASE)
_SEQUEL = re.compile(
    r"(?: (?:part|vol|volume|chapter|season|episode|movie))*(?: (?:\d{1,2}|i{2,3}|iv|vi{0,3}|ix|xi{0,3}))?$"
)
_SMALL_WORDS = frozenset({
    "a", "an", "the", "of", "and", "or", "in", "on", "at", "to", "for", "from", "with", "by", "my", "your",
    "our", "his", "her", "its", "is", "are", "this", "that", "la", "le", "el", "los", "las", "les", "de", "du",
    "der", "die", "das", "il", "lo", "un", "une", "und", "y", "et",
})  # fmt: skip
# A single word is a name (Naruto, not Love, not American) when it opens most of the titles it occurs in and
# stands alone, before a colon or a number, in some of those.
_OPENING_SHARE, _ALONE_SHARE, _ALONE_LEAST = 0.75, 0.25, 2


def franchise_keys(titles: Sequence[str]) -> list[str]:
    """One key for each title; titles with equal keys are treated as one franchise.

    Two leading words that mean something make the key; one, when the title has no more or when that word
    is a name of its own in this catalogue.

    >>> franchise_keys(["Narcos", "Narcos: Mexico", "Rocky II", "Rocky IV", "Love", "Love Actually"])
    ['narcos', 'narcos', 'rocky', 'rocky', 'love', 'love actually']
    >>> franchise_keys(["Monty Python's Life of Brian", "Monty Python and the Holy Grail"])
    ['monty python', 'monty python']
    """
    folded = [fold_title(_POSSESSIVE.sub("", title)) for title in titles]
    heads = [_head(title, fold) for title, fold in zip(titles, folded, strict=True)]
    names = _names(folded, heads)
    return [head[0] if head[0] in names else " ".join(head[:2]) for head in heads]


def _head(title: str, folded: str) -> list[str]:
    """Leading words that mean something, subtitle and sequel number left out."""
    cut = _SUBTITLE.sub("", title)
    short = folded if cut == title else fold_title(_POSSESSIVE.sub("", cut)) or folded
    short = _SEQUEL.sub("", short) or short
    return [word for word in short.split() if word not in _SMALL_WORDS] or short.split() or [title]


def _names(folded: Sequence[str], heads: Sequence[list[str]]) -> set[str]:
    opening = Counter(head[0] for head in heads)
    alone = Counter(head[0] for head in heads if len(head) == 1)
    anywhere = Counter(word for fold in folded for word in set(fold.split()))
    return {
        word
        for word, count in alone.items()
        if count >= max(_ALONE_LEAST, _ALONE_SHARE * opening[word]) and opening[word] >= _OPENING_SHARE * anywhere[word]
    }
