"""Lists of viewers made anew after what they watch: one at a time, beside the requests that tell of it."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psycopg
from psycopg_pool import ConnectionPool

from reelhouse.errors import ReelhouseError

log = logging.getLogger(__name__)


class FreshLists:
    """Makes lists as a refresh would; one that cannot be made now is left to the next refresh, and the log says why."""

    def __init__(self, pool: ConnectionPool, sql_folder: Path) -> None:
        self._pool = pool
        self._sql_folder = sql_folder
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[None]] = {}
        self._worker: ThreadPoolExecutor | None = None

    def make(self, user_id: int) -> Future[None]:
        """Have a viewer's list made, with all that is noted by now. Who waits already waits once."""
        with self._lock:
            if user_id not in self._waiting:
                # One worker: each list needs the whole model in memory.
                self._worker = self._worker or ThreadPoolExecutor(1, thread_name_prefix="reelhouse-lists")
                self._waiting[user_id] = self._worker.submit(self._make, user_id)
            return self._waiting[user_id]

    def _make(self, user_id: int) -> None:
        with self._lock:
            self._waiting.pop(user_id, None)
        # Not above: numpy and scipy are a second of every start, and only who notes viewings needs them.
        from reelhouse.recommending.serving import refresh_viewer

        try:
            with self._pool.connection() as conn:
                refresh_viewer(conn, self._sql_folder, user_id)
        except (ReelhouseError, psycopg.Error) as error:
            log.warning("a viewer's list stays as it was until the next refresh: %s", error)

    def close(self) -> None:
        """End with the list that is being made; those that wait are left to the next refresh."""
        with self._lock:
            worker, self._worker = self._worker, None
            self._waiting.clear()
        if worker is not None:
            worker.shutdown(cancel_futures=True)
