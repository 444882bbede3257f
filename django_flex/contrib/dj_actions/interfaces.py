"""The interfaces of registries, their forms and viewsets that this package uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest
    from rest_framework.request import Request


class ExampleConfig(TypedDict, total=False):
    """A documented call in a registry."""

    name: str
    description: str | None
    payload: Mapping[str, object] | None


class ActionConfig(TypedDict, total=False):
    """The definition of one action in a registry; it may have more keys."""

    id: str
    type: str
    form: str
    title: str | None
    description: str | None
    status: str
    tags: Iterable[str] | None
    capabilities: Iterable[str] | None
    examples: Iterable[ExampleConfig] | None
    serializer: str | Literal[False] | None
    multiple_results: bool


class Serializer(Protocol):
    """A serializer of REST framework that renders a result."""

    @property
    def data(self) -> object: ...


class SerializerClass(Protocol):
    """A serializer class of REST framework, as it is called here."""

    def __call__(
        self, instance: object = ..., *, many: bool = ..., context: Mapping[str, object] = ...
    ) -> Serializer: ...


class Viewset(Protocol):
    """The parts of a viewset of REST framework that are used."""

    @property
    def request(self) -> Request: ...

    def get_queryset(self) -> QuerySet[Model]: ...

    def filter_queryset(self, queryset: QuerySet[Model]) -> QuerySet[Model]: ...

    def get_object(self) -> Model: ...

    def get_serializer_class(self) -> SerializerClass: ...

    def get_authenticate_header(self, request: Request) -> str | None: ...


class ActionForm(Protocol):
    """The parts of a valid form of dj-actions that are used."""

    action_request: HttpRequest | Request

    def save(
        self, request: HttpRequest | Request, pk: str | None
    ) -> tuple[MutableMapping[str, object] | None, object]: ...
