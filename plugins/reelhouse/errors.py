"""The errors of Reelhouse: one small tree.

A message gives the place, what was expected, what was found, and what to do. `exit_code` is what the
shell sees; `is_passing` says whether trying again later may help (Airflow retries only those); `is_late`, set on the
single error, that a source has a limit of age and may still deliver, so that the run may wait for it.
"""

from __future__ import annotations


class ReelhouseError(Exception):
    """Something a person can act on. Everything the project raises on purpose is one of these."""

    exit_code = 1
    is_passing = False
    is_late = False


class SettingsWrong(ReelhouseError):
    """A setting, option or environment is not usable."""


class FileMissing(ReelhouseError):
    """A required source file is not where it should be."""


class NotAdmitted(ReelhouseError):
    """A file is damaged, cut off or too large. Nothing of it was parsed."""


class SourceAway(ReelhouseError):
    """A source did not answer, or not to the end, however often it was asked. Nothing of it was loaded."""

    is_passing = True


class SourceRefused(ReelhouseError):
    """An address that must not be asked, or a source that does not let us in. Nothing was loaded."""


class ContractBroken(ReelhouseError):
    """A file lacks a required column or is no such file at all. Not one row moved."""


class StorageAway(ReelhouseError):
    """The storage of landed files did not answer, however often it was asked. Nothing half-done stays."""

    is_passing = True


class OutOfStep(ReelhouseError):
    """A layer holds another load than the one asked for: another run came between."""


class Emptied(OutOfStep):
    """A layer whose tables a crash of the server has emptied. `run_step` does what fills it again.

    layer  staging, candidates, build or recommendations
    """

    is_passing = True

    def __init__(self, message: str, layer: str) -> None:
        super().__init__(message)
        self.layer = layer


class Held(ReelhouseError):
    """The load waits for a person. Readers keep what they had."""

    exit_code = 3


class Locked(ReelhouseError):
    """Another run is at this step now."""

    exit_code = 4
    is_passing = True


class DatabaseAway(ReelhouseError):
    """The database could not be reached, or went away in mid-step. Nothing half-done stays."""

    is_passing = True


class EngineAway(ReelhouseError):
    """Spark could not be reached, or gave a job up. Nothing half-done stays."""

    is_passing = True


class QueryWrong(ReelhouseError):
    """A query of a user was refused: it does not parse, names what is not there, or tries to write."""


class BadQuery(QueryWrong):
    """A statement that the server does not understand; the message marks the place."""


class NotAllowed(QueryWrong):
    """A statement that this login may not run, or that a read may not."""


class Conflict(QueryWrong):
    """Somebody else wrote the same meanwhile, or a batch cannot be undone because its rows changed since."""

    exit_code = 4


class Timeout(QueryWrong):
    """The statement took longer than this login may."""
