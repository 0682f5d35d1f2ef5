"""
### Summarize the warehouse

Draws the day's report, and counts what the warehouse holds and how far it can be trusted: rows, match rate, age of
each source, checks.

- **Starts** when `refresh_recommendations` has finished, for the same day
- **Reads** schemas `ops`, `warehouse` and `mart`
- **Writes** `reports/<day>.html` in the home (the tab *Report* shows it), and the figures of the day's load; it is
  the last one
- **Rerun** any day, any number of times: it only draws and counts
"""

from airflow.sdk import chain, dag

from reelhouse.orchestration import dag_defaults, step


@dag(schedule=None, is_paused_upon_creation=False, **dag_defaults(__doc__))
def summarize_warehouse():
    chain(step("write_report", minutes=10), step("summarize", minutes=10, emits="summary"))


summarize_warehouse()
