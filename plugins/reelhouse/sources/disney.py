"""Disney+'s catalogue."""

from __future__ import annotations

from reelhouse.sources import catalogue

FILES = (catalogue.declare("disney", "disney_plus_titles.csv", "disney_titles.csv", columns=(catalogue.OTT,)),)

read_texts = catalogue.read_texts
