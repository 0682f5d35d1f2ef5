"""
### Tidy the warehouse

Ends what people run for longer than they may, removes landed files and records that nothing needs any more, clears dead
rows where they are many, and tells who holds a transaction open. Beside that it watches whether the day will be ready
by when it is to be (`REELHOUSE_READY_BY`), and tells of it before that is missed.

- **Starts** every day at 00:00 UTC, by itself
- **Reads** schema `ops`, the server's statistics
- **Writes** the landing folder, schemas `ops` and `quarantine`; nothing that readers see
- **Rerun** any day, any number of times: what is gone is gone
"""

from airflow.sdk import chain, dag

from reelhouse.orchestration import dag_defaults, step, watch_ready


@dag(schedule="@daily", is_paused_upon_creation=False, **dag_defaults(__doc__))
def tidy_warehouse():
    watch_ready()
    chain(step("end_excess"), step("retire_files"), step("retire_rows"), step("clear_dead_rows", minutes=110))


tidy_warehouse()
