"""JSON rows as what a program wants: dictionaries, or instances of a model.

A model is a pydantic model, a dataclass, a ``TypedDict`` or a msgspec ``Struct``. Each row is
validated once. If only some of its fields were selected, the instance has only these: reading
another one is an ``AttributeError``, never a made-up ``None``.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from functools import lru_cache
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NotRequired,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
    is_typeddict,
)

from pydantic_core import ValidationError
from typing_extensions import TypedDict

from django_flex.client.exceptions import BuildError, DecodeError
from django_flex.client.values.models import is_model

if TYPE_CHECKING:
    from pydantic import BaseModel, ConfigDict, TypeAdapter

T = TypeVar("T")

#: Field names, and for those of a related row its own.
Selection = tuple[tuple[str, "Selection"], ...]


class Decoder(Generic[T]):
    """Makes rows of the type ``model`` from JSON rows with the selected fields."""

    __slots__ = ("model", "selection")

    def __init__(self, model: type[T], selection: Selection = ()) -> None:
        self.model: type[Any] = model
        self.selection = selection

    def rows(self, values: Sequence[Any]) -> list[T]:
        """Return the rows.

        Raises:
            DecodeError: one of them does not fit; the error has its number and the field.
        """
        if self.model is dict:
            return list(values)
        if _is_struct(self.model):
            return _structs(self.model, self.selection, values)
        adapter, build = _adapter(cast("Hashable", self.model), self.selection)
        try:
            validated = adapter.validate_python(list(values))
        except ValidationError as error:
            raise _misfit(error, self.model) from error
        return cast("list[T]", [build(row) for row in validated] if build else validated)

    def row(self, value: Any) -> T:
        """Return one row; see ``rows``."""
        return self.rows([value])[0]


def collection_of(model: type) -> str:
    """Return the collection of a model: what it says, else its name in snake case.

    A pydantic model says it in ``model_config["collection"]`` or ``__collection__``, the others in
    ``__collection__``.
    """
    config: Mapping[str, Any] = getattr(model, "model_config", {})
    told = config.get("collection") or getattr(model, "__collection__", "")
    return str(told) or _snake(model.__name__)


def selection_of(terms: Sequence[str]) -> Selection:
    """Return what field terms select, or nothing if they have a wildcard or another name."""
    tree: dict[str, Any] = {}
    for term in terms:
        if any(letter in term for letter in "*:(-"):
            return ()
        branch = tree
        for segment in term.split("."):
            branch = branch.setdefault(segment, {})
    return _frozen(tree)


def names_of(model: type) -> frozenset[str] | None:
    """Return the names under which a model's fields stand in JSON; ``None`` for dictionaries."""
    if model is dict:
        return None
    if is_model(model):
        return frozenset(field.alias or name for name, field in model.model_fields.items())
    if _is_struct(model):
        return frozenset(model.__struct_encode_fields__)  # type: ignore[attr-defined] # msgspec's
    return frozenset(get_type_hints(model))


def hints_of(model: type) -> Mapping[str, Any]:
    """Return the types of a model's fields; pydantic knows those of a model inside a function."""
    if is_model(model):
        return {name: field.annotation for name, field in model.model_fields.items()}
    return get_type_hints(model, include_extras=True)


def check_model(model: type) -> None:
    """Raise ``BuildError`` if ``model`` is nothing that rows can be made of."""
    known = model is dict or is_dataclass(model) or is_typeddict(model) or _is_struct(model)
    if not known and not is_model(model):
        raise BuildError(
            f"{model.__qualname__} is no pydantic model, dataclass, TypedDict or msgspec Struct"
        )


def _is_struct(model: type) -> bool:
    return hasattr(model, "__struct_fields__")


@lru_cache(maxsize=512)
def _adapter(model: type, selection: Selection) -> tuple[TypeAdapter[Any], Any]:
    """Return what validates a list of rows, and what makes an instance of the result, if needed."""
    from pydantic import TypeAdapter

    named = frozenset(name for name, _ in selection)
    if not selection or (named == names_of(model) and not any(inner for _, inner in selection)):
        whole = _readable(model)
        return TypeAdapter(list[whole]), None  # type: ignore[valid-type] # made at run time
    partial, build = _partial(model, selection)
    return TypeAdapter(list[partial]), build  # type: ignore[valid-type] # made at run time


def _readable(model: type) -> Any:
    """Return a ``TypedDict`` as pydantic reads it: before Python 3.12, that of typing_extensions."""
    if not is_typeddict(model) or sys.version_info >= (3, 12):
        return model
    hints = get_type_hints(model, include_extras=True)
    for name, hint in hints.items():
        inner = related_model(hint)
        if inner is not None and is_typeddict(inner):
            hints[name] = _with_model(hint, inner, _readable(inner))
    optional: frozenset[str] = getattr(model, "__optional_keys__", frozenset())
    kept = {name: NotRequired[hint] if name in optional else hint for name, hint in hints.items()}
    return TypedDict(model.__name__, kept)  # type: ignore[operator] # made at run time


