"""Every example on every page gives what the page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tests.docs.comparison import faults
from tests.docs.pages import TUTORIAL, Example, examples, pages
from tests.docs.projects import run_in_shop

PAGES = [examples(path) for path in pages() if path != TUTORIAL]
EXAMPLES = [example for page in PAGES for example in page]
#: When the shop is loaded: its dates move along, and what the pages show has to hold at any time.
TIMES = {
    "leap-day": "2024-02-29T12:00:00+00:00",
    "new-year": "2027-01-01T00:00:30+00:00",
}

Outcomes = Mapping[str, dict[str, Any]]


@cache
def outcomes_at(time: str, *, all_pages: bool) -> Outcomes:
    """Run examples in the music shop at a time; return by place on a page what came of each."""
    chosen = PAGES if all_pages else PAGES[:1]
    steps = [[example.step for example in page] for page in chosen]
    (ran,) = run_in_shop(steps, [time]).values()
    return {
        example.id: outcome
        for page, found in zip(chosen, ran, strict=True)
        for example, outcome in zip(page, found, strict=True)
    }


def _times() -> Iterator[Any]:
    """The examples take seconds, so the second time is for exhaustive runs."""
    first, *others = TIMES.items()
    yield pytest.param(first[1], id=first[0])
    for name, at in others:
        yield pytest.param(at, id=name, marks=pytest.mark.exhaustive)


@pytest.fixture(params=_times())
def outcomes(request: pytest.FixtureRequest) -> Outcomes:
    """What came of the examples at one of the times: of those of the README, or of all pages."""
    others = {example.id for page in PAGES[1:] for example in page}
    collected = (getattr(item, "callspec", None) for item in request.session.items)
    asked = {getattr(call.params.get("example"), "id", None) for call in collected if call}
    return outcomes_at(request.param, all_pages=not others.isdisjoint(asked))


def _examples() -> Iterator[Any]:
    """The pages take seconds, so those beside the README are for exhaustive runs."""
    for number, page in enumerate(PAGES):
        marks = [pytest.mark.exhaustive] if number else []
        yield from (pytest.param(example, id=example.id, marks=marks) for example in page)


@pytest.mark.parametrize("example", [*_examples()])
def test_an_example_gives_what_its_page_shows(example: Example, outcomes: Outcomes) -> None:
    outcome = outcomes[example.id]

    assert outcome.get("error", "") == "", outcome["error"]
    assert faults(example.reply, outcome) == []


def test_the_first_query_of_the_readme_is_one_statement(outcomes: Outcomes) -> None:
    first = next(example for example in EXAMPLES if example.page == "README.md")

    assert outcomes[first.id]["statements"] == 1
