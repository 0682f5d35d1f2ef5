"""Reelhouse: a warehouse of films and series. The way of a record, in order; none of these imports a later one:

steps           one day as named steps; Airflow and the shell run the same ones
sources         what each provider's files look like and how their rows are read
fetching        files from servers, asked for until they are whole
lateness        what serves a day for which a source has no file
landing         source file -> landing, admitted or not at all
loads           the ledger that all that follow work with: a load for each part, day and input
staging         landed file -> staging tables, quarantine, row account
matching        which rows are the same work, with evidence
engine          the same on Spark, when a setting names one
warehousing     build aside, check, publish in one transaction; history
recommending    similar titles and lists for viewers, with reasons that add up
reporting       data dictionary, report, summary

Around it:

orchestration   the steps as Airflow's tasks
client          read and write the warehouse from Python
serving         the app: endpoints and pages, alone or in Airflow
backups         what a backup is made of, and whether it is whole
operating       launcher commands, embedded PostgreSQL, doctor
sampling        synthetic files in the upstream formats, with known truth
soaking         a warehouse under fire for hundreds of days
"""

__all__ = ["Warehouse", "__version__"]

# The one place that says it: the wheel, the image and `--version` read it here.
__version__ = "0.2.0"


def __getattr__(name: str):
    # Late, so that `import reelhouse` in a DAG file costs nothing.
    if name == "Warehouse":
        from reelhouse.client import Warehouse

        return Warehouse
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
