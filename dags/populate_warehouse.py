"""
### Populate the warehouse

Turns one day's matched titles into dimensions, bridges and facts: built aside, checked, and published in one
transaction of only the rows that differ. A load that a check speaks against is held: readers keep what they had, and
`approve_warehouse` waits for a person, with the reasons and the difference it would publish. Unanswered after 20 hours
it counts as rejected, so that the next day can run. When readers have the day, editions of catalogues before which it
now stands are compared with it.

- **Starts** when `match_titles` has finished, for the same day
- **Reads** schemas `staging` and `matching`
- **Writes** schemas `build` and `warehouse`, and `matching.edition`; then starts `refresh_recommendations`
- **Rerun** any day, any number of times: unchanged rows are left untouched
"""

from airflow.sdk import chain, dag

from reelhouse.orchestration import approval, dag_defaults, step, then


@dag(schedule=None, is_paused_upon_creation=False, **dag_defaults(__doc__))
def populate_warehouse():
    chain(
        step("build_warehouse"),
        step("check_warehouse", minutes=30, asks=True),
        approval("warehouse"),
        step("publish_warehouse", emits="warehouse"),
        then("refresh_recommendations"),
    )


populate_warehouse()
