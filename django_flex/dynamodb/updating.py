"""Changes in Django's words, as updates of the core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django_flex.dynamodb.core.expressions import Placeholders, TooComplexError
from django_flex.dynamodb.core.updates import Assignment, Change, Update, update_text
from django_flex.dynamodb.core.values import encode
from django_flex.dynamodb.exceptions import (
    DynamoDBQuerySetError,
    InvalidOperator,
    InvalidValueError,
)
from django_flex.dynamodb.introspection import ModelDescription
from django_flex.dynamodb.serializing import Place, place_of, serialized

CHANGES = {one.value: one for one in Change if one is not Change.SET}


def update_of(description: ModelDescription, changes: Mapping[str, Any]) -> Update:
    """Return the update for changes such as ``name="x"``, ``views__inc=1``, ``tags__add={"a"}``.

    ``None`` removes an attribute, and so does ``name__unset=True``. A version is increased, too.

    Raises:
        DynamoDBQuerySetError: a part of the key is changed, two changes overlap, or there is none.
        InvalidOperator: a change does not exist.
        InvalidValueError: a value does not have the type of the attribute.
    """
    if not changes:
        raise DynamoDBQuerySetError("an update changes at least one attribute")
    found = [_assignment(description, name, value) for name, value in changes.items()]
    if description.version is not None:
        path = (description.stored[description.version],)
        found.append(Assignment(path=path, change=Change.INCREMENT, value=encode(1)))
    _check_overlap(found)
    update = Update(tuple(found))
    try:
        update_text(update, Placeholders())
    except TooComplexError as error:
        raise InvalidValueError(str(error)) from error
    return update


def _assignment(description: ModelDescription, name: str, value: Any) -> Assignment:
    place, rest = place_of(description, name.split("__"))
    if place.path[0] in description.table.key.names:
        raise DynamoDBQuerySetError(f"{place.name} is part of the key, which never changes")
    if len(rest) > 1 or (rest and rest[0] not in CHANGES):
        there = ", ".join(sorted(CHANGES))
        raise InvalidOperator(f"there is no change {'__'.join(rest)!r}; there are {there}")
    change = CHANGES[rest[0]] if rest else Change.SET
    if change is Change.REMOVE or value is None:
        return _removed(place)
    return Assignment(path=place.path, change=change, value=_operand(place, change, value))


def _removed(place: Place) -> Assignment:
    if place.attribute is not None and not place.attribute.null and len(place.path) == 1:
        raise DynamoDBQuerySetError(f"{place.name} is not null, so it cannot be removed")
    return Assignment(path=place.path, change=Change.REMOVE)


def _operand(place: Place, change: Change, value: Any) -> Any:
    kind = place.attribute.attr_type if place.attribute is not None else None
    needed = {
        Change.INCREMENT: {"N"},
        Change.APPEND: {"L"},
        Change.PREPEND: {"L"},
        Change.ADD: {"SS", "NS", "BS"},
        Change.DELETE: {"SS", "NS", "BS"},
    }.get(change)
    if needed is not None and kind is not None and kind not in needed:
        raise InvalidOperator(f"{place.name} has no change {change.value!r}")
    if change in {Change.ADD, Change.DELETE} and len(place.path) > 1:
        raise InvalidOperator(f"{change.value!r} is for attributes, not for what is inside them")
    if change in {Change.APPEND, Change.PREPEND} and not isinstance(value, list | tuple):
        raise InvalidOperator(f"{change.value!r} takes a list")
    return serialized(place, [*value] if isinstance(value, tuple) else value)


def _check_overlap(assignments: Iterable[Assignment]) -> None:
    """Refuse two changes of which one is inside the other, for which DynamoDB has no order."""
    paths = sorted((one.path for one in assignments), key=repr)
    for number, path in enumerate(paths):
        for other in paths[number + 1 :]:
            shorter = min(len(path), len(other))
            if path[:shorter] == other[:shorter]:
                raise DynamoDBQuerySetError(f"{path[0]} is changed twice")
