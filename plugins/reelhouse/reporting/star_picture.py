"""The star as a picture (SVG), drawn from the keys and comments of the schema.

Dimensions stand in the middle, bridges and history left of them, facts and what serves readers right. A table shows
its key and its references; its comment is its tooltip. A line goes from a dimension to the column that refers to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from reelhouse.reporting.schema import Column, Relation

STAR = "warehouse"
WIDTH, BETWEEN, LINE, GAP, MARGIN = 250, 190, 17, 22, 48
LEFT, MIDDLE, RIGHT = 0, 1, 2
# beginning of a name -> its column of the picture
PLACES = {"dim_title_history": LEFT, "dim_": MIDDLE, "bridge_": LEFT, "hist_": LEFT, "title_": LEFT, "person_": LEFT}
SWEEPS = 8
_STYLE = """
text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, monospace; fill: #1c2430; }
.name { font-weight: 600; fill: #fff; }
.type { fill: #66707d; }
.box { fill: #fff; stroke: #b8c0cb; }
.line { fill: none; stroke: #8a94a3; stroke-width: 1.2; }
.dim { fill: #2f5d8a; } .bridge { fill: #7a5195; } .fact { fill: #b3541e; } .hist { fill: #4d7c57; }
.own { fill: #5a6472; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9ee; } .type { fill: #9aa5b4; } .box { fill: #1b222c; stroke: #49525f; } .line { stroke: #77818f; }
}
"""


@dataclass(slots=True)
class _Box:
    relation: Relation
    place: int
    rows: list[Column]
    top: float = 0.0

    @property
    def left(self) -> int:
        return MARGIN + self.place * (WIDTH + BETWEEN)

    @property
    def height(self) -> int:
        return (len(self.rows) + 1) * LINE + 8

    @property
    def middle(self) -> float:
        return self.top + self.height / 2

    def row(self, name: str) -> float:
        """Where the line of a column is; the name of the table when it has none."""
        names = [column.name for column in self.rows]
        return self.top + LINE * (names.index(name) + 1.5 if name in names else 0.5) + 4


def render_star(relations: Iterable[Relation]) -> str:
    """The picture of the schema's tables, the same for the same relations."""
    boxes = {
        f"{relation.schema}.{relation.name}": _Box(
            relation,
            _place(relation.name),
            [column for column in relation.columns if column.is_key or column.references],
        )
        for relation in relations
        if relation.schema == STAR
    }
    lines = [
        (boxes[column.references], box, column.name)
        for box in boxes.values()
        for column in box.rows
        if column.references in boxes
    ]
    height = _arrange(list(boxes.values()), lines)
    width = 2 * MARGIN + 3 * WIDTH + 2 * BETWEEN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}"'
        f' viewBox="0 0 {width} {height:.0f}" role="img" aria-label="Tables of schema {STAR} and their keys">',
        f"<style>{_STYLE}</style>",
        *(_line(*line) for line in lines),
        *(_box(box) for box in boxes.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _shown(relation: Relation) -> list[Column]:
    return [column for column in relation.columns if column.is_key or column.references]


def _place(name: str) -> int:
    return next((place for beginning, place in PLACES.items() if name.startswith(beginning)), RIGHT)


def _arrange(boxes: list[_Box], lines: list[tuple[_Box, _Box, str]]) -> float:
    """Put each column in the order of what its tables are connected with, and all columns around one axis."""
    columns = [[box for box in boxes if box.place == place] for place in (LEFT, MIDDLE, RIGHT)]
    heights = [sum(box.height + GAP for box in column) - GAP for column in columns]
    tallest = max(heights)
    for sweep in range(SWEEPS + 1):
        for column, height in zip(columns, heights, strict=True):
            if sweep:
                column.sort(key=lambda box: (_pull(box, lines), box.relation.name))
            top = MARGIN + (tallest - height) / 2
            for box in column:
                box.top = top
                top += box.height + GAP
    return tallest + 2 * MARGIN


def _pull(box: _Box, lines: list[tuple[_Box, _Box, str]]) -> float:
    others = [other.middle for one, two, _ in lines for this, other in ((one, two), (two, one)) if this is box]
    return sum(others) / len(others) if others else float("inf")


def _line(parent: _Box, child: _Box, column: str) -> str:
    start, end = parent.row(parent.rows[0].name if parent.rows else ""), child.row(column)
    if parent.place == child.place:
        # Around the outside.
        x, bend = parent.left, parent.left - 45
        return f'<path class="line" d="M{x},{start:.1f} C{bend},{start:.1f} {bend},{end:.1f} {x},{end:.1f}"/>'
    is_right = child.place > parent.place
    x, to = (parent.left + WIDTH, child.left) if is_right else (parent.left, child.left + WIDTH)
    half = (x + to) / 2
    return f'<path class="line" d="M{x},{start:.1f} C{half},{start:.1f} {half},{end:.1f} {to},{end:.1f}"/>'


def _box(box: _Box) -> str:
    name = box.relation.name
    kind = next((kind for kind in ("dim", "bridge", "fact", "hist") if name.startswith(f"{kind}_")), "own")
    parts = [
        f"<g><title>{escape(box.relation.comment)}</title>",
        f'<rect class="box" x="{box.left}" y="{box.top:.1f}" width="{WIDTH}" height="{box.height}" rx="5"/>',
        f'<rect class="{kind}" x="{box.left}" y="{box.top:.1f}" width="{WIDTH}" height="{LINE + 4}" rx="5"/>',
        f'<text class="name" x="{box.left + 8}" y="{box.top + 15:.1f}">{name}</text>',
    ]
    for column in box.rows:
        mark = "● " if column.is_key else "→ "
        parts.append(f'<text x="{box.left + 8}" y="{box.row(column.name) + 4:.1f}">{mark}{column.name}</text>')
    return "\n".join([*parts, "</g>"])
