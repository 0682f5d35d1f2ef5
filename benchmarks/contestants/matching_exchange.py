"""For other matchers: what ours knows of catalogue rows and IMDb titles, as two files of the same columns.

    python matching_exchange.py DAY GOLD FOLDER

Folds, join keys, people as keys, years, types, minutes, votes. Lists are parted by the unit separator. Of IMDb's people
those are listed whom the catalogue names, too; `has_…` says whether a side has any at all.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import psycopg

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.matching.candidates import COMMON_PERSON, find_candidates
from reelhouse.settings import read_settings

LABELS = "create temporary table label (source_id text primary key, imdb_id text not null, type text)"
RARE = """
    create temporary table rare as select person_key from matching.imdb_title_person
    group by person_key having count(distinct imdb_title_number) <= {common_person}
"""
CATALOGUE = """
    select
        title.source_id as unique_id, title.kind, title.release_year as year, null as end_year,
        title.runtime_min as runtime, null as votes, false as is_short, title.base_title as title, title.title_key,
        substr(nullif(label.imdb_id, 'NIL'), 3)::integer as label,
        concat_ws(e'\\x1f', title.folded_title, nullif(title.base_title, title.folded_title)) as names,
        keys.whole as keys, keys.found as found_keys, people.directors, people.everybody as people,
        people.directors is not null as has_directors, people.everybody is not null as has_people,
        people.everybody as rare_people
    from matching.source_title as title
    inner join (
        select source_id, string_agg(title_key, e'\\x1f') filter (where not is_part) as whole,
            string_agg(title_key, e'\\x1f') as found
        from matching.source_title_key where source = 'netflix' group by source_id
    ) as keys using (source_id)
    left join (
        select source_id, string_agg(person_key, e'\\x1f') filter (where role = 'director') as directors,
            string_agg(distinct person_key, e'\\x1f') as everybody
        from matching.source_person where source = 'netflix' group by source_id
    ) as people using (source_id)
    left join label using (source_id)
    where title.source = 'netflix'
"""
IMDB = """
    select
        title.imdb_title_number as unique_id,
        case when title.title_type in ('tvSeries', 'tvMiniSeries') then 'series' else 'movie' end as kind,
        title.start_year as year, title.end_year, title.runtime_min as runtime,
        coalesce(rating.imdb_vote_count, 0) as votes, title.title_type in ('short', 'tvShort') as is_short,
        names.main as title, names.main_key as title_key,
        title.imdb_title_number as label, names.names, keys.whole as keys,
        keys.found as found_keys, people.directors, people.everybody as people,
        exists (select from staging.imdb_crew as crew where crew.imdb_title_number = title.imdb_title_number
            and crew.director_numbers <> '{}') as has_directors,
        exists (select from staging.imdb_principals as principal
            where principal.imdb_title_number = title.imdb_title_number) as has_people,
        people.rare as rare_people
    from staging.imdb_titles as title
    inner join (
        select imdb_title_number, string_agg(title_key, e'\\x1f') filter (where not is_part) as whole,
            string_agg(title_key, e'\\x1f') as found
        from matching.imdb_title_key group by imdb_title_number
    ) as keys using (imdb_title_number)
    inner join (
        select imdb_title_number, string_agg(folded_title, e'\\x1f') as names,
            min(folded_title) filter (where name_kind = 'primary') as main,
            min(title_key) filter (where name_kind = 'primary') as main_key
        from matching.imdb_title_name group by imdb_title_number
    ) as names using (imdb_title_number)
    left join staging.imdb_ratings as rating using (imdb_title_number)
    left join (
        select imdb_title_number, string_agg(person_key, e'\\x1f') filter (where role = 'director') as directors,
            string_agg(distinct person_key, e'\\x1f') as everybody,
            string_agg(distinct rare.person_key, e'\\x1f') as rare
        from matching.imdb_title_person left join rare using (person_key) group by imdb_title_number
    ) as people using (imdb_title_number)
"""


def main(day: str, gold: str, folder: str) -> None:
    settings = read_settings()
    with connect(settings.warehouse_dsn, "reelhouse bench", autocommit=True) as conn:
        find_candidates(conn, Day(date.fromisoformat(day), settings))
        conn.execute("set work_mem = '256MB'")
        conn.execute(LABELS)
        with conn.cursor().copy("copy label from stdin (format csv, header)") as copy:
            copy.write(Path(gold).read_bytes())
        conn.execute(RARE.format(common_person=COMMON_PERSON))
        for name, query in (("catalogue", CATALOGUE), ("imdb", IMDB)):
            _write(conn, query, Path(folder) / f"{name}.csv")


def _write(conn: psycopg.Connection, query: str, path: Path) -> None:
    with conn.cursor().copy(f"copy ({query}) to stdout (format csv, header)") as copy, path.open("wb") as file:
        for block in copy:
            file.write(block)


if __name__ == "__main__":
    main(*sys.argv[1:])
