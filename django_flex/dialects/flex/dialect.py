"""The dialect of this package, which combines its parsers and its envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django_flex.dialects.flex import requests
from django_flex.dialects.flex.actions import parse_call
from django_flex.dialects.flex.batch import check_size, parse_batch, with_references
from django_flex.dialects.flex.description import describe
from django_flex.dialects.flex.envelope import reply, reply_to_action, reply_to_error
from django_flex.dialects.flex.logged import names_in, rows_in
from django_flex.dialects.flex.mutations import parse_mutation
from django_flex.dialects.flex.operations import default_operation, first_write
from django_flex.dialects.flex.parser import parse_query
from django_flex.dialects.flex.streams import format_of
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django_flex.engine.call import Call, ResolvedCall
    from django_flex.query.ast import ActionCall, Batch, Mutation, Query
    from django_flex.query.limits import Limits


class Flex:
    """The wire form that the contract describes; it has no state."""

    __slots__ = ()
    takes_forms: ClassVar[bool] = True
    hides_models: ClassVar[bool] = False
    parses_payload_alone: ClassVar[bool] = True
    not_prepared: ClassVar[frozenset[str]] = frozenset(
        ("cursor", "distinct", "explain", "having", "related", "search")
    )

    # Methods that would only pass on their arguments are the functions themselves, to save calls.
    decode = staticmethod(requests.decode)
    agreed_operation = staticmethod(requests.agreed_operation)
    with_key = staticmethod(requests.with_key)
    check_write = staticmethod(requests.check_write)
    first_write = staticmethod(first_write)
    names_in = staticmethod(names_in)
    rows_in = staticmethod(rows_in)
    operation_of = staticmethod(default_operation)
    stream_format = staticmethod(format_of)
    reply = staticmethod(reply)
    reply_to_action = staticmethod(reply_to_action)
    describe = staticmethod(describe)
    error = staticmethod(reply_to_error)

    def writes_one_row(self, payload: Mapping[str, object]) -> bool:
        """Whether there are no ``_items``, and no ``_dry_run``."""
        return {"_items", "_dry_run"}.isdisjoint(payload)

    def parse_query(self, resolved: ResolvedCall) -> Query:
        """Read the query object of a call."""
        call = resolved.call
        return parse_query(
            call.payload,
            call.settings.limits,
            resource=resolved.entry.name,
            operation=call.operation,
            key_name=resolved.entry.resource.key_name,
            lenient=call.lenient,
            stream=call.accepts,
            shape=call.settings.default_shape,
        )

    def parse_mutation(self, resolved: ResolvedCall) -> Mutation:
        """Read the write of a call."""
        call = resolved.call
        return parse_mutation(
            call.payload,
            call.settings.limits,
            resource=resolved.entry.name,
            operation=call.operation,
            key_name=resolved.entry.resource.key_name,
            if_match=call.if_match,
            lenient=call.lenient,
        )

    def parse_action(
        self,
        call: Call,
        *,
        name: str,
        scope: str,
        key_name: str,
        if_match: str | None,
    ) -> ActionCall:
        """Tell control keys from inputs."""
        return parse_call(
            call.payload,
            call.settings.limits,
            name=name,
            scope=scope,
            key_name=key_name,
            if_match=if_match,
            lenient=call.lenient,
        )

    def parse_batch(self, call: Call) -> Batch:
        """Read ``_batch``."""
        return parse_batch(call.payload, call.settings.limits, lenient=call.lenient)

    def resource_of(self, payload: Mapping[str, object]) -> object:
        """Return ``_model``."""
        return payload.get("_model")

    def key_of(self, payload: Mapping[str, object]) -> object:
        """Return ``_id``."""
        return payload.get("_id")

    def names_operation(self, payload: Mapping[str, object]) -> bool:
        """Whether there is an ``_action``."""
        return "_action" in payload

    def with_references(
        self,
        payload: Mapping[str, object],
        replies: Mapping[str, object],
        place: str,
        limits: Limits,
    ) -> Mapping[str, object]:
        """Put values in for ``{"$ref": …}``."""
        filled: Mapping[str, object] = with_references(payload, replies, place)
        check_size(filled, limits, place)
        return filled

    def reply_to_batch(self, replies: Sequence[FlexResult]) -> FlexResult:
        """List the replies; a reply with an error contains its status."""
        results = [
            one.data if one.ok else {"status_code": one.status_code, **one.data} for one in replies
        ]
        return FlexResult(data={"results": results})


FLEX = Flex()
