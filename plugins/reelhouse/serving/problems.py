"""What is answered instead of what was asked for: each has a status, words, and what would have been possible."""

from __future__ import annotations

from collections.abc import Sequence


class Problem(Exception):
    """An answer that is none. `suggestions` say what may have been meant."""

    status = 500
    title = "Something went wrong"

    def __init__(self, words: str, suggestions: Sequence[str] = (), headers: dict[str, str] | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.suggestions = list(suggestions)
        self.headers = headers or {}


class NotKnown(Problem):
    """Nobody we know, or not any more."""

    status = 401
    title = "Log in first"


class NotAllowed(Problem):
    """Somebody we know, who may not do this."""

    status = 403
    title = "Not allowed"


class NotThere(Problem):
    """There is no such thing; what is like it is suggested."""

    status = 404
    title = "Not found"


class InTheWay(Problem):
    """It contradicts what is there."""

    status = 409
    title = "Conflict"


class TooLarge(Problem):
    """More bytes than are taken."""

    status = 413
    title = "Too large"


class NotUnderstood(Problem):
    """A value that is none of those allowed."""

    status = 422
    title = "Not understood"


class TooOften(Problem):
    """More requests than the key may make."""

    status = 429
    title = "Too many requests"


class NotReady(Problem):
    """The warehouse is away, or nothing was loaded yet."""

    status = 503
    title = "Not ready"
