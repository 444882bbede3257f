"""Python source as ``ruff format`` lays it out."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_flex.scaffold.source import comment, literal, quoted

#: Texts that end a literal, a line or a comment where source is put together carelessly.
HOSTILE = [
    "",
    'a"b',
    "it's",
    "'\"'\"",
    '"\'"',
    '"""',
    "\\",
    "line\nbreak",
    "\r",
    "\x00\x1b[31m",
    "\u2028",
    "\ud800",
    "日本語の名前",
    "}, 'anon': '*'",
    "{0} %s {{",
]
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.exhaustive
@settings(max_examples=50)
@given(VALUES)
def test_a_literal_is_read_as_the_value_that_was_written(value: Any) -> None:
    assert value == ast.literal_eval(literal(value))


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_text_stays_within_its_quotes(text: str) -> None:
    assert text == ast.literal_eval(quoted(text))
    assert [] == [line for line in comment(text, depth=1) if not line.startswith("    #")]


def test_a_value_that_has_no_literal_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no literal"):
        literal([object()])


def as_formatted(text: str, folder: Path) -> str:
    """Return a text as ``ruff format`` leaves it, whatever is configured around here."""
    pytest.importorskip("ruff")
    file = folder / "formatted.py"
    file.write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--isolated", file], check=True)
    return file.read_text(encoding="utf-8")


def test_a_literal_is_as_ruff_would_format_it(tmp_path: Path) -> None:
    names = [f"field_{number}" for number in range(12)]
    values = [
        *HOSTILE,
        {"short": ["a", "b"], "empty": [], "none": {}},
        {"long": names, "nested": {"rows": {"customer.user": {"$user": "id"}}, "fields": names}},
        {"exactly": "x" * 60, "list": ["y" * 90]},
        # Around the width of a line, each by one column.
        *(
            [["x" * (70 + more)], {"k": ["x" * (63 + more)]}, ["語" * (35 + more)]]
            for more in range(12)
        ),
    ]
    values = [one for one in values if one != "\ud800"]  # of which no file can be made
    text = "".join(f"NAME = {literal(one, before=7)}\n" for one in values)

    assert as_formatted(text, tmp_path) == text
