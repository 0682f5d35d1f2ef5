"""Lines of the log: in UTC, one a record, without what was asked behind the `?` of an address."""

from __future__ import annotations

import logging
import time


class Line(logging.Formatter):
    """One line a record; what would begin another is written out, so that nobody can forge one."""

    converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "uvicorn.access" and isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, version, status = record.args
            record = logging.makeLogRecord(record.__dict__)
            record.args = (client, method, str(path).partition("?")[0], version, status)
        text = super().format(record)
        if record.exc_info:
            return text
        return text.replace("\r", "\\r").replace("\n", "\\n")
