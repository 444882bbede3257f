"""No text of a project becomes code in a module of types."""

from __future__ import annotations

import ast
import re

import pytest

from django_flex.codegen import render_python, render_typescript
from django_flex.codegen.texts import comment, literal
from tests.codegen.hostile import TARGET, TEXTS, models

#: A comment, or a literal in double quotes; neither goes on in the next line.
_TEXTS = re.compile(r'/\*\*(?:[^*\n]|\*(?!/))*\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"')


@pytest.mark.exhaustive
def test_typescript_has_the_texts_in_literals_and_comments_only() -> None:
    module = render_typescript(TARGET, models())
    code = _TEXTS.sub('""', module)

    assert "evil" not in code
    assert not set(code) & set("'\\@")
    assert all(one.isprintable() or one == "\n" for one in module)
    assert "@ts-" not in re.sub(r'"(?:[^"\\\n]|\\.)*"', "", module)


@pytest.mark.exhaustive
def test_python_has_the_texts_in_literals_and_comments_only() -> None:
    tree = ast.parse(render_python(TARGET, models()))

    names = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "evil" not in names
    assert called == {"TypedDict", "Field"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_a_literal_is_the_text(text: str) -> None:
    found = literal(text)

    assert found.isprintable()
    units = found[1:-1].encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    shown = re.sub(r"\\u([0-9a-f]{4})", lambda one: chr(int(one[1], 16)), units)
    shown = re.sub(r"\\(.)", r"\1", shown)
    assert shown.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_a_comment_cannot_end(text: str) -> None:
    found = comment(text)

    assert "*" not in found
    assert "@" not in found
    assert found.isprintable()
    assert len(found) <= 301
