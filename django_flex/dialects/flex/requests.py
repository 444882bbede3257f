"""Builds the query object of a request, and determines its operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.dialects.decoding import parse_json
from django_flex.dialects.flex.forms import decode_form
from django_flex.dialects.flex.parameters import merge, parse_parameters
from django_flex.dialects.flex.parser import as_mapping, parse_operation
from django_flex.exceptions import QueryError, RequestError
from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.operations import BATCH, OPERATIONS
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_flex.dialects.base import MethodOperation, RawRequest
    from django_flex.query.limits import Limits

_WRITE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Control keys with values; the others are allowed in the URL.
_VALUES = frozenset({"_set", "_items", "_batch"})
_WHOLE = worded('\'q\' is a whole query, as in q={"fields": "id"}; to search for a text: search=…')


def decode(sent: RawRequest, limits: Limits) -> dict[str, object]:
    """Return the query object of a request: the body, overridden by ``q``, then by parameters.

    Raises:
        RequestError: the body is not JSON, or a parameter is invalid.
        QueryError: body or ``q`` is JSON, but not an object.
    """
    payload = dict(_body(sent, limits))
    given = parse_parameters(sent.parameters)
    if sent.method in _WRITE_METHODS and "match" in given:
        if "_match" in given:
            raise QueryError("'match' and '_match' are the same parameter", path="match")
        given["_match"] = given.pop("match")
    if "q" in given:
        whole = given.pop("q")
        if not isinstance(whole, str):
            raise RequestError("'q' has to be a JSON object", path="q", hint=_WHOLE)
        payload = merge(payload, _whole(whole, limits))
    return merge(payload, given)


def _whole(text: str, limits: Limits) -> Mapping[str, object]:
    """Return the query in ``q``, which elsewhere is a text to search for."""
    if not text.lstrip().startswith(("{", "[")):
        raise RequestError("'q' has to be a JSON object", path="q", hint=_WHOLE)
    return as_mapping(parse_json(text.encode(errors="replace"), limits, "q"), "q")


def _body(sent: RawRequest, limits: Limits) -> Mapping[str, object]:
    if sent.form is not None:
        return decode_form(sent.form, limits, lists=sent.lists)
    if not sent.body:
        return {}
    value = parse_json(sent.body, limits, "body")
    if sent.lists and isinstance(value, list):
        return {"_items": value}
    return as_mapping(value, "body")


def agreed_operation(
    payload: Mapping[str, object], meaning: MethodOperation, *, actions: Callable[[], bool]
) -> str:
    """Return the operation; ``_action`` may only name one that the URL and method allow.

    Raises:
        QueryError: they contradict each other.
    """
    if "_batch" in payload and _takes_batches(meaning):
        return BATCH
    if "_action" not in payload or payload["_action"] is None:
        has_key = "_id" in payload or "id" in payload
        default = meaning.operation or "list"
        return "get" if default == "list" and has_key else default
    if _may_be_action(payload["_action"], meaning, actions=actions):
        return str(payload["_action"])
    named = parse_operation(payload, "")
    if meaning.choices is None or named in meaning.choices:
        return named
    means = worded("mean '{}'", meaning.operation) if meaning.operation else worded("only read")
    raise QueryError(
        worded("'_action' contradicts this URL and method, which {}", means), path="_action"
    )


def _takes_batches(meaning: MethodOperation) -> bool:
    """Whether a URL accepts ``_batch``: the single endpoint with any method, others for writes."""
    return meaning.operation is None or (meaning.choices is None and meaning.operation != "add")


def _may_be_action(name: object, meaning: MethodOperation, *, actions: Callable[[], bool]) -> bool:
    """Whether ``_action`` may name a model action; which ones exist, only the engine knows.

    Every name that is not a core operation is treated alike, so that its reply does not reveal
    whether some model has such an action.
    """
    if not isinstance(name, str):
        return False
    if name == meaning.operation:
        return True
    return meaning.choices is None and name not in OPERATIONS and actions()


def with_key(payload: Mapping[str, object], pk: str | None) -> Mapping[str, object]:
    """Add the key in the URL to the payload; a key in the body has to be equal."""
    if pk is None:
        return payload
    if "_id" in payload and str(payload["_id"]) != pk:
        raise QueryError("The key in the body differs from the one in the URL", path="_id")
    return {**payload, "_id": ParameterText(pk)}


def check_write(sent: RawRequest) -> None:
    """Refuse values in the URL of a write."""
    for name, _ in sent.parameters:
        key = name.partition(".")[0]
        if key in _VALUES or not (key.startswith("_") or key == "match"):
            raise RequestError(
                worded("'{}' cannot be a parameter of a write", excerpt(name)),
                path=excerpt(name),
                hint="values go into the body, as JSON",
            )
