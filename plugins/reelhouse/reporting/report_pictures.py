"""The pictures of the daily report, as SVG that takes its colours from the page, so that dark and light both fit.

Drawn by matplotlib without pyplot: nothing global is opened, nothing stays behind in a long-lived worker.
"""

from __future__ import annotations

import io
import itertools
import re
import warnings
from collections import Counter

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Colours nobody would choose, each replaced by what the page says it is.
_PLACEHOLDERS = {"ink": "#010203", "muted": "#040506", "accent": "#0a0b0c", "second": "#0d0e0f", "third": "#101112"}
INK, MUTED, ACCENT, SECOND, THIRD = _PLACEHOLDERS.values()
# Points are drawn as one image: thousands of SVG circles make a page slow. A colour that stands out on white and black.
POINTS = "#3d85c6"
WIDTH, HEIGHT = 5.2, 3.1
STYLE = {
    # Words stay words: they can be searched, read out, and shown in the page's own font.
    "svg.fonttype": "none",
    # A title with two dollar signs is no formula.
    "text.parse_math": False,
    "axes.formatter.useoffset": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": MUTED,
    "grid.alpha": 0.25,
    "axes.grid": True,
    "axes.axisbelow": True,
    "legend.frameon": False,
}
_numbers = FuncFormatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:g}")
_salts = itertools.count()


def _axes(height: float = HEIGHT, width: float = WIDTH):
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _as_svg(figure: Figure) -> str:
    buffer = io.StringIO()
    # With a layout still to be made, everything would be drawn a second time for its sake.
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine(None)
    # Ids of the pictures of one page must differ.
    with mpl.rc_context({"svg.hashsalt": f"reelhouse{next(_salts)}"}), warnings.catch_warnings():
        # Words stay words, so whatever script they are in, the reader's own fonts have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format="svg", transparent=True, dpi=110, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # The page is as wide as the reader has it; matplotlib's ids of groups repeat and nobody asks for them.
    text = re.sub(r'(<svg[^>]*?) height="[\d.]+pt"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[\d.]+pt"', r"\1", text, count=1)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r'<g id="[\w.]+_\d+"', "<g", text)
    text = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL)
    text = text.replace("font-family: sans-serif", "font-family: inherit")
    for name, colour in _PLACEHOLDERS.items():
        text = text.replace(colour, f"var(--{name})")
    return text


def drawn(draw):
    """A function that draws into a figure it gives back becomes one that gives SVG, in the report's style."""

    def in_style(*arguments, **options) -> str:
        with mpl.rc_context(STYLE):
            return _as_svg(draw(*arguments, **options))

    in_style.__doc__ = draw.__doc__
    in_style.__name__ = draw.__name__
    return in_style


@drawn
def histogram(values: pd.Series, label: str, is_log: bool = False) -> Figure:
    """How often each value stands there; on a logarithmic scale for counts such as votes."""
    figure, axes = _axes()
    values = pd.to_numeric(values).dropna()
    if is_log:
        values = values[values > 0]
        bins = np.logspace(0, np.log10(max(values.max(), 10)), 31) if len(values) else 10
        axes.set_xscale("log")
    else:
        bins = _whole_bins(values)
    axes.hist(values, bins=bins, color=ACCENT, edgecolor="none", rwidth=0.9)
    if len(values):
        axes.axvline(values.median(), color=SECOND, linewidth=1.5, label=f"median {_plainly(values.median(), label)}")
        axes.legend()
    axes.set_xlabel(label)
    axes.set_ylabel("titles")
    axes.yaxis.set_major_formatter(_numbers)
    return figure


def _plainly(value: float, label: str) -> str:
    return f"{value:.0f}" if "year" in label else f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _whole_bins(values: pd.Series) -> np.ndarray | int:
    if values.empty or values.max() - values.min() > 60 or not (values % 1 == 0).all():
        return 30
    return np.arange(values.min() - 0.5, values.max() + 1.5)


@drawn
def bars(labels: list[str], values: list[float], label: str, notes: list[str] | None = None) -> Figure:
    """Horizontal bars, the first on top, each with its number (or note) at its end."""
    figure, axes = _axes(height=max(1.4, 0.27 * len(labels) + 0.7))
    places = range(len(labels))
    axes.barh(places, values, color=ACCENT, height=0.72)
    axes.set_yticks(places, [_short(each) for each in labels])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter(_numbers)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    for place, value, note in zip(places, values, notes or [f"{each:,.4g}" for each in values], strict=True):
        axes.text(value, place, f"  {note}", va="center", fontsize=9, color=INK)
    axes.margins(x=0.16)
    return figure


