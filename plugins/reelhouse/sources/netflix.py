"""Netflix's catalogue: one CSV of twelve columns, a new edition now and then, `show_id` renumbered in each."""

from __future__ import annotations

from reelhouse.sources import catalogue

FILES = (catalogue.declare("netflix", "netflix_titles.csv"),)

read_texts = catalogue.read_texts
