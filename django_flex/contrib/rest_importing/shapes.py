"""What a serializer shows and takes, as paths of the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rest_framework import relations, serializers

from django_flex.contrib.rest_importing.probing import NotUnderstoodError
from django_flex.scaffold.trying import takes_field
from django_flex.schema.paths import UnknownPathError, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.policy.guarding import Guard
    from django_flex.schema.resources import Attribute, Relation, Resource

_OURS = "rest_framework."
#: The methods of a serializer that decide what it shows.
_SHOWING = ("to_representation", "data", "many_init", "_readable_fields")
#: Fields that show a value of any kind as it is.
_ANY = frozenset({serializers.ReadOnlyField, serializers.ModelField})
_TEXTS = frozenset(
    {
        *(serializers.CharField, serializers.EmailField, serializers.RegexField),
        *(serializers.SlugField, serializers.URLField, serializers.IPAddressField),
        *(serializers.ChoiceField, serializers.FilePathField),
    }
)
#: Fields that show all of a value of a kind; others may show a part, and we would show the whole.
_WHOLE: Mapping[str, frozenset[type]] = {
    "text": _TEXTS,
    "integer": frozenset(
        {serializers.IntegerField, serializers.CharField, serializers.ChoiceField}
        # Of newer versions, for keys that are larger than a number of JavaScript can be.
        | {getattr(serializers, "BigIntegerField", serializers.IntegerField)}
    ),
    "decimal": frozenset({serializers.DecimalField, serializers.CharField}),
    "float": frozenset({serializers.FloatField, serializers.CharField}),
    "boolean": frozenset({serializers.BooleanField, serializers.CharField}),
    "date": frozenset({serializers.DateField}),
    "datetime": frozenset({serializers.DateTimeField}),
    "time": frozenset({serializers.TimeField}),
    "duration": frozenset({serializers.DurationField}),
    "uuid": frozenset({serializers.UUIDField, serializers.CharField}),
    "json": frozenset({serializers.JSONField}),
    "file": frozenset({serializers.FileField, serializers.ImageField}),
}
_ISO = frozenset({None, "iso-8601"})
_USER = {"$user": "id"}


@dataclass(slots=True)
class Shape:
    """What one serializer shows and takes.

    Attributes:
        reads: the paths that it shows.
        writes: the columns that it takes.
        presets: columns that it sets itself.
        tells_key: whether it shows the key of the row, if only as a part of a URL.
        linked: the other columns that it shows as a part of a URL.
        incomplete: why a row cannot be added through it.
        gaps: what is left out, and why, by the name of the field.
    """

    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    presets: dict[str, object] = field(default_factory=dict)
    tells_key: bool = False
    linked: list[str] = field(default_factory=list)
    incomplete: str = ""
    gaps: dict[str, str] = field(default_factory=dict)


class NotShownError(Exception):
    """A field shows something else than a column; the text says what."""


def shows_itself(kind: type[Any]) -> str:
    """Return which method of a serializer's class is code of the project; empty for none."""
    for name in _SHOWING:
        bases = (serializers.ModelSerializer, serializers.Serializer, serializers.ListSerializer)
        here = getattr(kind, name, None)
        if not any(_same(here, getattr(base, name, None)) for base in bases):
            return name
    return ""


def refuse_own_code(serializer: Any) -> None:
    """Refuse a serializer, of one row or of many, that decides by code what it shows.

    Raises:
        NotUnderstoodError: it does.
    """
    own = shows_itself(type(serializer))
    if own:
        raise NotUnderstoodError(f"'{own}' of {type(serializer).__name__} is not understood")


def _same(here: object, there: object) -> bool:
    """Whether two methods are one; a method of the class is bound to it."""
    return getattr(here, "__func__", here) is getattr(there, "__func__", there)


