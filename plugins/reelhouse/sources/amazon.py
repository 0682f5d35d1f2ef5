"""Amazon Prime's catalogue: hardly any date, and actors called "1" and "Test Actor 1"."""

from __future__ import annotations

from reelhouse.sources import catalogue

FILES = (catalogue.declare("amazon", "amazon_prime_titles.csv", "amazon_titles.csv", columns=(catalogue.OTT,)),)

read_texts = catalogue.read_texts
