"""Disney+'s catalogue."""

from __future__ import annotations

from reelhouse.sources import Column, catalogue

# Some editions say in a column of their own whose catalogue it is.
OTT = Column("OTT", is_required=False)

FILES = (catalogue.declare("disney", "disney_plus_titles.csv", "disney_titles.csv", columns=(OTT,)),)

read_texts = catalogue.read_texts
