"""Which join keys that begin alike are similar enough for a candidate pair. Pure; every engine asks here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

# Share of common letters. No link of the band match that only the prefix found had less than 0.8.
PREFIX_SIMILARITY = 0.75


def are_alike(source_keys: Sequence[str], imdb_keys: Sequence[str]) -> np.ndarray:
    """Whether the two keys of each pair are similar.

    >>> are_alike(["rattlesnake", "jaws"], ["rattlesnakes", "javelin"]).tolist()
    [True, False]
    """
    similarity = process.cpdist(source_keys, imdb_keys, scorer=Indel.normalized_similarity, dtype=np.float32)
    return similarity >= PREFIX_SIMILARITY
