"""Regular expressions that may take long are refused; those that are not refused do not."""

from __future__ import annotations

import re
import time
import warnings
from itertools import product

import pytest

from django_flex.query.patterns import MAX_STEPS, TEXT_LENGTH, pattern_fault
from tests.counting import calls

REFUSED = {
    "nested-repetition": "(a+)+$",
    "nested-repetition-of-a-class": "([a-z]+)*x",
    "repeated-alternatives": "(a|a)*$",
    "repeated-alternatives-of-different-length": "(a|ab|b)+x",
    "repeated-optional": "(a?){20}",
    "counted-group": "(a){2,}b",
    "counted-group-exactly": "(x+x+){10}y",
    "optional-group": "(a+)?b",
    "group-in-a-group": "((a)*)*",
    "repetitions-side-by-side": "a*a*a*b",
    "two-repetitions-from-anywhere": ".*.*x",
    "two-repetitions-apart": "a.*b.*c",
    "three-repetitions-from-the-start": "^.*.*.*x",
    "optionals-and-a-repetition": ".?.?.?.?.?.?.?.?.*x",
    "many-optionals": "a?" * 24 + "a" * 24,
    "many-alternatives": "(.|.)" * 20,
    "alternatives-of-nothing": "(|.)" * 20 + "x",
    "alternatives-at-the-top": ".*|" * 30 + "x",
    "anchor-in-one-alternative": "^.*.*x|.*.*y",
    "counts": ".{1,50}.{1,50}x",
    "wide-count": ".{0,1000}x",
    "count-up-to": ".{,999}x",
    "counts-without-end": "a{2,}b{2,}c",
    "long-counts": ".{999}.{999}.*",
    "possessive": "a++b*+c",
    "lazy": ".*?.*?x",
    "back-reference": r"(a)\1",
    "named-back-reference": "(?P<a>a)(?P=a)",
    "look-ahead": "(?=a+)a",
    "look-behind": "(?<=a)b",
    "inline-flags": "(?i)a",
    "conditional": "(a)?(?(1)b|c)",
    "class-in-a-class": "[[a]",
    "posix-class": "[[:alpha:]]",
    "set-difference": "[a-z--x]",
    "set-union": "[a||b]",
    "unfinished-group": "(",
    "unfinished-class": "[a",
    "wrong-range": "[z-a]",
    "nothing-to-repeat": "*a",
    "bad-escape": r"\k",
    "escape-at-the-end": "a\\",
    "too-large-a-count": "a{99999999999}",
}
ACCEPTED = {
    "text": "confirmed",
    "anchors": "^abc$",
    "prefix": "^c.*ed$",
    "contained": "x.*y",
    "class": "[^x]*x",
    "class-with-a-bracket": "[]a]*x",
    "word": r"\w+!",
    "address": r"^\w+@\w+$",
    "two-repetitions-from-the-start": "^.*.*x$",
    "date": r"\d{4}-\d{2}-\d{2}",
    "date-from-the-start": r"^\d{4}-\d{1,2}",
    "alternatives": "(open|closed|done)!",
    "alternatives-at-the-top": "cat|dog|bird|fish",
    "nested-alternatives": "((a|b)|(c|d))e",
    "a-repetition-and-a-choice": ".*(a|b)!",
    "choices": ".*(a|a|a|a)(a|a)!",
    "optional-letters": "colou?r",
    "optional-and-repetition": ".*a?!!",
    "repetition-and-count": ".*a{5}b!",
    "dots": ".{1000}x",
    "many-choices-from-the-start": "^.*.*(|a)(|a)(|a)!",
    "escaped-parenthesis": r"\(a\)*!",
    "escaped-star": r"a\*\*\*\*",
    "no-group": "",
}
#: Seconds of the processor that no accepted pattern takes, on however slow a machine.
HUNG = 60
TEXTS = {
    "one-letter": "a" * TEXT_LENGTH,
    "two-letters": "ab" * (TEXT_LENGTH // 2),
    "almost": "a" * (TEXT_LENGTH - 1) + "!",
    "words": "aB9_ " * (TEXT_LENGTH // 5),
}
FLAGS = {"as-it-is": re.NOFLAG, "ignoring-case": re.IGNORECASE}
SEARCHES = [*product(TEXTS, FLAGS)]


def _named(table: dict[str, str]) -> list[object]:
    return [pytest.param(pattern, id=name) for name, pattern in table.items()]


@pytest.mark.parametrize("pattern", _named(REFUSED))
def test_pattern_is_refused(pattern: str) -> None:
    fault = pattern_fault(pattern)
    assert fault is not None
    assert fault.startswith(("may ", "is "))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("pattern", _named(ACCEPTED))
@pytest.mark.parametrize("searched", SEARCHES, ids=" ".join)
@pytest.mark.sampled("searched")
def test_accepted_pattern_ends_in_time_on_the_longest_text(
    pattern: str, searched: tuple[str, str]
) -> None:
    text, flag = searched
    assert pattern_fault(pattern) is None
    started = time.process_time()
    re.search(pattern, TEXTS[text], FLAGS[flag])
    assert time.process_time() - started < HUNG


@pytest.mark.parametrize("pattern", _named({**REFUSED, **ACCEPTED}))
def test_pattern_is_judged_quickly_and_without_warnings(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert calls(lambda: pattern_fault(pattern)) < 10_000


def test_budget_lets_one_open_repetition_start_anywhere() -> None:
    assert MAX_STEPS >= TEXT_LENGTH**2
    assert MAX_STEPS < TEXT_LENGTH**3
