"""Hulu's catalogue: no cast at all, and in 292 rows the duration stands in `rating`."""

from __future__ import annotations

from reelhouse.sources import catalogue

FILES = (catalogue.declare("hulu", "hulu_titles.csv", columns=(catalogue.OTT,)),)

read_texts = catalogue.read_texts
