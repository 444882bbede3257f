"""Answers of one grant that are the same for every caller: paths of the row's own columns, checked.

When the settings change, new grants are compiled, and the answers of the old ones are dropped with
them. Only names and facts of the schema are cached, never a value of a request or a refusal:
clients cannot fill the cache with invented names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Hashable


Found = TypeVar("Found")
#: How many answers of one grant are cached before they are all dropped.
MOST = 256


class GrantCache(Generic[Found]):
    """Answers by grant and question."""

    def __init__(self) -> None:
        self._answers: WeakKeyDictionary[object, dict[Hashable, Found]] = WeakKeyDictionary()

    def get(self, grant: object, question: Hashable) -> Found | None:
        """Return the answer to a question, ``None`` if there is none yet."""
        answers = self._answers.get(grant)
        return None if answers is None else answers.get(question)

    def put(self, grant: object, question: Hashable, answer: Found) -> None:
        """Store an answer."""
        answers = self._answers.setdefault(grant, {})
        if len(answers) >= MOST:
            answers.clear()
        answers[question] = answer