def shape_of(serializer: Any, resource: Resource, guard: Guard, hidden: frozenset[str]) -> Shape:
    """Return what a serializer shows and takes.

    Args:
        serializer: an instance; its fields are read.
        resource: of its model.
        guard: which fields are left out, since their names say that they are secrets.
        hidden: relations whose rows the view restricts.

    Raises:
        NotUnderstoodError: code of the project decides what it shows.
    """
    refuse_own_code(serializer)
    shape = Shape()
    for name, one in serializer.fields.items():
        if not one.write_only and not isinstance(one, serializers.HiddenField):
            _add_shown(name, one, resource, shape, (guard, hidden))
        if not one.read_only:
            _add_taken(name, one, resource, shape, guard)
    shape.reads = [*dict.fromkeys(shape.reads)]
    return shape


def _add_shown(
    name: str, one: Any, resource: Resource, shape: Shape, rules: tuple[Guard, frozenset[str]]
) -> None:
    if type(one) is serializers.HyperlinkedIdentityField:
        if one.lookup_field in {"pk", resource.pk.name}:
            shape.tells_key = True
            return
        shape.linked.append(one.lookup_field.replace("__", "."))
    try:
        found = list(_paths(one, (), resource, rules))
    except NotShownError as error:
        shape.gaps[name] = str(error)
        return
    for path, gap in found:
        if gap:
            shape.gaps[".".join((name, *path[1:]))] = gap
        else:
            shape.reads.append(".".join(path))
            if len(found) == 1 and path != (name,):
                shape.gaps[name] = f"is '{'.'.join(path)}' here"
    if len(found) == 1 and found[0][0] in {("pk",), (resource.pk.name,)} and not found[0][1]:
        shape.tells_key = True


