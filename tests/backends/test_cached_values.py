"""A statement that was made for one value never answers for another that Django asks otherwise for."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, Lookup, Q
from django.db.models.functions import Upper
from django.test.utils import register_lookup
from django.utils.functional import SimpleLazyObject

from django_flex import FlexQuery
from django_flex.backends.orm.prepared import statement_cache
from django_flex.backends.orm.prepared.statements import StatementSource, compile_statement
from tests.caching import begin_unchecked, statements
from tests.testapp.kinds import PREFIX, Sample

LEAST, MOST = -(2**31), 2**31 - 1
RULE: ContextVar[Any] = ContextVar("rule")


@pytest.fixture(autouse=True)
def nothing_cached(db: None, configure: Callable[..., None]) -> None:
    """Begin and end without statements, and compare none with Django's but those on probation."""
    configure()
    begin_unchecked()


@pytest.fixture
def samples(configure: Callable[..., None]) -> list[int]:
    """Six samples, their numbers from 0 to 5, every second one with its flag; the rows that RULE says."""
    configure(
        {
            "sample": {
                "anon": {
                    "rows": lambda _user, _request: RULE.get(),
                    "fields": "*",
                    "filters": "*",
                    "order_by": "*",
                    "write_fields": ["note"],
                    "aggregates": "*",
                    "ops": ["list", "get", "edit", "aggregate"],
                }
            }
        }
    )
    RULE.set(Q(pk__gt=0))
    made = [
        Sample.objects.create(
            whole=n, some=n, tiny=n, name=f"n{n}", flag=bool(n % 2), folded=f"f{n}" if n else None
        )
        for n in range(6)
    ]
    return [one.pk for one in made]


def ask(keys: list[int], **query: Any) -> list[int]:
    """Return the numbers of the samples that a list has."""
    reply = FlexQuery("sample").execute({"fields": "id", "_action": "list", **query})
    assert reply.status_code == 200, reply.to_dict()
    return [keys.index(int(key)) for key in reply.to_dict()["results"]]


def ruled(keys: list[int], rule: Q) -> list[int]:
    RULE.set(rule)
    return ask(keys)


EVERYTHING = [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("first", "all_of_them", "second", "expected"),
    [
        pytest.param({"some.gte": LEAST - 1}, True, {"some.gte": 4}, [4, 5], id="gte"),
        pytest.param({"whole.gt": LEAST - 1}, True, {"whole.gt": 4}, [5], id="gt"),
        pytest.param({"whole.lt": 2**31}, True, {"whole.lt": 2}, [0, 1], id="lt"),
        pytest.param({"whole.lte": 10**12}, True, {"whole.lte": 1}, [0, 1], id="lte"),
        pytest.param(
            {"not": {"whole": 2**40}}, True, {"not": {"whole": 5}}, EVERYTHING[:5], id="not"
        ),
        pytest.param(
            {"or": {"whole": 2**40, "name": "n0"}},
            False,
            {"or": {"whole": 3, "name": "n0"}},
            [0, 3],
            id="or",
        ),
        pytest.param({"tiny.gte": -40_000}, True, {"tiny.gte": 5}, [5], id="small"),
        pytest.param(
            {"not": {"some.lt": -(2**33)}}, True, {"not": {"some.lt": 5}}, [5], id="not-lt"
        ),
        pytest.param({"some.in": [2**40, 2**41]}, False, {"some.in": [1, 2]}, [1, 2], id="in"),
        pytest.param(
            {"not": {"some.in": []}}, True, {"not": {"some.in": [1]}}, [0, 2, 3, 4, 5], id="not-in"
        ),
        pytest.param({"some.in": [1, 1]}, False, {"some.in": [1, 2]}, [1, 2], id="twice"),
    ],
)
def test_condition_that_one_value_takes_out_is_there_for_the_next(
    samples: list[int], first: Any, all_of_them: bool, second: Any, expected: list[int]
) -> None:
    odd = ask(samples, filters=first)

    assert odd == EVERYTHING or not all_of_them
    assert expected == ask(samples, filters=second)
    assert odd == ask(samples, filters=first)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(Q(flag=1), Q(flag=0), [0, 2, 4], id="flag-1-0"),
        pytest.param(Q(flag=0), Q(flag=1), [1, 3, 5], id="flag-0-1"),
        pytest.param(~Q(flag=1), ~Q(flag=0), [1, 3, 5], id="not-flag"),
        pytest.param(Q(flag="1"), Q(flag="0"), [0, 2, 4], id="flag-text"),
        pytest.param(Q(flag=Decimal(1)), Q(flag=Decimal(0)), [0, 2, 4], id="flag-decimal"),
        pytest.param(Q(flag=True), Q(flag=1), [1, 3, 5], id="true-1"),
        pytest.param(Q(flag=True), Q(flag=0), [0, 2, 4], id="true-0"),
        pytest.param(Q(whole__lte=10**19), Q(whole__lte=1), [0, 1], id="lte"),
        pytest.param(Q(whole__lte=1), Q(whole__lte=10**19), EVERYTHING, id="lte-back"),
        pytest.param(~Q(whole__in=[]), ~Q(whole__in=[1]), [0, 2, 3, 4, 5], id="not-in-nothing"),
        pytest.param(~Q(whole__in=[None]), ~Q(whole__in=[1]), [0, 2, 3, 4, 5], id="not-in-null"),
        pytest.param(~Q(whole__in=[1]), ~Q(whole__in=[None]), EVERYTHING, id="null-back"),
        pytest.param(Q(whole__in={1, 2}), Q(whole__in={3, 4}), [3, 4], id="set"),
        pytest.param(Q(whole__in=(1, 2)), Q(whole__in=(3, 4)), [3, 4], id="tuple"),
        pytest.param(Q(folded="F1"), Q(folded=""), [0], id="no-value-of-the-field"),
        pytest.param(~Q(folded="F1"), ~Q(folded=""), [1, 2, 3, 4, 5], id="not-no-value"),
        pytest.param(Q(folded=""), Q(folded="F1"), [1], id="no-value-back"),
        pytest.param(Q(some=-(10**19)) | Q(name="n1"), Q(some=4) | Q(name="n2"), [2, 4], id="or"),
    ],
)  # fmt: skip
def test_row_rule_of_one_caller_is_not_that_of_the_next(
    samples: list[int], first: Q, second: Q, expected: list[int]
) -> None:
    ruled(samples, first)

    assert expected == ruled(samples, second)
    assert expected == ruled(samples, second)


