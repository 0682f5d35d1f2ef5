"""
### Extract the sources

Takes the day's Netflix, IMDb and Rotten Tomatoes files, admits them whole or not at all, and brings their rows into
staging. Rows that are not valid are quarantined with their reasons; each file has an exact account of its rows. Other
catalogues and lists are taken when their files are there. When a source has nothing that is young enough, its task
waits (deferred): in a scheduled run until the deadline, in one by hand as long as the form says. Of days that
were asked for at once, one goes after the other: files are staged when no other day is in the DAGs that follow.

- **Starts** every day at 00:00 UTC, or by hand with a day, sources and *force* in the form
- **Reads** the data folder
- **Writes** the landing folder, schemas `ops`, `staging` and `quarantine`; then starts `match_titles`
- **Rerun** any day, any number of times: a file that did not change is not read again
"""

from airflow.sdk import TaskGroup, chain, dag

from reelhouse.day import SOURCES
from reelhouse.orchestration import dag_defaults, prepare, step, then


@dag(schedule="@daily", **dag_defaults(__doc__))
def extract_sources():
    chain(
        prepare(),
        [*map(one_source, SOURCES), one_source("optional", "optional_sources")],
        step("open_load", minutes=10, emits="staging"),
        then("match_titles"),
    )


def one_source(source: str, name: str = "") -> TaskGroup:
    with TaskGroup(source, prefix_group_id=False, tooltip=f"The files of {source}: admitted, then staged") as group:
        step(f"land_{name or source}") >> step(f"stage_{name or source}", minutes=120)
    return group


extract_sources()
