"""Checks and errors that all inputs of actions have in common."""

from __future__ import annotations

from collections.abc import Mapping

from django_flex.exceptions import UnknownKeyError, ValidationFailedError
from django_flex.exceptions.places import Place, inside, worded
from django_flex.languages import in_language
from django_flex.query.terms import excerpt, nearest
from django_flex.schema.inputs import check_json
from django_flex.schema.values import UnfitValueError

MAX_MESSAGE = 300


def check_names(
    values: Mapping[str, object],
    names: frozenset[str],
    allowed: frozenset[str] | None,
    place: Place = "",
) -> None:
    """Refuse unknown inputs, and with the same message those that the role may not send.

    Args:
        values: what was sent.
        names: the inputs of the action.
        allowed: those that the role may send, ``None`` for all.
        place: where in the payload the values are.

    Raises:
        UnknownKeyError: it names the most similar name that may be sent.
        ValidationFailedError: a value that no column can store.
    """
    known = names if allowed is None else names & allowed
    for name in values:
        if name not in known:
            text = excerpt(name)
            hint = nearest(text, sorted(known)) or _all(known)
            raise UnknownKeyError(
                worded("Unknown key '{}'", text), path=inside(place, text), hint=hint
            )
    faults = {name: fault for name, value in values.items() if (fault := _unfit(value))}
    if faults:
        raise failure(faults)


def _all(names: frozenset[str]) -> str:
    return (
        worded("one of {}", ", ".join(sorted(names)))
        if names
        else worded("the action has no input")
    )


def _unfit(value: object) -> str | None:
    try:
        check_json(value)
    except UnfitValueError as error:
        return worded("This has to be {}.", error.expected)
    return None


def failure(faults: Mapping[str, str], code: str = "invalid") -> ValidationFailedError:
    """Return an error with one message for each input."""
    fields = {name: [in_language(text)[:MAX_MESSAGE]] for name, text in faults.items()}
    return ValidationFailedError(fields, {name: [code] for name in fields})


def object_schema(
    properties: Mapping[str, object],
    required: list[str],
    shared: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return JSON Schema of an object with only these properties."""
    schema: dict[str, object] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return {**schema, "$defs": dict(shared)} if shared else schema
