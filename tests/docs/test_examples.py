"""Every example on every page gives what the page shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.docs.comparison import faults
from tests.docs.pages import TUTORIAL, Example, examples, pages
from tests.docs.projects import run_in_shop

PAGES = [examples(path) for path in pages() if TUTORIAL not in path.parents]
EXAMPLES = [example for page in PAGES for example in page]


@pytest.fixture(scope="session")
def outcomes() -> dict[str, dict[str, Any]]:
    """All examples, run in the music shop: by place on a page, what came of each."""
    ran = run_in_shop([[example.step for example in page] for page in PAGES])
    return {
        example.id: outcome
        for page, found in zip(PAGES, ran, strict=True)
        for example, outcome in zip(page, found, strict=True)
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_gives_what_its_page_shows(
    example: Example, outcomes: dict[str, dict[str, Any]]
) -> None:
    outcome = outcomes[example.id]

    assert outcome.get("error", "") == "", outcome["error"]
    assert faults(example.reply, outcome) == []


def test_the_first_query_of_the_readme_is_one_statement(
    outcomes: dict[str, dict[str, Any]],
) -> None:
    first = next(example for example in EXAMPLES if example.page == "README.md")

    assert outcomes[first.id]["statements"] == 1
