"""What collections of the two shells have in common: the query, and the model of its rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Generic, Self, TypeVar, cast

from django_flex.client.exceptions import BuildError
from django_flex.client.flows.session import Session
from django_flex.client.queries.filters import Comparison, Condition, Group, Negation, Quantified
from django_flex.client.queries.query import Builder, Query
from django_flex.client.values.decoding import (
    Decoder,
    check_model,
    collection_of,
    hints_of,
    names_of,
    related_model,
    selection_of,
)

T = TypeVar("T")


class Selecting(Builder, Generic[T]):
    """A query of one collection of a server, whose rows are of the type ``model``."""

    __slots__ = ("_model", "_session", "_strict")

    def __init__(self, session: Session, query: Query, model: type[T], *, strict: bool) -> None:
        super().__init__(query)
        self._session = session
        self._model = model
        self._strict = strict

    def _with(self, **changes: Any) -> Self:
        query = replace(self.query, **changes)
        if self._strict:
            _check_names(self._model, query)
        if self._session.dialect is not None:
            self._session.dialect.check(query)
        copy = self._copy()
        copy.query = query
        return copy

    def _copy(self) -> Self:
        raise NotImplementedError

    def _asked(self) -> Query:
        """Return the query, with the fields of the model if none were selected."""
        query = self.query
        if query.fields or self._model is dict or query.aggregates or query.groups:
            return query
        return replace(query, fields=terms_of(cast("Hashable", self._model)))

    def _decoder(self) -> Decoder[T]:
        query = self.query
        if self._model is dict or query.aggregates or query.groups:
            return Decoder(dict)  # type: ignore[arg-type] # groups are no rows of the model
        if query.alias or query.related:
            return Decoder(self._model)
        return Decoder(self._model, selection_of(query.fields))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.query.collection!r}>"


def begun(target: str | type[T]) -> tuple[Query, type[T]]:
    """Return the query and the model of what ``collection()`` was given: a name or a model."""
    if isinstance(target, str):
        if not target:
            raise BuildError("A collection has a name")
        return Query(collection=target), dict  # type: ignore[return-value] # rows are dictionaries
    check_model(target)
    return Query(collection=collection_of(target)), target


@lru_cache(maxsize=512)
def terms_of(model: type, above: tuple[type, ...] = ()) -> tuple[str, ...]:
    """Return the field terms of a model, and of the models inside it."""
    terms: list[str] = []
    hints = hints_of(model)
    for name, hint in _hinted(model, hints):
        related = related_model(hint)
        if related is None:
            terms.append(name)
        elif related not in (*above, model):
            terms += [f"{name}.{term}" for term in terms_of(related, (*above, model))]
    return tuple(terms)


def _hinted(model: type, hints: Mapping[str, Any]) -> list[tuple[str, Any]]:
    fields = getattr(model, "model_fields", None)
    if fields is not None:
        return [(field.alias or name, hints[name]) for name, field in fields.items()]
    names = names_of(model) or ()
    struct = getattr(model, "__struct_fields__", None)
    if struct is not None:
        encoded = model.__struct_encode_fields__  # type: ignore[attr-defined] # msgspec's
        return [(sent, hints[name]) for name, sent in zip(struct, encoded, strict=True)]
    return [(name, hint) for name, hint in hints.items() if name in names]


def _check_names(model: type, query: Query) -> None:
    known = names_of(model)
    if known is None:
        return
    asked = [term.split(":")[-1] for term in query.fields if "*" not in term]
    asked += query.order
    asked += [".".join(path) for path in _paths(query.where)]
    for path in asked:
        name = path.lstrip("-").split(".")[0].split("(")[-1].rstrip(")")
        if name not in known and name not in {"pk", "id", "random"}:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise BuildError(f"{model.__name__} has no field {name!r}{hint}")


def _paths(condition: Condition) -> list[tuple[str, ...]]:
    match condition:
        case Comparison(path):
            return [path]
        case Quantified(path):
            return [path]
        case Negation(inner):
            return _paths(inner)
        case Group(_, parts):
            return [path for part in parts for path in _paths(part)]
