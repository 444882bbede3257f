"""Whatever stands in a snapshot or in policies, the import writes modules, or says what is wrong."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_flex.contrib.directus.importing.gaps import ImportFailedError
from django_flex.contrib.directus.importing.grants import import_grants, write_grants
from django_flex.contrib.directus.importing.models import write_models
from django_flex.contrib.directus.importing.names import Names
from django_flex.contrib.directus.importing.policies import read_policies
from django_flex.contrib.directus.importing.report import write_report
from django_flex.contrib.directus.importing.snapshot import read_snapshot
from tests.contrib.directus.project import OLD_POLICIES, POLICIES, SNAPSHOT
from tests.random_search import some

values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, 1, -1, 1.5, float("nan"), 10**30]),
        st.sampled_from(
            ["", "x", "*", "a,b", "id", "conceal", "$CURRENT_USER", "$NOW", "\0", "\ud800"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["id", "a", "_eq", "_and", "title"]), inner, max_size=2),
    ),
    max_leaves=3,
)
changes = st.lists(st.tuples(st.integers(0, 10**6), values), min_size=1, max_size=3)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of everything in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from places(one, (*path, key))


def changed(document: Any, made: list[tuple[int, Any]]) -> Any:
    """Return a document with another value at some places."""
    document = copy.deepcopy(document)
    for number, value in made:
        found = [*places(document)]
        if not found:
            continue
        *path, last = found[number % len(found)]
        parent = document
        for key in path:
            parent = parent[key]
        parent[last] = value
    return document


def written(snapshot: Any, policies: Any) -> None:
    schema = read_snapshot(snapshot)
    roles, lost = read_policies(policies)
    names = Names(schema)
    models, gaps = write_models(names)
    grants = import_grants(roles, names, "auth.user")
    ast.parse(models)
    ast.parse(write_grants(grants))
    assert write_report(schema, [one.name for one in roles], [*gaps, *lost, *grants.gaps])


@pytest.mark.exhaustive
@settings(max_examples=some(2_000))
@given(
    policies=st.sampled_from([POLICIES, OLD_POLICIES]),
    is_schema=st.booleans(),
    made=changes,
)
def test_a_changed_document_is_read_or_refused(
    policies: Any, is_schema: bool, made: list[tuple[int, Any]]
) -> None:
    snapshot = changed(SNAPSHOT, made) if is_schema else SNAPSHOT
    policies = policies if is_schema else changed(policies, made)
    with suppress(ImportFailedError):
        written(snapshot, policies)
