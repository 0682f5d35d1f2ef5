"""Clusters: every title in one, told in words, with numbers that stay when the catalogue changes a little."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from catalogues import random_catalogue
from twelve_titles import DAY, publish_warehouse_load, refresh

from reelhouse.day import Day
from reelhouse.recommending import clusters
from reelhouse.recommending.content import features_of
from reelhouse.settings import PACKAGE

# A process in which scikit-learn, and with it OpenMP, is not there until it is asked for.
THREADS = """
import threadpoolctl
from catalogues import random_catalogue
from reelhouse.recommending import clusters, methods
from reelhouse.recommending.events import Events

def cluster(features, former, found=clusters.cluster):
    clustered = found(features, former)
    pools = threadpoolctl.threadpool_info()
    print(sorted({(pool["user_api"], pool["num_threads"]) for pool in pools}))
    return clustered

clusters.cluster = cluster
methods.compute(random_catalogue(5, 80), Events.of([], [], [], []), {}, 8, {})
"""


@pytest.fixture(scope="module")
def found() -> clusters.Clustered:
    return clusters.cluster(features_of(random_catalogue(5, 240)), {})


def test_every_title_is_in_one_cluster_whatever_the_order(found: clusters.Clustered) -> None:
    catalogue = random_catalogue(5, 240)
    assert found.cluster_of.keys() == {title.title_key for title in catalogue}
    assert sum(each.title_count for each in found.clusters) == 240
    assert [each.cluster_key for each in found.clusters] == list(range(1, len(found.clusters) + 1))
    for each in found.clusters:
        assert each.cluster
        assert len(each.examples) <= clusters.EXAMPLES
    random.Random(1).shuffle(catalogue)
    assert clusters.cluster(features_of(catalogue), {}) == found


def test_numbers_stay_when_titles_come_and_go(found: clusters.Clustered) -> None:
    renumbered = {key: number + 40 for key, number in found.cluster_of.items()}
    fewer = [title for title in random_catalogue(5, 240) if title.title_key % 20]
    again = clusters.cluster(features_of(fewer), renumbered)
    kept = [key for key in again.cluster_of if again.cluster_of[key] == renumbered[key]]
    assert len(kept) > 0.6 * len(fewer)
    assert len(again.clusters) == len(found.clusters), "another number only where it is clearly better"


def test_a_new_cluster_never_takes_the_number_of_a_former_one() -> None:
    features = features_of(random_catalogue(5, 240))
    labels = clusters._described(features)[:, 3] > 0  # series
    number_of_films = {title.title_key: 2 for title in features.titles if title.kind != "series"}
    assert clusters._numbers(features, labels.astype(int), number_of_films) == {0: 2, 1: 1}


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_cluster_of_titles_that_nobody_has_rated_has_no_score_and_is_not_called_low_rated() -> None:
    titles = random_catalogue(5, 240)
    unrated = [replace(title, weighted_of_10=None) if title.kind == "series" else title for title in titles]
    clustered = clusters.cluster(features_of(unrated), {})
    rated = {clustered.cluster_of[title.title_key] for title in unrated if title.weighted_of_10 is not None}
    without = [each for each in clustered.clusters if each.cluster_key not in rated]
    assert 0 < len(without) < len(clustered.clusters)
    without += clusters.cluster(features_of([replace(title, weighted_of_10=None) for title in titles]), {}).clusters
    assert {each.mean_score_of_10 for each in without} == {None}
    assert not any("-rated" in each.cluster for each in without)


@pytest.mark.usefixtures("catalogue")
def test_readers_get_them_and_a_second_refresh_writes_none(
    conn: psycopg.Connection, make_day: Callable[..., Day], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "TITLES_AT_LEAST", 6)
    monkeypatch.setattr(clusters, "COUNTS", range(2, 4))

    def stored() -> list[tuple]:
        return conn.execute(
            "select cluster_key, title_key, title_count, titles.xmin::text, clusters.xmin::text"
            " from warehouse.dim_cluster as clusters inner join warehouse.bridge_title_cluster as titles"
            " using (cluster_key) order by title_key"
        ).fetchall()

    refresh(conn, make_day(DAY))
    before = stored()
    assert len(before) == 12
    publish_warehouse_load(conn, DAY)
    refresh(conn, make_day(DAY))
    assert stored() == before
    conn.execute("update warehouse.dim_title set is_catalogue_title = false where title_key = 12")
    publish_warehouse_load(conn, DAY)
    refresh(conn, make_day(DAY))
    after = stored()
    assert [row[1] for row in after] == list(range(1, 12))
    assert {row[0]: row[2] for row in after} == {
        key: sum(row[0] == key for row in after) for key in {row[0] for row in after}
    }


def test_a_refresh_computes_in_one_thread() -> None:
    env = os.environ | {"PYTHONPATH": f"{PACKAGE.parent}:{Path(__file__).parent.parent}"}
    done = subprocess.run([sys.executable, "-c", THREADS], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[('blas', 1), ('openmp', 1)]\n"
