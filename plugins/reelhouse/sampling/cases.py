"""The moves that the traps are built of."""

from __future__ import annotations

from reelhouse.sampling.world import (
    Person,
    Work,
    World,
    add_person,
    add_work,
    on_netflix,
)


def add_to_both(
    world: World, trap: int, key: str, title: str | None = None, row: dict | None = None, **given: object
) -> Work:
    """A work that IMDb and Netflix both have, tagged with its trap."""
    work = add_work(world, key, title, **given)
    on_netflix(world, work, trap, **(row or {}))
    return work


def add_unknown(world: World, key: str, title: str, **given: object) -> Work:
    """A work that IMDb does not have."""
    return add_work(world, key, title, number=None, **given)


def add_actors(world: World, culture: str, *names: str) -> list[Person]:
    """New people of these names, and two known ones."""
    return [add_person(world, name) for name in names] + world.pools[culture, "actor"][:2]


def same_cells(world: World, entry: str) -> dict[str, str]:
    """What a second row about a work says like the first: all but its title and the day it was added."""
    row = world.netflix[entry]
    return {column: text for column, text in row.cells.items() if column not in ("title", "date_added")}


def add_with_people(world: World, trap: int, key: str, title: str, **given: object) -> Work:
    """A work on both sides whose Netflix row names its people, so that they can decide."""
    work = add_work(world, key, title, **given)
    row = {"title": title, "cast": ", ".join(work.names("actor", "actress"))}
    on_netflix(world, work, trap, **row, **({} if work.is_series else {"director": ", ".join(work.names("director"))}))
    return work


def without_cells(cells: dict[str, str], *columns: str) -> dict[str, str]:
    return {column: text for column, text in cells.items() if column not in columns}
