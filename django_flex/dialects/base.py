"""What a dialect is: a wire form of queries, mutations, action calls and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from django_flex.dataclass_init import fast_init
from django_flex.engine.call import WireFormat

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from django_flex.query.limits import Limits


@dataclass(frozen=True, slots=True)
class MethodOperation:
    """What a method means at a URL, and which operations ``_action`` may name there instead.

    ``operation`` is ``None`` where only the body says it; ``choices`` is ``None`` for any.
    """

    operation: str | None
    choices: frozenset[str] | None


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """The parts of a form: texts, in their order, each with all its values, and files by name."""

    texts: list[tuple[str, list[str]]]
    files: Mapping[str, UploadedFile[bytes]]


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawRequest:
    """What was sent, extracted from its request but not decoded.

    ``parameters`` are those of the URL, in their order, each with all its values; ``body`` is empty
    without one. ``lists`` says that the body may be a list here: several rows to add. ``form`` is in
    place of the body where a form was sent, which only dialects with ``takes_forms`` get.
    """

    method: str
    parameters: list[tuple[str, list[str]]]
    body: bytes
    lists: bool = False
    form: Form | None = None


class Dialect(WireFormat, Protocol):
    """Turns what a client sends into a call, and results and errors into replies.

    Only the dialect understands its payloads; other code passes them on unchanged. With
    ``takes_forms`` it decodes forms, whose files are values of its payloads.
    """

    takes_forms: ClassVar[bool] = False

    def decode(self, sent: RawRequest, limits: Limits) -> Mapping[str, object]:
        """Return the payload of what was sent.

        Raises:
            RequestError: the bytes or parameters are invalid.
            QueryError: they are valid, but not a payload.
        """
        ...

    def agreed_operation(
        self,
        payload: Mapping[str, object],
        meaning: MethodOperation,
        *,
        actions: Callable[[], bool],
    ) -> str:
        """Return the operation that URL, method and payload agree on.

        Args:
            payload: as ``decode`` returned it.
            meaning: of the URL and the method.
            actions: whether the payload may name model actions.

        Raises:
            QueryError: they contradict each other, or none of them names an operation.
        """
        ...

    def with_key(self, payload: Mapping[str, object], pk: str | None) -> Mapping[str, object]:
        """Return the payload for the row with a key in the URL; ``None`` if the URL has no key.

        Raises:
            QueryError: the payload is about another row.
        """
        ...

    def first_write(self, payload: Mapping[str, object]) -> int | None:
        """Return the position of the first write in a batch, ``None`` if it only reads."""
        ...

    def check_write(self, sent: RawRequest) -> None:
        """Refuse parameters that a write may not have.

        Raises:
            RequestError: it has such parameters.
        """
        ...
