"""Who decides: the name that is recorded with what a person does in the shell."""

from __future__ import annotations

import getpass
import os


def person(given: str | None = None) -> str:
    """The name given, else the user of this shell."""
    if given and given.strip():
        return given.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container the user may have a number and no name.
        return f"uid {os.getuid()}"
