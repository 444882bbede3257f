"""The dialect of this package in camelCase: the words of the language, in requests and replies.

Names of columns and relations are the schema's, which already has those that clients use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import get_language, gettext, override

from django_flex.dialects.flex import envelope, requests
from django_flex.dialects.flex.camel.descriptions import describe
from django_flex.dialects.flex.camel.words import (
    CONTROL,
    PARTS_OF_REQUESTS,
    in_camel,
    read_keys,
    read_paths,
    read_query,
    write_query,
)
from django_flex.dialects.flex.dialect import Flex
from django_flex.dialects.flex.streams import format_of
from django_flex.exceptions import ValidationFailedError
from django_flex.languages import ErrorT
from django_flex.plan.json_values import encode
from django_flex.plan.related_pages import ShowPage, with_pages
from django_flex.plan.shape import FlexResult, Page, SingleRow
from django_flex.query.naming import to_camel, to_snake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.dialects.base import RawRequest
    from django_flex.engine.call import Call, ResolvedCall, ShapedResult
    from django_flex.engine.outcomes import ActionOutcome
    from django_flex.exceptions import FlexError
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.results import RelatedPage
    from django_flex.plan.streams import StreamFormat
    from django_flex.policy.model import Policy
    from django_flex.query.ast import ActionCall, Batch, Mutation, Query
    from django_flex.query.limits import Limits
    from django_flex.schema.resources import Resource


@dataclass(frozen=True, slots=True, eq=False)
class Camel(Flex):
    """The wire form of an API version whose names are in camelCase; ``policy`` is that of the door."""

    # An instance lasts for one request, and so would what is kept under it.
    parses_payload_alone: ClassVar[bool] = False
    policy: Policy

    def decode(self, sent: RawRequest, limits: Limits) -> dict[str, object]:
        """Return the payload, whose control keys are those of the language."""
        return read_keys(requests.decode(sent, limits), CONTROL)

    def parse_query(self, resolved: ResolvedCall) -> Query:
        """Read the query object of a call."""
        call, resource = resolved.call, resolved.entry.resource
        payload = read_query(call.payload, resource)
        return Flex.parse_query(self, replace(resolved, call=replace(call, payload=payload)))

    def parse_mutation(self, resolved: ResolvedCall) -> Mutation:
        """Read the write of a call, whose values stay as they are."""
        call, resource = resolved.call, resolved.entry.resource
        payload = _paths_of_write(read_keys(call.payload, CONTROL), resource)
        return Flex.parse_mutation(self, replace(resolved, call=replace(call, payload=payload)))

    def parse_action(
        self, call: Call, *, name: str, scope: str, key_name: str, if_match: str | None
    ) -> ActionCall:
        entry = call.entry or self.policy.names.get(call.resource)
        payload = read_keys(call.payload, CONTROL)
        payload = _paths_of_write(payload, None if entry is None else entry.resource)
        payload = self._inputs(payload)
        inner = payload.get("_input")
        if isinstance(inner, Mapping):
            payload["_input"] = self._inputs(inner)
        return Flex.parse_action(
            self,
            replace(call, payload=payload),
            name=name,
            scope=scope,
            key_name=key_name,
            if_match=if_match,
        )

    def _inputs(self, values: Mapping[str, object]) -> dict[str, object]:
        return read_keys(values, {key: to_snake(key) for key in values})

    def parse_batch(self, call: Call) -> Batch:
        """Read ``_batch``."""
        payload = read_keys(call.payload, CONTROL)
        items = payload.get("_batch")
        if isinstance(items, list | tuple):
            payload["_batch"] = [
                read_keys(one, CONTROL) if isinstance(one, Mapping) else one for one in items
            ]
        return Flex.parse_batch(self, replace(call, payload=payload))

    def stream_format(
        self, name: str | None, plan: ReadPlan, most: int, show: ShowPage | None = None
    ) -> StreamFormat:
        """Return how rows are written in a format."""
        written = format_of(name, plan, most, show=show or _related_page)
        if written.failure is None:
            return written
        return replace(written, failure=partial(self._failure, get_language()))

    def _failure(self, language: str | None, error: FlexError) -> bytes:
        with override(language):
            return encode(self._said(error).to_dict()) + b"\n"

    def reply(
        self, asked: Query | Mutation, shaped: ShapedResult, headers: Mapping[str, str]
    ) -> FlexResult:
        """Return the reply to what was asked."""
        match shaped:
            case Page(pages=pages) if pages is not None:
                rows = [with_pages(row, pages, _related_page) for row in shaped.rows]
                shaped = replace(shaped, rows=rows, pages=None)
            case SingleRow(value=row, pages=pages) if pages is not None:
                shaped = SingleRow(with_pages(row, pages, _related_page))
            case _:
                pass
        result = envelope.reply(asked, shaped, headers)
        data = result.data
        if isinstance(shaped, SingleRow):
            return result
        if "pagination" in data:
            data["pagination"] = self._pagination(data["pagination"], asked.resource)
        if "plan" in data:
            data["plan"] = {key: _keys_in_camel(part) for key, part in data["plan"].items()}
        return result

    def _pagination(self, said: Mapping[str, Any], name: str) -> dict[str, Any]:
        resource = self._resource(name)
        found: dict[str, Any] = {to_camel(key): value for key, value in said.items()}
        return found | {
            key: write_query(found[key], resource) for key in ("next", "prev") if key in found
        }

    def _resource(self, name: str) -> Resource | None:
        entry = self.policy.names.get(name) or self.policy.entries.get(name)
        return None if entry is None else entry.resource

    def reply_to_action(self, outcome: ActionOutcome, headers: Mapping[str, str]) -> FlexResult:
        """Return the reply to a call of a model action; what its code returns stays as it is."""
        result = envelope.reply_to_action(outcome, headers)
        errors = getattr(outcome, "errors", None)
        if errors is not None:
            result.data["errors"] = {
                str(key): self._said(one).to_dict() for key, one in errors.items()
            }
        return result

    def describe(self, facts: object) -> FlexResult:
        """Return the reply with facts about models or actions."""
        return describe(facts)

    def error(self, error: FlexError) -> FlexResult:
        """Return the reply that reports an error, in the active language."""
        return FlexResult.from_error(self._said(error))

    def _said(self, error: ErrorT) -> ErrorT:
        """Return the same error in the active language, with names in camelCase."""
        told = error.in_words(PARTS_OF_REQUESTS, translate=gettext)
        told.message = in_camel(told.message)
        told.path = None if told.path is None else in_camel(told.path)
        told.hint = None if told.hint is None else in_camel(told.hint)
        if isinstance(told, ValidationFailedError):
            told.fields = {self._called(name): said for name, said in told.fields.items()}
            told.codes = {self._called(name): said for name, said in told.codes.items()}
        return told

    def _called(self, name: str) -> str:
        naming = self.policy.schema.naming
        return name if naming is None else naming(name)

    def reply_to_batch(self, replies: Sequence[FlexResult]) -> FlexResult:
        """List the replies; a reply with an error contains its status."""
        results = [
            one.data if one.ok else {"statusCode": one.status_code, **one.data} for one in replies
        ]
        return FlexResult(data={"results": results})


def _paths_of_write(payload: dict[str, object], resource: Resource | None) -> dict[str, object]:
    keys = {"filters", "_filters", "_if", "_fields"} & payload.keys()
    return payload | read_paths({key: payload[key] for key in keys}, resource)


def _related_page(page: RelatedPage) -> dict[str, Any]:
    shown = envelope.related_page(page)
    said = {to_camel(key): value for key, value in shown["pagination"].items()}
    return {**shown, "pagination": said}


def _keys_in_camel(part: object) -> object:
    if isinstance(part, list):
        return [_keys_in_camel(one) for one in part]
    if isinstance(part, dict):
        return {to_camel(str(key)): value for key, value in part.items()}
    return part
