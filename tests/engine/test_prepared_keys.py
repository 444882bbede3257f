"""The key of a read that is kept has all that its meaning depends on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils.safestring import SafeString

from django_flex import FlexQuery
from django_flex.access.actor import Actor
from django_flex.bounded_cache import BoundedCache
from django_flex.conf import get_settings
from django_flex.dialects.flex import FLEX
from django_flex.dialects.flex.dialect import Flex
from django_flex.engine import prepared
from django_flex.engine.call import Call, ResolvedCall, resolve_call
from tests.doors.fronts import OPEN

#: As often as a payload has to be asked for its template to be used.
TIMES = 6


def resolved_call() -> ResolvedCall:
    settings = get_settings()
    call = Call(
        settings=settings,
        dialect=FLEX,
        policy=settings.policy,
        resource="booking",
        operation="list",
        payload={"fields": "id"},
        actor=Actor(),
    )
    return resolve_call(call, settings.policy.names["booking"])


OTHERS: dict[str, Callable[[ResolvedCall], ResolvedCall]] = {
    "payload": lambda one: replace(one, call=replace(one.call, payload={"fields": "status"})),
    "operation": lambda one: replace(one, call=replace(one.call, operation="get")),
    "lenient": lambda one: replace(one, call=replace(one.call, lenient=True)),
    "dialect": lambda one: replace(one, call=replace(one.call, dialect=Flex())),
    "entry": lambda one: replace(one, entry=replace(one.entry)),
    "grant": lambda one: replace(one, granted=granted_of(one, role="other")),
    "shape": lambda one: with_settings(one, default_shape="list"),
    "limits": lambda one: with_settings(one, limits=replace(one.call.settings.limits, max_limit=3)),
    "backends": lambda one: with_settings(one, backends=replace(one.call.settings.backends)),
}
UNKEPT: dict[str, Callable[[ResolvedCall], ResolvedCall]] = {
    "policy": lambda one: replace(one, call=replace(one.call, policy=replace(one.call.policy))),
    "entry": lambda one: replace(one, call=replace(one.call, entry=one.entry)),
    "operator": lambda one: replace(one, call=replace(one.call, by_operator=True)),
    "format": lambda one: replace(one, call=replace(one.call, accepts="csv")),
    "no-grant": lambda one: replace(one, granted=replace(one.granted, grant=None)),
    "cursor": lambda one: with_payload(one, {"cursor": True}),
    "related": lambda one: with_payload(one, {"related": {}}),
    "no-room": lambda one: with_settings(one, prepared=BoundedCache(0, one.call.policy)),
    "number": lambda one: replace(one, call=replace(one.call, payload={"limit": 1.0})),
    "object": lambda one: replace(one, call=replace(one.call, payload={"fields": object()})),
    "own-text": lambda one: replace(one, call=replace(one.call, payload={"a": SafeString("b")})),
    "long": lambda one: replace(one, call=replace(one.call, payload={"a": "b" * 2_000})),
    "deep": lambda one: replace(one, call=replace(one.call, payload=deep(20))),
    "large": lambda one: with_payload(one, {"a": 2**200}),
    "many": lambda one: replace(one, call=replace(one.call, payload={"a": [1] * 100})),
}


def with_settings(one: ResolvedCall, **others: Any) -> ResolvedCall:
    return replace(one, call=replace(one.call, settings=replace(one.call.settings, **others)))


def with_payload(one: ResolvedCall, payload: dict[str, Any]) -> ResolvedCall:
    return replace(one, call=replace(one.call, payload=payload))


def granted_of(one: ResolvedCall, **others: Any) -> Any:
    assert one.granted.grant is not None
    return replace(one.granted, grant=replace(one.granted.grant, **others))


def deep(levels: int) -> dict[str, Any]:
    return {"a": deep(levels - 1)} if levels else {}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_all_that_a_query_depends_on_is_in_its_key(configure, change):
    configure(EXPOSE=OPEN)
    one = resolved_call()

    assert prepared._key(one) == prepared._key(replace(one)) is not None
    assert prepared._key(change(one)) not in {None, prepared._key(one)}


@pytest.mark.parametrize("change", UNKEPT.values(), ids=UNKEPT)
def test_what_may_be_another_one_each_time_is_not_kept(configure, change):
    configure(EXPOSE=OPEN)

    assert prepared._key(change(resolved_call())) is None


VALUE_PAIRS: dict[str, tuple[Any, Any]] = {
    "true-and-one": ({"seats": 1}, {"seats": True}),
    "text-and-number": ({"seats": "1"}, {"seats": 1}),
    "null-and-text": ({"status": None}, {"status": "null"}),
    "order-of-keys": ({"id.gte": 1, "id.lt": 9}, {"id.lt": 9, "id.gte": 1}),
    "list-and-text": ({"status.in": ["a,b"]}, {"status.in": "a,b"}),
}


@pytest.mark.parametrize("pair", VALUE_PAIRS.values(), ids=VALUE_PAIRS)
def test_equal_values_of_different_types_are_different_payloads(bookings, configure, pair):
    configure(EXPOSE=OPEN)

    def answers(filters: Any) -> str:
        query = {"fields": "id", "filters": filters, "limit": 1}
        return json.dumps(FlexQuery("booking").execute(query).to_dict())

    alone = []
    for filters in pair:
        get_settings().prepared.clear()
        alone.append(answers(filters))
    for _ in range(TIMES):
        assert [answers(filters) for filters in pair] == alone