def _paths(
    one: Any, before: tuple[str, ...], resource: Resource, rules: tuple[Guard, frozenset[str]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the paths that a field shows, each with the reason why it is left out, if it is.

    Raises:
        NotShownError: the field shows no column, or is code of the project.
    """
    if one.source == "*":
        raise NotShownError("shows what code makes of the row")
    *ways, last = one.source.split(".")
    if not rules[1].isdisjoint((*ways, last)):
        raise NotShownError("the view restricts which related rows are shown")
    path, here = before, resource
    for way in ways:
        relation = _relation(way, here)
        if relation.cardinality != "one":
            raise NotShownError(f"'{way}' is a list")
        path, here = (*path, relation.name), relation.target
    if _many(one) is not None or isinstance(one, serializers.BaseSerializer):
        yield from _nested(one, path, last, here, rules)
    elif isinstance(one, relations.RelatedField | relations.ManyRelatedField):
        yield _related(one, path, last, here, rules[0])
    else:
        yield _column(one, path, last, here, rules[0])


def _many(one: Any) -> Any:
    """Return the serializer of each item of a list."""
    return one.child if isinstance(one, serializers.ListSerializer) else None


def _nested(
    one: Any,
    path: tuple[str, ...],
    name: str,
    resource: Resource,
    rules: tuple[Guard, frozenset[str]],
) -> Iterator[tuple[tuple[str, ...], str]]:
    relation = _relation(name, resource)
    inner = _many(one) or one
    own = shows_itself(type(one)) or shows_itself(type(inner))
    if own:
        raise NotShownError(f"'{own}' of {type(inner).__name__} is not understood")
    if (relation.cardinality == "many") is not (inner is not one):
        raise NotShownError("shows a list as a row, or a row as a list")
    if not hasattr(inner, "fields"):
        raise NotShownError(f"{type(inner).__name__} has no fields")
    for key, field_ in inner.fields.items():
        if field_.write_only:
            continue
        try:
            yield from _paths(field_, (*path, relation.name), relation.target, rules)
        except NotShownError as error:
            yield (*path, relation.name, key), str(error)


def _related(
    one: Any, path: tuple[str, ...], name: str, resource: Resource, guard: Guard
) -> tuple[tuple[str, ...], str]:
    many = isinstance(one, relations.ManyRelatedField)
    if many and type(one) is not relations.ManyRelatedField:
        raise NotShownError(f"{type(one).__name__} is code of the project")
    inner = one.child_relation if many else one
    relation = _relation(name, resource)
    if guard.covers_relation(resource, relation.name):
        raise NotShownError("is guarded by its name")
    if (relation.cardinality == "many") is not many:
        raise NotShownError("shows a list as a row, or a row as a list")
    if type(inner) is relations.PrimaryKeyRelatedField and inner.pk_field is None:
        return _granted((*path, relation.name), resource, path)
    if type(inner) is relations.SlugRelatedField:
        further = (*path, relation.name)
        column = inner.slug_field.replace("__", ".")
        return _column(serializers.ReadOnlyField(), further, column, relation.target, guard)
    raise NotShownError(f"{type(inner).__name__} shows what is no column")


def _column(
    one: Any, path: tuple[str, ...], name: str, resource: Resource, guard: Guard
) -> tuple[tuple[str, ...], str]:
    attribute = resource.attribute(name)
    if attribute is None or attribute.computed is not None:
        raise NotShownError(f"'{name}' is no column")
    if guard.covers(resource, attribute):
        raise NotShownError("is guarded by its name: add it if it is meant to be shown")
    if not _shows_all(one, attribute):
        raise NotShownError(f"{type(one).__name__} may show another value than the column has")
    return _granted((*path, attribute.name), resource, path)


def _granted(
    path: tuple[str, ...], resource: Resource, before: tuple[str, ...]
) -> tuple[tuple[str, ...], str]:
    """Return a path, and why no grant can have it."""
    here = ".".join(path[len(before) :])
    return path, "" if takes_field(here, resource) else "is no field here"


def _shows_all(one: Any, attribute: Attribute) -> bool:
    """Whether a field shows the value of a column, and not something that is made of it."""
    kind = type(one)
    if kind in _ANY:
        return True
    if attribute.reference:
        return kind in _WHOLE["integer"] | _WHOLE["uuid"]
    if kind not in _WHOLE.get(attribute.kind, frozenset()):
        return False
    if getattr(one, "format", None) not in _ISO and kind is not serializers.UUIDField:
        return False
    places = getattr(one, "decimal_places", None)
    return places is None or attribute.scale is None or places >= attribute.scale


def _relation(name: str, resource: Resource) -> Relation:
    """Return a relation of a resource. Raises ``NotShownError``."""
    found = resource.relation(name)
    if found is None or found.typed_key is not None:
        raise NotShownError(f"'{name}' is no relation")
    try:
        resolve_hops(resource, (found.name,))
    except UnknownPathError as error:
        raise NotShownError(f"'{name}' leads to nothing that can be exposed") from error
    return found


def _add_taken(name: str, one: Any, resource: Resource, shape: Shape, guard: Guard) -> None:
    """Add a column that a serializer takes, or sets."""
    reason, column = _taken(name, one, resource, guard)
    if isinstance(one, serializers.HiddenField):
        if not reason and isinstance(one.default, serializers.CurrentUserDefault):
            shape.presets[column] = _USER
        else:
            shape.incomplete = f"'{name}' is set by code"
    elif reason:
        shape.gaps.setdefault(name, reason)
        if one.required:
            shape.incomplete = f"'{name}' is required: {reason}"
    else:
        shape.writes.append(column)


def _taken(name: str, one: Any, resource: Resource, guard: Guard) -> tuple[str, str]:
    """Return why a field cannot be written here, and its column."""
    if name != one.source:
        return f"is written to '{one.source}', under another name", ""
    if isinstance(one, serializers.BaseSerializer):
        return "takes a nested object", ""
    attribute, relation = resource.attribute(name), resource.relation(name)
    if relation is not None and relation.linked and not relation.reverse:
        guarded = guard.covers_relation(resource, relation.name)
        return "is guarded by its name" if guarded else "", relation.name
    if attribute is None or attribute.computed is not None or attribute.generated:
        return "is no column", ""
    if guard.covers(resource, attribute):
        return "is guarded by its name: add it if it is meant to be written", ""
    # The serializer gets the column under its own name: a foreign key without `_id`.
    return ("", attribute.name) if attribute.own_name == name else ("has another name", "")