def test_hidden_row_is_not_changed_after_a_rule_without_bounds(samples: list[int]) -> None:
    def edit(rule: Q) -> int:
        RULE.set(rule)
        return (
            FlexQuery("sample")
            .execute({"_action": "edit", "id": samples[5], "note": "x"})
            .status_code
        )

    assert [200, 404] == [edit(Q(whole__lte=10**19)), edit(Q(whole__lte=1))]


def test_aggregate_asks_for_each_rule(samples: list[int]) -> None:
    def count(rule: Q, least: int) -> Any:
        RULE.set(rule)
        query = {"_action": "aggregate", "aggregate": "n:count", "group_by": "flag"}
        reply = FlexQuery("sample").execute({**query, "having": {"n.gte": least}})
        return [row["n"] for row in reply.to_dict()["results"]]

    assert [[3, 3], [1, 1], [2, 1], [2]] == [
        count(Q(whole__lte=10**19), -(2**40)),
        count(Q(whole__lte=1), 1),
        count(Q(whole__lte=2), 1),
        count(Q(whole__lte=2), 2),
    ]


def test_rule_that_is_read_once_holds_for_each_statement(samples: list[int]) -> None:
    """A generator is empty for the second statement of a request, and ``not in`` nothing is all."""
    RULE.set(~Q(whole__in=(number for number in (1, 2))))
    reply = (
        FlexQuery("sample").execute({"_action": "list", "fields": "id", "count": True}).to_dict()
    )

    assert [4, 4] == [len(reply["results"]), reply["pagination"]["count"]]


def test_column_of_a_project_is_asked_each_time(samples: list[int]) -> None:
    Sample.objects.filter(pk=samples[2]).update(prefixed="x")  # as a:x
    rule = Q(prefixed="x")
    found = [ruled(samples, rule) for _ in range(5)]
    token = PREFIX.set("b")
    try:
        found.append(ruled(samples, rule))
    finally:
        PREFIX.reset(token)

    assert [[2]] * 5 + [[]] == found


def test_lazy_object_is_of_what_it_stands_for(samples: list[int]) -> None:
    first, second = Sample.objects.order_by("pk")[:2]
    Sample.objects.filter(pk=samples[3]).update(parent=second)
    lazies = [SimpleLazyObject(partial(Sample.objects.get, pk=one.pk)) for one in (first, second)]

    assert [[], [3]] == [ruled(samples, Q(parent=lazy)) for lazy in lazies]
    assert [[], [3]] == [ruled(samples, Q(parent=one)) for one in (first, second)]


def test_unsaved_object_denies_after_a_saved_one(samples: list[int]) -> None:
    saved = Sample.objects.get(pk=samples[0])
    RULE.set(Q(parent=saved))
    assert ask(samples) == []
    RULE.set(Q(parent=Sample()))

    assert FlexQuery("sample").execute({"_action": "list", "fields": "id"}).status_code == 401


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"some.gte": -1}, id="without-a-parameter"),
        pytest.param({"whole.in": [1, 1]}, id="other-sql"),
    ],
)
def test_unusual_values_do_not_disable_a_cached_statement(samples: list[int], odd: Any) -> None:
    usual = {name: [1, 2] if isinstance(value, list) else 1 for name, value in odd.items()}
    for _ in range(20):
        ask(samples, filters=odd)
    for _ in range(statement_cache.RETRY_EVERY + statement_cache.MAX_MISSES):
        ask(samples, filters=usual)

    binder = statements()[-1].proven.binders[-1]
    (value,) = usual.values()
    assert binder.parameters(value, connection) is not None


def test_a_query_that_cannot_be_cached_is_seldom_tried_again(
    samples: list[int], monkeypatch: Any
) -> None:
    tried: list[Any] = []

    def noted(source: StatementSource) -> Any:
        tried.append(source)
        return compile_statement(source)

    monkeypatch.setattr(statement_cache, "compile_statement", noted)
    for _ in range(statement_cache.RETRY_EVERY):
        ruled(samples, Q(whole__lte=10**19))

    assert statement_cache.MAX_TRIES == len(tried)


class Shouted(Lookup[str]):
    """A lookup of a project that changes its left side as it is made, so that no two are the same."""

    lookup_name = "shouted"

    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(Upper(lhs), rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} = %s", [*parameters, self.rhs]


class ShoutedOnce(Shouted):
    """One that refuses to be made of what it has made."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        if isinstance(lhs, Upper):
            raise TypeError
        super().__init__(lhs, rhs)


@pytest.mark.parametrize("kind", [Shouted, ShoutedOnce])
def test_lookup_that_cannot_be_made_twice_is_compiled_each_time(
    samples: list[int], kind: Any
) -> None:
    with register_lookup(CharField, kind):
        found = [ruled(samples, Q(name__shouted=name)) for name in ("N1", "N2", "none")]

    assert [[1], [2], []] == found
    assert statements() == []
