"""The docs and the package use the terms of the glossary, and none of the words that it rejects."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT

GLOSSARY = DOCS / "reference" / "glossary.md"
PACKAGE = ROOT / "django_flex"
COMMUNITY = ROOT / ".github"

_TERM = re.compile(r"^(?P<term>[^\n|#]+)\n: ", re.MULTILINE)
_REJECTED = re.compile(r"^\| (?P<word>[^|]+) \| (?P<instead>[^|]+) \|$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)|^\(\w+\)=$", re.MULTILINE | re.DOTALL)
_NAMES = re.compile(r"\{[^{}]*\}")
_PROSE_TOKENS = {tokenize.COMMENT, tokenize.STRING}
_PROSE_TOKENS |= {getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}

#: Where a rejected word is right, and why: ``(path, word): reason``.
ALLOWED: dict[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Line:
    """A line of prose: a page's without its code, or a comment or string of a module."""

    path: str
    number: int
    text: str


def terms() -> list[str]:
    """Return the terms that the glossary explains."""
    section = GLOSSARY.read_text().partition("## Words that are not used")[0]
    return [found["term"] for found in _TERM.finditer(section)]


def rejected() -> dict[str, str]:
    """Return the words that are not used, each with what is said instead."""
    section = GLOSSARY.read_text().partition("## Words that are not used")[2]
    rows = [(found["word"], found["instead"]) for found in _REJECTED.finditer(section)]
    return {word: instead for word, instead in rows if word not in {"not", "---"}}


def pattern(word: str) -> re.Pattern[str]:
    """Return what finds a word, or words in a row, in any number and case."""
    words = r"[\s-]+".join(map(re.escape, word.split()))
    return re.compile(rf"(?<![\w.]){words}s?\b", re.IGNORECASE)


def lines_of_page(path: Path) -> Iterator[Line]:
    """Yield the prose of a page; code and targets of links become blanks."""
    text = _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), path.read_text())
    name = str(path.relative_to(ROOT))
    for number, line in enumerate(text.splitlines(), 1):
        yield Line(name, number, line)


def lines_of_module(path: Path) -> Iterator[Line]:
    """Yield the comments and strings of a module, docstrings and messages included."""
    name = str(path.relative_to(ROOT))
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type in _PROSE_TOKENS:
            text = _NAMES.sub("", token.string) if token.string.startswith("f") else token.string
            for offset, line in enumerate(text.splitlines()):
                yield Line(name, token.start[0] + offset, line)


@cache  # by the first test that needs it: each worker imports this module, to collect it
def texts() -> dict[Path, str]:
    """Return the text of each page and module that is held to the glossary, code and all."""
    pages = (*ROOT.glob("*.md"), *COMMUNITY.glob("*.md"), *DOCS.rglob("*.md"))
    paths = [*(page for page in pages if page != GLOSSARY), *PACKAGE.rglob("*.py")]
    return {path: path.read_text() for path in paths}


@cache
def prose(path: Path) -> tuple[Line, ...]:
    """Return the prose of a page or module."""
    return tuple(lines_of_module(path) if path.suffix == ".py" else lines_of_page(path))


def found(word: str) -> list[Line]:
    """Return the lines with a word. A file whose whole text lacks it is not split into tokens."""
    is_there = pattern(word).search
    return [
        line
        for path, text in texts().items()
        if is_there(text)
        for line in prose(path)
        if is_there(line.text)
    ]


@cache
def docs_and_code() -> str:
    """Return the text of all pages but the glossary, and of all modules."""
    pages = [path for path in DOCS.rglob("*.md") if path != GLOSSARY]
    return "\n".join(path.read_text() for path in (*pages, *PACKAGE.rglob("*.py")))


@pytest.mark.parametrize("word", rejected())
def test_a_rejected_word_is_not_used(word: str) -> None:
    instead = rejected()[word]

    assert [] == [
        f"{line.path}:{line.number}: say '{instead}', not '{word}': {line.text.strip()}"
        for line in found(word)
        if (line.path, word) not in ALLOWED
    ]


@pytest.mark.parametrize("term", terms())
def test_a_term_is_used_in_the_docs_or_the_code(term: str) -> None:
    words = r"[\s_-]?".join(map(re.escape, term.split()))

    assert re.search(words, docs_and_code(), re.IGNORECASE)


@pytest.mark.parametrize("names", [terms(), list(rejected())], ids=["terms", "rejected"])
def test_the_glossary_is_in_alphabetical_order(names: list[str]) -> None:
    assert names
    assert names == sorted(set(names))


def test_what_is_said_instead_is_not_rejected_itself() -> None:
    instead = " ".join(rejected().values())

    assert [word for word in rejected() if pattern(word).search(instead)] == []


def test_every_exception_is_needed() -> None:
    used = {
        (path, word)
        for path, word in ALLOWED
        if word in rejected() and any(line.path == path for line in found(word))
    }

    assert {*ALLOWED} - used == set()


def test_the_prose_of_a_module_is_its_comments_and_strings(tmp_path: Path) -> None:
    module = ROOT / "tests" / "docs" / "test_glossary.py"
    texts = [line.text for line in lines_of_module(module)]

    assert "# a comment that this test looks for" in texts  # a comment that this test looks for
    assert not any(text.startswith("def ") for text in texts)
