"""What all errors have: a status, a code, and texts that a dialect puts its words into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from django_flex.exceptions.places import (
    Join,
    Part,
    Place,
    Text,
    Translate,
    dotted,
    in_words,
)


@dataclass(frozen=True, slots=True)
class Said:
    """What an error says, without the words of a dialect."""

    message: Text
    path: Place | None
    hint: Text | None


class FlexError(Exception):
    """A request that fails, with what a front end needs to react to it.

    ``message``, ``path`` and ``hint`` are texts; ``said`` is what they are made of. They have the
    words of the query language, until ``in_words`` puts in those of the dialect of a request.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: Text,
        *,
        path: Place | None = None,
        hint: Text | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.said = Said(message, path, hint)
        self.message = in_words(message)
        self.path = None if path is None else dotted(path)
        self.hint = None if hint is None else in_words(hint)
        self.headers = headers or {}
        super().__init__(self.message)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the reply: ``error``, ``code``, and ``path``, ``hint`` if known."""
        body: dict[str, Any] = {"error": self.message, "code": self.code}
        if self.path is not None:
            body["path"] = self.path
        if self.hint is not None:
            body["hint"] = self.hint
        return body

    def in_words(
        self, words: Mapping[Part, str], join: Join = dotted, translate: Translate | None = None
    ) -> Self:
        """Return the same error as a dialect says it.

        Args:
            words: what the dialect calls the parts of a request.
            join: returns a place as a text.
            translate: into the language of the reply; without it the texts stay English.
        """
        said = self.said
        return self._copy(
            message=in_words(said.message, words, translate),
            path=None if said.path is None else join(said.path, words),
            hint=None if said.hint is None else in_words(said.hint, words, translate),
        )

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return the same error with more headers for its reply.

        The error itself does not change, because code may raise the same instance several times.
        """
        return self._copy(headers={**self.headers, **headers})

    def with_path(self, path: Place | None) -> Self:
        """Return the same error with another path."""
        said = replace(self.said, path=path)
        return self._copy(said=said, path=None if path is None else dotted(path))

    def with_hint(self, hint: Text | None) -> Self:
        """Return the same error with another hint."""
        said = replace(self.said, hint=hint)
        return self._copy(said=said, hint=None if hint is None else in_words(hint))

    def _copy(self, **changes: object) -> Self:
        copy = type(self).__new__(type(self), *self.args)
        vars(copy).update(vars(self), **changes)
        copy.__cause__ = self.__cause__
        return copy
