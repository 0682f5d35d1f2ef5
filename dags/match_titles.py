"""
### Match the titles

Works out which rows of Netflix, Rotten Tomatoes and IMDb are the same work, by folded lower-case name, year and cast.
Every decision keeps its evidence; what is uncertain goes to review and is not linked. Before that, the rows of each
catalogue are compared with those of its former edition, whose ids were others: what is the same, renamed, gone or new.
After that, rows that IMDb does not have are linked with those of other sources, so that every work has one identity.

- **Starts** when `extract_sources` has finished, for the same day
- **Reads** schema `staging`, `include/data/manual_matches.csv`
- **Writes** schema `matching`; then starts `populate_warehouse`
- **Rerun** any day, any number of times: the same rows give the same decisions
"""

from airflow.sdk import chain, dag

from reelhouse.orchestration import dag_defaults, step, then


@dag(schedule=None, is_paused_upon_creation=False, **dag_defaults(__doc__))
def match_titles():
    chain(
        step("compare_editions"),
        step("find_candidates"),
        step("decide_matches"),
        step("link_sources", emits="matching"),
        then("populate_warehouse"),
    )


match_titles()
