"""For few likes or none: what is similar to each like and what is popular, ranked together."""

from __future__ import annotations

import numpy as np

from reelhouse.recommending.events import Events
from reelhouse.recommending.exact import UNITS
from reelhouse.recommending.viewers.model import LIST_LENGTH, Chosen, Model, unseen
from reelhouse.recommending.viewers.order import capped

# Added to a rank before its part is 1 over it, so that first places do not outweigh all others (mart.recommend_for and
# mart.beside_titles have the same), and how many popular titles take part.
FUSION, POPULAR_FUSED = 60, 50


def by_fusion(model: Model, own: Events) -> list[Chosen]:
    """Reciprocal ranks of the lists beside each like, and of the popular ones, added up."""
    sources = [(name, key, rows) for key in own.title[own.is_like].tolist() for name, rows in [_beside(model, key)]]
    parts: dict[int, list[dict[str, object]]] = {}
    for name, key, rows in sources:
        for rank, row in enumerate(rows, start=1):
            part = {"kind": "similar to", "value": name, "title_key": key, "share": _fused(rank)}
            parts.setdefault(row, []).append(part)
    for rank, row in enumerate(model.popular.tolist()[:POPULAR_FUSED], start=1):
        parts.setdefault(row, []).append(
            {"kind": "popular", "value": model.popular_why[rank - 1], "share": _fused(rank)}
        )
    (is_open,) = unseen(model, [own])
    totals = {row: sum(round(part["share"] * UNITS) for part in given) for row, given in parts.items() if is_open[row]}
    order = sorted(totals, key=lambda row: (-totals[row], int(model.tie_rank[row])))
    picks = capped(model, order, LIST_LENGTH, [])
    ordered = np.sort(np.array(list(totals.values())))
    return [
        Chosen(
            row, totals[row], round(float(np.searchsorted(ordered, totals[row], "right")) / len(ordered), 4),
            "percentile", all(part["kind"] == "popular" for part in parts[row]),
            sorted(parts[row], key=lambda part: (-part["share"], part["kind"] == "popular", str(part["value"]))),
        )
        for row in picks
    ]  # fmt: skip


def _fused(rank: int) -> float:
    return round(UNITS / (FUSION + rank)) / UNITS


def _beside(model: Model, key: int) -> tuple[str, list[int]]:
    """Name of a liked title and the rows of the list beside it; of one in no catalogue, its strongest ties."""
    row = int(np.searchsorted(model.titles, key))
    if row < len(model.titles) and model.titles[row] == key:
        return model.names[row], [found for found in model.similar[row].tolist() if found >= 0]
    place = int(np.searchsorted(model.liked, key))
    if place >= len(model.liked) or model.liked[place] != key:
        return "", []
    start, end = model.ties.indptr[place : place + 2]
    rows, values = model.ties.indices[start:end], model.ties.data[start:end]
    order = np.lexsort((model.tie_rank[rows], -values))[: model.similar.shape[1]]
    return model.liked_names[place], [int(rows[at]) for at in order if values[at] > 0]


def filled(model: Model, own: Events, found: list[Chosen]) -> list[Chosen]:
    """A list with popular titles on the places that are left."""
    (is_open,) = unseen(model, [own])
    has = {chosen.row for chosen in found}
    places = [place for place, row in enumerate(model.popular.tolist()) if is_open[row] and row not in has]
    rows = [int(model.popular[place]) for place in places]
    more = set(capped(model, rows, LIST_LENGTH - len(found), [chosen.row for chosen in found]))
    why = "popular" if found else "popular, for a new viewer"
    return found + [
        Chosen(
            row, round(model.popular_score[place] * UNITS), round(1 - place / len(model.popular), 4), "percentile",
            True, [{
                "kind": "popular", "value": f"{why}: {model.popular_why[place]}",
                "share": round(model.popular_score[place] * UNITS) / UNITS,
            }],
        )
        for place, row in zip(places, rows, strict=True)
        if row in more
    ]  # fmt: skip
