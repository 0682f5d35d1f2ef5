"""Rows that must be quarantined or counted as duplicates, in every file."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from reelhouse.sampling.cases import add_unknown
from reelhouse.sampling.world import (
    Person,
    Row,
    Stray,
    World,
    on_netflix,
    on_rotten_tomatoes,
)


def add_rejected_rows(world: World) -> None:
    """Rows that must be quarantined, and rows that must be counted as duplicates, few enough to hold no load."""
    hidden = partial(add_unknown, world, theme="drama", culture="us", year=2015)
    reject = partial(on_netflix, world, fate="quarantined")
    reject(hidden("bad type", "Rejected Type"), type="Film")
    reject(hidden("no title", "Rejected Title"), title="")
    reject(hidden("bad year", "Rejected Year"), release_year="199O")
    reject(hidden("zero byte", "Rejected Byte"), description="A byte @@ nobody can see.", junk=b"\0")
    reject(hidden("bad bytes", "Rejected Text"), description="A letter @@ in no alphabet.", junk=b"\xff\xfe")
    double = world.netflix["near sun"]
    world.netflix["double"] = replace(double, entry="double", fate="duplicate", alike=double.entry, traps=())
    reject = partial(on_rotten_tomatoes, world, fate="quarantined")
    reject(hidden("too much", "Rejected Percentage"), 37, tomatometer_rating="140")
    reject(hidden("below nothing", "Rejected Audience"), audience_rating="-3")
    reject(hidden("counts apart", "Rejected Counts"), 37, tomatometer_count="900")
    reject(hidden("no film title", "Rejected Name"), movie_title="")
    reject(hidden("no link", "Rejected Link"), rotten_tomatoes_link="")
    reject(hidden("bad tomato bytes", "Rejected Letters"), movie_info="A letter @@ in no alphabet.", junk=b"\xc3\x28")
    work = world.works["link 2"]
    again = Row("link again", dict(world.rotten["link 2"].cells), work.key, fate="duplicate", alike="link 2")
    world.rotten["link again"] = replace(again, cells=again.cells | {"genres": "Classics, " + again.cells["genres"]})
    _rejected_imdb_lines(world)


def _rejected_imdb_lines(world: World) -> None:
    def stray(file: str, work: str, text: str | bytes, fate: str = "quarantined", number: int | None = None) -> None:
        tconst = world.works[work].number
        line = text if isinstance(text, bytes) else text.format(t=f"tt{tconst}").encode()
        world.strays.append(Stray(file, number or tconst or 0, line, fate))

    last = max(work.number or 0 for work in world.works.values()) + 1
    stray(
        "title.basics",
        "9 March",
        f"tt{last}\tmovie\tRejected Year\tRejected Year\t0\t19X4\t\\N\t90\tDrama",
        number=last,
    )
    stray(
        "title.basics",
        "9 March",
        f"tt{last + 1}\tmovie\tRejected Width\tRejected Width\t0\t1994\t\\N\t90",
        number=last + 1,
    )
    stray(
        "title.basics",
        "9 March",
        f"nm{last + 2}\tmovie\tRejected Id\tRejected Id\t0\t1994\t\\N\t90\tDrama",
        number=last + 2,
    )
    stray("title.basics", "9 March", f"tt{last + 3}\tmovie\t\\N\t\\N\t0\t1994\t\\N\t90\tDrama", number=last + 3)
    stray("title.basics", "short 4811", "{t}\tmovie\t4811\t4811\t0\t2018\t\\N\t90\tDrama", "duplicate")
    stray("title.ratings", "unrated 0", "{t}\t11.0\t500")
    stray("title.ratings", "unrated 1", "{t}\t7.0\tmany")
    stray("title.ratings", "short 4811", "{t}\t1.0\t5", "duplicate")
    person = world.pools["us", "actor"][0].number
    stray("title.principals", "9 March", f"{{t}}\t98\tnm{person}\tactor")
    stray("title.principals", "short 4811", f"{{t}}\t1\tnm{person}\tactor\t\\N\t\\N", "duplicate")
    stray("title.crew", "short 4811", "{t}\t\\N\t\\N", "duplicate")
    tconst = world.works["9 March"].number
    stray("title.akas", "9 March", f"tt{tconst}\t98\t9 M".encode() + b"\xe4\xff" + b"rz\tDE\tde\t\\N\t\\N\t0")
    stray("title.akas", "short 4811", "{t}\t1\tForty-Eight\tGB\ten\t\\N\t\\N\t0", "duplicate")
    nobody = world.pools["us", "actor"][40].number
    world.strays.append(
        Stray("name.basics", nobody, f"nm{nobody}\tSomebody Else\t\\N\t\\N\tactor\t\\N".encode(), "duplicate")
    )


def reject_person(world: World) -> Person:
    """A person of a kept film whose own line holds a zero byte: the film stays, its line goes to quarantine."""
    number = next(credit.person.number for credit in world.works["unrated 2"].credits if credit.category == "director")
    return world.people[number]
