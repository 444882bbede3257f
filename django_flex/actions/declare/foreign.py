"""The interfaces of REST framework and pydantic that are used; neither is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypedDict


class SerializerField(Protocol):
    """The parts of a field of REST framework that are used."""

    read_only: bool
    required: bool
    help_text: object
    style: Mapping[str, object] | None


class Serializer(Protocol):
    """The parts of a serializer of REST framework, with data, that are used."""

    @property
    def fields(self) -> Mapping[str, SerializerField]: ...

    @property
    def validated_data(self) -> object: ...

    @property
    def errors(self) -> Mapping[str, object]: ...

    def is_valid(self) -> bool: ...


class SerializerClass(Protocol):
    """A serializer class of REST framework."""

    def __call__(
        self, *, data: Mapping[str, object] = ..., context: Mapping[str, object] = ...
    ) -> Serializer: ...


class PydanticClass(Protocol):
    """The parts of a pydantic model class that are used."""

    def model_json_schema(self) -> dict[str, object]: ...

    def model_validate_json(self, json_data: bytes) -> object: ...


class PydanticFault(TypedDict):
    """One error in the result of pydantic."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class PydanticError(Protocol):
    """The parts of pydantic's ``ValidationError`` that are used."""

    def errors(
        self, *, include_url: bool, include_input: bool, include_context: bool
    ) -> list[PydanticFault]: ...
