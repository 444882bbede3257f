"""``aggregates`` and ``min_group`` in a grant: what they compile to, and every mistake in them."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.policy.compile.entries import compile_policy


def compiled(**written: Any) -> tuple[Any, list[Any]]:
    policy, problems = compile_policy({"booking": {"anon": {"ops": "aggregate", **written}}})
    return policy.entries["testapp.booking"].grants["anon"], list(problems)


def test_aggregates_are_canonical() -> None:
    written = ["count", "price.sum", "customer_id.count", "lines.count", "lines.quantity.max"]
    grant, problems = compiled(aggregates=[*written, "seats.*", "tags.*"])

    assert [] == problems
    assert grant.aggregates.exact == {
        ("count",),
        ("price", "sum"),
        ("customer", "count"),
        ("lines", "count"),
        ("lines", "quantity", "max"),
    }
    assert grant.aggregates.open_paths == {("seats",), ("tags",)}
    assert not grant.aggregates.everything


def test_all_aggregates_or_none_can_be_granted() -> None:
    assert compiled(aggregates="*")[0].aggregates.everything
    assert not compiled()[0].aggregates.names(("count",))
    assert compiled()[0].min_group == 1


def test_aggregates_among_filters_and_orderings() -> None:
    grant, problems = compiled(
        filters=["lines.count.gte", "lines.quantity.sum", "lines.product.max.*"],
        order_by=["-lines.count"],
    )

    assert [] == problems
    assert grant.filters.exact == {
        (("lines", "count"), ("gte",)),
        (("lines", "quantity", "sum"), ("exact",)),
    }
    assert grant.filters.open_paths == {("lines", "product", "max")}
    assert grant.order_by.exact == {(("lines", "count"), True)}


@pytest.mark.parametrize(
    ("written", "identifier"),
    [
        pytest.param({"aggregates": ["nothing.sum"]}, "E006", id="unknown-path"),
        pytest.param({"aggregates": ["nothing.*"]}, "E006", id="unknown-open-path"),
        pytest.param({"aggregates": ["price.median"]}, "E007", id="unknown-function"),
        pytest.param({"aggregates": ["price"]}, "E007", id="no-function"),
        pytest.param({"aggregates": ["sum"]}, "E007", id="function-of-nothing"),
        pytest.param({"aggregates": ["status.sum"]}, "E007", id="kind"),
        pytest.param({"aggregates": ["lines.sum"]}, "E007", id="sum-of-rows"),
        pytest.param({"aggregates": [1]}, "E009", id="no-text"),
        pytest.param({"min_group": 0}, "E009", id="min-group-zero"),
        pytest.param({"min_group": "5"}, "E009", id="min-group-text"),
        pytest.param({"min_group": True}, "E009", id="min-group-boolean"),
        pytest.param({"filters": ["lines.count.contains"]}, "E007", id="operator"),
        pytest.param({"filters": ["lines.median.gte"]}, "E006", id="filter-unknown"),
        pytest.param({"order_by": ["lines.status.sum"]}, "E006", id="order-unknown"),
    ],
)
def test_mistakes_are_reported_and_grant_nothing(written: Any, identifier: str) -> None:
    grant, problems = compiled(**written)

    assert [identifier] == [problem.id for problem in problems]
    assert not grant.aggregates.exact | grant.aggregates.open_paths
    assert not grant.filters.exact
    assert not grant.order_by.exact


def test_broken_min_group_shows_no_group() -> None:
    assert compiled(min_group="5")[0].min_group > 10**9
