"""Contestant `plain rule`: lower-case titles equal, years equal, one person shared by name.

    python matching_plain.py LINKS

Of several titles that fit the one with the lowest number is taken.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from reelhouse.database import connect
from reelhouse.matching.evaluation import LINK_COLUMNS
from reelhouse.settings import read_settings

RULE = """
    with pairs as materialized (
        select netflix.source_id, title.imdb_title_number, netflix.directors || netflix.actors as people
        from staging.netflix_titles as netflix
        inner join staging.imdb_titles as title
            on lower(trim(netflix.title)) = lower(trim(title.primary_title))
            and netflix.release_year = title.start_year
    ),
    credits as (
        select imdb_title_number, imdb_person_number from staging.imdb_principals
        where imdb_title_number in (select imdb_title_number from pairs)
        union
        select imdb_title_number, unnest(director_numbers || writer_numbers) from staging.imdb_crew
        where imdb_title_number in (select imdb_title_number from pairs)
    )
    select pairs.source_id, min(pairs.imdb_title_number)
    from pairs
    inner join credits using (imdb_title_number)
    inner join staging.imdb_people as person using (imdb_person_number)
    where lower(person.person_name) in (select lower(name) from unnest(pairs.people) as name)
    group by pairs.source_id
    order by pairs.source_id
"""


def main(links: str) -> None:
    with connect(read_settings().warehouse_dsn, "reelhouse bench", autocommit=True) as conn:
        found = conn.execute(RULE).fetchall()
    with Path(links).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LINK_COLUMNS)
        writer.writerows((source_id, f"tt{number:07d}", "", "") for source_id, number in found)


if __name__ == "__main__":
    main(*sys.argv[1:])
