"""Our own words, from words.toml: names of people of many cultures, what films of each theme are called and about."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Culture:
    """Where a film comes from.

    country    as Netflix writes it
    region     code of IMDb's akas
    language   code of IMDb's akas
    weight     share of films, relative
    women      given names
    men        given names
    surnames   family names, which come first where `surname_first`
    title_heads title_tails   halves of titles in its language; none where films have English ones
    """

    country: str
    region: str
    language: str
    weight: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    surname_first: bool = False
    title_heads: tuple[str, ...] = ()
    title_tails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """What a film is like.

    imdb_genres      possible sets of IMDb genres
    film_categories  Netflix' listed_in for films
    show_categories  Netflix' listed_in for series
    tomato_genres    genres of Rotten Tomatoes
    film_ratings     certifications of films, repeated where likelier
    show_ratings     certifications of series; none: no series of this theme
    nouns adjectives agents   words of its titles
    heroes events stakes      parts of its descriptions
    minutes          shortest and longest running time
    critics          points by which critics like it better than the audience does
    weight           share of films, relative
    """

    imdb_genres: tuple[str, ...]
    film_categories: str
    show_categories: str
    tomato_genres: str
    film_ratings: tuple[str, ...]
    show_ratings: tuple[str, ...]
    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    agents: tuple[str, ...]
    heroes: tuple[str, ...]
    events: tuple[str, ...]
    stakes: tuple[str, ...]
    minutes: tuple[int, int]
    critics: int
    weight: int


def _fixed(table: dict[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


_WORDS = _fixed(tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8")))

CULTURES: dict[str, Culture] = {code: Culture(**_fixed(table)) for code, table in _WORDS["cultures"].items()}
THEMES: dict[str, Theme] = {name: Theme(**_fixed(table)) for name, table in _WORDS["themes"].items()}
PLACES: tuple[str, ...] = _WORDS["places"]
WEATHERS: tuple[str, ...] = _WORDS["weathers"]
TIMES: tuple[str, ...] = _WORDS["times"]
TITLE_PATTERNS: tuple[str, ...] = _WORDS["title_patterns"]
CONSENSUS: tuple[str, ...] = _WORDS["consensus"]
STUDIOS: tuple[str, ...] = _WORDS["studios"]
CHARACTERS: tuple[str, ...] = _WORDS["characters"]
