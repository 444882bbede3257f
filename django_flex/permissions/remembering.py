"""Answers of one grant that are the same for every caller: paths of the row's own columns, checked.

A change of the settings makes new grants, and the old ones take their answers along. What is kept
are names and facts of the schema, never a value of a request; refusals are not kept, so the texts
of strangers do not fill the memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Hashable

    from django_flex.permissions.policy import Grant

Found = TypeVar("Found")
#: Answers of one grant; then it begins anew.
MOST = 256


class Memory(Generic[Found]):
    """What was found out so far, by grant and question."""

    def __init__(self) -> None:
        self._answers: WeakKeyDictionary[Grant, dict[Hashable, Found]] = WeakKeyDictionary()

    def get(self, grant: Grant, question: Hashable) -> Found | None:
        """Return the answer to a question, ``None`` if there is none yet."""
        answers = self._answers.get(grant)
        return None if answers is None else answers.get(question)

    def keep(self, grant: Grant, question: Hashable, answer: Found) -> None:
        """Remember an answer."""
        answers = self._answers.setdefault(grant, {})
        if len(answers) >= MOST:
            answers.clear()
        answers[question] = answer
