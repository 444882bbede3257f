"""Errors as values: what is added to one is added to a copy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_flex.exceptions import FlexError, PreconditionFailedError, ValidationFailedError

ERRORS = [
    FlexError("no", path="a", hint="b", headers={"A": "1"}),
    PreconditionFailedError(),
    ValidationFailedError({"name": ["too long"]}),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_copy_of_an_error_differs_only_in_what_was_added(error: FlexError) -> None:
    before = dict(vars(error))
    error.__cause__ = KeyError("x")

    copy = error.with_headers({"B": "2"}).with_path("elsewhere")

    assert type(error) is type(copy)
    added = {"headers": {**error.headers, "B": "2"}, "path": "elsewhere"}
    assert {**before, **added, "said": replace(error.said, path="elsewhere")} == vars(copy)
    assert (error.args, error.__cause__) == (copy.args, copy.__cause__)
    assert before == vars(error)
