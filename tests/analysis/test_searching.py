"""``search`` of a grant: paths that hold text, and warnings about those that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.policy.compile.entries import compile_policy
from django_flex.review import review


def compile_paths(search: Any, **parts: Any) -> tuple[list[str], Any]:
    """Return the paths of a grant that may be searched, and the whole policy with its problems."""
    grant = {"fields": ["*"], "ops": ["list"], "search": search, **parts}
    compiled = compile_policy({"booking": {"staff": grant}, "customer": {"staff": "*"}})
    found = compiled[0].entries["testapp.booking"].grants["staff"].search
    return [".".join(target.canonical) for target in found], compiled


@pytest.mark.parametrize(
    ("written", "paths"),
    [
        pytest.param("status", ["status"], id="one"),
        pytest.param("status, customer.name", ["status", "customer.name"], id="comma-list"),
        pytest.param(["customer.metadata.title"], ["customer.metadata.title"], id="json-key"),
        pytest.param(["customer.metadata"], ["customer.metadata"], id="json"),
        pytest.param(["lines.product"], ["lines.product"], id="to-many"),
        pytest.param(["tags"], ["tags.slug"], id="text-keys"),
        pytest.param([], [], id="none"),
        pytest.param(None, [], id="null"),
    ],
)
def test_paths_with_text_may_be_searched(written: Any, paths: list[str]) -> None:
    found, (_, problems) = compile_paths(written)
    assert paths == found
    assert () == problems


@pytest.mark.parametrize(
    ("written", "identifier"),
    [
        pytest.param(["price"], "E020", id="number"),
        pytest.param(["customer"], "E020", id="key"),
        pytest.param(["document"], "E020", id="file"),
        pytest.param(["statuz"], "E006", id="unknown"),
        pytest.param(["*"], "E006", id="wildcard"),
        pytest.param(["status.icontains"], "E006", id="operator"),
        pytest.param(5, "E009", id="type"),
    ],
)
def test_other_paths_are_reported_and_left_out(written: Any, identifier: str) -> None:
    found, (_, problems) = compile_paths(written)
    assert [] == found
    assert [identifier] == [problem.id for problem in problems]
    assert "EXPOSE['booking']['staff']['search']" == problems[0].place


def test_a_path_that_cannot_be_read_is_a_warning() -> None:
    _, (policy, _) = compile_paths(["status", "customer.name", "customer.api_token"], fields="id")
    found = review(policy, require_authentication=True)
    texts = [problem.message for problem in found if problem.id == "W008"]
    assert 3 == len(texts)
    assert "'customer.api_token' may be searched but not read" in texts
