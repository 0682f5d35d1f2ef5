"""Source file -> landing. A file is admitted whole and verified, or not at all; only admitted files are parsed.

A file is taken from the data folder or from the origin that the settings name: a folder, https:// or s3://. Whatever
it comes from, it is checked as `admission` says, moved to `landing/<source>/<file date>/` under a name of ours and
entered in `ops.file`. `ops.day_file` says which admitted file serves which day, `ops.file_fetch` keeps every look at
an origin that ended well. What is done when fails leaves all of them as they were. When an origin has no file that may
serve the day, `lateness` says what does.
"""

from __future__ import annotations

import psycopg

from reelhouse import lateness
from reelhouse.day import OPTIONAL_SOURCES, Day
from reelhouse.errors import FileMissing, NotAdmitted, SourceAway
from reelhouse.fetching.parts import remove_old_parts
from reelhouse.landing import ledger
from reelhouse.landing.admitting import admit_files
from reelhouse.landing.origins import files_not_taken


def land_source(conn: psycopg.Connection, day: Day, source: str) -> dict[str, object]:
    """Admit the newest files of a provider that are not after the day, and say that they serve it.

    Gives   files, bytes, new_files, file_date, stale_days
    Raises  FileMissing when a required file is not there, SourceAway when a server does not answer, each only if no
            former file may serve the day; NotAdmitted when a file is damaged or too large, SourceRefused when a server
            does not let us in. The day then keeps the files it had
    Reruns  the same bytes again are not copied again
    """
    if source not in day.sources:
        return lateness.keep_former_files(conn, day, source)
    remove_old_parts(day.settings.landing / source)
    try:
        admitted, file_date = admit_files(conn, day, source)
    except (FileMissing, SourceAway) as error:
        return lateness.carry_over(conn, day, source, error)
    except NotAdmitted as error:
        # It may be half delivered: who waits for this source looks again. A former file does not serve in its place.
        error.is_late = lateness.allowed_stale_days(day.settings, source) is not None
        raise
    if not admitted and (carried := lateness.carry_over_optional(conn, day, source)):
        return carried
    with conn.transaction():
        ledger.serve_day(conn, day, source, admitted)
    return {
        "source": source,
        "files": len(admitted),
        "bytes": sum(file.byte_count for file in admitted),
        "new_files": sum(file.is_new for file in admitted),
        "file_date": file_date.isoformat() if file_date else None,
        "stale_days": (day.batch_date - file_date).days or None if file_date else None,
    }


def land_optional_sources(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Admit what there is of the sources that nothing depends on. One that never had a file is no error; one that had
    goes on with it, as long as its limit allows.

    Gives   files, bytes, new_files summed, and the sources found
            and `not_taken`: what lies in the folders of the others, under names that no file of theirs has
    """
    landed = [land_source(conn, day, source) for source in OPTIONAL_SOURCES]
    figures: dict[str, object] = {name: sum(each[name] for each in landed) for name in ("files", "bytes", "new_files")}
    found = [each["source"] for each in landed if each["files"]]
    others = [source for source in OPTIONAL_SOURCES if source in day.sources and source not in found]
    lying = [f"{source}: {', '.join(names)}" for source in others if (names := files_not_taken(day, source))]
    return {"sources": found, **figures} | ({"not_taken": "; ".join(lying)} if lying else {})
