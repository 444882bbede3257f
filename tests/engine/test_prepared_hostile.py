"""What payloads can do to the place where reads are kept: fill it, slow it down, or get into another's."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.conf import get_settings
from django_flex.engine import prepared
from django_flex.engine.reading import parse
from tests import counting
from tests.doors.fronts import OPEN
from tests.engine.test_prepared_keys import resolved_call, with_payload

pytestmark = pytest.mark.django_db

SHAPES: dict[str, Callable[[int], dict[str, Any]]] = {
    "wildcards": lambda n: {"fields": f"*,customer.*,customer.company.*,a{n}:id", "limit": 1},
    "aliases": lambda n: {"fields": [f"a{n}_{k}:id" for k in range(25)], "limit": 1},
    "numbers": lambda n: {
        "fields": "id",
        "filters": {"or": [{"id": 99_000 + 30 * n + k} for k in range(30)]},
    },
    "negations": lambda n: {
        "fields": "id",
        "filters": {"or": [{"not": {"id": 1}}] * 20},
        "limit": n + 1,
    },
    "nulls": lambda n: {
        "fields": "id",
        "filters": {"or": [{"seats.isnull": True, "id": 1, "price": None}] * 10},
        "limit": n + 1,
    },
}


def ask(payload: dict[str, Any]) -> Any:
    result = FlexQuery("booking").execute(payload)
    assert result.status_code == 200, result.to_dict()
    return result.to_dict()["results"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_read_weighs_no_less_than_the_memory_that_it_takes(bookings, configure, shape):
    configure(EXPOSE=OPEN)
    reads = get_settings().prepared
    reads.checked = False

    def fill(numbers: range) -> None:
        for number in numbers:
            for _ in range(3):
                ask(shape(number))

    fill(range(2))
    tracemalloc.start()
    before, weight, count = tracemalloc.get_traced_memory()[0], reads.weight, len(reads)
    fill(range(2, 22))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert len(reads) - count == 20
    assert taken <= reads.weight - weight


def test_a_row_of_many_values_weighs_more(bookings, configure):
    configure(EXPOSE=OPEN)
    reads = get_settings().prepared
    ask({"fields": "id", "limit": 1})
    narrow = reads.weight
    ask({"fields": "*", "limit": 1})

    assert reads.weight - narrow > narrow + 10 * prepared.WEIGHT_OF_OUTPUT


def nested(width: int, depth: int) -> Any:
    return [nested(width, depth - 1)] * width if depth else 1


@pytest.mark.parametrize("fields", [nested(20, 3), [["id"]] * 5_000], ids=["deep", "long"])
def test_no_more_of_a_payload_is_looked_at_than_may_be_kept(bookings, configure, fields):
    configure(EXPOSE=OPEN)
    reads = get_settings().prepared
    refuse = partial(FlexQuery("booking").execute, {"fields": fields})
    assert refuse().status_code == 400
    looking = min(counting.calls(refuse) for _ in range(3))
    reads.most = 0
    alone = min(counting.calls(refuse) for _ in range(3))

    assert looking < alone + 5 * prepared.MAX_PARTS


def test_nobody_can_send_numbers_that_hash_alike(configure):
    configure(EXPOSE=OPEN)
    pairs = [(-1, -2), (0, 2**61 - 1), (1, 2**61)]
    assert all(hash(one) == hash(other) for one, other in pairs)

    for pair in pairs:
        one, other = (prepared._key(with_payload(resolved_call(), {"id": n})) for n in pair)
        assert hash(one) != hash(other)


def test_a_payload_that_another_thread_changes_meanwhile_is_not_kept_as_what_it_was(
    bookings, configure, monkeypatch
):
    configure(EXPOSE=OPEN)
    payload: dict[str, Any] = {"fields": "id", "filters": {"id": 1}}

    def parse_what_was_changed(resolved: Any) -> Any:
        payload["filters"]["id"] = 2
        return parse(resolved)

    monkeypatch.setattr(prepared, "parse", parse_what_was_changed)
    ask(payload)
    monkeypatch.undo()
    assert payload["filters"]["id"] == 2
    assert len(get_settings().prepared) == 1

    for _ in range(3):
        assert [*ask({"fields": "id", "filters": {"id": 1}})] == ["1"]
        assert [*ask({"fields": "id", "filters": {"id": 2}})] == ["2"]