def _partial(model: type, selection: Selection) -> tuple[type, Any]:
    """Return a model of the selected fields, and the function that makes a ``model`` of it."""
    from pydantic import create_model

    hints = hints_of(model)
    attributes = _attributes(model)
    chosen: dict[str, Any] = {}
    builders: dict[str, Any] = {}
    for name, inner in selection:
        attribute = attributes.get(name)
        if attribute is None:
            continue
        hint, default = hints[attribute], ...
        related = related_model(hint) if inner else None
        if related is not None:
            part, builders[attribute] = _partial(related, inner)
            hint = _with_model(hint, related, part)
        chosen[attribute] = (hint, _field(model, attribute, default))
    base = create_model(f"Partial{model.__name__}", __config__=_config(model), **chosen)
    return base, _builder(model, builders)


def _builder(model: type, builders: Mapping[str, Any]) -> Any:
    def build(partial: BaseModel) -> Any:
        values = {
            name: _rebuilt(getattr(partial, name), builders.get(name))
            for name in type(partial).model_fields
        }
        return _instance(model, values)

    return build


def _rebuilt(value: Any, build: Any) -> Any:
    if build is None or value is None:
        return value
    if isinstance(value, list):
        return [build(item) for item in value]
    return build(value)


def _instance(model: type, values: dict[str, Any]) -> Any:
    if is_typeddict(model):
        return values
    if is_model(model):
        return _without_defaults(model, values)
    made: Any = object.__new__(model)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _without_defaults(model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    """Return an instance that has ``values`` only: a default was not selected either."""
    made = model.model_construct(_fields_set=set(values), **values)
    for name in set(model.model_fields) - set(values):
        made.__dict__.pop(name, None)
    return made


def _attributes(model: type) -> dict[str, str]:
    """Return the attributes of a model by the names that they have in JSON."""
    if is_model(model):
        return {field.alias or name: name for name, field in model.model_fields.items()}
    if is_dataclass(model):
        return {field.name: field.name for field in dataclass_fields(model)}
    return {name: name for name in get_type_hints(model)}


def _field(model: type, name: str, default: Any) -> Any:
    if not is_model(model):
        return default
    field = model.model_fields[name]
    copied = field._copy() if hasattr(field, "_copy") else field  # noqa: SLF001 # shared otherwise
    copied.default, copied.default_factory = default, None
    return copied


def _config(model: type) -> ConfigDict:
    config: Any = dict(getattr(model, "model_config", {}))
    config.pop("collection", None)
    config["extra"] = "ignore"
    config["populate_by_name"] = True
    return cast("ConfigDict", config)


def related_model(hint: Any) -> type | None:
    """Return the model inside ``hint``: of ``list[Line]`` and ``Customer | None``."""
    if isinstance(hint, type) and not get_args(hint):
        return hint if is_dataclass(hint) or is_typeddict(hint) or is_model(hint) else None
    for part in get_args(hint):
        found = related_model(part)
        if found is not None:
            return found
    return None


def _with_model(hint: Any, related: type, part: type) -> Any:
    if hint is related:
        return part
    arguments = get_args(hint)
    if not arguments:
        return hint
    replaced = tuple(_with_model(argument, related, part) for argument in arguments)
    origin = getattr(hint, "__origin__", None)
    if origin is not None and hasattr(hint, "copy_with"):
        return hint.copy_with(replaced)
    if origin is not None:
        return origin[replaced]
    joined = replaced[0]
    for argument in replaced[1:]:
        joined = joined | argument
    return joined


def _structs(model: type, selection: Selection, values: Sequence[Any]) -> list[Any]:
    import msgspec

    target = _partial_struct(model, selection) if selection else model
    made: list[Any] = []
    for number, value in enumerate(values):
        try:
            made.append(msgspec.convert(value, target, strict=False))
        except msgspec.ValidationError as error:
            text, _, where = str(error).partition(" - at `$.")
            raise DecodeError(
                f"Row {number} does not fit {model.__name__}: {text}",
                row=number,
                field=where.rstrip("`"),
            ) from error
    return made


@lru_cache(maxsize=512)
def _partial_struct(model: type, selection: Selection) -> type:
    import msgspec

    names = {name for name, _ in selection}
    kept: list[Any] = [
        (field.name, field.type)
        for field in msgspec.structs.fields(model)
        if field.encode_name in names
    ]
    return msgspec.defstruct(f"Partial{model.__name__}", kept, rename=_renamed(model))


def _renamed(model: type) -> dict[str, str]:
    import msgspec

    return {field.name: field.encode_name for field in msgspec.structs.fields(model)}


def _misfit(error: ValidationError, model: type) -> DecodeError:
    first = error.errors()[0]
    row, *path = first["loc"] or (None,)
    where = ".".join(str(part) for part in path)
    at = f", field {where!r}" if where else ""
    return DecodeError(
        f"Row {row} does not fit {model.__name__}{at}: {first['msg']}",
        row=row if isinstance(row, int) else None,
        field=where,
    )


def _frozen(tree: Mapping[str, Any]) -> Selection:
    return tuple((name, _frozen(inner)) for name, inner in tree.items())


def _snake(name: str) -> str:
    """Return a class name in snake case; initials stay together: ``HTTPLog`` is ``http_log``."""
    parts: list[str] = []
    for place, letter in enumerate(name):
        before = name[place - 1] if place else ""
        after = name[place + 1 : place + 2]
        starts = letter.isupper() and (not before.isupper() or after.islower()) and bool(before)
        parts.append(f"_{letter.lower()}" if starts else letter.lower())
    return "".join(parts)