def _short(text: str, most: int = 34) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


@drawn
def line(series: dict[str, pd.Series], label: str, below: str) -> Figure:
    """One or more lines over years."""
    figure, axes = _axes()
    for (name, values), colour in zip(series.items(), (ACCENT, SECOND, THIRD), strict=False):
        axes.plot(values.index, values.to_numpy(dtype=float), color=colour, linewidth=1.8, label=name)
    if len(series) > 1:
        axes.legend()
    axes.set_xlabel(below)
    axes.set_ylabel(label)
    axes.yaxis.set_major_formatter(_numbers)
    return figure


@drawn
def scatter(across: pd.Series, up: pd.Series, names: tuple[str, str], correlation: float | None) -> Figure:
    """One point a title, with the line that fits best where there is a correlation."""
    figure, axes = _axes()
    axes.scatter(across, up, s=5, color=POINTS, alpha=0.25, linewidths=0, rasterized=True)
    if correlation is not None:
        slope, start = np.polyfit(across, up, 1)
        ends = np.array([across.min(), across.max()])
        axes.plot(ends, start + slope * ends, color=SECOND, linewidth=2, label=f"r = {correlation:.2f}")
        axes.legend()
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    return figure


@drawn
def boxes(groups: dict[str, pd.Series], label: str) -> Figure:
    """The middle half, the reach of one and a half of it, and what lies beyond, for each group."""
    figure, axes = _axes(height=max(1.6, 0.45 * len(groups) + 0.8))
    axes.boxplot(
        [values.dropna() for values in groups.values()],
        orientation="horizontal",
        tick_labels=list(groups),
        widths=0.6,
        boxprops={"color": ACCENT},
        whiskerprops={"color": ACCENT},
        capprops={"color": ACCENT},
        medianprops={"color": SECOND, "linewidth": 2},
        flierprops={"marker": ".", "markersize": 2, "markeredgecolor": POINTS, "alpha": 0.4, "rasterized": True},
    )
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(label)
    return figure


@drawn
def heat_map(table: pd.DataFrame) -> Figure:
    """Correlations of all numbers with each other: blue together, orange against each other."""
    figure, axes = _axes(height=4.6)
    shades = mpl.colors.LinearSegmentedColormap.from_list("together", ["#d9822b", "#e8e8e8", "#3d85c6"])
    values = table.to_numpy(dtype=float)
    axes.pcolormesh(np.ma.masked_invalid(values), cmap=shades, vmin=-1, vmax=1, edgecolors="none")
    middles = np.arange(len(table)) + 0.5
    axes.set_xticks(middles, table.columns, rotation=50, ha="right", rotation_mode="anchor")
    axes.set_yticks(middles, table.index)
    axes.invert_yaxis()
    axes.grid(visible=False)
    for (up, across), value in np.ndenumerate(values):
        shown = "" if np.isnan(value) else f"{value:.2f}".replace("0.", ".")
        axes.text(across + 0.5, up + 0.5, shown, ha="center", va="center", fontsize=8, color="#111111")
    return figure


def word_cloud(words: Counter[str], label: str) -> str:
    """The commonest words, as large as they are common."""
    from wordcloud import WordCloud

    if not words:
        return ""
    cloud = WordCloud(
        width=640,
        height=360,
        max_words=90,
        mode="RGBA",
        background_color=None,
        random_state=1,
        prefer_horizontal=1,
        color_func=lambda word, **_: f"var(--{('ink', 'accent', 'second', 'third')[len(word) % 4]})",
    ).generate_from_frequencies(dict(words))
    text = cloud.to_svg(embed_font=True)
    text = re.sub(r'<svg([^>]*?) width="(\d+)" height="(\d+)"', r'<svg viewBox="0 0 \2 \3"\1', text, count=1)
    # Its style sheet would hold for the whole page.
    text = re.sub(r"<style>text\{(.*?)\}", r"<style>.cloud text{\1}", text, count=1, flags=re.DOTALL)
    text = re.sub(r'<rect width="100%" height="100%" style="fill:[^"]*"></rect>', "", text)
    return text.replace("<svg ", f'<svg class="cloud" aria-label="{label}" ', 1)
