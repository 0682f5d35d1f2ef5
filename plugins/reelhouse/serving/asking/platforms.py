"""The streaming project's questions, answered from the catalogues as readers have them: rows count, not works.

Where two are first alike, the one first in the alphabet is.
"""

from __future__ import annotations

from reelhouse.serving.asking import titles
from reelhouse.serving.models import PlatformYear
from reelhouse.serving.problems import NotThere
from reelhouse.serving.reading import Snapshot
from reelhouse.warehousing.naming import title_of_name

PLATFORMS = ("amazon", "disney", "hulu", "netflix")
RECOMMENDED = 5


def max_duration(seen: Snapshot, year: int | None, platform: str | None, duration_type: str) -> str | None:
    """The longest film, in small letters; asked for seasons, the series with most of them."""
    is_film = duration_type == "min"
    length = "runtime_min" if is_film else "season_count"
    return seen.value(
        f"select lower(title) as title from mart.platform_entries where kind = %(kind)s and {length} is not null"
        " and (%(year)s::integer is null or release_year = %(year)s)"
        " and (%(platform)s::text is null or platform = %(platform)s)"
        f' order by {length} desc, lower(title) collate "C" limit 1',
        {"kind": "movie" if is_film else "series", "year": year, "platform": platform},
    )


def score_count(seen: Snapshot, platform: str, least: float, year: int) -> int:
    """Films of a year on a platform whose mean rating by viewers is greater, of 5; half of IMDb's, where there is
    none."""
    return seen.value(
        "select count(*) from mart.catalogue_entries as entry inner join warehouse.title_search using (title_key)"
        " cross join lateral (select avg(rating_of_5) as rating_of_5 from warehouse.fact_user_rating"
        " where fact_user_rating.title_key = title_search.title_key) as viewers"
        " where entry.platform = %(platform)s and entry.kind = 'movie' and entry.release_year = %(year)s"
        " and entry.match_band = 'match' and coalesce(viewers.rating_of_5, title_search.rating_of_10 / 2) > %(least)s",
        {"platform": platform, "year": year, "least": least},
    )


def platform_count(seen: Snapshot, platform: str) -> int:
    """Films on a platform."""
    return seen.value(
        "select count(*) from mart.platform_entries where platform = %(platform)s and kind = 'movie'",
        {"platform": platform},
    )


def actor(seen: Snapshot, platform: str, year: int) -> str | None:
    """Who acts in most titles of a year on a platform; null where the catalogue names nobody."""
    return seen.value(
        "select lower(actor) as actor from mart.platform_entries cross join lateral"
        " (select distinct unnest(actors)) as cast_of (actor) where platform = %(platform)s and release_year = %(year)s"
        ' group by lower(actor) order by count(*) desc, lower(actor) collate "C" limit 1',
        {"platform": platform, "year": year},
    )


def produced(seen: Snapshot, kind: str, country: str, year: int) -> PlatformYear:
    """Titles of a kind and year that a country had a part in, on all platforms."""
    name = country.strip().casefold()
    words = [
        row["word"]
        for row in seen.rows(
            "select lower(same.word) as word from mart.country_words as asked"
            " inner join mart.country_words as same using (country) where lower(asked.word) = %(country)s",
            {"country": name},
        )
    ]
    count = seen.value(
        "select count(*) from mart.platform_entries where kind = %(kind)s and release_year = %(year)s"
        " and exists (select from unnest(countries) as named where lower(named) = any(%(words)s))",
        {"kind": kind, "year": year, "words": [*words, name]},
    )
    return PlatformYear(pais=country, anio=year, pelicula=count)


def contents(seen: Snapshot, rating: str) -> int:
    """Rows of all catalogues with a certification."""
    return seen.value(
        "select count(*) from mart.platform_entries where lower(certification) = %(rating)s",
        {"rating": rating.strip().casefold()},
    )


def recommendation(seen: Snapshot, title: str) -> list[str]:
    """Five titles like the one of this name, most alike first, in small letters.

    Raises  NotThere with names that may have been meant
    """
    key = title_of_name(seen.conn, title)
    if key is None:
        raise NotThere(f"There is no title {title!r}.", titles.meant(seen, title))
    rows = seen.rows(
        "select lower(dim_title.title) as title from mart.beside_title(%(key)s, %(most)s) as beside"
        " inner join warehouse.dim_title on beside.recommended_title_key = dim_title.title_key order by beside.rank",
        {"key": key, "most": RECOMMENDED},
    )
    return [row["title"] for row in rows]
