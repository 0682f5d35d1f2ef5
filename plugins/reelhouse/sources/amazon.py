"""Amazon Prime's catalogue: hardly any date, and actors called "1" and "Test Actor 1"."""

from __future__ import annotations

from reelhouse.sources import Column, catalogue

# Some editions say in a column of their own whose catalogue it is.
OTT = Column("OTT", is_required=False)

FILES = (catalogue.declare("amazon", "amazon_prime_titles.csv", "amazon_titles.csv", columns=(OTT,)),)

read_texts = catalogue.read_texts
