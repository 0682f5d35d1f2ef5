"""Work done ahead: what is to come is made by a thread of its own while what came before is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

ITEMS_AHEAD = 2


@contextmanager
def ahead(items: Iterable[Item]) -> Iterator[Iterator[Item]]:
    """The same items in the same order, at most two of them waiting.

    Raises  where the items are taken, what their maker raised
    """
    waiting: queue.Queue[tuple[Item | None, BaseException | None, bool]] = queue.Queue(ITEMS_AHEAD)
    is_over = threading.Event()

    def make() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                waiting.put((item, None, False))
                if is_over.is_set():
                    break
            if isinstance(items, Generator):
                # What it works ahead with itself ends with it, not when it is forgotten.
                items.close()
        except BaseException as raised:
            error = raised
        waiting.put((None, error, True))

    def taken() -> Iterator[Item]:
        while True:
            item, error, is_last = waiting.get()
            if error is not None:
                raise error
            if is_last:
                return
            yield item

    thread = threading.Thread(target=make, name="working ahead", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        is_over.set()
        while thread.is_alive():
            # It may be waiting for room.
            _take_all(waiting)
            thread.join(0.01)


def _take_all(waiting: queue.Queue) -> None:
    while True:
        try:
            waiting.get_nowait()
        except queue.Empty:
            return
