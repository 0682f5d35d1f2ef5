"""
### Refresh the recommendations

Computes the ten most similar titles for every title in a catalogue, each with reasons that add up to its score,
checks them, and rewrites only the lists that changed. Lists that a check speaks against wait for a person.

- **Starts** when `populate_warehouse` has finished, for the same day
- **Reads** schema `warehouse`
- **Writes** `warehouse.fact_recommendation`; then starts `summarize_warehouse`
- **Rerun** any day, any number of times: unchanged lists are left untouched
"""

from airflow.sdk import chain, dag

from reelhouse.orchestration import approval, dag_defaults, step, then


@dag(schedule=None, is_paused_upon_creation=False, **dag_defaults(__doc__))
def refresh_recommendations():
    chain(
        step("build_recommendations"),
        step("check_recommendations", minutes=30, asks=True),
        approval("recommendations"),
        step("publish_recommendations", emits="recommendations"),
        then("summarize_warehouse"),
    )


refresh_recommendations()
