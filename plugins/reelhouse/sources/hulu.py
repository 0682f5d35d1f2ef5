"""Hulu's catalogue: no cast at all, and in 292 rows the duration stands in `rating`."""

from __future__ import annotations

from reelhouse.sources import Column, catalogue

# Some editions say in a column of their own whose catalogue it is.
OTT = Column("OTT", is_required=False)

FILES = (catalogue.declare("hulu", "hulu_titles.csv", columns=(OTT,)),)

read_texts = catalogue.read_texts
