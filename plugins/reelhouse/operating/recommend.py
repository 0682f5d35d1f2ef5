"""`reelhouse recommend`: what to watch beside titles, for viewers, for everybody, each with why.

Several --title add up; several --user take turns. --watched notes what one viewer has just seen, with --rated also how
it was liked, and makes that viewer's list anew. --best-known N prints the lists of the N best known titles of the
catalogue. --method asks another method for titles, one of your own too; --send NAME --scores FILE makes a method of a
file of scores.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import json
import time
from pathlib import Path

import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.errors import FileMissing, QueryWrong, SettingsWrong
from reelhouse.operating import embedded
from reelhouse.operating.showing import format_table
from reelhouse.settings import read_settings
from reelhouse.warehousing.naming import search_name, title_of_name

COLUMNS = "rank, title_key, title, kind, release_year, score_raw, reasons, why"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--title", action="append", default=[], metavar="NAME", help="beside this title; repeatable")
    parser.add_argument(
        "--user", action="append", default=[], type=int, metavar="N", help="for this viewer; repeatable"
    )
    parser.add_argument("--best-known", type=int, metavar="N", help="the lists of the N best known titles")
    parser.add_argument("--platform", action="append", default=[], help="only what is there now; repeatable")
    parser.add_argument("--genre", action="append", default=[], help="any of these genres")
    parser.add_argument("--age", type=int, metavar="YEARS", help="only what is known to be for that age")
    parser.add_argument("--minutes", type=int, metavar="N", help="runtime at most")
    parser.add_argument("--critics", type=int, metavar="PCT", help="share of critics at least")
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="length of the list, 1 to 50 (10)")
    parser.add_argument("--watched", metavar="NAME", help="with one --user: the viewer has just watched this title")
    parser.add_argument("--rated", type=float, metavar="STARS", help="with --watched: the viewer gave it so many of 5")
    parser.add_argument("--method", metavar="NAME", help="with one --title: by this method instead of the default one")
    parser.add_argument("--send", metavar="NAME", help="with --scores: a method of your own, from the next run on")
    parser.add_argument(
        "--scores", type=Path, metavar="FILE", help="CSV with header title_key,recommended_title_key,score"
    )
    parser.add_argument("--json", action="store_true", help="rows as JSON, with all parts of the scores")


def run(arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.limit <= 50:
        raise SettingsWrong(f"--limit: expected 1 to 50, found {arguments.limit}.")
    if arguments.watched and len(arguments.user) != 1:
        raise SettingsWrong(f"--watched: expected one --user, found {len(arguments.user)}.")
    if arguments.rated is not None and not arguments.watched:
        raise SettingsWrong("--rated: expected --watched with the title that was rated, found none.")
    if bool(arguments.send) != bool(arguments.scores):
        raise SettingsWrong("--send and --scores: expected both or none, found one.")
    if arguments.method and len(arguments.title) != 1:
        raise SettingsWrong(f"--method: expected one --title, found {len(arguments.title)}.")
    filters = ("user", "platform", "genre", "age", "minutes", "critics")
    asked = [name for name in filters if getattr(arguments, name) not in (None, [])]
    if arguments.method and asked:
        raise SettingsWrong(f"--method: expected no filter beside it, found --{asked[0]}: its lists are as they are.")
    for name, least in (("best_known", 1), ("age", 0), ("minutes", 1)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise SettingsWrong(f"--{name.replace('_', '-')}: expected {least} or more, found {value}.")
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        expect_known(conn, arguments)
        if arguments.best_known:
            return _print_best_known(conn, arguments.best_known)
        if arguments.send:
            return _send(conn, arguments.send, arguments.scores)
        if arguments.watched:
            _note(conn, settings.sql, arguments)
        rows = ask_method(conn, arguments) if arguments.method else ask(conn, arguments)
        nothing = "" if rows else _nothing(conn, arguments)
    if arguments.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        shown = [{name: row[name] for name in ("rank", "title", "release_year", "why")} for row in rows]
        print("\n".join(format_table(shown)) if shown else nothing)
    return 0


def _nothing(conn: psycopg.Connection, arguments: argparse.Namespace) -> str:
    if conn.execute("select from warehouse.dim_title limit 1").fetchone() is None:
        return "Nothing was loaded yet: ./reelhouse run."
    if arguments.method:
        return f"{arguments.method} has no list beside {arguments.title[0]}: only titles of catalogues have some."
    return "Nothing passes these filters."


def expect_known(conn: psycopg.Connection, arguments: argparse.Namespace) -> None:
    """See that platforms, genres and viewers are some of the warehouse's; names in any case.

    Raises  QueryWrong, with the names there are
    """
    arguments.platform = [name.strip().lower() for name in arguments.platform]
    platforms = [name for (name,) in conn.execute("select platform from warehouse.dim_platform order by platform_key")]
    for name in arguments.platform:
        if name not in platforms:
            raise QueryWrong(f"--platform: expected one of {', '.join(platforms)}, found {name!r}.")
    genres = {
        name.lower(): name for (name,) in conn.execute("select distinct genre from warehouse.dim_genre order by 1")
    }
    for name in arguments.genre:
        if name.strip().lower() not in genres:
            near = difflib.get_close_matches(name.strip().lower(), genres, 5, 0.4) or sorted(genres)
            raise QueryWrong(f"--genre: expected such as {', '.join(genres[each] for each in near)}, found {name!r}.")
    known = {
        key
        for (key,) in conn.execute(
            "select user_key from warehouse.dim_user where user_key = any(%s)", (arguments.user,)
        )
    }
    for user in arguments.user:
        # A viewing makes its viewer.
        if user not in known and not arguments.watched:
            raise QueryWrong(
                f"--user: expected a viewer of the warehouse, found {user}. What is popular: recommend without --user."
            )


def ask(conn: psycopg.Connection, arguments: argparse.Namespace) -> list[dict[str, object]]:
    """The list that is asked for, as rows of mart.recommend_for."""
    cursor = conn.execute(
        f"select {COLUMNS} from mart.recommend_for(%s, %s, %s, %s, %s, %s, %s, %s) order by rank",
        (
            arguments.user, [find_title(conn, name) for name in arguments.title], arguments.platform, arguments.age,
            arguments.minutes, arguments.genre, arguments.critics, arguments.limit,
        ),
    )  # fmt: skip
    return [dict(zip(COLUMNS.split(", "), row, strict=True)) for row in cursor.fetchall()]


def ask_method(conn: psycopg.Connection, arguments: argparse.Namespace) -> list[dict[str, object]]:
    """The list beside a title by a named method.

    Raises  QueryWrong, with the names there are, when none is called so
    """
    known = [name for (name,) in conn.execute(
        "select method from warehouse.dim_rec_method where subject_kind = 'title' and not is_baseline"
        " order by method_key"
    )]  # fmt: skip
    if arguments.method not in known:
        raise QueryWrong(f"--method: expected one of {', '.join(known)}, found {arguments.method!r}.")
    cursor = conn.execute(
        "select rank, recommended_title_key, recommended_title, recommended_kind, recommended_release_year, score_raw,"
        " reasons, why from mart.recommendations_by_method where method = %s and source_title_key = %s and rank <= %s"
        " order by rank",
        (arguments.method, find_title(conn, arguments.title[0]), arguments.limit),
    )
    return [dict(zip(COLUMNS.split(", "), row, strict=True)) for row in cursor.fetchall()]


def _send(conn: psycopg.Connection, method: str, path: Path) -> int:
    from reelhouse.recommending.own import send_scores

    if not path.is_file():
        raise FileMissing(f"{path}: expected a file of scores, found none.")
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        wanted = ("title_key", "recommended_title_key", "score")
        if not set(wanted) <= set(rows.fieldnames or ()):
            raise QueryWrong(f"{path}: expected columns {', '.join(wanted)}, found {rows.fieldnames}.")
        try:
            scores = [(int(row[wanted[0]]), int(row[wanted[1]]), float(row[wanted[2]])) for row in rows]
        except (TypeError, ValueError) as error:
            raise QueryWrong(f"{path}, line {rows.line_num}: expected two keys and a score, found: {error}") from error
    figures = send_scores(conn, method, scores)
    print(f"{method}: {figures['rows']:,} scores kept; the next run makes lists of them: reelhouse run")
    return 0


def find_title(conn: psycopg.Connection, name: str, option: str = "--title") -> int:
    """Key of the title that a name means, however it is written.

    Takes   option  what the name was given with, for the message

    Raises  QueryWrong, with the names that resemble it, when there is none
    """
    key = title_of_name(conn, name)
    if key is None:
        key = _title_written_so(conn, name)
    if key is None:
        near = _names_near(conn, name)
        beside = f" Near it: {', '.join(near)}." if near else ""
        raise QueryWrong(f"{option}: expected the name of a title of the warehouse, found {name!r}.{beside}")
    return key


def _title_written_so(conn: psycopg.Connection, name: str) -> int | None:
    """Also of those that no search finds: titles that nobody has any more, and those for adults."""
    row = conn.execute(
        "select title_key from mart.titles where lower(title) = lower(btrim(%s))"
        " order by is_catalogue_title desc, imdb_vote_count desc nulls last, title_key limit 1",
        (name,),
    ).fetchone()
    return None if row is None else row[0]


def _names_near(conn: psycopg.Connection, name: str) -> list[str]:
    """Names of titles that resemble one, the likest first, and of those the best known."""
    rows = conn.execute(
        "select title from (select title_key, max(similarity(search_name, %(name)s)) as likeness,"
        " max(vote_count) as vote_count from warehouse.title_name where search_name %% %(name)s group by title_key"
        " order by likeness desc, vote_count desc, title_key limit 5) as near"
        " inner join warehouse.dim_title using (title_key) order by likeness desc, vote_count desc, title_key",
        {"name": search_name(name)},
    )
    return [title for (title,) in rows]


def _note(conn: psycopg.Connection, sql_folder, arguments: argparse.Namespace) -> None:
    from reelhouse.recommending.serving import record_viewing

    began = time.monotonic()
    title_key = find_title(conn, arguments.watched, "--watched")
    figures = record_viewing(conn, sql_folder, arguments.user[0], title_key, rating_of_5=arguments.rated)
    if not arguments.json:
        print(f"viewer {arguments.user[0]}: {figures['rows_changed']} rows changed in {time.monotonic() - began:.1f} s")


def _print_best_known(conn: psycopg.Connection, count: int) -> int:
    """Lists as Markdown: what a person reads to see whether they are any good."""
    # Films and series in turns, one of those that begin alike: twenty lists should not be one list twenty times.
    titles = conn.execute(
        "with known as ("
        " select title_key, title, release_year, directors, imdb_vote_count, kind = 'series' as is_series,"
        "  row_number() over (partition by left(lower(title), 12) order by imdb_vote_count desc nulls last, title_key)"
        "  as of_franchise"
        " from mart.titles where is_catalogue_title and is_current and not is_adult"
        ")"
        " select title_key, title, release_year, directors from known where of_franchise = 1"
        " order by row_number() over (partition by is_series order by imdb_vote_count desc nulls last, title_key),"
        " is_series limit %s",
        (count,),
    ).fetchall()
    for title_key, title, year, directors in titles:
        by = f", {directors[0]}" if directors else ""
        print(f"\n### {title} ({year}{by})\n\n| | title | why | score |\n|---|---|---|---|")
        for rank, name, of, why, score in conn.execute(
            "select rank, recommended_title, recommended_release_year, why, score_raw from mart.recommendations"
            " where source_title_key = %s order by rank",
            (title_key,),
        ).fetchall():
            print(f"| {rank} | {name} ({of}) | {why} | {score:.3f} |")
    return 0
