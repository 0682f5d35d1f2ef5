"""Reelhouse: a warehouse of films and series. The modules, in the order a record meets them:

sources         what each provider's files look like and how their rows are read
landing         source file -> landing, admitted or not at all
lateness        what serves a day for which a source has no file
staging         landed file -> staging tables, quarantine, row account
matching        which rows are the same work, with evidence
warehousing     build aside, check, publish in one transaction; loads and history
recommending    similar titles, with reasons that add up
reporting       data dictionary, summary
client          read the warehouse from Python
steps           one day as named steps; Airflow and the shell run the same ones
orchestration   the only module that knows Airflow
backups         what a backup is made of, and whether it is whole
operating       launcher commands, embedded PostgreSQL, doctor
sampling        synthetic files in the upstream formats, with known truth
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
