"""Twelve titles that a person can check, as a published warehouse load, and a refresh of their lists."""

from __future__ import annotations

from datetime import date

import psycopg

from reelhouse.day import Day
from reelhouse.matching.keys import fold_title
from reelhouse.recommending import refreshing

DAY = date(2026, 1, 31)
CERTIFICATIONS = {"TV-Y": 0, "G": 0, "PG": 8, "PG-13": 13, "R": 17, "TV-MA": 17, "NR": None}
GENRES = ("Comedy", "Crime", "Drama", "Family", "Adult")
# Key: title, kind, year, certification, genres (word of the catalogue in brackets), cast, director, votes, rating.
TITLES = {
    1: ("Harbour Heist", "movie", 2010, "R", ["Crime"], ["Ada Stone", "Bo Reed"], "Cy Long", 900_000, 8.1),
    2: ("Harbour Heist II", "movie", 2012, "R", ["Crime"], ["Ada Stone", "Bo Reed"], "Cy Long", 400_000, 7.2),
    3: ("The Long Con", "movie", 2011, "R", ["Crime", "Comedy"], ["Bo Reed"], "Di Moss", 80_000, 6.9),
    4: ("Quiet Street", "movie", 2011, "PG-13", ["Drama"], ["Eve Park"], "Di Moss", 12_000, 6.5),
    5: ("Laugh Lines", "movie", 2016, "PG-13", ["Comedy"], ["Flo West"], "Gil Ames", 45_000, 5.8),
    6: ("Rain on Tin", "movie", 1994, "NR", ["Drama"], ["Hal Voss"], "Ida Quinn", None, None),
    7: ("Owl and Otter", "movie", 2014, "G", ["Family", "Comedy"], ["Jo Lark"], "Kit Snow", 3_000, 6.1),
    8: ("Otter at Sea", "movie", 2017, "PG", ["Family", "Comedy"], ["Jo Lark"], "Kit Snow", 2_500, 6.0),
    9: ("Otter Tales", "series", 2015, "TV-Y", ["Family"], ["Jo Lark"], None, 900, 7.0),
    10: ("Harbour Police", "series", 2013, "TV-MA", ["Crime", "Drama"], ["Ada Stone"], None, 150_000, 8.4),
    11: ("Bare Harbour", "movie", 2010, "R", ["Crime", "Adult"], ["Ada Stone", "Bo Reed"], "Cy Long", 700, 4.0),
    12: ("Family Court", "series", 2012, "TV-MA", ["Drama"], ["Eve Park"], None, 60_000, 7.9),
}


def write_catalogue(conn: psycopg.Connection) -> None:
    """The twelve titles as a published warehouse load of DAY."""
    certification_keys = {name: key for key, name in enumerate(CERTIFICATIONS, start=1)}
    genre_keys = {name: key for key, name in enumerate(GENRES, start=1)}
    for name, age in CERTIFICATIONS.items():
        conn.execute(
            "insert into warehouse.dim_certification values (%s, %s, 'US', %s, null)",
            (certification_keys[name], name, age),
        )
    for name, key in genre_keys.items():
        conn.execute("insert into warehouse.dim_genre values (%s, %s)", (key, name))
    names = sorted({name for row in TITLES.values() for name in [*row[5], row[6]] if name})
    people = {name: key for key, name in enumerate(names, start=1)}
    for name, key in people.items():
        conn.execute(
            "insert into warehouse.dim_person (person_key, person_name, folded_name, professions, is_name_only)"
            " values (%s, %s, lower(%s), '{}', false)",
            (key, name, name),
        )
    for key, (title, kind, year, certification, genres, cast, director, votes, rating) in TITLES.items():
        conn.execute(
            "insert into warehouse.dim_title (title_key, title, folded_title, kind, release_year, certification_key,"
            " is_adult, is_catalogue_title, is_current, sources)"
            " values (%s, %s, %s, %s, %s, %s, false, true, true, '{netflix}')",
            (key, title, fold_title(title), kind, year, certification_keys[certification]),
        )
        for genre in genres:
            conn.execute(
                "insert into warehouse.bridge_title_genre values (%s, %s, '{imdb,netflix}', %s)",
                (key, genre_keys[genre], [genre]),
            )
        words = [f"TV {genre}s" if kind == "series" else f"{genre} Movies" for genre in genres]
        conn.execute(
            "insert into warehouse.bridge_title_source (source, source_id, title_key, platform_key, source_title,"
            " source_kind, source_genres, match_band, decided_by) values ('netflix', %s, %s, 1, %s, %s, %s, 'match',"
            " 'model')",
            (f"s{key}", key, title, kind, words),
        )
        roles = [(5, name, place) for place, name in enumerate(cast, start=1)]
        roles += [(1, director, 1)] if director else []
        for role_key, name, place in roles:
            conn.execute(
                "insert into warehouse.bridge_title_person_role values (%s, %s, %s, %s, '{}', '{netflix}', 1)",
                (key, role_key, people[name], place),
            )
        if votes:
            conn.execute(
                "insert into warehouse.fact_title_rating (title_key, rating_date, imdb_rating_of_10, imdb_vote_count,"
                " imdb_weighted_of_10) values (%s, %s, 9.9, 1, 9.9), (%s, %s, %s, %s, %s)",
                (key, date(2026, 1, 1), key, date(2026, 1, 20), rating, votes, rating),
            )
    publish_warehouse_load(conn, DAY)


def publish_warehouse_load(conn: psycopg.Connection, batch_date: date) -> int:
    """Stamp what the warehouse holds now as a new published load of the day."""
    (load_id,) = conn.execute(
        "insert into ops.load (part, batch_date, input_sha256, state)"
        " values ('warehouse', %s, gen_random_uuid()::text, 'published') returning load_id",
        (batch_date,),
    ).fetchone()
    conn.execute(
        "insert into warehouse.publication values ('warehouse', %s, %s, now()) on conflict (part) do update"
        " set load_id = excluded.load_id, batch_date = excluded.batch_date",
        (load_id, batch_date),
    )
    conn.execute("update ops.layer set load_id = %s where layer = 'warehouse'", (load_id,))
    return load_id


def refresh(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    refreshing.build_recommendations(conn, day)
    refreshing.check_recommendations(conn, day)
    return refreshing.publish_recommendations(conn, day)


def shown_for(conn: psycopg.Connection, title_key: int) -> list[int]:
    return [
        row[0]
        for row in conn.execute(
            "select recommended_title_key from warehouse.fact_recommendation"
            " where method_key = 1 and source_title_key = %s order by rank",
            (title_key,),
        )
    ]


def physical_rows(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute(
        "select method_key, subject_key, rank, ctid::text, xmin::text from warehouse.fact_recommendation"
        " order by 1, 2, 3"
    ).fetchall()
