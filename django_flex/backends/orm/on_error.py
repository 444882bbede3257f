"""A context that lets a function see the error which ends it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class OnError(AbstractContextManager[None]):
    """Calls a function with an exception, which goes on if the function raises no other one.

    A class, since each request enters several: a generator takes three times as long.
    """

    __slots__ = ("_react",)

    def __init__(self, react: Callable[[Exception], None]) -> None:
        """Take the function."""
        self._react = react

    def __enter__(self) -> None:
        """Bind nothing."""

    def __exit__(
        self, _kind: object, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Call the function with an exception; those that end the process pass."""
        if error is not None and isinstance(error, Exception):
            self._react(error)
