"""Synthetic files in the upstream formats, with known truth.

Everything in them is invented: people, titles, plots, scores, ids. They are small, read like the real ones, and
show every trap of real files at least once. Modules, in the order a sample is made:

words      names of people, what films of a theme are called and about
world      invents people, titles, and the rows that catalogues write about them
traps      the list of traps with what must come of each; built in netflix_traps, imdb_traps, matching_traps
cases      the moves they are built of
rejects    rows that must be quarantined or counted as duplicates
editions   the ordinary titles round them, and what changes on the second day
files      writes the files, counting what must become of each row
truth      writes down links, traps, accounts and changes

`full_size` makes files of any size up to today's real one, in another way: see there.
"""

from __future__ import annotations

from pathlib import Path

from reelhouse.sampling import editions, files, truth

SEED = 2026


def write_sample(folder: Path, seed: int = SEED) -> dict[str, int]:
    """Write the two sample days and their truth below `folder`.

    Gives   path of each file below the folder, and its size in bytes
    Reruns  same seed: same bytes, whatever the day, machine or hash seed. An archive whose text is the same is
            left alone, because another build of zlib may pack the same text into other bytes
    """
    world = editions.first_day(seed)
    later, changes = editions.second_day(world)
    made = {day: (state, _files_of(state, day)) for day, state in ((1, world), (2, later))}
    old_layout = files.write_old_layout(world)
    sizes = {}
    for written in (*made[1][1].values(), *made[2][1].values(), old_layout):
        sizes[written.path] = _put(folder / written.path, written.text)
    for name, text in truth.write_truth(made, old_layout, changes).items():
        sizes[f"truth/{name}"] = _put(folder / "truth" / name, text)
    return sizes


def _files_of(world: editions.World, day: int) -> dict[str, files.Written]:
    written = [files.write_netflix(world, day), *files.write_imdb(world, day), files.write_rotten_tomatoes(world, day)]
    return {Path(one.path).name: one for one in written}


def _put(path: Path, text: bytes) -> int:
    if path.suffix == ".gz":
        if path.exists() and files.unpack(path.read_bytes()) == text:
            return path.stat().st_size
        text = files.pack(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return len(text)
