"""What the code of an action returns, by the annotation of its result."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
from django.db.models import Model, QuerySet

from django_flex.describe import ActionOutput

_PAIR = 2


def outputs_of(call: Callable[..., Any], model: type[Model]) -> tuple[ActionOutput, ...]:
    """Return what the handler of a model's action may return, nothing if its annotation does not tell.

    An annotation is a promise of the code, which nothing checks.
    """
    hint = _hint(call)
    if hint is inspect.Parameter.empty:
        return ()
    try:
        return tuple(_output(one, model) for one in _alternatives(_without_meta(hint)))
    except Exception:  # noqa: BLE001 - there is no schema, or a type in there cannot be imported
        return ()


def _hint(call: Callable[..., Any]) -> object:
    """Return the annotation of the result; its types may not be importable at run time."""
    whole: object = inspect.unwrap(call)
    whole = getattr(whole, "__func__", whole)
    written: dict[str, object] = getattr(whole, "__annotations__", {})
    if "return" not in written:
        return inspect.Parameter.empty

    def holder() -> None: ...

    holder.__annotations__ = {"return": written["return"]}
    try:
        # `None` becomes `NoneType`.
        return get_type_hints(holder, getattr(whole, "__globals__", {}), include_extras=True)[
            "return"
        ]
    except Exception:  # noqa: BLE001 - an annotation may be any expression of a project
        return inspect.Parameter.empty


def _without_meta(hint: object) -> object:
    """Return the type of the result of a handler that returns ``(meta, result)``."""
    parts = get_args(hint)
    return parts[1] if get_origin(hint) is tuple and len(parts) == _PAIR else hint


def _alternatives(hint: object) -> tuple[object, ...]:
    if get_origin(hint) in {Union, types.UnionType}:
        return get_args(hint)
    return (hint,)


def _output(hint: object, model: type[Model]) -> ActionOutput:
    """Return one thing that a handler may return.

    Raises:
        TypeError: anything may be returned, or what has no JSON Schema.
    """
    if hint is Any or hint is object:
        raise TypeError(hint)
    if hint is type(None):
        return ActionOutput("nothing")
    origin, parts = get_origin(hint) or hint, get_args(hint)
    if _is_a(hint, Model):
        return ActionOutput("row", ours=_is_of(hint, model))
    if _is_a(origin, QuerySet) or (_is_a(origin, list) and _is_a(*parts[:1], Model)):
        return ActionOutput("rows", ours=bool(parts) and _is_of(parts[0], model))
    (schema,), shared = msgspec.json.schema_components([hint], ref_template="#/$defs/{name}")
    told = {**schema, "$defs": shared} if shared else schema
    is_object = _is_a(origin, Mapping) or is_typeddict(hint)
    return ActionOutput("object" if is_object else "value", schema=told)


def _is_a(hint: object, *classes: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, classes)


def _is_of(hint: object, model: type[Model]) -> bool:
    """Whether rows of a class are rows of a model, or of a proxy of it."""
    return _is_a(hint, Model) and hint._meta.concrete_model is model._meta.concrete_model  # type: ignore[attr-defined]
